//! `backtest run --profile realistic` from the command line.

use crate::harness::{Place, repository};

const RUN: [&str; 8] = [
    "backtest",
    "run",
    "--ephemeral",
    "--no-report",
    "--pairs",
    "AAPL,IBM,MSFT",
    "--strategy",
    "s.toml",
];

fn place() -> Place {
    let place = Place::new();
    let samples = repository("samples/us-daily/stocks.csv.gz");
    place.ok(&["data", "import", samples.to_str().unwrap(), "--venue", "us"]);
    std::fs::copy(
        repository("strategies/sma-cross.toml"),
        place.path().join("s.toml"),
    )
    .unwrap();
    place
}

fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    RUN.iter().chain(more).copied().collect()
}

fn result(place: &Place, folder: &str, more: &[&str]) -> serde_json::Value {
    place.ok(&words(&[more, &["--out", folder]].concat()));
    let text = std::fs::read_to_string(place.path().join(folder).join("result.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn costs_are_in_the_result_and_it_does_not_depend_on_threads() {
    let place = place();
    let file = "slippage = { square_root = 0.1 }\ncash_interest = 0.03\nmin_fee = 1.0\n";
    std::fs::write(place.path().join("costs.toml"), file).unwrap();
    let flags = ["--realism", "costs.toml", "--spread", "0.002"];
    let one = result(&place, "one", &[&flags[..], &["--threads", "1"]].concat());
    let two = result(&place, "two", &[&flags[..], &["--threads", "2"]].concat());
    let bytes =
        |folder: &str| std::fs::read(place.path().join(folder).join("result.json")).unwrap();
    assert!(bytes("one") == bytes("two"));
    assert_eq!(one["run"]["spec_hash"], two["run"]["spec_hash"]);
    assert_eq!(one["settings"]["profile"], "realistic");
    assert_eq!(one["settings"]["costs"]["spread"]["ratio"], 0.002);
    assert_eq!(one["settings"]["costs"]["slippage"]["coefficient"], 0.1);
    assert_eq!(one["account"]["holds"], true);
    assert_eq!(one["account"]["interest"], one["charges"]["interest"]);
    assert!(one["account"]["interest"].as_f64().unwrap() > 0.0);

    let free = result(&place, "free", &[]);
    assert_eq!(free["settings"]["profile"], "freqtrade");
    assert_eq!(free.get("charges"), None);
    assert_eq!(free["settings"].get("costs"), None);
}

/// Apple's shares split on 28 February 2005; the candles are raw.
#[test]
fn a_split_that_is_known_is_no_crash() {
    let place = place();
    let splits = "[{\"execution_date\": \"2005-02-28\", \"split_from\": 1, \"split_to\": 2}]";
    std::fs::create_dir(place.path().join("actions")).unwrap();
    std::fs::write(place.path().join("actions/AAPL.splits.json"), splits).unwrap();
    let costs = ["--slippage", "0", "--spread", "0", "--fee", "0"];
    let raw = result(&place, "raw", &costs);
    let known = result(
        &place,
        "known",
        &[&costs[..], &["--actions", "actions"]].concat(),
    );
    let over_the_split = |result: &serde_json::Value| {
        let trades = result["trades"].as_array().unwrap();
        let split = 1_109_548_800_000_i64;
        let trade = trades.iter().find(|trade| {
            trade["pair"] == "AAPL"
                && trade["open_ms"].as_i64().unwrap() < split
                && trade["close_ms"].as_i64().unwrap() > split
        });
        trade.unwrap().clone()
    };
    let number = |trade: &serde_json::Value, key: &str| trade[key].as_f64().unwrap();
    let trade = over_the_split(&known);
    let order =
        |trade: &serde_json::Value, index: usize, key: &str| number(&trade["orders"][index], key);
    assert_eq!(order(&trade, 1, "amount"), 2.0 * order(&trade, 0, "amount"));
    let profit = order(&trade, 1, "amount") * order(&trade, 1, "price")
        - order(&trade, 0, "amount") * order(&trade, 0, "price");
    assert!((number(&trade, "profit_abs") - profit).abs() < 1e-6);
    assert!(number(&trade, "profit_ratio") > 2.0 * number(&over_the_split(&raw), "profit_ratio"));
    assert_eq!(known["charges"]["splits"], 1);
    assert_ne!(raw["run"]["spec_hash"], known["run"]["spec_hash"]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let place = place();
    std::fs::write(place.path().join("costs.toml"), "slipage = 0.1\n").unwrap();
    std::fs::create_dir(place.path().join("empty")).unwrap();
    for (more, code, part) in [
        (
            &["--profile", "freqtrade", "--slippage", "0.1"][..],
            2,
            "--slippage has no place",
        ),
        (&["--realism", "costs.toml"], 2, "slipage"),
        (&["--realism", "none.toml"], 3, "none.toml"),
        (&["--slippage", "0.7"], 2, "slippage is 0.7"),
        (&["--volume-share", "0"], 2, "max_volume_share is 0"),
        (&["--actions", "empty"], 6, "no file of splits"),
        (&["--actions", "absent"], 3, "absent"),
    ] {
        let ran = place.run(&words(more));
        assert_eq!(ran.code, code, "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{more:?}: {}", ran.stderr);
    }
}
