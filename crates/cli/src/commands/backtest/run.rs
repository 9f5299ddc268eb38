//! `fondaco backtest run`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use fondaco_app::backtests::source::{CandleSource, NoCandles};
use fondaco_app::backtests::{self, Finished, Rules, Spec};
use fondaco_contract::trades_csv;
use fondaco_contract::v1alpha1::{BacktestListing, BacktestResult};
use fondaco_engine::expr::ParamValues;
use fondaco_market::{FreqtradeDir, SignalsDir, StoreSource};
use fondaco_report::PairCandles;
use fondaco_store::{ResultFiles, results, trades_parquet};
use serde::Serialize;

use super::inputs::{AccountArgs, CandleArgs, param, pins};
use super::realism::RealismArgs;
use super::show;
use crate::commands::data::bar::Bar;
use crate::commands::data::options::StoreArgs;
use crate::commands::strategy::files;
use crate::context::{Context, runtime};
use crate::errors::Failure;
use crate::output::{Style, View};

/// What to run and on what.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco backtest run --strategy strategies/sma-cross.toml --pairs AAPL,IBM --timerange 20050301-20130302\n  \
                        fondaco backtest run --strategy strategies/golden/roi_stop.toml --data user_data/data --freqtrade-config config.json --timeframe-detail 1m --out out/roi"
)]
pub(crate) struct Args {
    /// Strategy file.
    #[arg(long, short, value_name = "FILE")]
    strategy: PathBuf,
    /// Value of a parameter of the strategy; may be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Let the strategy's protections lock pairs.
    #[arg(long)]
    enable_protections: bool,
    #[command(flatten)]
    candles: CandleArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    realism: RealismArgs,
    /// Write the result into this folder, too.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Keep nothing: only print, and write what --out asks for.
    #[arg(long)]
    ephemeral: bool,
    /// Write no HTML report.
    #[arg(long)]
    no_report: bool,
    /// Seed of everything random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads that load and evaluate pairs; 0 for as many as there are.
    #[arg(long, default_value_t = 0, value_name = "N")]
    threads: usize,
}

/// What a run prints.
#[derive(Debug, Serialize)]
struct RunView<'a> {
    /// Name of the run.
    id: &'a str,
    /// Folders the result was written to.
    written: Vec<PathBuf>,
    /// How long it took, in seconds.
    elapsed_s: f64,
    #[serde(flatten)]
    figures: show::Figures<'a>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let started = Instant::now();
    let (spec, file) = args.spec()?;
    file.compile(&spec.params)?;
    let finished = args.backtest(&spec, context)?;
    let written = args.write(&finished, context)?;
    let view = RunView {
        id: &finished.result.run.id,
        written,
        elapsed_s: started.elapsed().as_secs_f64(),
        figures: show::Figures::of(&finished.result),
    };
    context.output.print(&view)?;
    Ok(())
}

impl Args {
    fn spec(&self) -> Result<(Spec, fondaco_app::strategies::StrategyFile), Failure> {
        let file = files::read(&self.strategy)?;
        let mut strategy = file.strategy.clone();
        let given = self
            .params
            .iter()
            .map(|text| param(text))
            .collect::<Result<Vec<_>, _>>()?;
        let params = ParamValues::new(&strategy, given)?;
        let plan = self.account.plan(&mut strategy)?;
        let mut settings = plan.settings;
        settings.protections = self.enable_protections;
        settings.detail = self.candles.timeframe_detail;
        let (profile, histories) = self.realism.profile()?;
        settings.profile = profile;
        let spec = Spec {
            strategy,
            params,
            settings,
            stake_currency: plan.stake_currency,
            pairs: plan.pairs,
            range: self.candles.range()?,
            fill: self.account.fill(),
            funding_rate: plan.funding_rate,
            markets: self.account.markets()?,
            histories,
            seed: self.seed,
            threads: self.threads,
        };
        Ok((spec, file))
    }

    fn backtest(&self, spec: &Spec, context: &Context) -> Result<Finished, Failure> {
        let files = self
            .candles
            .signals
            .as_ref()
            .map(SignalsDir::open)
            .transpose()?;
        let rules = files
            .as_ref()
            .map_or(Rules::Expressions, |files| Rules::Files(files));
        let progress = Bar::new(context);
        let run = |source: &dyn CandleSource| -> Result<Finished, Failure> {
            Ok(backtests::run(spec, source, rules, &progress)?)
        };
        if let Some(folder) = &self.candles.data {
            return run(&FreqtradeDir::open(folder)?);
        }
        if files.is_some() && self.candles.timeframe_detail.is_none() {
            return run(&NoCandles);
        }
        let pins = match &self.candles.data_of {
            Some(name) => pins(&super::results(context).find(name)?.result),
            None => BTreeMap::new(),
        };
        let store = self.store.open(context)?;
        let runtime = runtime()?;
        let selector = self.candles.selector();
        run(&StoreSource::open(
            &store,
            runtime.handle().clone(),
            &selector,
            pins,
        )?)
    }

    /// Writes the result where it is to go and says where that is.
    fn write(&self, finished: &Finished, context: &Context) -> Result<Vec<PathBuf>, Failure> {
        let keep = !self.ephemeral;
        if !keep && self.out.is_none() {
            return Ok(Vec::new());
        }
        let listing = BacktestListing::new(&finished.result, context.clock.now().0);
        let files = self.files(finished)?;
        let mut written = Vec::new();
        if keep {
            written.push(super::results(context).keep(&finished.result, &listing, &files)?);
        }
        if let Some(out) = &self.out {
            results::write_result(out, &finished.result, &listing, &files)?;
            written.push(out.clone());
        }
        Ok(written)
    }

    fn files(&self, finished: &Finished) -> Result<ResultFiles, Failure> {
        let Finished {
            result,
            trades,
            candles,
            ..
        } = finished;
        let mut files = ResultFiles::default();
        files.add("trades.csv", trades_csv(trades));
        files.add("trades.parquet", trades_parquet(trades)?);
        files.add("equity.csv", equity_csv(result));
        if !self.no_report {
            let candles: Vec<_> = candles
                .iter()
                .map(|(symbol, bars)| PairCandles {
                    pair: symbol.as_str(),
                    bars,
                })
                .collect();
            files.add_report(fondaco_report::render(result, &candles));
        }
        Ok(files)
    }
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

impl View for RunView<'_> {
    fn text(&self, style: Style) -> String {
        let mut text = self.figures.text(style);
        text.push('\n');
        for folder in &self.written {
            text.push_str(&written(folder, style));
        }
        text.push_str(&style.dim(&format!("{} in {:.2} s\n", self.id, self.elapsed_s)));
        text
    }
}

fn written(folder: &Path, style: Style) -> String {
    let report = folder.join("report.html");
    let path = if report.is_file() {
        report
    } else {
        folder.join("result.json")
    };
    format!("{} {}\n", style.dim("written"), path.display())
}
