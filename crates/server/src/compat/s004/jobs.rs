//! `/simulate/status` and `/simulate/cancel`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use fondaco_app::ports::days::{ImportedJob, ImportedStatus};
use fondaco_app::simulation::shown::{ShowError, Shown, Simulations, status_of};
use fondaco_contract::v1alpha1::simulation::{DayLine, Progress};
use fondaco_domain::run::{Run, RunKind, RunState};
use fondaco_domain::{RunId, UnixMicros};
use serde::Serialize;

use super::Deployed;
use crate::compat::s002::detail::Detail;
use crate::extract::Actor;
use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/simulate/status/{job_id}",
            ("s004_simulate_status", "Where a simulation stands."),
            status,
        ),
        Route::new(
            &Method::POST,
            "/simulate/cancel/{job_id}",
            ("s004_simulate_cancel", "Ends a simulation."),
            cancel,
        ),
    ]
}

/// To `GET /simulate/status/{job_id}`.
#[derive(Debug, Serialize)]
struct Standing {
    job_id: String,
    status: &'static str,
    progress: Progress,
    date_range: Vec<String>,
    models: Vec<String>,
    created_at: String,
    started_at: Option<String>,
    completed_at: Option<String>,
    total_duration_seconds: Option<f64>,
    error: Option<String>,
    details: Vec<Detailed>,
    warnings: Vec<String>,
    #[serde(flatten)]
    mode: Deployed,
}

/// A model-day.
#[derive(Debug, Serialize)]
struct Detailed {
    date: String,
    model: String,
    status: &'static str,
    error: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    duration_seconds: Option<f64>,
}

async fn status(
    State(platform): State<Shared>,
    Path(job): Path<String>,
) -> Result<Json<Standing>, Detail> {
    platform
        .blocking(move |platform| Ok(of(platform, "http", &job)))
        .await?
        .map(Json)
}

async fn cancel(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Path(job): Path<String>,
) -> Result<Json<Standing>, Detail> {
    platform
        .blocking(move |platform| Ok(cancelled(platform, &actor, &job)))
        .await?
        .map(Json)
}

fn cancelled(platform: &Platform, actor: &str, name: &str) -> Result<Standing, Detail> {
    let job = of(platform, actor, name)?;
    if is_over(job.status) {
        let problem = format!("Job {name} is already {}", job.status);
        return Err(Detail::new(StatusCode::BAD_REQUEST, problem));
    }
    let Some(run) = run_of(platform, name)? else {
        // What another program left unfinished is not under way here.
        let problem = format!("Job {name} was imported and is not running");
        return Err(Detail::new(StatusCode::BAD_REQUEST, problem));
    };
    let done = platform.runs(actor).cancel(run.id, "cancelled");
    done.map_err(|error| Detail::of_kind(&error))?;
    of(platform, actor, name)
}

fn is_over(status: &str) -> bool {
    ["completed", "partial", "failed"].contains(&status)
}

fn of(platform: &Platform, actor: &str, name: &str) -> Result<Standing, Detail> {
    let mode = platform.simulations.deployment.into();
    if let Some(run) = run_of(platform, name)? {
        let simulations = platform.shown_simulations(actor);
        let job = of_run(&simulations, &run, mode);
        return job.map_err(|error| Detail::of_kind(&error));
    }
    let imported = platform.simulations.days.imported(name);
    match imported.map_err(|error| Detail::of_kind(&error))? {
        Some(job) => Ok(of_imported(job, mode)),
        None => Err(Detail::new(
            StatusCode::NOT_FOUND,
            format!("Job {name} not found"),
        )),
    }
}

/// The run of a job, where it is one of ours.
fn run_of(platform: &Platform, name: &str) -> Result<Option<Run>, Detail> {
    use fondaco_app::ports::runs::RunStoreError;
    let Ok(id) = name.parse::<RunId>() else {
        return Ok(None);
    };
    match platform.store.run(id) {
        Ok(run) if run.new.kind == RunKind::Simulation => Ok(Some(run)),
        Ok(_) | Err(RunStoreError::NoRun(_)) => Ok(None),
        Err(error) => Err(Detail::of_kind(&error)),
    }
}

fn of_run(simulations: &Simulations<'_>, run: &Run, mode: Deployed) -> Result<Standing, ShowError> {
    let shown = simulations.show(run.id)?;
    let days = simulations.days(run.id, None, usize::MAX)?.days;
    let Shown {
        run,
        job,
        progress,
        warnings,
    } = shown;
    Ok(Standing {
        status: match run.state {
            // Its words have none for what somebody stopped.
            RunState::Cancelled | RunState::Halted => "failed",
            _ => status_of(&run, &job, &progress),
        },
        job_id: run.id.to_string(),
        progress,
        date_range: job.dates.iter().map(ToString::to_string).collect(),
        models: job.models.iter().map(|model| model.name.clone()).collect(),
        created_at: run.created_at.to_string(),
        started_at: run.started_at.map(|at| at.to_string()),
        completed_at: run.finished_at.map(|at| at.to_string()),
        total_duration_seconds: seconds(run.started_at, run.finished_at),
        error: error_of(&run),
        details: days.into_iter().map(Detailed::of).collect(),
        warnings,
        mode,
    })
}

fn error_of(run: &Run) -> Option<String> {
    let reason = || run.reason.clone();
    match run.state {
        RunState::Cancelled => Some("cancelled".to_owned()),
        RunState::Halted => {
            let reason = reason().unwrap_or_default();
            Some(format!("halted: {reason}"))
        }
        RunState::Failed => reason(),
        RunState::Queued
        | RunState::Running
        | RunState::Halting
        | RunState::Cancelling
        | RunState::Completed
        | RunState::Partial => None,
    }
}

impl Detailed {
    fn of(line: DayLine) -> Self {
        let at = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        Self {
            date: line.date.to_string(),
            model: line.model,
            status: line.status.as_str(),
            error: line.error,
            duration_seconds: seconds(at(&line.started_at), at(&line.completed_at)),
            started_at: line.started_at,
            completed_at: line.completed_at,
        }
    }
}

/// From one instant to another.
pub(super) fn seconds(from: Option<UnixMicros>, to: Option<UnixMicros>) -> Option<f64> {
    Some((to?.0 - from?.0) as f64 / 1e6)
}

fn of_imported(job: ImportedJob, mode: Deployed) -> Standing {
    let mut progress = Progress::default();
    for detail in &job.details {
        progress.total_model_days += 1;
        *match detail.status {
            ImportedStatus::Pending | ImportedStatus::DownloadingData => &mut progress.pending,
            ImportedStatus::Running => &mut progress.running,
            ImportedStatus::Completed | ImportedStatus::Partial => &mut progress.completed,
            ImportedStatus::Failed => &mut progress.failed,
            ImportedStatus::Skipped => &mut progress.skipped,
        } += 1;
    }
    let details = job.details.into_iter().map(|detail| Detailed {
        date: detail.date,
        model: detail.model,
        status: detail.status.as_str(),
        error: detail.error,
        started_at: detail.started_at,
        completed_at: detail.completed_at,
        duration_seconds: detail.duration_seconds,
    });
    Standing {
        details: details.collect(),
        job_id: job.id,
        status: job.status.as_str(),
        progress,
        date_range: job.dates,
        models: job.models,
        created_at: job.created_at,
        started_at: job.started_at,
        completed_at: job.completed_at,
        total_duration_seconds: job.total_duration_seconds,
        error: job.error,
        warnings: job.warnings,
        mode,
    }
}
