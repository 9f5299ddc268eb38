use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fondaco_domain::market::TradingMode;
use fondaco_domain::task::{Fence, TaskKind, TaskNo};
use fondaco_domain::{Bars, RunId, Symbol, TimeRange, Timeframe, UnixMillis};

use super::*;
use crate::backtests::source::{CandleSource, Series, Sourced};
use crate::backtests::{BacktestsError, Rules, run_until};
use crate::ports::exec::AttemptId;

const STRATEGY: &str = "[strategy]\nname = \"own\"\nversion = \"1.0.0\"\ntimeframe = \"1d\"\n\
    [entry.long]\nwhen = \"close > 0\"\n[risk]\nstoploss = -0.5\n\
    [sizing]\nstake = 1000\nmax_open_trades = 2\n";

/// Three pairs of a hundred candles; one of them is broken where asked for.
struct Candles {
    broken: Option<ErrorKind>,
}

#[derive(Debug, thiserror::Error)]
#[error("the source failed")]
struct Broken(ErrorKind);

impl Hint for Broken {
    fn kind(&self) -> ErrorKind {
        self.0
    }

    fn hint(&self) -> Option<String> {
        Some("mend it".to_owned())
    }
}

impl CandleSource for Candles {
    fn symbols(&self, _: Timeframe, _: TradingMode) -> Result<Vec<Symbol>, Failure> {
        Ok(["AAA", "BBB", "CCC"].map(|it| it.parse().unwrap()).into())
    }

    fn load(
        &self,
        symbol: &Symbol,
        _: Series,
        _: TradingMode,
        range: TimeRange,
    ) -> Result<Sourced, Failure> {
        if let Some(kind) = self.broken {
            return Err(Failure::new(Broken(kind)));
        }
        let time = (0..100).map(|day| UnixMillis(day * 86_400_000)).collect();
        let prices = vec![10.0; 100];
        let bars = Bars::new(fondaco_domain::bars::Columns {
            time,
            open: prices.clone(),
            high: prices.clone(),
            low: prices.clone(),
            close: prices.clone(),
            volume: prices,
        })
        .unwrap();
        let rows = bars.rows_in(range);
        Ok(Sourced {
            bars: bars.slice(rows),
            dataset: symbol.to_string(),
            version: "1".to_owned(),
        })
    }
}

/// Counts what it keeps.
struct Bench {
    candles: Candles,
    kept: AtomicUsize,
}

impl Workshop for &Bench {
    fn backtest(
        &self,
        _: &BacktestJob,
        spec: &Spec,
        progress: &dyn Progress,
        stop: Stop<'_>,
    ) -> Result<Finished, Failure> {
        run_until(spec, &self.candles, Rules::Expressions, progress, stop).map_err(Failure::new)
    }

    fn keep(&self, _: &BacktestJob, finished: &Finished) -> Result<Kept, Failure> {
        self.kept.fetch_add(1, Ordering::Relaxed);
        Ok(Kept {
            result: finished.result.run.id.clone(),
            folder: "kept".into(),
        })
    }
}

/// Says stop from some question on, and remembers the progress.
struct Watcher {
    stop_at: usize,
    asked: AtomicUsize,
    said: Mutex<Vec<Step>>,
}

impl Watch for Watcher {
    fn stopped(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) >= self.stop_at
    }

    fn wait(&self, _: Duration) {}

    fn progress(&self, text: &str) {
        let step = serde_json::from_str(text).unwrap();
        self.said.lock().unwrap().push(step);
    }
}

/// Runs a spec; how it ended, the questions it asked, what it said and how
/// often it kept a result.
fn run(
    spec: &str,
    broken: Option<ErrorKind>,
    stop_at: usize,
) -> (Outcome, usize, Vec<Step>, usize) {
    let bench = Bench {
        candles: Candles { broken },
        kept: AtomicUsize::new(0),
    };
    let watcher = Watcher {
        stop_at,
        asked: AtomicUsize::new(0),
        said: Mutex::default(),
    };
    let assignment = Assignment {
        id: AttemptId {
            run: RunId::new(0, [0; 10]),
            task: TaskNo(0),
            fence: Fence(0),
        },
        attempt: 1,
        kind: TaskKind::Backtest,
        key: "backtest".to_owned(),
        spec: spec.to_owned(),
        input: None,
        needs: Vec::new(),
    };
    let outcome = BacktestBody::new(&bench, 1).run(&assignment, &watcher);
    let said = watcher.said.into_inner().unwrap();
    (
        outcome,
        watcher.asked.into_inner(),
        said,
        bench.kept.into_inner(),
    )
}

fn spec() -> String {
    serde_json::json!({"kind": "backtest", "version": 1, "strategy": {"text": STRATEGY}})
        .to_string()
}

#[test]
fn a_job_is_done_kept_and_told_about() {
    let (outcome, _, said, kept) = run(&spec(), None, usize::MAX);
    let Outcome::Completed {
        output: Some(output),
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    let output: Kept = serde_json::from_str(&output).unwrap();
    assert!(output.result.starts_with("own-"), "{output:?}");
    assert_eq!(kept, 1);
    let pairs: Vec<_> = said
        .iter()
        .filter(|step| step.stage == "loading pairs")
        .collect();
    assert_eq!(
        (pairs[3].done, pairs[3].of, pairs[3].what.as_str()),
        (3, 3, "CCC")
    );
    let mut stages: Vec<_> = said.iter().map(|step| step.stage.as_str()).collect();
    stages.dedup();
    assert_eq!(
        stages,
        ["loading pairs", "walking the candles", "keeping the result"]
    );
}

/// Whenever it is told to stop, it stops and keeps nothing.
#[test]
fn it_stops_at_whatever_question_it_is_told_to() {
    let (_, questions, _, _) = run(&spec(), None, usize::MAX);
    assert!(
        questions >= 6,
        "{questions}: not asked between the pairs and stages"
    );
    for stop_at in 0..questions {
        let (outcome, asked, _, kept) = run(&spec(), None, stop_at);
        assert_eq!(
            (outcome, kept),
            (Outcome::Stopped, 0),
            "at question {stop_at}"
        );
        assert_eq!(asked, stop_at + 1, "it went on after it was told to stop");
    }
}

#[test]
fn a_failure_travels_whole_and_only_other_systems_are_tried_again() {
    for (kind, expected) in [
        (ErrorKind::NotFound, ErrorClass::Permanent),
        (ErrorKind::Corrupt, ErrorClass::Permanent),
        (ErrorKind::Storage, ErrorClass::Permanent),
        (ErrorKind::Unavailable, ErrorClass::Transient),
    ] {
        let (outcome, _, _, kept) = run(&spec(), Some(kind), usize::MAX);
        let Outcome::Failed { class, error } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((class, kept), (expected, 0));
        let told = Told::from_json(&error).unwrap();
        let here = BacktestsError::Load {
            what: "candles",
            symbol: "AAA".parse().unwrap(),
            source: Failure::new(Broken(kind)),
        };
        assert_eq!(told, Told::of(&here));
    }
    let (outcome, ..) = run("{}", None, usize::MAX);
    let Outcome::Failed { class, error } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(class, ErrorClass::Permanent);
    assert_eq!(Told::from_json(&error).unwrap().kind(), ErrorKind::Invalid);
}
