//! Candles, strategies, and a worker that does what a test says.

use std::sync::Arc;

use fondaco_app::data::{CandleKind, DatasetId, Overlap, merge};
use fondaco_app::ports::runs::{Claimed, Exchange, Report, Want};
use fondaco_contract::trades_csv;
use fondaco_contract::v1alpha1::{BacktestListing, BacktestResult};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{Bar, Bars, UnixMicros, UnixMillis, WorkerId};
use fondaco_store::{ResultFiles, Results};
use serde_json::{Value, json};

use crate::client::Client;

/// A strategy of daily candles.
pub(crate) const CROSS: &str = "[strategy]\nname = \"cross\"\nversion = \"1.0.0\"\n\
    description = \"Above its average\"\ntimeframe = \"1d\"\n\
    [params]\nn = { default = 3, low = 2, high = 9, step = 1 }\n\
    [entry.long]\nwhen = \"close > sma(close, $n)\"\n[exit.long]\nwhen = \"close < sma(close, $n)\"\n\
    [risk]\nstoploss = -0.1\n";

/// A kept result, as one looks that a worker leaves.
const RESULT: &str = include_str!("../../../contract/golden/backtest-result.v1alpha1.json");

impl Client {
    /// Ten daily candles of an instrument, the last one at some day since 1970.
    pub(crate) async fn candles(&self, symbol: &str, last_day: i64) {
        let id = DatasetId {
            venue: "test".parse().unwrap(),
            symbol: symbol.parse().unwrap(),
            timeframe: "1d".parse().unwrap(),
            kind: CandleKind::Trades,
        };
        let bar = |day: i64| Bar {
            time: UnixMillis(day * 86_400_000),
            open: 10.0,
            high: 11.0,
            low: 9.0,
            close: 10.5,
            volume: 1.0,
        };
        let bars = Bars::from_rows((last_day - 9..=last_day).map(bar)).unwrap();
        let store = &self.platform.candles.bars;
        let old = store.versions(&id).await.unwrap();
        let before = if old.is_empty() {
            Bars::default()
        } else {
            let newest = store.read(&id, &"latest".parse().unwrap()).await;
            newest.unwrap().1
        };
        let merged = merge(&before, &bars, Overlap::Refuse).unwrap();
        let at = UnixMillis(0);
        let staged = store.stage(&id, old.last(), &merged, "test", at).await;
        store.commit(staged.unwrap()).await.unwrap();
    }

    /// Puts [`CROSS`].
    pub(crate) async fn cross(&self) {
        let put = self
            .put("/v1/strategies/cross", &[], &json!({"text": CROSS}))
            .await;
        assert_eq!(put.status.as_u16(), 201, "{}", put.text);
    }

    /// Asks for a backtest that must be accepted.
    #[track_caller]
    pub(crate) fn accepted(answer: &crate::client::Answer) -> String {
        assert_eq!(answer.status.as_u16(), 202, "{}", answer.text);
        answer.json()["run_id"].as_str().unwrap().to_owned()
    }

    /// Tasks that a worker gets when it asks for so many.
    pub(crate) fn claim(&self, limit: usize) -> Vec<Claimed> {
        self.exchange(
            Vec::new(),
            Some(Want {
                queues: vec!["default".to_owned()],
                kinds: vec![TaskKind::Backtest],
                run: None,
                limit,
                until: UnixMicros(i64::MAX / 2),
                start: true,
            }),
        )
    }

    /// Ends a task as a worker does.
    pub(crate) fn report(&self, task: &Claimed, command: TaskCommand) {
        let report = Report {
            run: task.run,
            task: task.task.no,
            command,
        };
        self.exchange(vec![report], None);
    }

    /// Does the next backtest: keeps a result under a name of its own.
    pub(crate) fn work(&self) {
        let task = self.claim(1).remove(0);
        let result = BacktestResult::from_json(RESULT).unwrap();
        let listing = BacktestListing::new(&result, 0);
        let mut files = ResultFiles::default();
        files.add("trades.csv", trades_csv(&[]));
        files.add("equity.csv", "date,equity,invested,benchmark\n");
        files.add_report("<!doctype html><script>1</script>".to_owned());
        let results = Results::at(self.platform.home.join("backtests"));
        let folder = results.keep(&result, &listing, &files).unwrap();
        let output = json!({"result": result.run.id, "folder": folder}).to_string();
        let fence = task.task.fence;
        let output = Some(output);
        self.report(&task, TaskCommand::Complete { fence, output });
    }

    /// Fails the next backtest for good.
    pub(crate) fn fail(&self, error: &str) {
        let task = self.claim(1).remove(0);
        let command = TaskCommand::Fail {
            fence: task.task.fence,
            class: ErrorClass::Permanent,
            error: error.to_owned(),
        };
        self.report(&task, command);
    }

    fn exchange(&self, reports: Vec<Report>, want: Option<Want>) -> Vec<Claimed> {
        let exchange = Exchange {
            worker: WorkerId::new(1, [1; 10]),
            reports,
            beats: Vec::new(),
            want,
        };
        let by = fondaco_app::ports::runs::Asked {
            actor: "worker".to_owned(),
            at: self.platform.machine.wall(),
        };
        let done = self.platform.store.exchange(exchange, by).unwrap();
        assert!(done.reports.iter().all(Result::is_ok), "{:?}", done.reports);
        done.claimed
    }

    /// The spec of a run.
    pub(crate) fn spec(&self, run: &str) -> Value {
        let store = Arc::clone(&self.platform.store);
        let run = store.run(run.parse().unwrap()).unwrap();
        serde_json::from_str(&store.spec(&run.new.spec).unwrap()).unwrap()
    }
}
