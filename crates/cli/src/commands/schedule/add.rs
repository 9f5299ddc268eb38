//! `fondaco schedule add`.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use fondaco_app::ports::machine::Machine;
use fondaco_app::schedules::Wish;
use fondaco_domain::UnixMicros;
use fondaco_domain::schedule::{CatchUp, Overlap, Timing, Trigger};
use serde::Serialize;

use super::{NoTimes, ScheduleShown};
use crate::commands::run::{OverrideArgs, duration, read_spec};
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// When, and what.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco schedule add nightly --cron \"30 2 * * 1-5\" --zone Europe/Berlin --spec \
                  nightly.json\n  fondaco schedule add pulse --every 5m --spec pulse.json --overlap allow"
)]
pub(crate) struct Args {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: String,
    /// File with the spec as JSON; - for standard input.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// Cron expression of five fields, or six with seconds first.
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "every")]
    cron: Option<String>,
    /// Zone whose clock the expression reads.
    #[arg(
        long,
        value_name = "ZONE",
        default_value = "UTC",
        conflicts_with = "every"
    )]
    zone: String,
    /// Interval from now on, such as 30s, 5m, 1h or 1d.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    every: Option<Duration>,
    /// When the run of the time before has not ended.
    #[arg(long, value_enum, default_value = "skip")]
    overlap: OverlapWord,
    /// When times passed while no worker ran.
    #[arg(long, value_enum, default_value = "one")]
    catch_up: CatchUpWord,
    /// Each time is late by up to this, always the same for one time.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    jitter: Option<Duration>,
    #[command(flatten)]
    overrides: OverrideArgs,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OverlapWord {
    /// This time passes.
    Skip,
    /// Its run waits for the end of that one; of several that wait, one stays.
    BufferOne,
    /// Both run.
    Allow,
    /// That one is cancelled.
    CancelOther,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CatchUpWord {
    /// They are gone.
    None,
    /// The last of them counts.
    One,
    /// Each of them counts.
    All,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let spec = read_spec(&args.spec)?;
    let client = Client::open(&args.store, context)?;
    let now = client.machine.wall();
    let timing = args.timing(now)?;
    let added = client.runs().add_schedule(Wish {
        name: &args.name,
        timing,
        spec: &spec,
        overrides: &args.overrides.resolve(now),
    })?;
    Ok(context.output.print(&Added(ScheduleShown::of(&added)))?)
}

impl Args {
    fn timing(&self, now: UnixMicros) -> Result<Timing, NoTimes> {
        let trigger = match (&self.cron, self.every) {
            (Some(expression), _) => Trigger::Cron {
                expression: expression.clone(),
                zone: self.zone.clone(),
            },
            (None, Some(every)) => {
                let every = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
                Trigger::Interval {
                    every,
                    anchor: now.plus(every),
                }
            }
            (None, None) => return Err(NoTimes),
        };
        Ok(Timing {
            trigger,
            overlap: match self.overlap {
                OverlapWord::Skip => Overlap::Skip,
                OverlapWord::BufferOne => Overlap::BufferOne,
                OverlapWord::Allow => Overlap::Allow,
                OverlapWord::CancelOther => Overlap::CancelOther,
            },
            catch_up: match self.catch_up {
                CatchUpWord::None => CatchUp::None,
                CatchUpWord::One => CatchUp::One,
                CatchUpWord::All => CatchUp::All,
            },
            jitter_ms: self.jitter.map_or(0, |time| {
                u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
            }),
        })
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Added(ScheduleShown);

impl View for Added {
    fn text(&self, _style: Style) -> String {
        format!("{} fires next at {}\n", self.0.name, self.0.when())
    }
}
