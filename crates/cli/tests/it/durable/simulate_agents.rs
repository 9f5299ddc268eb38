//! Recordings of simulations: the same days without asking anybody, in another
//! home.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::harness::Place;

const DAYS: [&str; 6] = [
    "2024-03-04",
    "2024-03-05",
    "2024-03-06",
    "2024-03-07",
    "2024-03-08",
    "2024-03-11",
];

/// Six months of two companies, one rising and one falling in waves; `changed`
/// is a day of which the first opens a cent higher.
fn filled(changed: Option<&str>) -> Place {
    let place = Place::new();
    let first: jiff::civil::Date = "2023-10-02".parse().unwrap();
    for (name, base, drift) in [("AAA", 100.0, 0.2), ("BBB", 80.0, -0.1)] {
        let mut rows = "timestamp,open,high,low,close,volume\n".to_owned();
        for no in 0..180_i32 {
            let day = first.saturating_add(jiff::Span::new().days(no));
            let wave = f64::from(no % 11) - f64::from(no % 4);
            let mut open = base + drift * f64::from(no) + wave;
            if name == "AAA" && changed == Some(&*day.to_string()) {
                open += 0.01;
            }
            let (high, low, close) = (open + 2.0, open - 2.0, open + 0.5);
            let written = writeln!(
                rows,
                "{day},{open:.2},{high:.2},{low:.2},{close:.2},{}",
                1000 + no
            );
            written.unwrap();
        }
        std::fs::write(place.path().join(format!("{name}.csv")), rows).unwrap();
        let file = format!("{name}.csv");
        place.ok(&[
            "data",
            "import",
            &file,
            "--venue",
            "us",
            "--timeframe",
            "1d",
        ]);
    }
    place
}

fn run(place: &Place, style: &[&str]) -> Value {
    place.json(&[&words()[..], style].concat())
}

fn words() -> [&'static str; 12] {
    [
        "simulate",
        "run",
        "--start",
        DAYS[0],
        "--end",
        DAYS[5],
        "--model",
        "bold=fondaco/rule-based-bold",
        "--model",
        "calm=fondaco/rule-based-cautious",
        "--symbols",
        "AAA,BBB",
    ]
}

fn id(result: &Value) -> &str {
    result["run"].as_str().unwrap()
}

/// The document of a day, but for what depends on when and for how much it was
/// asked.
fn day(place: &Place, run: &str, date: &str, model: &str) -> Value {
    let words = ["simulate", "show", run, "--date", date, "--model", model];
    let mut day = place.json(&words);
    day["session"]["cost_nano"].take();
    day
}

/// Both styles: what was recorded here is done once more there.
#[test]
fn a_recording_gives_the_same_days_elsewhere() {
    for style in [&[][..], &["--room"]] {
        let here = filled(None);
        let first = run(&here, style);
        assert_eq!(first["progress"]["completed"], 12, "{first}");
        let recorded = here.json(&["simulate", "record", id(&first), "--out", "days.jsonl"]);
        assert_eq!(recorded["file"], "days.jsonl");
        let recording = here.path().join("days.jsonl");
        let bytes = std::fs::read(&recording).unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(
            recorded["answers"],
            lines - 1,
            "a line for each, and the header"
        );

        let there = filled(None);
        let replay = ["--replay", recording.to_str().unwrap()];
        let again = run(&there, &[style, &replay].concat());
        assert_eq!(again["progress"], first["progress"]);
        // Each day goes on from the one before: the last has all of them in it.
        for (date, model) in [(DAYS[0], "calm"), (DAYS[5], "bold"), (DAYS[5], "calm")] {
            assert_eq!(
                day(&there, id(&again), date, model),
                day(&here, id(&first), date, model),
                "{date} {model}"
            );
        }
        // A recording of the replay is the recording.
        there.ok(&["simulate", "record", id(&again)]);
        let copy = there
            .path()
            .join(format!("simulation-{}.jsonl", id(&again)));
        assert!(std::fs::read(copy).unwrap() == bytes, "{style:?}");
    }
}

/// A price of the fourth day is another one: nothing of that day was recorded,
/// and nothing is ordered on it.
#[test]
fn a_changed_price_is_not_recorded_and_orders_nothing() {
    let here = filled(None);
    let first = run(&here, &["--execution", "open"]);
    here.ok(&["simulate", "record", id(&first), "--out", "days.jsonl"]);
    let there = filled(Some(DAYS[3]));
    let recording = here.path().join("days.jsonl");
    let replay = [
        "--execution",
        "open",
        "--replay",
        recording.to_str().unwrap(),
    ];
    let ran = there.run(&[&words()[..], &replay, &["--output", "json"]].concat());
    assert_eq!(ran.code, 9, "{}", ran.stderr);
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    let of = |date: &str| -> Vec<&Value> {
        let days = result["days"].as_array().unwrap().iter();
        days.filter(|day| day["date"] == date).collect()
    };
    for model in ["bold", "calm"] {
        // It is read from another version of the candles.
        let day = |place: &Place, run: &str| {
            let mut day = day(place, run, DAYS[2], model);
            day["session"]["read"].take();
            day
        };
        assert_eq!(day(&there, id(&result)), day(&here, id(&first)));
    }
    assert_eq!(of(DAYS[3]).len(), 2);
    for failed in of(DAYS[3]) {
        assert_eq!(failed["status"], "failed");
        let error = failed["error"].as_str().unwrap();
        assert!(error.starts_with("not_recorded: "), "{error}");
        assert!(error.contains("differs at /messages/0/text"), "{error}");
        let model = failed["model"].as_str().unwrap();
        let words = ["--date", DAYS[3], "--model", model];
        let (code, _) = there.refused(&[&["simulate", "show", id(&result)], &words[..]].concat());
        assert_eq!(code, 3, "there is no document, and with it no order");
    }
}

#[test]
fn what_cannot_be_recorded_is_refused() {
    let place = filled(None);
    let result = run(&place, &[]);
    place.ok(&["simulate", "record", id(&result), "--out", "days.jsonl"]);
    let (code, error) = place.refused(&["simulate", "record", id(&result), "--out", "days.jsonl"]);
    assert_eq!(
        (code, &error["error"]["kind"]),
        (4, &json!("conflict")),
        "{error}"
    );
    let (_, error) = place.refused(&["simulate", "record", id(&result), "--out", "no/where.jsonl"]);
    assert_eq!(error["error"]["kind"], "storage", "{error}");
    let (code, _) = place.refused(&["simulate", "record", "0123456789ab"]);
    assert_eq!(code, 3);
    // Days that were not done have no answers.
    let words = [&words()[..], &["--detach"]].concat();
    let open = place.json(&words);
    let open = open["run_id"].as_str().unwrap();
    let (code, error) = place.refused(&["simulate", "record", open]);
    assert_eq!(
        (code, &error["error"]["kind"]),
        (3, &json!("not_found")),
        "{error}"
    );
    // What is no recording cannot be replayed.
    std::fs::write(place.path().join("none.jsonl"), "{}\n").unwrap();
    let (_, error) = place.refused(&[&self::words()[..], &["--replay", "none.jsonl"]].concat());
    assert!(error.to_string().contains("recording"), "{error}");
}
