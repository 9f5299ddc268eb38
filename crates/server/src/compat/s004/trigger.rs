//! `/simulate/trigger`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{Method, StatusCode};
use fondaco_app::ports::runs::RunQuery;
use fondaco_app::simulation::days::follow;
use fondaco_app::simulation::submit::Known;
use fondaco_app::simulation::trigger::{self, BOOK, Trigger, TriggerError};
use fondaco_domain::run::{RunKind, RunState};
use fondaco_domain::{ErrorKind, Hint, RunId};
use serde::Serialize;

use super::Deployed;
use super::query::{day, today};
use crate::compat::s002::detail::Detail;
use crate::compat::s002::form::Form;
use crate::extract::Actor;
use crate::routes::simulations::place;
use crate::state::{Platform, Shared};
use crate::stored::Stored;
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new(
        &Method::POST,
        "/simulate/trigger",
        ("s004_simulate_trigger", "Accepts a simulation."),
        trigger,
    )]
}

/// To `POST /simulate/trigger`.
#[derive(Debug, Serialize)]
struct Accepted {
    job_id: String,
    status: &'static str,
    total_model_days: usize,
    message: String,
    #[serde(flatten)]
    mode: Deployed,
    warnings: Option<Vec<String>>,
}

async fn trigger(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Accepted>, Detail> {
    let trigger = read(Form::read(body)?)?;
    let runtime = tokio::runtime::Handle::current();
    let listed = platform.candles.bars.list().await;
    let listed = listed.map_err(|error| Detail::of_kind(&error))?;
    platform
        .blocking(move |platform| {
            let candles = Stored::new(&platform.candles.bars, runtime);
            let known = Known {
                listed: &listed,
                candles: &candles,
                days: &*platform.simulations.days,
                models: platform.simulations.models.as_deref(),
                research: place(platform)?,
                lenient: true,
            };
            Ok(accept(platform, &actor, &trigger, known))
        })
        .await?
        .map(Json)
}

fn read(mut form: Form) -> Result<Trigger, Detail> {
    let mut root = form.root();
    let date = |text: &str| match text {
        "" => Ok(None),
        text => day(text)
            .map(Some)
            .ok_or_else(|| format!("Invalid date format: {text}. Expected YYYY-MM-DD")),
    };
    let start = root.read("start_date", date).flatten();
    root.require("end_date");
    root.not_null("end_date");
    let end = root.read("end_date", |text| {
        let end = date(text)?;
        end.ok_or_else(|| "end_date is required and cannot be null or empty".to_owned())
    });
    let trigger = Trigger {
        start,
        end: end.unwrap_or_default(),
        models: root.texts("models").unwrap_or_default(),
        replace_existing: root.truth("replace_existing").unwrap_or_default(),
    };
    form.done(trigger)
}

fn accept(
    platform: &Platform,
    actor: &str,
    trigger: &Trigger,
    known: Known<'_>,
) -> Result<Accepted, Detail> {
    let state = &platform.simulations;
    let rules = state.rules.as_ref().map_err(|path| {
        let problem = format!("Server configuration file not found: {path}");
        Detail::new(StatusCode::INTERNAL_SERVER_ERROR, problem)
    })?;
    follow(&*platform.store, &*state.days).map_err(|error| Detail::of_kind(&error))?;
    let now = platform.machine.wall();
    let wanted = trigger::wanted(trigger, rules, &*state.days, today(now))?;
    if open_job(platform)?.is_some() {
        return Err(TriggerError::Busy.into());
    }
    let job = trigger::job(&wanted, known, now)?;
    let submitted = trigger::accept(&platform.runs(actor), &job)?;
    let dates = job.dates.len();
    let mut message = format!(
        "Simulation job created for {dates} dates, {} models",
        job.models.len()
    );
    if wanted.resumes {
        message += " (resume mode)";
    }
    let days = job.models.iter().map(|model| {
        let from = model.from;
        job.dates
            .iter()
            .filter(|date| from.is_none_or(|from| **date >= from))
            .count()
    });
    let total_model_days = days.sum();
    let shown = platform.shown_simulations(actor).show(submitted.id);
    let warnings = shown.map_err(|error| Detail::of_kind(&error))?.warnings;
    Ok(Accepted {
        job_id: submitted.id.to_string(),
        status: "pending",
        total_model_days,
        message,
        mode: state.deployment.into(),
        warnings: (!warnings.is_empty()).then_some(warnings),
    })
}

/// A job that has not ended.
fn open_job(platform: &Platform) -> Result<Option<RunId>, Detail> {
    let open = RunState::ALL
        .into_iter()
        .filter(|state| !state.is_terminal());
    let query = RunQuery {
        kind: Some(RunKind::Simulation),
        states: open.collect(),
        ..RunQuery::default()
    };
    let runs = platform.store.runs(&query);
    let runs = runs.map_err(|error| Detail::of_kind(&error))?;
    let key = format!("book:{BOOK}");
    let ours = |key_of: &Option<String>| key_of.as_ref() == Some(&key);
    let open = runs.into_iter().find(|run| ours(&run.new.concurrency_key));
    Ok(open.map(|run| run.id))
}

impl From<TriggerError> for Detail {
    fn from(error: TriggerError) -> Self {
        match error.kind() {
            ErrorKind::Invalid | ErrorKind::NoData => {
                let causes = std::iter::successors(std::error::Error::source(&error), |cause| {
                    cause.source()
                });
                let text = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
                Self::new(StatusCode::BAD_REQUEST, text)
            }
            _ => Self::of_kind(&error),
        }
    }
}
