//! The job contract: what was written must be read for ever.

use fondaco_contract::v1alpha1::{
    BacktestJob, Costs, EntryRemainder, IntraCandle, JobAccount, JobCandles, JobFill, JobFolder,
    OpenTrades, Profile, Range, Slippage, Spread, Stake, TradingMode, backtest_job_schema,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
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

/// What came later: a length of candles and an origin. Never regenerate it.
const WITH_ORIGIN: &str = include_str!("../../golden/backtest-job.v1alpha1.origin.json");

#[test]
fn a_job_with_an_origin_still_reads_and_one_without_does_not_speak_of_it() {
    let job = read(WITH_ORIGIN).unwrap();
    let origin = job.origin.as_ref().unwrap();
    assert_eq!(origin.strategy_version, Some(3));
    assert_eq!(origin.experiment.as_deref(), Some("autumn"));
    assert_eq!(job.timeframe, Some("4h".parse().unwrap()));
    let written: Value = serde_json::to_value(&job).unwrap();
    let golden: Value = serde_json::from_str(WITH_ORIGIN).unwrap();
    for field in ["timeframe", "origin", "strategy"] {
        assert_eq!(written[field], golden[field], "{field}");
    }
    let without = serde_json::to_value(read(GOLDEN).unwrap()).unwrap();
    assert!(without.get("origin").is_none() && without.get("timeframe").is_none());
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

fn number() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no other", |number| number.is_finite())
}

fn account() -> impl Strategy<Value = JobAccount> {
    let open = prop_oneof![
        Just(OpenTrades::Unlimited),
        any::<u32>().prop_map(OpenTrades::Limit)
    ];
    let stake = prop_oneof![
        Just(Stake::Unlimited),
        number().prop_map(|amount| Stake::Fixed { amount })
    ];
    (
        [(); 2].map(|()| proptest::option::of(number())),
        proptest::option::of(".*"),
        proptest::option::of(stake),
        proptest::option::of(open),
        any::<Option<bool>>(),
    )
        .prop_map(
            |([balance, fee], currency, stake, open, swaps)| JobAccount {
                freqtrade_config: None,
                balance,
                currency,
                fee,
                stake,
                max_open_trades: open,
                trading_mode: swaps.map(|it| {
                    if it {
                        TradingMode::Futures
                    } else {
                        TradingMode::Spot
                    }
                }),
            },
        )
}

fn costs() -> impl Strategy<Value = Costs> {
    ([(); 5].map(|()| number()), any::<[bool; 3]>(), any::<u32>()).prop_map(
        |([a, b, c, d, e], [ticks, root, retry], latency_candles)| Costs {
            spread: if ticks {
                Spread::Ticks { ticks: a }
            } else {
                Spread::Ratio { ratio: a }
            },
            slippage: if root {
                Slippage::SquareRoot { coefficient: b }
            } else {
                Slippage::Ratio { ratio: b }
            },
            max_volume_share: root.then_some(c),
            entry_remainder: if retry {
                EntryRemainder::Retry
            } else {
                EntryRemainder::Drop
            },
            latency_candles,
            min_fee: d,
            fee_per_unit: e,
            cash_interest: a,
            borrow_interest: ticks.then_some(b),
            intra_candle: if retry {
                IntraCandle::Optimistic
            } else {
                IntraCandle::Freqtrade
            },
        },
    )
}

fn jobs() -> impl Strategy<Value = BacktestJob> {
    let folder = (
        ".*",
        proptest::option::of(btree_map(".*", "[0-9a-f]{64}", 0..3)),
    )
        .prop_map(|(folder, files)| JobFolder { folder, files });
    let candles = prop_oneof![
        Just(JobCandles::default()),
        Just(JobCandles::Signals {}),
        folder.clone().prop_map(JobCandles::Freqtrade)
    ];
    (
        (
            ".*",
            btree_map("[a-z_]{1,8}", number(), 0..4),
            vec("[A-Z]{1,6}(/[A-Z]{3})?", 0..4),
        ),
        (
            candles,
            proptest::option::of(folder),
            account(),
            proptest::option::of(costs()),
        ),
        (
            any::<[Option<i32>; 2]>(),
            any::<[bool; 3]>(),
            0..1_u64 << 53,
        ),
    )
        .prop_map(
            |((text, params, pairs), (candles, signals, account, costs), rest)| {
                let ([from, to], [auto, protections, report], seed) = rest;
                let mut job = read(GOLDEN).unwrap();
                job.strategy.text = text;
                job.params = params;
                job.pairs = pairs.iter().map(|pair| pair.parse().unwrap()).collect();
                job.candles = candles;
                job.signals = signals;
                job.account = account;
                job.profile = if costs.is_some() {
                    Profile::Realistic
                } else {
                    Profile::Freqtrade
                };
                job.costs = costs;
                job.range = Range {
                    from_ms: from.map(i64::from),
                    to_ms: to.map(i64::from),
                };
                job.fill_gaps = if auto { JobFill::Auto } else { JobFill::Always };
                job.protections = protections;
                job.report = report;
                job.seed = seed;
                job
            },
        )
}

proptest! {
    /// The same document, to the last bit of every number.
    #[test]
    fn a_job_that_was_written_reads_as_it_was(job in jobs()) {
        let text = serde_json::to_string(&job).unwrap();
        prop_assert_eq!(read(&text).unwrap(), job);
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
