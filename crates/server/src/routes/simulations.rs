//! `/v1/simulations`: accepted, looked at, and what came of their days.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use fondaco_app::ports::runs::{IdempotencyKey, RunQuery, Submitted};
use fondaco_app::runs::Overrides;
use fondaco_app::simulation::days::follow;
use fondaco_app::simulation::results::Sources;
use fondaco_app::simulation::shown::{DaysPage, Shown, status_of};
use fondaco_app::simulation::submit::{Known, offer, submit};
use fondaco_contract::http::{
    CancelBody, Page, ProblemCode, SimulationBody, SimulationView, SubmittedView,
};
use fondaco_contract::v1alpha1::simulation::{DayLine, ModelDay, SimDate, SimulationResult};
use fondaco_domain::RunId;
use fondaco_domain::run::RunKind;
use fondaco_domain::task::TaskNo;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::words::{ListQuery, accepted, instant, page_of, paged, word};
use crate::extract::{Actor, Body, Idempotency, Named, Query};
use crate::problem::Refusal;
use crate::state::{Platform, Shared};
use crate::stored::Stored;
use crate::table::Route;

const SIMULATIONS: &str = "/v1/simulations";
const SIMULATION: &str = "/v1/simulations/{run_id}";

pub(super) fn routes() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    vec![
        Route::new(
            &Method::POST,
            SIMULATIONS,
            (
                "simulation_submit",
                "Accepts a simulation. What it may read, and what it goes on from, is fixed when \
                 it is accepted.",
            ),
            accept,
        )
        .key()
        .body::<SimulationBody>()
        .answers::<SubmittedView>(202)
        .gives(&[("run_id", "/run_id")])
        .example(example)
        .problems(&[ProblemCode::NotFound, ProblemCode::NoData]),
        Route::new(
            &Method::GET,
            SIMULATIONS,
            ("simulation_list", "Simulations, the newest first."),
            list,
        )
        .query::<ListQuery>()
        .answers::<Page<SimulationView>>(200),
        Route::new(
            &Method::GET,
            SIMULATION,
            (
                "simulation_show",
                "One simulation: how many model-days stand where, and a page of them.",
            ),
            show,
        )
        .query::<DaysQuery>()
        .answers::<SimulationView>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/simulations/{run_id}/days/{date}/{model}",
            (
                "simulation_day",
                "All that a completed model-day left: actions, account and conversation. An hour \
                 is written as `2025-10-01%2010:00:00`.",
            ),
            day,
        )
        .answers::<ModelDay>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/simulations/{run_id}/result",
            (
                "simulation_result",
                "What came of it so far: models and baselines, best first, and every day.",
            ),
            result,
        )
        .answers::<SimulationResult>(200)
        .problems(&missing),
        Route::new(
            &Method::POST,
            "/v1/simulations/{run_id}/cancel",
            (
                "simulation_cancel",
                "Ends a simulation. One that has ended stays as it is.",
            ),
            cancel,
        )
        .body::<CancelBody>()
        .answers::<SimulationView>(200)
        .problems(&missing),
    ]
}

fn example() -> Value {
    json!({"request": {
        "start": "2025-03-03", "end": "2025-03-14",
        "models": [{"model": "fondaco/rule-based"}],
    }})
}

async fn accept(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Idempotency(key): Idempotency,
    Body(body): Body<SimulationBody>,
) -> Result<(StatusCode, Json<SubmittedView>), Refusal> {
    let deadline = body.deadline.as_deref();
    let with = Overrides {
        queue: body.queue.clone(),
        priority: body.priority,
        tenant: body.tenant.clone(),
        deadline: deadline.map(|text| instant("deadline", text)).transpose()?,
        ..Overrides::default()
    };
    let runtime = tokio::runtime::Handle::current();
    let listed = platform.candles.bars.list().await?;
    let submitted = platform
        .blocking(move |platform| {
            follow(&*platform.store, &*platform.simulations.days)?;
            let known = Known {
                listed: &listed,
                candles: &Stored::new(&platform.candles.bars, runtime),
                days: &*platform.simulations.days,
                models: platform.simulations.models.as_deref(),
                research: place(platform)?,
                lenient: false,
            };
            ask(platform, &actor, &body, known, key, &with)
        })
        .await?;
    Ok(accepted(SIMULATIONS, &submitted))
}

fn ask(
    platform: &Platform,
    actor: &str,
    body: &SimulationBody,
    known: Known<'_>,
    key: Option<IdempotencyKey>,
    with: &Overrides,
) -> Result<Submitted, Refusal> {
    let runs = platform.runs(actor);
    Ok(match (&body.request, &body.job) {
        (Some(request), None) => submit(&runs, request, known, key, with)?,
        (None, Some(job)) => offer(&runs, job, key, with)?,
        _ => {
            let wanted = "either `request` or `job` is wanted";
            return Err(Refusal::of_field("request", wanted));
        }
    })
}

/// The newest import of news, filings and actions.
pub(crate) fn place(platform: &Platform) -> Result<u64, Refusal> {
    match &platform.analyses.research {
        Some(research) => Ok(research.place()?),
        None => Ok(0),
    }
}

async fn list(
    State(platform): State<Shared>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<SimulationView>>, Refusal> {
    let (query, limit) = query.read(platform.limits)?;
    let query = RunQuery {
        kind: Some(RunKind::Simulation),
        ..query
    };
    let found = platform
        .blocking(move |platform| {
            let simulations = platform.shown_simulations("http");
            let runs = platform.store.runs(&query)?.into_iter();
            let shown = runs.map(|run| Ok(simulations.show(run.id)?));
            shown.collect::<Result<Vec<Shown>, Refusal>>()
        })
        .await?;
    let name = |it: &Shown| it.run.id.to_string();
    Ok(paged(found, limit, name, |it| view(it, None)))
}

/// Which model-days.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DaysQuery {
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[schemars(regex(pattern = "^[0-9]{1,9}$"))]
    cursor: Option<String>,
}

async fn show(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    Query(query): Query<DaysQuery>,
) -> Result<Json<SimulationView>, Refusal> {
    let limit = page_of(query.limit, platform.limits)?;
    let cursor = query.cursor.as_deref();
    let after = word("cursor", cursor, |text| text.parse().ok().map(TaskNo))?;
    let (shown, days) = platform
        .blocking(move |platform| {
            let simulations = platform.shown_simulations("http");
            Ok((simulations.show(run)?, simulations.days(run, after, limit)?))
        })
        .await?;
    Ok(Json(view(shown, Some(page(days)))))
}

fn page(days: DaysPage) -> Page<DayLine> {
    Page {
        items: days.days,
        next: days.next.map(|task| task.0.to_string()),
    }
}

async fn day(
    State(platform): State<Shared>,
    Path((run, date, model)): Path<(String, String, String)>,
) -> Result<Json<ModelDay>, Refusal> {
    // A name that cannot be one names nothing.
    let none = |detail: String| Refusal::new(ProblemCode::NotFound, detail);
    let run: RunId = run
        .parse()
        .map_err(|_| none(format!("there is no simulation {run}")))?;
    let date: SimDate = date.parse().map_err(
        |error: fondaco_contract::v1alpha1::simulation::SimDateError| none(error.to_string()),
    )?;
    let day = platform
        .blocking(move |platform| Ok(platform.shown_simulations("http").day(run, date, &model)?))
        .await?;
    Ok(Json(day))
}

async fn result(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
) -> Result<Json<SimulationResult>, Refusal> {
    let runtime = tokio::runtime::Handle::current();
    let whole = platform
        .blocking(move |platform| {
            let Some(research) = &platform.analyses.research else {
                let problem = "there is no store of filings";
                return Err(Refusal::new(ProblemCode::Unavailable, problem));
            };
            let sources = Sources {
                candles: &Stored::new(&platform.candles.bars, runtime),
                research: &**research,
            };
            Ok(platform.shown_simulations("http").result(run, sources)?)
        })
        .await?;
    Ok(Json(whole.result))
}

async fn cancel(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(run): Named<RunId>,
    Body(body): Body<CancelBody>,
) -> Result<Json<SimulationView>, Refusal> {
    let shown = platform
        .blocking(move |platform| {
            let simulations = platform.shown_simulations(&actor);
            simulations.show(run)?;
            platform.runs(&actor).cancel(run, &body.reason)?;
            Ok(simulations.show(run)?)
        })
        .await?;
    Ok(Json(view(shown, None)))
}

fn view(shown: Shown, days: Option<Page<DayLine>>) -> SimulationView {
    let Shown {
        run,
        job,
        progress,
        warnings,
    } = shown;
    SimulationView {
        run_id: run.id.to_string(),
        state: run.state.as_str().to_owned(),
        status: status_of(&run, &job, &progress).to_owned(),
        progress,
        warnings,
        first: job.dates.first().map(ToString::to_string),
        last: job.dates.last().map(ToString::to_string),
        steps: job.dates.len(),
        models: job.models.into_iter().map(|model| model.name).collect(),
        symbols: job.symbols.len(),
        execution: job.execution.as_str().to_owned(),
        book: job.book,
        spec: run.new.spec.to_string(),
        created_at: run.created_at.to_string(),
        started_at: run.started_at.map(|at| at.to_string()),
        finished_at: run.finished_at.map(|at| at.to_string()),
        reason: run.reason,
        days,
    }
}
