//! `fondaco backtest run`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use fondaco_app::backtests::{Spec, job};
use fondaco_contract::v1alpha1::{
    BacktestJob, BacktestResult, JobCandles, JobFolder, JobStrategy, JobVersion, Kind,
};
use serde::Serialize;

use super::inputs::{AccountArgs, CandleArgs, absolute, param};
use super::pin::{self, Versions};
use super::realism::RealismArgs;
use super::show;
use super::workshop::Workshop;
use crate::commands::data::bar::Bar;
use crate::commands::data::options::StoreArgs;
use crate::commands::strategy::files;
use crate::context::Context;
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
    /// Name of the result.
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
    let workshop = Workshop::of(context);
    let (mut job, spec) = args.job()?;
    pin::pin(&mut job, &spec, &workshop, &args.wanted(&workshop)?)?;
    let spec = job::spec(&job, args.threads)?;
    let (result, written) = args.here(&job, &spec, &workshop, context)?;
    let view = RunView {
        id: &result.run.id,
        written,
        elapsed_s: started.elapsed().as_secs_f64(),
        figures: show::Figures::of(&result),
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
        let params = params.collect::<Result<_, super::inputs::InputError>>()?;
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
        spec: &Spec,
        workshop: &Workshop,
        context: &Context,
    ) -> Result<(BacktestResult, Vec<PathBuf>), Failure> {
        let finished = workshop.run(job, spec, &Bar::new(context), &|| false)?;
        let mut written = Vec::new();
        if !self.ephemeral {
            written.push(workshop.keep_result(&finished, job.report)?.folder);
        }
        if let Some(out) = &self.out {
            workshop.write(&finished, job.report, out)?;
            written.push(out.clone());
        }
        Ok((finished.result, written))
    }
}

fn folder(path: &Path) -> Result<JobFolder, super::inputs::InputError> {
    Ok(JobFolder {
        folder: absolute(path)?,
        files: None,
    })
}

/// A folder as every process finds it; a URL is one already.
fn place(stated: &str) -> Result<String, super::inputs::InputError> {
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
