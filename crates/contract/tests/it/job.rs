//! The job contract: what was written must be read for ever.

use fondaco_contract::v1alpha1::{BacktestJob, JobCandles, backtest_job_schema};
use serde_json::Value;

/// A hand-written document that uses every field at least once. Never
/// regenerate it.
const GOLDEN: &str = include_str!("../../golden/backtest-job.v1alpha1.json");

fn read(text: &str) -> Result<BacktestJob, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The golden document with something else at a place, or more there.
fn with(place: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(GOLDEN).unwrap();
    if let Some(old) = document.pointer_mut(place) {
        *old = value;
    } else {
        let (parent, key) = place.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
    }
    document.to_string()
}

#[test]
fn the_golden_document_still_reads_and_writes_byte_for_byte() {
    let job = read(GOLDEN).unwrap();
    assert_eq!(serde_json::to_string_pretty(&job).unwrap() + "\n", GOLDEN);
}

#[test]
fn all_but_the_strategy_may_be_left_out() {
    let least = r#"{"kind": "backtest", "version": 1, "strategy": {"text": ""}}"#;
    let job = read(least).unwrap();
    assert_eq!(job.candles, JobCandles::default());
    assert!(job.report && job.pairs.is_empty() && job.costs.is_none());
    for needed in ["kind", "version", "strategy"] {
        let mut document: Value = serde_json::from_str(least).unwrap();
        document.as_object_mut().unwrap().remove(needed);
        let error = read(&document.to_string()).unwrap_err();
        assert!(
            error.contains(&format!("missing field `{needed}`")),
            "{error}"
        );
    }
}

#[test]
fn whatever_has_no_place_is_refused_at_every_depth() {
    for place in [
        "",
        "/strategy",
        "/range",
        "/candles",
        "/candles/versions/0",
        "/signals",
        "/account",
        "/account/freqtrade_config",
        "/account/freqtrade_config/exchange",
        "/account/freqtrade_config/unfilledtimeout",
        "/account/stake",
        "/costs",
        "/costs/spread",
        "/histories/aapl",
        "/histories/aapl/splits/0",
        "/histories/aapl/dividends/0",
        "/histories/ibm/rows/0",
    ] {
        let error = read(&with(&format!("{place}/secret"), "s".into())).unwrap_err();
        assert!(error.contains("secret"), "{place}: {error}");
    }
}

#[test]
fn values_that_cannot_be_are_refused() {
    for (place, value, part) in [
        ("/version", 2.into(), "version 2 is not known"),
        ("/kind", "hyperopt".into(), "hyperopt"),
        (
            "/account/max_open_trades",
            Value::from(-5),
            "-5 is no number of open trades",
        ),
        ("/account/max_open_trades", 1.5.into(), "1.5"),
        ("/pairs/0", "a/b/c".into(), "a/b/c"),
        ("/timeframe_detail", "often".into(), "often"),
        ("/candles/from", "nowhere".into(), "nowhere"),
        (
            "/histories/aapl/splits/0/date",
            "2005-02-30".into(),
            "date is not valid",
        ),
        ("/seed", Value::from(-1), "-1"),
    ] {
        let error = read(&with(place, value)).unwrap_err();
        assert!(error.contains(part), "{place}: {error}");
    }
}

/// The published schema is the one of the types; `UPDATE=1` writes it.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test writes the published schema when asked to"
)]
fn the_published_schema_is_current() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/backtest-job.v1alpha1.json"
    );
    let schema = backtest_job_schema().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == schema,
        "schemas/backtest-job.v1alpha1.json is not that of the types: run this test with UPDATE=1"
    );
}
