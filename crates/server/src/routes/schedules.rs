//! `/v1/schedules`: runs again and again.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use fondaco_app::ports::schedules::{Fired, Schedule};
use fondaco_app::runs::{Overrides, Spec};
use fondaco_app::schedules::{Tick, Wish};
use fondaco_contract::http::{
    CatchUpWord, FiredView, LONGEST_JITTER_MS, LONGEST_MS, OverlapWord, Page, ProblemCode,
    ScheduleBody, ScheduleView, TickView, TriggerBody,
};
use fondaco_domain::UnixMicros;
use fondaco_domain::micros::MicrosError;
use fondaco_domain::schedule::{CatchUp, Overlap, Ticks, Timing, Trigger};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::words::page_of;
use crate::conditional::{Conditions, Tagged};
use crate::extract::{Actor, Body, Named, Query};
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::Route;

const SCHEDULES: &str = "/v1/schedules";
const SCHEDULE: &str = "/v1/schedules/{schedule}";

pub(super) fn routes() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    vec![
        Route::new(
            &Method::GET,
            SCHEDULES,
            ("schedule_list", "Schedules, by name."),
            list,
        )
        .query::<ListQuery>()
        .answers::<Page<ScheduleView>>(200),
        Route::new(
            &Method::POST,
            SCHEDULES,
            ("schedule_add", "Submits a spec again and again."),
            add,
        )
        .body::<ScheduleBody>()
        .answers::<ScheduleView>(201)
        .gives(&[("schedule", "/name")])
        .example(|| {
            json!({
                "name": "nightly",
                "trigger": {"type": "cron", "expression": "30 2 * * *", "zone": "Europe/Berlin"},
                "spec": {"kind": "workflow", "name": "nightly", "tasks": [{"key": "one", "kind": "noop"}]},
            })
        })
        .problems(&[ProblemCode::Conflict]),
        Route::new(
            &Method::GET,
            SCHEDULE,
            ("schedule_show", "One schedule."),
            show,
        )
        .answers::<ScheduleView>(200)
        .conditional()
        .problems(&missing),
        Route::new(
            &Method::DELETE,
            SCHEDULE,
            ("schedule_remove", "Removes a schedule; its runs stay."),
            remove,
        )
        .answers_nothing()
        .problems(&missing),
        Route::new(
            &Method::POST,
            "/v1/schedules/{schedule}/pause",
            ("schedule_pause", "Lets a schedule rest."),
            pause,
        )
        .answers::<ScheduleView>(200)
        .problems(&missing),
        Route::new(
            &Method::POST,
            "/v1/schedules/{schedule}/resume",
            (
                "schedule_resume",
                "Lets a schedule go on: what passed meanwhile is gone.",
            ),
            resume,
        )
        .answers::<ScheduleView>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/schedules/{schedule}/next",
            ("schedule_next", "The next times of a schedule."),
            next,
        )
        .query::<CountQuery>()
        .answers::<Vec<TickView>>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/schedules/{schedule}/ticks",
            (
                "schedule_ticks",
                "What came of the last times of a schedule, the newest first.",
            ),
            ticks,
        )
        .query::<CountQuery>()
        .answers::<Vec<FiredView>>(200)
        .problems(&missing),
    ]
}

/// Which schedules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

async fn list(
    State(platform): State<Shared>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<ScheduleView>>, Refusal> {
    let limit = page_of(query.limit, platform.limits)?;
    let mut found = platform
        .blocking(|platform| Ok(platform.store.schedules()?))
        .await?;
    if let Some(cursor) = &query.cursor {
        found.retain(|schedule| schedule.name > *cursor);
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more);
    Ok(Json(Page {
        next: next.map(|schedule| schedule.name.clone()),
        items: found.iter().map(view).collect(),
    }))
}

async fn add(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Body(body): Body<ScheduleBody>,
) -> Result<(StatusCode, Json<ScheduleView>), Refusal> {
    let timing = timing(&body, platform.machine.wall())?;
    let added = platform
        .blocking(move |platform| {
            let spec = Spec::parse(&body.spec.to_string())?;
            let overrides = Overrides {
                queue: body.queue,
                priority: body.priority,
                tenant: body.tenant,
                concurrency_key: body.concurrency_key,
                ..Overrides::default()
            };
            Ok(platform.runs(&actor).add_schedule(Wish {
                name: &body.name,
                timing,
                spec: &spec,
                overrides: &overrides,
            })?)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view(&added))))
}

async fn show(
    State(platform): State<Shared>,
    Named(name): Named<String>,
    conditions: Conditions,
) -> Result<Tagged, Refusal> {
    let found = platform
        .blocking(move |platform| Ok(platform.runs("").schedule(&name)?))
        .await?;
    Tagged::of(&conditions, &view(&found))
}

async fn remove(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(name): Named<String>,
) -> Result<StatusCode, Refusal> {
    platform
        .blocking(move |platform| Ok(platform.runs(&actor).remove_schedule(&name)?))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn pause(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(name): Named<String>,
) -> Result<Json<ScheduleView>, Refusal> {
    let now = platform
        .blocking(move |platform| Ok(platform.runs(&actor).pause_schedule(&name)?))
        .await?;
    Ok(Json(view(&now)))
}

async fn resume(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(name): Named<String>,
) -> Result<Json<ScheduleView>, Refusal> {
    let now = platform
        .blocking(move |platform| Ok(platform.runs(&actor).resume_schedule(&name)?))
        .await?;
    Ok(Json(view(&now)))
}

/// How many.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CountQuery {
    /// At most; 10 where nothing is said.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
}

impl CountQuery {
    fn count(&self, platform: &Shared) -> Result<usize, Refusal> {
        page_of(self.limit.or(Some(10)), platform.limits)
    }
}

async fn next(
    State(platform): State<Shared>,
    Named(name): Named<String>,
    Query(query): Query<CountQuery>,
) -> Result<Json<Vec<TickView>>, Refusal> {
    let count = query.count(&platform)?;
    let ticks = platform
        .blocking(move |platform| Ok(platform.runs("").next_ticks(&name, count)?))
        .await?;
    let tick = |tick: Tick| TickView {
        at: tick.at.to_string(),
        fires_at: tick.fires_at.to_string(),
    };
    Ok(Json(ticks.into_iter().map(tick).collect()))
}

async fn ticks(
    State(platform): State<Shared>,
    Named(name): Named<String>,
    Query(query): Query<CountQuery>,
) -> Result<Json<Vec<FiredView>>, Refusal> {
    let count = query.count(&platform)?;
    let fired = platform
        .blocking(move |platform| Ok(platform.runs("").last_ticks(&name, count)?))
        .await?;
    let fired_view = |fired: Fired| FiredView {
        at: fired.at.to_string(),
        run_id: fired.run.map(|run| run.to_string()),
        passed: fired.passed,
    };
    Ok(Json(fired.into_iter().map(fired_view).collect()))
}

fn timing(body: &ScheduleBody, now: UnixMicros) -> Result<Timing, Refusal> {
    let trigger = match &body.trigger {
        TriggerBody::Cron { expression, zone } => Trigger::Cron {
            expression: expression.clone(),
            zone: zone.clone(),
        },
        TriggerBody::Interval { every_ms, first } => {
            let every = Some(*every_ms)
                .filter(|every| (1..=LONGEST_MS).contains(every))
                .and_then(|every| i64::try_from(every).ok())
                .map(|every| every * 1_000)
                .ok_or_else(|| beyond("/trigger/every_ms", 1, LONGEST_MS))?;
            let first = first.as_deref().map(str::parse).transpose();
            let first = first.map_err(|error: MicrosError| {
                Refusal::of_field("/trigger/first", error.to_string())
            })?;
            Trigger::Interval {
                every,
                anchor: first.unwrap_or_else(|| now.plus(every)),
            }
        }
    };
    if body.jitter_ms > LONGEST_JITTER_MS {
        return Err(beyond("/jitter_ms", 0, u64::from(LONGEST_JITTER_MS)));
    }
    Ok(Timing {
        trigger,
        overlap: match body.overlap {
            OverlapWord::Skip => Overlap::Skip,
            OverlapWord::BufferOne => Overlap::BufferOne,
            OverlapWord::Allow => Overlap::Allow,
            OverlapWord::CancelOther => Overlap::CancelOther,
        },
        catch_up: match body.catch_up {
            CatchUpWord::None => CatchUp::None,
            CatchUpWord::One => CatchUp::One,
            CatchUpWord::All => CatchUp::All,
        },
        jitter_ms: body.jitter_ms,
    })
}

fn beyond(at: &str, least: u64, most: u64) -> Refusal {
    Refusal::of_field(at, format!("{least} to {most} is wanted"))
}

fn view(schedule: &Schedule) -> ScheduleView {
    let timing = &schedule.timing;
    ScheduleView {
        name: schedule.name.clone(),
        trigger: match &timing.trigger {
            Trigger::Cron { expression, zone } => TriggerBody::Cron {
                expression: expression.clone(),
                zone: zone.clone(),
            },
            Trigger::Interval { every, anchor } => TriggerBody::Interval {
                every_ms: u64::try_from(every / 1_000).unwrap_or(0),
                first: Some(anchor.to_string()),
            },
        },
        overlap: match timing.overlap {
            Overlap::Skip => OverlapWord::Skip,
            Overlap::BufferOne => OverlapWord::BufferOne,
            Overlap::Allow => OverlapWord::Allow,
            Overlap::CancelOther => OverlapWord::CancelOther,
        },
        catch_up: match timing.catch_up {
            CatchUp::None => CatchUpWord::None,
            CatchUp::One => CatchUpWord::One,
            CatchUp::All => CatchUpWord::All,
        },
        jitter_ms: timing.jitter_ms,
        kind: schedule.new.kind.as_str().to_owned(),
        spec: schedule.new.spec.to_string(),
        queue: schedule.new.queue.clone(),
        paused: schedule.paused,
        next: schedule.next.map(|at| at.to_string()),
        fault: Ticks::of(&timing.trigger)
            .err()
            .map(|error| error.to_string()),
        since: schedule.since.to_string(),
    }
}
