//! What is watched and held, and what analyses recommended: by command.

use serde_json::{Value, json};

use crate::harness::{Place, repository};

/// Candles up to the day before the clock of every command, and one after it
/// that nobody may see.
fn with_candles() -> Place {
    let place = Place::new();
    let candles = "date,open,high,low,close,volume\n\
        2025-01-29,10,12,9,11,100\n\
        2025-01-30,11,13,10,12.5,100\n\
        2025-02-03,777,777,777,777,100\n";
    std::fs::write(place.path().join("AAPL.csv"), candles).unwrap();
    place.ok(&[
        "data",
        "import",
        "AAPL.csv",
        "--venue",
        "desk",
        "--timeframe",
        "1d",
    ]);
    place
}

fn kind(error: &Value) -> &str {
    error["error"]["kind"].as_str().unwrap()
}

#[test]
fn what_is_watched_is_listed_until_it_is_removed() {
    let place = Place::new();
    let none = place.ok(&["watchlist", "list"]);
    assert!(none.contains("fondaco watchlist add"), "{none}");
    let added = place.ok(&["watchlist", "add", "AAPL", "--name", "Apple"]);
    assert_eq!(added, "AAPL (Apple) is watched\n");
    place.ok(&["watchlist", "add", "MSFT"]);
    let (code, error) = place.refused(&["watchlist", "add", "AAPL"]);
    assert_eq!((code, kind(&error)), (4, "conflict"));
    let listed = place.json(&["watchlist", "list"]);
    assert_eq!(listed["watchlist"][0]["name"], "Apple");
    assert_eq!(listed["watchlist"][1]["ticker"], "MSFT");
    let removed = place.ok(&["watchlist", "remove", "MSFT"]);
    assert_eq!(removed, "MSFT is watched no more\n");
    let (code, error) = place.refused(&["watchlist", "remove", "MSFT"]);
    assert_eq!((code, kind(&error)), (3, "not_found"));
    // Each of the three changes is on the trail.
    let trail = place.json(&["trail", "list", "--kind", "watchlist"]);
    assert_eq!(trail["changes"].as_array().unwrap().len(), 3);
}

#[test]
fn positions_are_worth_the_last_close_before_the_clock() {
    let place = with_candles();
    place.ok(&["account", "add", "desk"]);
    let add = ["position", "add", "AAPL", "--shares", "4", "--cost", "10"];
    place.ok(&[&add[..], &["--account", "desk", "--notes", "=1+1"]].concat());
    place.ok(&["position", "add", "NONE", "--shares", "1", "--cost", "3"]);
    let listed = place.json(&["position", "list"]);
    let [held, other] = listed["positions"].as_array().unwrap().as_slice() else {
        panic!("{listed}");
    };
    assert_eq!(held["current_price"], 12.5);
    assert_eq!(held["value"], 50.0);
    assert_eq!(held["pnl"], 10.0);
    assert_eq!(held["pnl_pct"], 25.0);
    assert_eq!(other["current_price"], json!(null));
    // What has no price counts neither as worth nor as cost.
    assert_eq!(listed["totals"]["priced"], 1);
    assert_eq!(listed["totals"]["cost"], 40.0);
    assert_eq!(listed["totals"]["value"], 50.0);

    let csv = place.ok(&["position", "export", "--account", "desk"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    // A note that a spreadsheet would compute is text.
    assert!(lines[1].ends_with(",'=1+1"), "{csv}");
    let written = place.json(&["position", "export", "--out", "all.csv"]);
    assert_eq!(written["positions"], 2);
    let text = std::fs::read_to_string(place.path().join("all.csv")).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn an_account_is_there_or_refused() {
    let place = Place::new();
    place.ok(&["account", "add", "desk"]);
    let held = ["position", "add", "AAPL", "--shares", "1", "--cost", "3"];
    for words in [
        &[&held[..], &["--account", "nowhere"]].concat()[..],
        &["position", "list", "--account", "nowhere"],
        &["position", "export", "--account", "nowhere"],
        &["account", "remove", "nowhere"],
    ] {
        let (code, error) = place.refused(words);
        assert_eq!((code, kind(&error)), (3, "not_found"), "{words:?}: {error}");
    }
    place.ok(&[&held[..], &["--account", "desk"]].concat());
    let (code, error) = place.refused(&["account", "remove", "desk"]);
    assert_eq!((code, kind(&error)), (4, "conflict"));
    assert_eq!(
        error["error"]["hint"],
        "remove its positions first: `fondaco position list --account desk`"
    );
    place.ok(&["position", "remove", "AAPL"]);
    place.ok(&["account", "remove", "desk"]);
    let (code, _) = place.refused(&["account", "remove", "default"]);
    assert_eq!(code, 2);
}

#[test]
fn what_was_decided_is_listed_shown_and_exported() {
    let place = Place::new();
    for words in [
        &["recommendation", "show", "AAPL", "2012-06-01"][..],
        &["report", "show", "AAPL", "2012-06-01"],
        &["report", "export", "AAPL", "2012-06-01"],
    ] {
        let (code, error) = place.refused(words);
        assert_eq!((code, kind(&error)), (3, "not_found"), "{words:?}: {error}");
    }
    let samples = repository("samples/us-daily");
    let samples = samples.to_str().unwrap();
    place.ok(&[
        "data",
        "import",
        samples,
        "--venue",
        "sample",
        "--timeframe",
        "1d",
    ]);
    let analysis = place.json(&["analyze", "AAPL", "--date", "2012-06-01"]);
    let result = &analysis["items"][0]["result"];
    let listed = place.json(&["recommendation", "list"]);
    assert_eq!(listed["total"], 1, "{listed}");
    let text = place.ok(&["recommendation", "list", "--output", "json"]);
    assert_eq!(text.matches("\"asked_at\"").count(), 1, "{text}");
    let shown = place.json(&["recommendation", "show", "AAPL", "2012-06-01"]);
    assert_eq!(shown["run"], analysis["run_id"]);
    // An instant is a text, in both.
    assert!(shown["asked_at"].is_string(), "{shown}");
    assert_eq!(shown["asked_at"], listed["recommendations"][0]["asked_at"]);
    assert_eq!(&shown["result"], result);
    let reports = place.json(&["report", "list"]);
    assert!(reports.to_string().contains("2012-06-01"), "{reports}");
    let decision = result["decision"].as_str().unwrap();
    let report = place.ok(&["report", "show", "AAPL", "2012-06-01"]);
    assert!(report.contains("AAPL"), "{report}");
    assert!(
        report.to_lowercase().contains(&decision.to_lowercase()),
        "{decision}: {report}"
    );
    let export = ["report", "export", "AAPL", "2012-06-01"];
    assert_eq!(place.ok(&export), report);
    let page = [&export[..], &["--format", "html", "--out", "aapl.html"]].concat();
    place.ok(&page);
    let page = std::fs::read_to_string(place.path().join("aapl.html")).unwrap();
    assert!(page.to_lowercase().starts_with("<!doctype html>"));
    let all = place.ok(&["report", "export", "--format", "csv", "--all"]);
    assert_eq!(all.lines().count(), 2, "{all}");
}
