//! What comes after the open of a day is in no question of that day.

use fondaco_domain::Bar;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::sources::Sources;
use super::world::{DAYS, Ran, Said, World, answer};

fn arguments() -> impl Strategy<Value = Value> {
    let symbol = prop::sample::select(&["AAPL", "MSFT", "TSLA"][..]);
    let until = prop::sample::select(&["2025-03-04", "2025-03-08", "2099-12-31"][..]);
    let counts = (1..60_u32, 1..30_u32, 1..50_u32);
    (symbol, prop::option::of(until), counts, any::<bool>()).prop_map(
        |(symbol, until, (bars, days, limit), pretends)| {
            let mut arguments = json!({"symbol": symbol, "bars": bars, "days": days,
                "limit": limit, "amount": bars});
            if let Some(until) = until {
                arguments["until"] = json!(until);
            }
            if pretends {
                arguments["clock"] = json!("2099-01-01");
                arguments["date"] = json!("2099-01-01");
            }
            arguments
        },
    )
}

const TOOLS: [&str; 8] = [
    "prices",
    "news",
    "indicators",
    "fundamentals",
    "actions",
    "account",
    "buy",
    "sell",
];

fn answers() -> impl Strategy<Value = Vec<Said>> {
    let wishes = prop::collection::vec((prop::sample::select(&TOOLS[..]), arguments()), 1..4);
    let answers = wishes.prop_map(|wishes| Said::Whole(answer("", &wishes)));
    prop::collection::vec(answers, 0..4)
}

fn world(days: &[Vec<Said>], execution: &str, sources: Sources) -> World {
    let mut world = World::new().job(|job| job["execution"] = json!(execution));
    world.sources = sources;
    for (day, answers) in DAYS.into_iter().zip(days) {
        // Asked for words at the end, when everything is decided.
        let mut answers = answers.clone();
        answers.push(Said::Text("That is all. <FINISH_SIGNAL>"));
        answers.push(Said::Text("So it was."));
        world = world.says(day, answers);
    }
    world
}

/// All questions up to a day, as they go to a model.
fn questions(ran: &Ran, last: usize) -> String {
    let days = DAYS[..=last]
        .iter()
        .map(|day| serde_json::to_string(&ran.asked(day)).unwrap());
    days.collect()
}

/// What nobody knows at the open.
fn later(bar: Bar) -> [String; 4] {
    [bar.high, bar.low, bar.close, bar.volume].map(|number| number.to_string())
}

/// Whether a number stands in a text by itself, and not within another one.
fn tells(text: &str, number: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    text.match_indices(number).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + number.len()..]);
        // A whole number may be written with a nought.
        let after = after.strip_prefix(".0").unwrap_or(after);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_byte_of_the_future_is_in_a_question(
        days in prop::collection::vec(answers(), 4),
        execution in prop::sample::select(&["open", "next_open", "vwap"][..]),
        last in 0..4_usize,
    ) {
        let sources = Sources::usual();
        let honest = world(&days, execution, sources.clone()).run();
        let poisoned = world(&days, execution, sources.clone().poisoned(DAYS[last])).run();
        let told = questions(&poisoned, last);
        prop_assert!(!told.contains("SECRET"));
        prop_assert!(questions(&honest, last) == told, "of {} something is told", DAYS[last]);
        let candles = serde_json::to_string(&honest.asked(DAYS[last])).unwrap();
        for symbol in ["AAPL", "MSFT"] {
            // Those of MSFT are the same on every day but for their volume.
            let later = later(sources.bar(symbol, DAYS[last]));
            let from = if symbol == "AAPL" { 0 } else { 3 };
            for number in &later[from..] {
                prop_assert!(!tells(&candles, number), "{symbol}: {number}");
            }
        }
    }
}

/// On the day after, all of it is known: the property above could fail.
#[test]
fn what_has_happened_is_told() {
    let asks = vec![Said::Wishes(vec![
        ("prices", json!({"symbol": "AAPL", "bars": 3})),
        ("news", json!({"symbol": "AAPL", "days": 3})),
    ])];
    let days = vec![asks; 4];
    let sources = Sources::usual();
    let ran = world(&days, "open", sources.clone().poisoned(DAYS[1])).run();
    let [today, tomorrow] = [1, 2].map(|day| serde_json::to_string(&ran.asked(DAYS[day])).unwrap());
    let later = later(sources.clone().poisoned(DAYS[1]).bar("AAPL", DAYS[1]));
    for number in &later[2..] {
        assert!(
            !tells(&today, number) && tells(&tomorrow, number),
            "{number}"
        );
    }
    assert!(!today.contains("SECRET") && tomorrow.contains("SECRET"));
    // The open of the day itself is what an order is filled at, and told.
    assert!(
        today.contains(r#"\"prices\":{\"AAPL\":103,\"MSFT\":200}"#),
        "{today}"
    );
}
