//! Days played through, with tools that are served here.

use std::collections::BTreeMap;
use std::time::Duration;

use fondaco_app::ports::model::{
    CallContext, Completion, Message, Model, ModelRequest, ToolCall, ToolSpec,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rule_based::{RuleBased, Temperament};
use crate::session::FINISH_SIGNAL;

const TOOLS: [&str; 4] = ["buy", "finish", "indicators", "sell"];

/// A symbol: a price, what is held of it, and how strongly it rose lately.
#[derive(Debug, Clone)]
struct Share {
    price: f64,
    held: u32,
    rise: f64,
    volatility: f64,
}

/// An account and a market, and how the desk behaves.
#[derive(Debug, Clone)]
struct Day {
    date: &'static str,
    cash: f64,
    lot: f64,
    shares: BTreeMap<String, Share>,
    tools: Vec<&'static str>,
    /// Orders wait for the next open, and change nothing today.
    waits: bool,
    /// What orders of these symbols are refused with.
    refused: BTreeMap<&'static str, &'static str>,
}

impl Day {
    fn new(shares: &[(&str, f64, u32, f64)]) -> Self {
        let share = |(name, price, held, rise): &(&str, f64, u32, f64)| {
            let share = Share {
                price: *price,
                held: *held,
                rise: *rise,
                volatility: 0.012,
            };
            ((*name).to_owned(), share)
        };
        Self {
            date: "2025-03-03",
            cash: 10_000.0,
            lot: 1.0,
            shares: shares.iter().map(share).collect(),
            tools: TOOLS.to_vec(),
            waits: false,
            refused: BTreeMap::new(),
        }
    }

    fn question(&self) -> ModelRequest {
        let spec = |name: &&str| ToolSpec {
            name: (*name).to_owned(),
            description: String::new(),
            parameters: json!({}),
        };
        let held = self.shares.iter().filter(|(_, share)| share.held > 0);
        let held: BTreeMap<&String, String> = held
            .map(|(name, share)| (name, share.held.to_string()))
            .collect();
        let prices: BTreeMap<&String, String> = self
            .shares
            .iter()
            .map(|(name, share)| (name, share.price.to_string()))
            .collect();
        let block = json!({
            "date": self.date,
            "cash": self.cash.to_string(),
            "positions": held,
            "prices": prices,
            "symbols": self.shares.keys().collect::<Vec<_>>(),
            "lot": self.lot,
        });
        ModelRequest {
            model: "fondaco/rule-based".to_owned(),
            system: "You trade.".to_owned(),
            messages: vec![Message::User {
                text: format!("Your account:\n```json\n{block:#}\n```\nTrade."),
            }],
            tools: self.tools.iter().map(spec).collect(),
            schema: None,
            max_tokens: 2_000,
            temperature_milli: None,
            seed: None,
        }
    }

    fn serve(&self, cash: &mut f64, call: &ToolCall) -> String {
        let symbol = call.arguments["symbol"].as_str().unwrap_or_default();
        if call.name == "finish" {
            return json!({ "finished": true }).to_string();
        }
        if let Some(why) = self.refused.get(symbol) {
            return (*why).to_owned();
        }
        let Some(share) = self.shares.get(symbol) else {
            return json!({ "error": { "kind": "unknown_symbol", "message": "nothing" } })
                .to_string();
        };
        if call.name == "indicators" {
            return share.indicators().to_string();
        }
        let units = call.arguments["amount"].as_f64().unwrap();
        let sign = if call.name == "buy" { -1.0 } else { 1.0 };
        if self.waits {
            return json!({ "state": "waiting" }).to_string();
        }
        *cash += sign * units * share.price;
        json!({ "state": "filled", "cash_after": format!("{cash:.2}") }).to_string()
    }

    /// The day until the model finishes: what it said in order, and its calls.
    fn play(&self, who: Temperament) -> Played {
        let mut request = self.question();
        let mut cash = self.cash;
        let mut played = Played::default();
        for ordinal in 0..10 {
            let completion = complete(who, ordinal, &request);
            played.texts.push(completion.text.clone());
            played.calls.extend(completion.calls.clone());
            let finished = completion.calls.iter().any(|call| call.name == "finish");
            if finished || completion.calls.is_empty() {
                played.cash = cash;
                played.ended = finished || completion.text.contains(FINISH_SIGNAL);
                return played;
            }
            request.messages.push(Message::Assistant {
                text: completion.text,
                calls: completion.calls.clone(),
            });
            for call in completion.calls {
                request.messages.push(Message::Tool {
                    text: self.serve(&mut cash, &call),
                    call: call.id,
                });
            }
        }
        panic!("no end: {played:?}");
    }
}

impl Share {
    fn indicators(&self) -> Value {
        let close = self.price * 0.999;
        let average = |part: f64| close / (1.0 + part * self.rise);
        json!({
            "timeframe": "1d",
            "as_of": "2025-02-28",
            "close": close,
            "values": {
                "sma_20": average(0.05),
                "sma_50": average(0.08),
                "sma_200": average(0.02),
                "rsi_14": 50.0 + 25.0 * self.rise,
                "bb_upper": average(0.05) * 1.06,
                "bb_middle": average(0.05),
                "return_5": 0.04 * self.rise,
                "return_20": 0.09 * self.rise,
                "return_60": null,
                "macd_hist": 0.004 * close * self.rise,
                "volatility_20": self.volatility,
                "high_252": close * 1.1,
                "low_252": close * 0.8,
            },
        })
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Played {
    texts: Vec<String>,
    calls: Vec<ToolCall>,
    cash: f64,
    ended: bool,
}

impl Played {
    /// `buy A 9`.
    fn orders(&self) -> Vec<String> {
        let trades = self
            .calls
            .iter()
            .filter(|call| call.name == "buy" || call.name == "sell");
        let told = trades.map(|call| {
            let said = &call.arguments;
            format!(
                "{} {} {}",
                call.name,
                said["symbol"].as_str().unwrap(),
                said["amount"]
            )
        });
        told.collect()
    }

    fn summary(&self) -> String {
        let finish = self.calls.iter().find(|call| call.name == "finish");
        let said = finish.and_then(|call| call.arguments["summary"].as_str());
        said.unwrap_or_else(|| self.texts.last().unwrap())
            .to_owned()
    }
}

fn complete(who: Temperament, ordinal: u32, request: &ModelRequest) -> Completion {
    let context = CallContext {
        node: "2025-03-03|model",
        ordinal,
        deadline: Duration::from_secs(10),
        stopped: &|| false,
    };
    RuleBased(who).complete(request, &context).unwrap()
}

#[test]
fn trends_are_followed_by_two_and_faded_by_one() {
    let day = Day::new(&[
        ("DOWN", 50.0, 12, -0.9),
        ("FALL", 40.0, 0, -0.9),
        ("FLAT", 80.0, 3, 0.0),
        ("RISE", 100.0, 0, 0.9),
        ("SOAR", 200.0, 5, 0.9),
    ]);
    let orders = |who| day.play(who).orders().join(", ");
    // 11,840 in all: places of 11 %, 23 % and 6 % of it.
    assert_eq!(orders(Temperament::Even), "sell DOWN 12, buy RISE 12");
    assert_eq!(
        orders(Temperament::Bold),
        "sell DOWN 12, sell FLAT 3, buy RISE 26"
    );
    assert_eq!(orders(Temperament::Cautious), "sell SOAR 5, buy FALL 17");
}

#[test]
fn a_fall_that_is_no_dip_is_left_alone() {
    let mut day = Day::new(&[("WILD", 40.0, 0, -0.9)]);
    day.shares.get_mut("WILD").unwrap().volatility = 0.041;
    let played = day.play(Temperament::Cautious);
    assert_eq!(played.orders(), [""; 0]);
    assert!(
        played.summary().contains("WILD was left alone"),
        "{}",
        played.summary()
    );
    // A rise at length that is over: what is held of it goes.
    let mut day = Day::new(&[("OVER", 40.0, 7, -7.0)]);
    day.shares.get_mut("OVER").unwrap().volatility = 0.01;
    assert_eq!(day.play(Temperament::Cautious).orders(), ["sell OVER 7"]);
}

#[test]
fn a_day_reads_as_it_was_decided() {
    let day = Day::new(&[("DOWN", 50.0, 12, -0.9), ("RISE", 100.0, 0, 0.9)]);
    let played = day.play(Temperament::Even);
    let told = format!("{}\n{}", played.texts.join("\n"), played.summary());
    insta::assert_snapshot!(told, @r"
    2025-03-03. I hold 1 position and 10000.00 in cash. I look at DOWN, RISE.
    Sell 12 DOWN: mark -0.54, sold from -0.10 down. The close of 49.95 is 7.2 % below its 50-day average of 53.83. Over 20 days the close fell 8.1 %.
    Buy 11 RISE at about 100.00: mark +0.59, bought from +0.35 up. The close of 99.90 is 7.2 % above its 50-day average of 93.19. Over 20 days the close rose 8.1 %.

    It follows trends. Of 2 symbols, RISE looks best (+0.59) and DOWN worst (-0.54). Orders taken: sell DOWN, buy RISE. (By fixed rules, fondaco/rule-based; no language model wrote this.)
    ");
}

#[test]
fn nothing_to_go_by_is_no_trade() {
    let shares = [("DOWN", 50.0, 12, -0.9), ("RISE", 100.0, 0, 0.9)];
    let mut blind = Day::new(&shares);
    blind.tools.retain(|tool| *tool != "indicators");
    let mut silent = Day::new(&shares);
    silent.refused = [
        ("DOWN", "there is no candle"),
        ("RISE", "{\"error\": \"no\"}"),
    ]
    .into();
    let mut bound = Day::new(&shares);
    bound.tools = vec!["indicators"];
    let empty = Day::new(&[]);
    for day in [blind, silent, bound, empty] {
        for who in Temperament::ALL {
            let played = day.play(who);
            assert_eq!(played.orders(), [""; 0], "{day:?}");
            assert!(played.ended, "{played:?}");
        }
    }
}

#[test]
fn a_refused_order_is_told_and_not_given_again() {
    let mut day = Day::new(&[
        ("DOWN", 50.0, 12, -0.9),
        ("RISE", 100.0, 0, 0.9),
        ("SOAR", 200.0, 0, 0.8),
    ]);
    day.tools = vec!["buy", "sell", "indicators"];
    let looks = day.play(Temperament::Even);
    for why in [
        r#"{"error": "Insufficient cash", "required_cash": 1, "cash_available": 0}"#,
        r#"{"state": "refused", "reason": "not today"}"#,
        "sell: amount: a number is wanted",
    ] {
        let played = refuse_orders(&day, why);
        assert_eq!(played.orders(), looks.orders(), "{why}");
        assert!(played.ended, "without a tool to finish, in words");
        let summary = played.summary();
        assert!(summary.contains("Refused: sell DOWN, "), "{summary}");
        assert!(summary.contains("Nothing was traded."), "{summary}");
    }
}

/// The day with every order refused, though indicators are told.
fn refuse_orders(day: &Day, why: &str) -> Played {
    let mut request = day.question();
    let mut played = Played::default();
    for ordinal in 0..10 {
        let completion = complete(Temperament::Even, ordinal, &request);
        played.texts.push(completion.text.clone());
        played.calls.extend(completion.calls.clone());
        if completion.calls.is_empty() {
            played.ended = completion.text.contains(FINISH_SIGNAL);
            break;
        }
        request.messages.push(Message::Assistant {
            text: completion.text,
            calls: completion.calls.clone(),
        });
        for call in completion.calls {
            let text = match call.name.as_str() {
                "indicators" => day.serve(&mut 0.0, &call),
                _ => why.to_owned(),
            };
            request.messages.push(Message::Tool {
                call: call.id,
                text,
            });
        }
    }
    played
}

#[test]
fn a_day_that_is_over_is_told_of() {
    let day = Day::new(&[("RISE", 100.0, 0, 0.9)]);
    let mut request = day.question();
    request.tools.clear();
    request.messages.push(Message::User {
        text: "Sum it up.".to_owned(),
    });
    let completion = complete(Temperament::Bold, 0, &request);
    assert!(completion.calls.is_empty());
    assert!(
        !completion.text.contains(FINISH_SIGNAL),
        "{}",
        completion.text
    );
    assert!(completion.text.ends_with("no language model wrote this.)"));
}

#[test]
fn a_ring_of_many_symbols_is_looked_at_in_few_days() {
    let names: Vec<String> = (0..30).map(|no| format!("S{no:02}")).collect();
    let shares: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), 20.0, 0, 0.0))
        .collect();
    let mut looked = std::collections::BTreeSet::new();
    for date in ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06"] {
        let mut day = Day::new(&shares);
        day.date = date;
        let calls = day.play(Temperament::Even).calls;
        let looks = calls.iter().filter(|call| call.name == "indicators");
        let looks: Vec<String> = looks
            .map(|call| call.arguments["symbol"].to_string())
            .collect();
        assert_eq!(looks.len(), 8);
        looked.extend(looks);
    }
    assert_eq!(looked.len(), 30);
}

fn share() -> impl Strategy<Value = Share> {
    (0.01..3_000.0, 0..60_u32, -1.3..1.3, 0.004..0.05).prop_map(
        |(price, held, rise, volatility)| Share {
            price,
            held,
            rise,
            volatility,
        },
    )
}

fn day() -> impl Strategy<Value = Day> {
    (
        prop::collection::vec(share(), 0..14),
        0.0..60_000.0,
        prop::sample::select(vec![1.0, 100.0, 0.001]),
        any::<bool>(),
        prop::sample::select(vec!["2024-12-30", "2025-03-03", "2025-03-04 10:30:00"]),
    )
        .prop_map(|(shares, cash, lot, waits, date)| {
            let named = shares.into_iter().enumerate();
            let shares = named
                .map(|(no, share)| (format!("S{no:02}"), share))
                .collect();
            Day {
                date,
                cash,
                lot,
                shares,
                waits,
                ..Day::new(&[])
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_is_ordered_that_is_not_there(day in day(), who in prop::sample::select(Temperament::ALL.to_vec())) {
        let played = day.play(who);
        prop_assert!(played.ended);
        prop_assert!(played.texts.len() <= 4, "{:?}", played);
        let (mut cash, mut orders) = (day.cash, Vec::new());
        for call in played.calls.iter().filter(|call| call.name == "buy" || call.name == "sell") {
            let symbol = call.arguments["symbol"].as_str().unwrap();
            let amount = call.arguments["amount"].as_f64().unwrap();
            let share = &day.shares[symbol];
            let lots = amount / day.lot;
            prop_assert!(amount > 0.0 && (lots - lots.round()).abs() < 1e-6, "{} of {}", amount, day.lot);
            if call.name == "sell" {
                prop_assert!(amount <= f64::from(share.held));
                if !day.waits {
                    cash += amount * share.price;
                }
            } else {
                cash -= amount * share.price;
                prop_assert!(cash >= 0.0, "{:?}", played);
            }
            prop_assert!(!orders.contains(&symbol), "{} twice", symbol);
            orders.push(symbol);
        }
        prop_assert_eq!(day.play(who), played, "the same day twice");
    }

    #[test]
    fn more_of_a_rise_is_never_a_reason_to_sell(rise in -1.0..1.0, more in 0.0..1.0) {
        let sold = |rise: f64| {
            let orders = Day::new(&[("A", 90.0, 10, rise)]).play(Temperament::Even).orders();
            !orders.is_empty()
        };
        prop_assert!(sold(rise) || !sold(rise + more));
    }
}
