//! What becomes known later is in no answer, whatever is asked for.

use fondaco_contract::v1alpha1::analysis::{PortfolioContext, PositionContext};
use fondaco_domain::{Timeframe, UnixMillis};
use jiff::ToSpan;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{DAYS, FIRST, World, at, day, scope, symbol};
use crate::tools::Scope;

const SECRET: &str = "SECRET";

/// The same world, but for what becomes known at an instant or later: prices
/// ten times as high, every word and figure a secret, and companies that were
/// not there before.
fn poisoned(world: &World, from: UnixMillis) -> World {
    let mut world = world.clone();
    for ((_, timeframe), rows) in &mut world.candles {
        for bar in rows {
            if bar.time.0 + timeframe.millis() > from.0 {
                bar.open *= 10.0;
                bar.high *= 10.0;
                bar.low *= 10.0;
                bar.close *= 10.0;
                bar.volume *= 10.0;
            }
        }
    }
    for story in &mut world.stories {
        if story.known_at >= from {
            for text in [
                &mut story.id,
                &mut story.title,
                &mut story.summary,
                &mut story.source,
            ] {
                *text = format!("{SECRET}_{}", story.known_at.0);
            }
            story.symbols.push(symbol("AAPX"));
        }
    }
    for filing in &mut world.filings {
        if filing.known_at >= from {
            filing.fiscal_year = SECRET.into();
            for figure in filing.figures.values_mut() {
                figure.value *= 10.0;
            }
        }
    }
    world.actions.retain(|action| action.known_at < from);
    let listed = world.candles[&("AAPL".to_owned(), Timeframe::DAY)].iter();
    let later: Vec<_> = listed.filter(|bar| bar.time >= from).copied().collect();
    if !later.is_empty() {
        world
            .candles
            .insert(("AAPX".to_owned(), Timeframe::DAY), later);
    }
    world
}

fn calls() -> impl Strategy<Value = (&'static str, Value)> {
    let name = prop_oneof![
        Just("AAPL"),
        Just("MSFT"),
        Just("AAPX"),
        Just("AAP"),
        Just("SECRET")
    ];
    let until = prop_oneof![
        Just(Value::Null),
        (0..DAYS + 90).prop_map(|number| json!(day(number).to_string())),
        Just(json!("2099-12-31T23:59:59Z")),
    ];
    let others = prop_oneof![
        Just(json!({})),
        Just(json!({"clock": "2099-01-01", "at": "2099-01-01", "end_date": "2099-01-01"})),
        Just(json!({"from": "2099-01-01", "positions": 1_000_000})),
    ];
    let tool = prop_oneof![
        Just("prices"),
        Just("indicators"),
        Just("news"),
        Just("fundamentals"),
        Just("actions"),
        Just("portfolio"),
    ];
    let numbers = (1..500_u32, 1..365_u32, 1..50_u32, 1..16_u32);
    let choices = (any::<bool>(), any::<bool>(), any::<bool>());
    (tool, name, until, others, numbers, choices).prop_map(
        |(tool, name, until, others, (bars, days, limit, periods), (hourly, words, anyone))| {
            let mut arguments = others;
            if !(anyone && tool == "news") {
                arguments["symbol"] = json!(name);
            }
            arguments["until"] = until;
            arguments["bars"] = json!(bars);
            arguments["days"] = json!(days);
            arguments["limit"] = json!(limit);
            arguments["periods"] = json!(periods);
            if hourly {
                arguments["timeframe"] = json!("1h");
            }
            if words {
                arguments["words"] = json!("headline");
            }
            (tool, arguments)
        },
    )
}

/// Any instant from the first day to well after the last, on an hour or a
/// millisecond beside it.
fn clocks() -> impl Strategy<Value = UnixMillis> {
    (0..(DAYS + 30) * 24, -1..=1_i64)
        .prop_map(|(hour, beside)| UnixMillis::midnight(FIRST).plus(hour * 3_600_000 + beside))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_byte_of_the_future_is_in_an_answer(
        clock in clocks(),
        asked in prop::collection::vec(calls(), 1..6),
        pins in any::<bool>(),
        lies in any::<bool>(),
    ) {
        let world = World::usual();
        let mut poisoned = poisoned(&world, clock);
        let scope = |world: &World| Scope {
            candles: pins.then(|| world.pinned()),
            ..scope(clock)
        };
        for (tool, arguments) in asked {
            let honest = world.call(tool, &arguments, &scope(&world)).unwrap();
            let told = poisoned.call(tool, &arguments, &scope(&poisoned)).unwrap();
            prop_assert_eq!(&honest.text, &told.text, "{} {}", tool, arguments);
            prop_assert!(told.text.contains(r#""clock":""#));
            // The words of the question may come back; nothing else may.
            let told = told.text.replace(r#""symbol":"SECRET""#, "").replace("`SECRET`", "");
            prop_assert!(!told.contains(SECRET), "{}", told);
            if lies {
                // Counts are the store's; what it tells of is looked at again.
                poisoned.lies = true;
                let told = poisoned.call(tool, &arguments, &scope(&poisoned)).unwrap();
                let told = told.text.replace(r#""symbol":"SECRET""#, "").replace("`SECRET`", "");
                prop_assert!(!told.contains(SECRET), "{}", told);
                poisoned.lies = false;
            }
        }
    }

    #[test]
    fn dates_out_of_order_give_the_same_bytes(
        asked in prop::collection::vec((clocks(), calls()), 2..8),
    ) {
        let toolbox = World::usual().toolbox();
        let once: Vec<_> = asked
            .iter()
            .map(|(clock, (tool, arguments))| toolbox.call(tool, arguments, &scope(*clock)).unwrap())
            .collect();
        for ((clock, (tool, arguments)), before) in asked.iter().zip(&once).rev() {
            let again = toolbox.call(tool, arguments, &scope(*clock)).unwrap();
            prop_assert_eq!(before, &again);
        }
    }
}

#[test]
fn a_candle_is_there_when_it_has_closed() {
    let world = World::usual();
    let last = |clock: UnixMillis, timeframe: &str| {
        let arguments = json!({"symbol": "AAPL", "timeframe": timeframe, "bars": 1});
        let document = world.document("prices", &arguments, &scope(clock));
        document["rows"][0][0].as_str().unwrap().to_owned()
    };
    let midnight = at("2025-03-05");
    assert_eq!(last(midnight, "1d"), "2025-03-04");
    assert_eq!(last(midnight.plus(-1), "1d"), "2025-03-03");
    assert_eq!(last(midnight.plus(86_399_999), "1d"), "2025-03-04");
    assert_eq!(last(midnight, "1h"), "2025-03-04T23:00:00Z");
    assert_eq!(last(midnight.plus(3_599_999), "1h"), "2025-03-04T23:00:00Z");
    assert_eq!(last(midnight.plus(3_600_000), "1h"), "2025-03-05T00:00:00Z");
}

#[test]
fn what_becomes_known_at_the_clock_is_not_known() {
    let world = World::usual();
    // The story of day 10 is of 10:00.
    let known = UnixMillis::midnight(day(10)).plus(10 * 3_600_000);
    let titles = |clock| {
        let arguments = json!({"symbol": "AAPL", "days": 1});
        let document = world.document("news", &arguments, &scope(clock));
        (document["count"].clone(), document["stories"].to_string())
    };
    assert_eq!(titles(known), (json!(0), "[]".into()));
    let (count, stories) = titles(known.plus(1));
    assert_eq!(count, json!(1));
    assert!(stories.contains("headline 10"), "{stories}");
}

#[test]
fn what_has_no_date_is_left_out() {
    let mut world = World::usual();
    for story in &mut world.stories {
        story.known_at = UnixMillis(0);
    }
    for filing in &mut world.filings {
        filing.known_at = UnixMillis(0);
    }
    for action in &mut world.actions {
        action.known_at = UnixMillis(0);
    }
    let scope = scope(UnixMillis::midnight(day(DAYS)));
    let arguments = json!({"symbol": "AAPL"});
    for (tool, list) in [
        ("news", "stories"),
        ("fundamentals", "filings"),
        ("actions", "actions"),
    ] {
        let document = world.document(tool, &arguments, &scope);
        assert_eq!(document[list], json!([]), "{tool}");
    }
}

#[test]
fn an_earlier_day_narrows_and_a_later_one_does_not_widen() {
    let world = World::usual();
    let clock = scope(UnixMillis::midnight(day(100)));
    for tool in ["prices", "indicators", "news", "fundamentals", "actions"] {
        let until = |day: &str| {
            let arguments = json!({"symbol": "AAPL", "until": day});
            world.call(tool, &arguments, &clock).unwrap().text
        };
        let plain = world
            .call(tool, &json!({"symbol": "AAPL"}), &clock)
            .unwrap();
        assert_eq!(until("2099-01-01"), plain.text, "{tool}");
        // The end of a day is the midnight after it.
        let earlier = day(50).saturating_sub(1.days()).to_string();
        let there = scope(UnixMillis::midnight(day(50)));
        let there = world
            .call(tool, &json!({"symbol": "AAPL"}), &there)
            .unwrap();
        let clock_of = |text: &str| {
            let mut document: Value = serde_json::from_str(text).unwrap();
            document.as_object_mut().unwrap().shift_remove("clock")
        };
        assert_ne!(clock_of(&until(&earlier)), clock_of(&there.text), "{tool}");
        let strip = |text: &str| {
            let mut document: Value = serde_json::from_str(text).unwrap();
            document.as_object_mut().unwrap().shift_remove("clock");
            document
        };
        assert_eq!(strip(&until(&earlier)), strip(&there.text), "{tool}");
    }
}

#[test]
fn holdings_are_those_of_the_scope() {
    let world = World::usual();
    let asked = json!({"positions": 9, "held": [{"ticker": "AAPL", "shares": 1e9}]});
    let clock = UnixMillis::midnight(day(100));
    let unknown = world.document("portfolio", &asked, &scope(clock));
    assert_eq!(
        unknown,
        json!({"known": false, "clock": "2024-09-11T00:00:00Z", "ignored": ["held", "positions"]})
    );
    let held = PositionContext {
        ticker: symbol("AAPL"),
        shares: 3.0,
        cost_price: 200.0,
        price: Some(210.0),
        return_pct: Some(5.0),
    };
    let scope = Scope {
        portfolio: Some(PortfolioContext {
            positions: 1,
            held: vec![held.clone()],
            largest: vec![held],
            worst: Vec::new(),
        }),
        ..scope(clock)
    };
    let known = world.document("portfolio", &asked, &scope);
    assert_eq!(known["known"], true);
    assert_eq!(known["positions"], 1);
    assert_eq!(known["held"][0]["shares"], 3.0);
}
