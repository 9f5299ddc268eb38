//! A task as a client is told of it: by the plan of the migration, see
//! [`fondaco_app::migration`].

use axum::http::StatusCode;
use fondaco_app::analysis::shown::legacy::{self, TaskPayload};
use fondaco_app::migration::legacy::LegacyTask;
use fondaco_app::migration::{Shape, TaskRead};
use fondaco_contract::v1alpha1::analysis::BudgetState;
use fondaco_domain::signal::{Direction, Rating};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::analysis::{find, unknown, unseen};
use super::detail::Detail;
use crate::state::Platform;

/// The version that answers of this shape say.
pub(super) fn version(shape: Shape) -> Option<&'static str> {
    match shape {
        Shape::Legacy => None,
        Shape::V1alpha1 => Some(legacy::CONTRACT),
    }
}

/// The shape of answers now.
pub(super) fn shape(platform: &Platform) -> Result<Shape, Detail> {
    Ok(platform.migration.plan()?.shape)
}

/// A task, in one of the shapes.
#[derive(Debug)]
pub(super) enum Told {
    /// As its file says.
    Legacy(Box<LegacyTask>),
    /// By the contract.
    Contract(Box<TaskPayload>),
    /// By the contract, of a task that only files know.
    Filed(Box<LegacyTask>, Option<Value>),
}

impl Told {
    /// By its name, as the flags are now.
    pub(super) fn find(platform: &Platform, task_id: &str) -> Result<Self, Detail> {
        let read = platform.migration.read_task(task_id)?;
        let read = read.ok_or_else(unknown)?;
        let shape = read.plan.shape;
        Self::of(platform, read, shape)
    }

    /// What was read, in that shape.
    pub(super) fn of(platform: &Platform, read: TaskRead, shape: Shape) -> Result<Self, Detail> {
        Ok(match (shape, read.run) {
            (Shape::Legacy, _) => Self::Legacy(Box::new(read.task)),
            (Shape::V1alpha1, None) => Self::Filed(Box::new(read.task), read.contract),
            (Shape::V1alpha1, Some(run)) => {
                let found = find(platform, &read.task.task_id)?;
                let shown = platform.shown_analyses("http").show(run);
                let shown = shown.map_err(unseen)?;
                let payload = TaskPayload::of(&found, &shown, platform.machine.wall());
                Self::Contract(Box::new(payload.ok_or_else(unknown)?))
            }
        })
    }

    /// The document that is sent.
    pub(super) fn document(&self) -> Result<Value, Detail> {
        match self {
            Self::Legacy(task) => document(task),
            Self::Contract(payload) => document(payload),
            Self::Filed(task, contract) => Ok(filed(task, contract.as_ref())),
        }
    }
}

/// Something as JSON.
pub(super) fn document(of: &impl Serialize) -> Result<Value, Detail> {
    let failed = StatusCode::INTERNAL_SERVER_ERROR;
    serde_json::to_value(of).map_err(|error| Detail::new(failed, error.to_string()))
}

/// The payload of a task that only files know: from its state, and from its
/// contract what only that says.
fn filed(task: &LegacyTask, contract: Option<&Value>) -> Value {
    let kept = |names: &[&str]| {
        let found = contract.and_then(|it| names.iter().find_map(|name| it.get(name)));
        found.filter(|it| !it.is_null()).cloned()
    };
    let request = kept(&["request_id"]).unwrap_or_else(|| task.task_id.clone().into());
    let budget = kept(&["budget_state", "budget"]).unwrap_or_else(|| json!(BudgetState::default()));
    let degradation = kept(&["degradation_summary", "degradation"]).or_else(|| {
        let codes = &task.degrade_reason_codes;
        let is_over = task.status.is_final();
        is_over.then(|| {
            json!({
                "degraded": is_degraded(task), "reason_codes": codes, "source_diagnostics": {},
            })
        })
    });
    let mut payload = json!({
        "contract_version": legacy::CONTRACT,
        "task_id": task.task_id,
        "request_id": request,
        "executor_type": kept(&["executor_type"]).unwrap_or_else(|| "legacy_subprocess".into()),
        "result_ref": task.result_ref,
        "status": task.status,
        "created_at": task.created_at,
        "degradation_summary": degradation,
        "data_quality_summary": kept(&["data_quality_summary", "data_quality"]),
        "evidence": kept(&["evidence"]),
        "tentative_classification": kept(&["tentative_classification"]),
        "budget_state": budget,
        "error": error(task, kept(&["error"])),
    });
    let structured = ["/result/signals/llm/structured", "/signals/llm/structured"];
    let structured = structured
        .iter()
        .find_map(|at| contract.and_then(|it| it.pointer(at)));
    if let Some(fields) = payload.as_object_mut() {
        fields.extend(subject(task, structured));
        fields.insert("compat".to_owned(), compat(task).into());
    }
    payload
}

fn subject(task: &LegacyTask, structured: Option<&Value>) -> Map<String, Value> {
    let subject = match &task.batch {
        None => json!({
            "ticker": task.ticker, "date": task.date, "progress": task.progress,
            "current_stage": task.current_stage, "elapsed_seconds": task.elapsed_seconds,
            "stages": task.stages, "result": result(task, structured),
        }),
        Some(batch) => {
            let parts = batch.results.iter().map(|part| {
                json!({
                    "task_id": part.task_id, "ticker": part.ticker, "date": part.date,
                    "status": part.status, "progress": part.progress,
                    "result": result(part, None), "error": error(part, None),
                })
            });
            json!({
                "type": batch.kind, "total": batch.total, "completed": batch.completed,
                "failed": batch.failed, "current_ticker": batch.current_ticker,
                "progress": task.progress, "elapsed_seconds": task.elapsed_seconds,
                "results": parts.collect::<Vec<_>>(),
            })
        }
    };
    match subject {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A lane without a rating says nothing. There is no report of it here.
fn result(task: &LegacyTask, structured: Option<&Value>) -> Option<Value> {
    let decision = task
        .decision
        .as_ref()
        .filter(|_| task.status.is_success())?;
    let (quant, llm) = (&task.quant_signal, &task.llm_signal);
    Some(json!({
        "decision": decision,
        "confidence": task.confidence,
        "signals": {
            "merged": {"direction": direction(decision), "rating": decision},
            "quant": {
                "direction": quant.as_deref().and_then(direction), "rating": quant,
                "available": quant.is_some(),
            },
            "llm": {
                "direction": llm.as_deref().and_then(direction), "rating": llm,
                "available": llm.is_some(), "structured": structured.filter(|_| llm.is_some()),
            },
        },
        "degraded": is_degraded(task),
        "report": {"path": null, "available": false},
    }))
}

fn direction(rating: &str) -> Option<Direction> {
    Rating::parse(rating).map(|rating| rating.meaning().0)
}

fn is_degraded(task: &LegacyTask) -> bool {
    !task.degrade_reason_codes.is_empty()
        || task.quant_signal.is_none()
        || task.llm_signal.is_none()
}

/// The contract's where it has one, for it says more.
pub(super) fn error(task: &LegacyTask, kept: Option<Value>) -> Option<Value> {
    let message = task.error.as_ref()?;
    let kept = kept.filter(|kept| kept["code"].is_string() && kept["message"] == **message);
    let code = match task.status {
        fondaco_app::migration::legacy::LegacyStatus::Cancelled => "cancelled",
        _ => "analysis_failed",
    };
    Some(kept.unwrap_or_else(|| json!({"code": code, "message": message, "retryable": false})))
}

/// What there is of it.
fn compat(task: &LegacyTask) -> Map<String, Value> {
    let words = [
        ("decision", json!(task.decision)),
        ("quant_signal", json!(task.quant_signal)),
        ("llm_signal", json!(task.llm_signal)),
        ("confidence", json!(task.confidence)),
    ];
    let words = words.into_iter().filter(|(_, word)| !word.is_null());
    words.map(|(name, word)| (name.to_owned(), word)).collect()
}
