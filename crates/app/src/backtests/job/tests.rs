use fondaco_contract::v1alpha1::{JobCandles, OpenTrades};
use fondaco_domain::run::{CompletionRule, RunKind};
use fondaco_domain::task::TaskKind;
use fondaco_engine::backtest::{IntraCandle, Remainder, Slippage, Spread};
use serde_json::{Value, json};

use super::*;
use crate::backtests::plan::BacktestPlanner;
use crate::ports::plan::Planner;

const STRATEGY: &str = "[strategy]\nname = \"own\"\nversion = \"1.0.0\"\ntimeframe = \"1d\"\n\
    [params]\nn = { default = 3, low = 1, high = 9 }\n\
    [entry.long]\nwhen = \"close > sma(close, $n)\"\n\
    [risk]\nstoploss = -0.5\n[sizing]\nstake = 1000\nmax_open_trades = 2\n";

/// A document that says little, and more of one thing.
fn document(place: &str, value: Value) -> String {
    let mut document = json!({"kind": "backtest", "version": 1, "strategy": {"text": STRATEGY}});
    let mut at = &mut document;
    for key in place.split('.').filter(|key| !key.is_empty()) {
        at = &mut at[key];
    }
    *at = value;
    document.to_string()
}

fn job(place: &str, value: Value) -> BacktestJob {
    parse(&document(place, value)).unwrap()
}

fn refused(job: &BacktestJob) -> String {
    let error = spec(job, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    error.to_string()
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let said = |text: String| {
        let error = parse(&text).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        format!("{error}: {}", cause.split(" at line").next().unwrap())
    };
    let wrong = [
        document("account.balance", json!("much")),
        document("account.max_open_trades", json!(-5)),
        document("account.freqtrade_config.exchange.key", json!("secret")),
        document("params.n", json!("three")),
        document("pairs", json!(["AAPL", "a/b/c"])),
        document("colour", json!("red")),
        document("candles.from", json!("nowhere")),
        document("version", json!(7)),
        document("kind", json!("hyperopt")),
        document("range.from", json!(0)),
        "{".to_owned(),
    ];
    insta::assert_snapshot!(wrong.map(said).join("\n"), @r#"
    the backtest job is wrong at `account.balance`: invalid type: string "much", expected f64
    the backtest job is wrong at `account.max_open_trades`: -5 is no number of open trades: write -1 for no limit, or 0 to 4294967295
    the backtest job is wrong at `account.freqtrade_config`: unknown field `exchange.key`
    the backtest job is wrong at `params.n`: invalid type: string "three", expected f64
    the backtest job is wrong at `pairs[1]`: `a/b/c` is not a symbol: use letters, digits and . - _ ^ = with BASE/QUOTE for a pair and BASE/QUOTE:SETTLE for a swap
    the backtest job is wrong at `colour`: unknown field `colour`, expected one of `kind`, `version`, `strategy`, `params`, `pairs`, `range`, `candles`, `signals`, `account`, `profile`, `costs`, `histories`, `markets`, `fill_gaps`, `timeframe_detail`, `protections`, `seed`, `report`, `timeframe`, `origin`
    the backtest job is wrong at `candles.from`: unknown variant `nowhere`, expected one of `store`, `freqtrade`, `signals`
    the backtest job is wrong at `version`: version 7 is not known, only 1 is
    the backtest job is wrong at `kind`: unknown variant `hyperopt`, expected `backtest`
    the backtest job is wrong at `range.from`: unknown field `from`, expected `from_ms` or `to_ms`
    the backtest job is wrong: EOF while parsing an object
    "#);
}

#[test]
fn equal_jobs_have_one_name_however_they_are_written() {
    let short = job("", parse_value(&document("seed", json!(0))));
    let long = serde_json::to_string_pretty(&short).unwrap();
    assert_eq!(
        canonical(&short).unwrap(),
        canonical(&parse(&long).unwrap()).unwrap()
    );
    let other = job("seed", json!(1));
    assert_ne!(
        canonical(&short).unwrap().hash(),
        canonical(&other).unwrap().hash()
    );
}

fn parse_value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The document of the contract uses every field.
#[test]
fn the_canonical_text_is_the_job_again() {
    let golden = include_str!("../../../../contract/golden/backtest-job.v1alpha1.json");
    let whole = parse(golden).unwrap();
    let canonical = canonical(&whole).unwrap();
    assert_eq!(parse(canonical.text()).unwrap(), whole);
}

#[test]
fn numbers_that_json_would_change_are_refused() {
    let mut large = job("", parse_value(&document("seed", json!(0))));
    large.seed = LARGEST + 1;
    assert!(matches!(canonical(&large), Err(JobError::Seed(_))));
    assert!(matches!(spec(&large, 1), Err(JobError::Seed(_))));
    let mut odd = job("seed", json!(LARGEST));
    assert!(canonical(&odd).is_ok());
    odd.account.balance = Some(f64::NAN);
    assert!(matches!(canonical(&odd), Err(JobError::NotFinite)));
    odd.account.balance = Some(f64::INFINITY);
    assert!(matches!(canonical(&odd), Err(JobError::NotFinite)));
}

#[test]
fn a_job_that_cannot_be_run_is_refused() {
    for (place, value, part) in [
        (
            "pairs",
            json!(["AAPL", "IBM", "AAPL"]),
            "AAPL is listed twice",
        ),
        ("params", json!({"m": 1.0}), "no parameter `m`"),
        ("params", json!({"n": 99.0}), "from 1 to 9"),
        (
            "strategy.text",
            json!("[strategy]\nname = 3\n"),
            "strategy.text:2",
        ),
        (
            "markets",
            json!("[spot.EUR]\nstep = 1\n"),
            "markets file is wrong",
        ),
        (
            "account.freqtrade_config",
            json!({"fee": 0.1, "max_open_trades": -5.0}),
            "`max_open_trades` in the freqtrade configuration is -5",
        ),
        (
            "histories.aapl",
            json!({"kind": "factors", "version": "x", "rows": []}),
            "`histories` has no place",
        ),
    ] {
        let text = refused(&job(place, value));
        assert!(text.contains(part), "{place}: {text}");
    }
}

#[test]
fn everything_that_is_stated_is_meant() {
    let golden = include_str!("../../../../contract/golden/backtest-job.v1alpha1.json");
    let mut whole = parse(golden).unwrap();
    whole.strategy.text = STRATEGY.to_owned();
    whole.params = [("n".to_owned(), 4.0)].into();
    let spec = spec(&whole, 7).unwrap();
    assert_eq!(spec.params.get("n"), Some(4.0));
    assert_eq!(spec.strategy.timeframe.to_string(), "5m");
    assert_eq!(spec.settings.mode, TradingMode::Futures);
    assert_eq!(spec.settings.starting_balance, 10_000.0);
    assert_eq!(spec.settings.stake, Stake::Fixed(2_000.0));
    assert_eq!(spec.settings.fee, 0.000_35);
    assert_eq!(spec.settings.max_open_trades, None);
    assert_eq!(spec.settings.last_stake_ratio, Some(0.5));
    assert_eq!(
        spec.settings.detail.map(|it| it.to_string()).as_deref(),
        Some("1m")
    );
    assert_eq!(
        (spec.stake_currency.as_str(), spec.seed, spec.threads),
        ("USD", LARGEST, 7)
    );
    assert_eq!(spec.range.from, Some(UnixMillis(1_109_635_200_000)));
    assert!(spec.settings.protections && !spec.histories.is_empty());
    let Profile::Realistic(costs) = spec.settings.profile else {
        panic!("{:?}", spec.settings.profile);
    };
    let expected = Costs {
        spread: Spread::Ticks(2.0),
        slippage: Slippage::SquareRoot { coefficient: 0.1 },
        max_volume_share: Some(0.1),
        entry_remainder: Remainder::Retry,
        latency: 1,
        min_fee: 1.0,
        fee_per_unit: 0.005,
        cash_interest: 0.03,
        borrow_interest: Some(0.0025),
        intra_candle: IntraCandle::Pessimistic,
    };
    assert_eq!(costs, expected);
    assert_eq!(realism::engine_costs(&realism::costs(&costs)), costs);
}

#[test]
fn what_is_left_out_is_as_the_strategy_says() {
    let least = job("", parse_value(&document("seed", json!(0))));
    assert_eq!(least.candles, JobCandles::default());
    let plain = spec(&least, 1).unwrap();
    assert_eq!(plain.settings.stake, Stake::Fixed(1_000.0));
    assert_eq!(plain.settings.max_open_trades, Some(2));
    assert_eq!(plain.settings.starting_balance, 10_000.0);
    assert_eq!(plain.settings.profile, Profile::Freqtrade);
    let mode = |value| spec(&job("pairs", value), 1).unwrap().settings.mode;
    assert_eq!(mode(json!(["BTC/USDT:USDT"])), TradingMode::Futures);
    assert_eq!(mode(json!(["BTC/USDT:USDT", "AAPL"])), TradingMode::Spot);
    assert_eq!(OpenTrades::try_from(-1), Ok(OpenTrades::Unlimited));
}

#[test]
fn a_run_of_a_job_is_one_task_of_its_strategy() {
    let canonical = canonical(&job("", parse_value(&document("seed", json!(0))))).unwrap();
    let new = BacktestPlanner
        .new_run(canonical.text(), canonical.hash().clone())
        .unwrap();
    assert_eq!(
        (new.kind, new.rule),
        (RunKind::Backtest, CompletionRule::AllRequired)
    );
    assert_eq!(new.strategy.as_deref(), Some("own"));
    assert_eq!(&new.spec, canonical.hash());
    let tasks: Vec<_> = BacktestPlanner.tasks(canonical.text()).unwrap().collect();
    let [task] = tasks.as_slice() else {
        panic!("{tasks:?}");
    };
    assert_eq!(
        (task.key.as_str(), task.kind),
        ("backtest", TaskKind::Backtest)
    );
    assert_eq!((task.required, task.retry.max_attempts), (true, 3));
    let broken = document("strategy.text", json!("[strategy]\n"));
    assert!(BacktestPlanner.tasks(&broken).is_err());
}
