//! Models that trade day by day, through the real program.

use serde_json::{Value, json};

use super::support::{Worker, events, happens, stands, until};
use crate::harness::{Place, repository};

/// A home with the sample candles.
fn filled() -> Place {
    let place = Place::new();
    let sample = repository("samples/us-daily/stocks.csv.gz");
    let sample = sample.display().to_string();
    place.ok(&[
        "data",
        "import",
        &sample,
        "--venue",
        "us",
        "--timeframe",
        "1d",
    ]);
    place
}

const BOLD: &str = "bold=fondaco/rule-based-bold";
const MAY: [&str; 6] = [
    "--start",
    "2012-05-14",
    "--end",
    "2012-05-29",
    "--model",
    BOLD,
];

fn run(place: &Place, words: &[&str]) -> Value {
    place.json(&[&["simulate", "run"], words].concat())
}

/// The days of a run with their status and reason.
fn days(result: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let days = result["days"].as_array().unwrap().iter();
    days.map(|day| {
        let date = text(&day["date"]).unwrap();
        (date, text(&day["status"]).unwrap(), text(&day["error"]))
    })
    .collect()
}

#[track_caller]
fn adds_up(result: &Value) {
    let progress = &result["progress"];
    let parts = ["pending", "running", "completed", "failed", "skipped"];
    let sum: u64 = parts
        .iter()
        .map(|part| progress[part].as_u64().unwrap())
        .sum();
    assert_eq!(progress["total_model_days"], sum, "{progress}");
}

#[test]
fn weekends_and_holidays_are_no_days_and_one_missing_price_blocks_everybody() {
    let place = filled();
    // FB was first traded on the 18th; the 28th was Memorial Day.
    let words = [&MAY[..], &["--symbols", "AAPL,FB", "--execution", "open"]].concat();
    let result = run(&place, &words);
    adds_up(&result);
    let expected: Vec<_> = [14, 15, 16, 17, 18, 21, 22, 23, 24, 25, 29]
        .map(|day| {
            let (status, reason) = if day < 18 {
                ("skipped", Some("Incomplete price data".to_owned()))
            } else {
                ("completed", None)
            };
            (format!("2012-05-{day}"), status.to_owned(), reason)
        })
        .into();
    assert_eq!(days(&result), expected);
    assert_eq!(
        result["warnings"][0],
        "Skipped 4 dates due to incomplete price data: \
         ['2012-05-14', '2012-05-15', '2012-05-16', '2012-05-17']"
    );
    // Nobody holds it, so it blocks nobody.
    std::fs::write(
        place.path().join("lenient.toml"),
        "completeness = \"held_and_requested\"\nsymbols = [\"AAPL\", \"FB\"]\n",
    )
    .unwrap();
    let lenient = run(&place, &[&MAY[..], &["--config", "lenient.toml"]].concat());
    assert_eq!(lenient["progress"]["completed"], 11);
}

#[test]
fn a_run_of_skips_alone_completes() {
    let place = filled();
    let words = [
        "--start",
        "2012-05-14",
        "--end",
        "2012-05-17",
        "--model",
        BOLD,
    ];
    let result = run(&place, &[&words[..], &["--symbols", "AAPL,FB"]].concat());
    assert_eq!(result["status"], "completed");
    assert_eq!(result["progress"]["skipped"], 4);
    adds_up(&result);
}

#[test]
fn a_book_goes_on_is_not_done_twice_and_is_done_anew_when_asked() {
    let place = filled();
    let book = [&MAY[..], &["--book", "diary", "--execution", "open"]].concat();
    let words = [&book[..], &["--symbols", "AAPL,MSFT"]].concat();
    let first = run(&place, &words);
    assert_eq!(first["progress"]["completed"], 11);
    let again = run(&place, &words);
    assert_eq!(again["status"], "completed");
    assert_eq!(again["progress"]["skipped"], 11);
    assert!(
        days(&again)
            .iter()
            .all(|day| day.2.as_deref() == Some("Already completed"))
    );
    assert_eq!(
        again["warnings"],
        json!(["Skipped 11 model-days already completed"])
    );

    // Goes on where it was, from what it had.
    let resumed = ["--end", "2012-05-31", "--model", BOLD, "--book", "diary"];
    let resumed = [
        &resumed[..],
        &["--symbols", "AAPL,MSFT", "--execution", "open"],
    ]
    .concat();
    let on = run(&place, &resumed);
    let dates: Vec<_> = days(&on).into_iter().map(|day| day.0).collect();
    assert_eq!(dates, ["2012-05-30", "2012-05-31"]);
    let last = |result: &Value, date: &str| {
        let run = result["run"].as_str().unwrap();
        let words = ["simulate", "show", run, "--date", date, "--model", "bold"];
        place.json(&words)
    };
    let (before, after) = (last(&first, "2012-05-29"), last(&on, "2012-05-30"));
    assert_eq!(after["after"], "2012-05-29");
    assert_eq!(after["start"]["cash"], before["end"]["cash"]);
    let held = |day: &Value, when: &str| -> Vec<(Value, Value)> {
        let held = day[when]["holdings"].as_array().unwrap().iter();
        held.map(|it| (it["symbol"].clone(), it["quantity"].clone()))
            .collect()
    };
    assert_eq!(held(&after, "start"), held(&before, "end"));

    // Done anew, and what came after it is to be done anew, too.
    let some = [
        "--start",
        "2012-05-21",
        "--end",
        "2012-05-22",
        "--model",
        BOLD,
    ];
    let some = [&some[..], &["--book", "diary", "--execution", "open"]].concat();
    let some = [&some[..], &["--symbols", "AAPL,MSFT", "--replace-existing"]].concat();
    assert_eq!(run(&place, &some)["progress"]["completed"], 2);
    let third = run(&place, &words);
    let done: Vec<_> = days(&third)
        .into_iter()
        .filter(|day| day.1 == "completed")
        .map(|day| day.0)
        .collect();
    assert_eq!(
        done,
        ["2012-05-23", "2012-05-24", "2012-05-25", "2012-05-29"]
    );
}

/// Killed in the middle of days, again and again: what comes of it is what
/// comes of a run that nobody disturbed.
#[test]
fn killed_workers_lose_no_trade_and_repeat_none() {
    const SLOW: &str = "slow=fondaco/rule-based-bold?delay_ms=10";
    let words = [&MAY[..4], &["--model", SLOW, "--model", BOLD]].concat();
    let words = [
        &words[..],
        &["--symbols", "AAPL,MSFT,IBM", "--cash", "20000"],
    ]
    .concat();
    let calm = filled();
    let undisturbed = run(&calm, &words);
    let place = filled();
    let begun = run(&place, &[&words[..], &["--detach"]].concat());
    let id = begun["run_id"].as_str().unwrap();
    for done in [1, 6, 12] {
        let worker = Worker::start(&place, &[]);
        until("more days are done", || {
            let status = place.json(&["simulate", "status", id, "--limit", "1"]);
            (status["progress"]["completed"].as_u64().unwrap() >= done).then_some(())
        });
        worker.kill();
    }
    let _last = Worker::start(&place, &[]);
    stands(&place, id, "completed");
    assert_eq!(events(&place, id, "task_completed").len(), 22);
    for (date, _, _) in days(&undisturbed) {
        for model in ["slow", "bold"] {
            let day = |place: &Place, run: &str| {
                let words = ["simulate", "show", run, "--date", &date, "--model", model];
                place.json(&words)
            };
            let calm = day(&calm, undisturbed["run"].as_str().unwrap());
            assert_eq!(day(&place, id), calm, "{date} {model}");
        }
    }
}

#[test]
fn two_who_ask_for_a_book_at_once_do_not_both_get_it() {
    let place = filled();
    let slow = "slow=fondaco/rule-based?delay_ms=50";
    let words = [
        "simulate",
        "run",
        "--start",
        "2012-05-14",
        "--end",
        "2012-05-29",
    ];
    let words = [
        &words[..],
        &["--model", slow, "--book", "diary", "--detach"],
    ]
    .concat();
    let one = place.json(&[&words[..], &["--symbols", "AAPL"]].concat());
    let (code, said) = place.refused(&[&words[..], &["--symbols", "MSFT"]].concat());
    assert_eq!(code, 4);
    let run = one["run_id"].as_str().unwrap();
    assert!(said.to_string().contains(run), "{said}");
    place.ok(&["run", "cancel", run]);
    place.json(&[&words[..], &["--symbols", "MSFT"]].concat());
}

#[test]
fn a_cancelled_run_keeps_what_it_did_and_a_halt_stops_it() {
    let place = filled();
    let slow = "slow=fondaco/rule-based?delay_ms=200";
    let words = [
        "--start",
        "2012-01-03",
        "--end",
        "2012-06-29",
        "--model",
        slow,
    ];
    let begun = run(
        &place,
        &[&words[..], &["--symbols", "AAPL", "--detach"]].concat(),
    );
    let id = begun["run_id"].as_str().unwrap();
    let _worker = Worker::start(&place, &[]);
    happens(&place, id, "task_completed");
    place.ok(&["halt", "set", "--scope", "global", "--reason", "stop"]);
    stands(&place, id, "halted");
    let global = ["--scope", "global", "--reason", "go"];
    place.ok(&[&["halt", "clear", "--yes"], &global[..]].concat());
    place.ok(&["run", "resume", id]);
    place.ok(&["run", "cancel", id]);
    stands(&place, id, "cancelled");
    let status = place.json(&["simulate", "status", id]);
    assert_eq!(status["status"], "cancelled");
    adds_up(&status);
    assert!(status["progress"]["completed"].as_u64().unwrap() > 0);
    assert_eq!(status["progress"]["pending"], 0);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    let place = filled();
    let range = ["--start", "2012-05-14", "--end", "2012-05-18"];
    let cases: [(&[&str], i32, &str); 12] = [
        (&[], 2, "the simulation has no `end`"),
        (
            &["--start", "2012-05-18", "--end", "2012-05-14"],
            2,
            "ends on 2012-05-14",
        ),
        (
            &["--start", "2012-05-14", "--end", "2099-01-01"],
            2,
            "in the future",
        ),
        (
            &["--start", "2012-05-19", "--end", "2012-05-20"],
            2,
            "nothing is traded",
        ),
        (&["--end", "2012-05-18"], 2, "has no `start`"),
        (
            &[&range[..], &["--symbols", "APPL"]].concat(),
            6,
            "no 1d candles of APPL",
        ),
        (
            &[&range[..], &["--venue", "moon"]].concat(),
            6,
            "no 1d candles",
        ),
        (&[&range[..], &["--cash", "0"]].concat(), 2, "initial_cash"),
        (&[&range[..], &["--cash=-100"]].concat(), 2, "initial_cash"),
        (
            &[&range[..], &["--model", "a|b=fondaco/rule-based"]].concat(),
            2,
            "name of a model",
        ),
        (
            &[&range[..], &["--model", "x=nobody/none"]].concat(),
            2,
            "there is no model",
        ),
        (
            &[&range[..], &["nowhere.toml"]].concat(),
            3,
            "cannot read nowhere.toml",
        ),
    ];
    for (words, code, reason) in cases {
        let has_model = words.contains(&"--model");
        let model: &[&str] = if has_model { &[] } else { &["--model", BOLD] };
        let (found, said) = place.refused(&[&["simulate", "run"], words, model].concat());
        assert!(said.to_string().contains(reason), "{words:?}: {said}");
        assert_eq!(found, code, "{words:?}: {said}");
    }
    let (code, said) = place.refused(&[&["simulate", "run"], &range[..]].concat());
    assert_eq!(code, 2, "{said}");
    assert_eq!(place.json(&["simulate", "list"])["simulations"], json!([]));
}

#[test]
fn repeats_are_one_row_of_the_leaderboard_beside_the_baselines() {
    let place = filled();
    let words = [&MAY[..], &["--symbols", "AAPL,MSFT", "--benchmark", "AAPL"]].concat();
    let result = run(&place, &[&words[..], &["--repeats", "2"]].concat());
    assert_eq!(result["progress"]["completed"], 22);
    let id = result["run"].as_str().unwrap();
    let board = place.json(&["simulate", "leaderboard", id]);
    let rows = board["rows"].as_array().unwrap();
    let names: Vec<&str> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    for name in ["bold", "equal_weight", "momentum", "hold AAPL"] {
        let count = names.iter().filter(|it| **it == name).count();
        assert_eq!(count, 1, "{name} in {names:?}");
    }
    let ranks: Vec<u64> = rows
        .iter()
        .map(|row| row["rank"].as_u64().unwrap())
        .collect();
    assert!(ranks.is_sorted(), "{ranks:?}");
    let own = rows.iter().find(|row| row["name"] == "bold").unwrap();
    assert_eq!(own["runs"].as_array().unwrap().len(), 2);
    assert_eq!(own["cutoff"], "not_trained");
    let (code, said) = place.refused(&["simulate", "leaderboard", "nothing"]);
    assert!(code == 2 || code == 3, "{said}");
}
