//! `fondaco backtest run`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use fondaco_app::backtests::{Spec, job};
use fondaco_contract::v1alpha1::{
    BacktestJob, BacktestResult, JobCandles, JobFolder, JobStrategy, JobVersion, Kind,
};
use fondaco_domain::RunId;
use fondaco_store::Results;
use serde::Serialize;

use super::inputs::{AccountArgs, CandleArgs, InputError, absolute, param};
use super::pin::{self, Versions};
use super::realism::RealismArgs;
use super::workshop::{self, Workshop};
use super::{durable, show};
use crate::commands::data::bar::Bar;
use crate::commands::data::options;
use crate::commands::strategy::files;
use crate::context::Context;
use crate::env;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// What to run and on what.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco backtest run --strategy strategies/sma-cross.toml --pairs AAPL,IBM --timerange 20050301-20130302\n  \
                        fondaco backtest run --strategy strategies/golden/roi_stop.toml --data user_data/data --freqtrade-config config.json --timeframe-detail 1m --out out/roi"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
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
    store: options::StoreArgs,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    realism: RealismArgs,
    /// Write the result into this folder, too.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Keep nothing, no result and no run: only print, and write what --out
    /// asks for.
    #[arg(long, conflicts_with = "detach")]
    ephemeral: bool,
    /// Submit it and print the run's id at once: a worker does it.
    #[arg(long, conflicts_with = "out")]
    detach: bool,
    /// Store of runs: sqlite:PATH or postgres://… [default: the file `runs.db`
    /// in the home].
    #[arg(long, value_name = "ADDRESS", env = env::STORE, hide_env_values = true)]
    run_store: Option<String>,
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
    /// Name of the result.
    id: &'a str,
    /// The durable run, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    /// Folders the result was written to.
    written: Vec<PathBuf>,
    /// How long it took, in seconds.
    elapsed_s: f64,
    #[serde(flatten)]
    figures: show::Figures<'a>,
}

/// What is printed of a run that others do.
#[derive(Debug, Serialize)]
struct Detached {
    /// The run.
    run: RunId,
}

/// A backtest that is done.
struct Done {
    result: BacktestResult,
    run: Option<RunId>,
    written: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let started = Instant::now();
    let workshop = Workshop::of(context);
    let (mut job, spec) = args.job()?;
    pin::pin(&mut job, &spec, &workshop, &args.wanted(&workshop)?)?;
    let done = if args.ephemeral {
        args.here(&job, &workshop, context)?
    } else {
        let client = Client::open(&args.run_store(), context)?;
        let run = durable::submit(&client, &job)?;
        if args.detach {
            return Ok(context.output.print(&Detached { run })?);
        }
        args.durably(&client, run, &job, context)?
    };
    let view = RunView {
        id: &done.result.run.id,
        run: done.run,
        written: done.written,
        elapsed_s: started.elapsed().as_secs_f64(),
        figures: show::Figures::of(&done.result),
    };
    context.output.print(&view)?;
    Ok(())
}

impl Args {
    /// The job that the words ask for, and what it means. Whatever can be
    /// refused without candles is refused here.
    fn job(&self) -> Result<(BacktestJob, Spec), Failure> {
        let file = files::read(&self.strategy)?;
        let params = self.params.iter().map(|text| {
            let (name, value) = param(text)?;
            Ok((name.to_owned(), value))
        });
        let params = params.collect::<Result<_, InputError>>()?;
        let account = self.account.account()?;
        let (profile, costs, histories) = self.realism.profile()?;
        let job = BacktestJob {
            kind: Kind::Backtest,
            version: JobVersion,
            strategy: JobStrategy {
                text: file.text.clone(),
            },
            params,
            pairs: self.account.pairs(),
            range: self.candles.range()?,
            candles: self.candles()?,
            signals: self.candles.signals.as_deref().map(folder).transpose()?,
            account,
            profile,
            costs,
            histories,
            markets: self.account.markets()?,
            fill_gaps: self.account.fill(),
            timeframe_detail: self.candles.timeframe_detail,
            protections: self.enable_protections,
            seed: self.seed,
            report: !self.no_report,
            timeframe: None,
            origin: None,
        };
        let spec = job::spec(&job, self.threads).map_err(|error| self.account.place(error))?;
        file.compile(&spec.params)?;
        spec.settings.check()?;
        Ok((job, spec))
    }

    fn candles(&self) -> Result<JobCandles, Failure> {
        if let Some(data) = &self.candles.data {
            return Ok(JobCandles::Freqtrade(folder(data)?));
        }
        if self.candles.signals.is_some() && self.candles.timeframe_detail.is_none() {
            return Ok(JobCandles::Signals {});
        }
        Ok(JobCandles::Store {
            place: self.store.stated().map(place).transpose()?,
            venue: self.candles.venue.as_ref().map(ToString::to_string),
            versions: None,
        })
    }

    /// Where runs are kept: `--store` is that of candles here.
    fn run_store(&self) -> StoreArgs {
        let address = self.run_store.clone();
        address.map_or_else(StoreArgs::default, StoreArgs::of)
    }

    /// Versions that a kept result read, where they are asked for.
    fn wanted(&self, workshop: &Workshop) -> Result<Versions, Failure> {
        match &self.candles.data_of {
            Some(name) => Ok(pin::read_by(&workshop.results().find(name)?.result)),
            None => Ok(Versions::new()),
        }
    }

    /// Runs it in this process, outside the store of runs.
    fn here(
        &self,
        job: &BacktestJob,
        workshop: &Workshop,
        context: &Context,
    ) -> Result<Done, Failure> {
        let spec = job::spec(job, self.threads)?;
        let finished = workshop.run(job, &spec, &Bar::new(context), &|| false)?;
        let mut written = Vec::new();
        if let Some(out) = &self.out {
            workshop.write(&finished, job.report, out)?;
            written.push(out.clone());
        }
        Ok(Done {
            result: finished.result,
            run: None,
            written,
        })
    }

    /// Sees a run to its end.
    fn durably(
        &self,
        client: &Client,
        run: RunId,
        job: &BacktestJob,
        context: &Context,
    ) -> Result<Done, Failure> {
        let kept = durable::finish(client, run, self.threads, context)?;
        let found = Results::open(&kept.folder)?;
        let mut written = vec![kept.folder];
        if let Some(out) = &self.out {
            workshop::copy(&found, job.report, out)?;
            written.push(out.clone());
        }
        Ok(Done {
            result: found.result,
            run: Some(run),
            written,
        })
    }
}

fn folder(path: &Path) -> Result<JobFolder, InputError> {
    Ok(JobFolder {
        folder: absolute(path)?,
        files: None,
    })
}

/// A folder as every process finds it; a URL is one already.
fn place(stated: &str) -> Result<String, InputError> {
    if stated.contains("://") {
        return Ok(stated.to_owned());
    }
    absolute(Path::new(stated))
}

impl View for RunView<'_> {
    fn text(&self, style: Style) -> String {
        let mut text = self.figures.text(style);
        text.push('\n');
        for folder in &self.written {
            text.push_str(&written(folder, style));
        }
        text.push_str(&style.dim(&format!("{} in {:.2} s\n", self.id, self.elapsed_s)));
        if let Some(run) = self.run {
            text.push_str(&style.dim(&format!("run {run}\n")));
        }
        text
    }
}

impl View for Detached {
    fn text(&self, _style: Style) -> String {
        format!("{}\n", self.run)
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
