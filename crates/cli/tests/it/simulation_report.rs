//! A simulation through the real program, as a page.

use crate::harness::{Place, repository};

fn filled() -> Place {
    let place = Place::new();
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
    place
}

#[test]
fn two_temperaments_trade_and_the_page_tells_of_it() {
    let place = filled();
    let result = place.json(&[
        "simulate",
        "run",
        "--start",
        "2012-06-01",
        "--end",
        "2012-06-15",
        "--model",
        "bold=fondaco/rule-based-bold",
        "--model",
        "cautious=fondaco/rule-based-cautious",
        "--model",
        "mock=fondaco/mock-trader",
    ]);
    assert_eq!(result["progress"]["failed"], 0, "{result}");
    let run = result["run"].as_str().unwrap();
    place.ok(&["simulate", "report", run, "--out", "page.html"]);
    let page = std::fs::read_to_string(place.path().join("page.html")).unwrap();
    for told in [
        "<h1>3 models, 2012-06-01 to 2012-06-15</h1>",
        "<th scope=\"row\">bold<small>fondaco/rule-based-bold</small></th>",
        "<small>baseline</small>",
        "no language model wrote this.)",
        "Execution next_open",
        "It was the turn of",
    ] {
        assert!(page.contains(told), "not told: {told}");
    }
    assert_eq!(place.ok(&["simulate", "report", run]), page);
    // Both looked at real indicators, and did not do the same.
    let orders = |model: &str| {
        let days = result["days"].as_array().unwrap().iter();
        let days = days.filter(|day| day["model"] == model && day["status"] == "completed");
        let days = days.map(|day| day["date"].as_str().unwrap());
        let mut orders = Vec::new();
        for date in days {
            let day = place.json(&["simulate", "show", run, "--date", date, "--model", model]);
            for action in day["actions"].as_array().unwrap() {
                orders.push(format!("{date} {} {}", action["kind"], action["symbol"]));
            }
        }
        orders
    };
    assert_ne!(orders("bold"), orders("cautious"));
}

#[test]
fn a_page_of_nothing_is_refused() {
    let place = Place::new();
    let nobody = "01956a50-7c00-7000-8000-000000000001";
    let (code, problem) = place.refused(&["simulate", "report", nobody, "--out", "page.html"]);
    assert_eq!(code, 3, "{problem}");
    assert!(!place.path().join("page.html").exists());
}
