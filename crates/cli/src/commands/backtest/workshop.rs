//! Where candles of backtests are read and their results kept: the stores of
//! one home, as the body of the task uses them.

use std::path::{Path, PathBuf};

use fondaco_app::backtests::body::{Kept, Workshop as Port};
use fondaco_app::backtests::source::{CandleSource, NoCandles};
use fondaco_app::backtests::{self, Finished, Rules, Spec};
use fondaco_app::ports::{self, Progress};
use fondaco_contract::trades_csv;
use fondaco_contract::v1alpha1::{BacktestJob, BacktestListing, BacktestResult, JobCandles};
use fondaco_engine::backtest::Stop;
use fondaco_market::{FreqtradeDir, ParquetStore, SignalsDir, StoreSource};
use fondaco_report::PairCandles;
use fondaco_store::{ResultFiles, Results, results, trades_parquet};

use super::pin::{self, Versions};
use crate::context::{Clock, Context, runtime};
use crate::errors::Failure;

/// Files of every result, beside `result.json` and its line in lists.
const FILES: [&str; 3] = ["trades.csv", "trades.parquet", "equity.csv"];

/// The report, which may be left out.
const REPORT: &str = "report.html";

/// The stores of a home.
#[derive(Debug, Clone)]
pub(crate) struct Workshop {
    home: PathBuf,
    clock: Clock,
}

impl Workshop {
    /// Those of the home that a command runs in.
    pub(crate) fn of(context: &Context) -> Self {
        Self {
            home: context.home().to_owned(),
            clock: context.clock,
        }
    }

    /// The store of candles at a place, or that of the home.
    pub(super) fn candles(&self, place: Option<&str>) -> Result<ParquetStore, ports::StoreError> {
        match place {
            Some(place) => ParquetStore::open(place),
            None => ParquetStore::open(&self.home.join("data").display().to_string()),
        }
    }

    /// Where results are kept.
    pub(super) fn results(&self) -> Results {
        Results::at(self.home.join("backtests"))
    }

    /// Runs a job on its candles.
    pub(super) fn run(
        &self,
        job: &BacktestJob,
        spec: &Spec,
        progress: &dyn Progress,
        stop: Stop<'_>,
    ) -> Result<Finished, Failure> {
        if !pin::is_pinned(job) {
            let mut whole = job.clone();
            pin::pin(&mut whole, spec, self, &Versions::new())?;
            if pin::is_pinned(&whole) {
                let spec = Spec {
                    pairs: whole.pairs.clone(),
                    ..spec.clone()
                };
                return self.run(&whole, &spec, progress, stop);
            }
        }
        let signals = match &job.signals {
            Some(folder) => {
                pin::verify(folder)?;
                Some(SignalsDir::open(&folder.folder)?)
            }
            None => None,
        };
        let rules = signals
            .as_ref()
            .map_or(Rules::Expressions, |files| Rules::Files(files));
        let run = |source: &dyn CandleSource| -> Result<Finished, Failure> {
            Ok(backtests::run_until(spec, source, rules, progress, stop)?)
        };
        match &job.candles {
            JobCandles::Signals {} => run(&NoCandles),
            JobCandles::Freqtrade(folder) => {
                pin::verify(folder)?;
                run(&FreqtradeDir::open(&folder.folder)?)
            }
            JobCandles::Store {
                place, versions, ..
            } => {
                let store = self.candles(place.as_deref())?;
                let datasets = pin::datasets(versions.as_deref().unwrap_or_default())?;
                let runtime = runtime()?;
                let handle = runtime.handle().clone();
                run(&StoreSource::new(&store, handle, datasets))
            }
        }
    }

    /// Keeps a result in the home.
    pub(super) fn keep_result(&self, finished: &Finished, report: bool) -> Result<Kept, Failure> {
        let (listing, files) = self.files(finished, report)?;
        let folder = self.results().keep(&finished.result, &listing, &files)?;
        Ok(Kept {
            result: finished.result.run.id.clone(),
            folder,
        })
    }

    /// Writes a result into a folder.
    pub(super) fn write(
        &self,
        finished: &Finished,
        report: bool,
        out: &Path,
    ) -> Result<(), Failure> {
        let (listing, files) = self.files(finished, report)?;
        Ok(results::write_result(
            out,
            &finished.result,
            &listing,
            &files,
        )?)
    }

    fn files(
        &self,
        finished: &Finished,
        report: bool,
    ) -> Result<(BacktestListing, ResultFiles), Failure> {
        let Finished {
            result,
            trades,
            candles,
        } = finished;
        let [csv, parquet, equity] = FILES;
        let mut files = ResultFiles::default();
        files.add(csv, trades_csv(trades));
        files.add(parquet, trades_parquet(trades)?);
        files.add(equity, equity_csv(result));
        if report {
            let candles: Vec<_> = candles
                .iter()
                .map(|(symbol, bars)| PairCandles {
                    pair: symbol.as_str(),
                    bars,
                })
                .collect();
            files.add_report(fondaco_report::render(result, &candles));
        }
        Ok((BacktestListing::new(result, self.clock.now().0), files))
    }
}

impl Port for Workshop {
    fn backtest(
        &self,
        job: &BacktestJob,
        spec: &Spec,
        progress: &dyn Progress,
        stop: Stop<'_>,
    ) -> Result<Finished, ports::Failure> {
        self.run(job, spec, progress, stop)
            .map_err(|failure| port(&failure))
    }

    fn keep(&self, job: &BacktestJob, finished: &Finished) -> Result<Kept, ports::Failure> {
        self.keep_result(finished, job.report)
            .map_err(|failure| port(&failure))
    }
}

fn port(failure: &Failure) -> ports::Failure {
    ports::Failure::new(failure.told())
}

/// Writes a result that is kept into another folder, too.
pub(super) fn copy(found: &results::Found, report: bool, out: &Path) -> Result<(), Failure> {
    let report = report.then_some(REPORT);
    let files = found.files(FILES.into_iter().chain(report))?;
    Ok(results::write_result(
        out,
        &found.result,
        &found.listing()?,
        &files,
    )?)
}

/// The account over time: `date,equity,invested,benchmark`.
fn equity_csv(result: &BacktestResult) -> String {
    use std::fmt::Write;
    let equity = &result.equity;
    let mut csv = String::from("date,equity,invested,benchmark\n");
    for (row, &at) in equity.time_ms.iter().enumerate() {
        let held = equity
            .benchmark
            .as_ref()
            .map(|held| held[row].to_string())
            .unwrap_or_default();
        let at = fondaco_domain::UnixMillis(at);
        // Writing to a string cannot fail.
        let _ = writeln!(
            csv,
            "{at},{},{},{held}",
            equity.value[row], equity.invested[row]
        );
    }
    csv
}
