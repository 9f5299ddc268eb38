//! Simulations whose prices are downloaded before the first day.

use serde_json::{Value, json};

use crate::harness::{Place, finish};
use crate::vantage_server::{Server, daily, message, rows, says};

const DAYS: [&str; 3] = ["2025-01-28", "2025-01-29", "2025-01-30"];

fn request(place: &Place) {
    let request = json!({
        "dates": ["2025-01-25", "2025-01-28", "2025-01-29", "2025-01-30"],
        "symbols": ["AAPL", "MSFT"],
        "models": [{"name": "mock", "model": "fondaco/mock-trader"}],
        "execution": "open",
        "download": {"source": "alpha-vantage"},
    });
    std::fs::write(place.path().join("request.json"), request.to_string()).unwrap();
}

fn simulate(place: &Place, server: &Server) -> Value {
    let words = ["simulate", "run", "request.json", "--output", "json"];
    let mut command = place.command(&words);
    command
        .env("FONDACO_PRICES_URL", server.url())
        .env("FONDACO_PRICES_PER_MINUTE", "0")
        .env("FONDACO_PRICES_PER_DAY", "0")
        .env("ALPHAADVANTAGE_API_KEY", "K3YK3YK3Y");
    let ran = finish(&mut command);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn reasons(result: &Value) -> Vec<Value> {
    let days = result["days"].as_array().unwrap().iter();
    days.map(|day| day["error"].clone()).collect()
}

/// The first answer comes, the second is a limit: days that would have been
/// whole say so, and the weekend does not. The next run goes on from there.
#[test]
fn days_that_a_limit_left_without_prices_say_so_and_come_later() {
    let limit = "Our standard API rate limit is 25 requests per day.";
    let server = Server::of(move |it, before| match (it.symbol.as_str(), before) {
        ("MSFT", 0) => message("Information", limit),
        (name, _) => says(&daily(name, &rows(&DAYS))),
    });
    let place = Place::new();
    request(&place);
    let first = simulate(&place, &server);
    assert_eq!(first["status"], "completed");
    let limited = "Rate limited during download";
    assert_eq!(
        reasons(&first),
        ["Incomplete price data", limited, limited, limited]
    );
    assert_eq!(
        first["warnings"][0],
        "Rate limit reached - downloaded 1/2 symbols"
    );
    assert_eq!(first["progress"]["skipped"], 4);

    let second = simulate(&place, &server);
    assert_eq!(second["progress"]["completed"], 3);
    assert_eq!(reasons(&second)[0], "Incomplete price data");
    assert_eq!(server.symbols(), ["AAPL", "MSFT", "MSFT"]);
}

#[test]
fn without_a_key_the_run_says_what_is_missing() {
    let place = Place::new();
    request(&place);
    let ran = place.run(&["simulate", "run", "request.json", "--output", "json"]);
    assert_eq!(ran.code, 9, "{}", ran.stdout);
    let runs = place.json(&["simulate", "list"]);
    let run = runs["simulations"][0]["run_id"].as_str().unwrap();
    let shown = place.json(&["run", "show", run]);
    assert!(
        shown.to_string().contains("no key for alpha-vantage"),
        "{shown}"
    );
}
