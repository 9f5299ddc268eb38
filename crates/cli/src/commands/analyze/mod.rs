//! `fondaco analyze`: two lanes, one decision, watched as it comes about.

mod asked;
mod contexts;
mod live;
mod shown;

use std::num::NonZeroUsize;
use std::sync::Arc;

use fondaco_app::analysis::shown::{Analyses, ItemState, Shown};
use fondaco_app::runner::NoLog;
use fondaco_domain::run::RunState;
use fondaco_domain::{ErrorKind, Hint, RunId};
use thiserror::Error;

pub(crate) use asked::Args;

use crate::cli::OutputMode;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, Host, HostError, HostOptions, Place};
use crate::output::{Output, Style};
use live::Live;
pub(crate) use shown::View;

/// An analysis that came to no decision.
#[derive(Debug, Error)]
enum AnalyzeError {
    /// Of some items there is none, of others there is.
    #[error("{} of {of} items came to no decision: {}", .without.len(), .without.join(", "))]
    Without {
        /// Of which, with the reason.
        without: Vec<String>,
        /// How many there were.
        of: usize,
        /// The run.
        run: RunId,
    },
    /// Somebody cancelled it.
    #[error("run {run} was cancelled: {reason}")]
    Cancelled {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// Somebody said to stop.
    #[error("interrupted: run {run} is {}", state.as_str())]
    Interrupted {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
}

impl Hint for AnalyzeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Without { .. } => ErrorKind::Unsuccessful,
            Self::Cancelled { .. } | Self::Interrupted { .. } => ErrorKind::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Without { run, .. } => Some(format!("see `fondaco analysis show {run}`")),
            Self::Interrupted { run, .. } => Some(format!(
                "`fondaco worker` goes on with it where it was, `fondaco run cancel {run}` ends it"
            )),
            Self::Cancelled { .. } => None,
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let id = args.submit(&client, context)?;
    let shown = finish(&client, id, args, context)?;
    let view = View::of(&shown);
    let output = if args.json {
        Output::new(OutputMode::Json, Style::default())
    } else {
        context.output
    };
    output.print(&view)?;
    no_decision(&shown).map_or(Ok(()), |error| Err(error.into()))
}

/// Works on a run until it has ended, here or wherever else it is worked on.
fn finish(client: &Client, id: RunId, args: &Args, context: &Context) -> Result<Shown, Failure> {
    let analyses = Analyses {
        runs: client.runs(),
    };
    let run = client.store().run(id)?;
    if !run.state.is_terminal() {
        let options = HostOptions {
            slots: NonZeroUsize::MIN,
            calls: args.in_flight.get(),
            queues: vec![run.new.queue],
            run: Some(id),
            place: Place::Inline,
            threads: context.threads(),
            at_once: true,
            log: Arc::new(NoLog),
        };
        let host = Host::start(client, context, options)?;
        let mut live = Live::new(context, analyses, id);
        let ended = host.until_ended(client.store(), id, &mut |_| live.look());
        drop(live);
        ended.map_err(in_our_words)?;
        host.shutdown()?;
    }
    Ok(analyses.show(id)?)
}

fn in_our_words(error: HostError) -> Failure {
    match error {
        HostError::Interrupted { run, state } => AnalyzeError::Interrupted { run, state }.into(),
        other => other.into(),
    }
}

fn no_decision(shown: &Shown) -> Option<AnalyzeError> {
    let run = &shown.run;
    if run.state == RunState::Cancelled {
        return Some(AnalyzeError::Cancelled {
            run: run.id,
            reason: run
                .reason
                .clone()
                .unwrap_or_else(|| "nothing says why".to_owned()),
        });
    }
    let decided = [ItemState::Completed, ItemState::DegradedSuccess];
    let without = shown
        .items
        .iter()
        .filter(|item| !decided.contains(&item.state));
    let without: Vec<String> = without
        .map(|item| {
            let codes = item
                .result
                .iter()
                .flat_map(|result| &result.degradation.reason_codes);
            let codes: Vec<&str> = codes.map(|code| code.as_str()).collect();
            let why = match &item.failure {
                Some(failure) => failure.clone(),
                None => codes.join(", "),
            };
            format!("{} ({why})", item.key)
        })
        .collect();
    (!without.is_empty()).then_some(AnalyzeError::Without {
        without,
        of: shown.items.len(),
        run: run.id,
    })
}
