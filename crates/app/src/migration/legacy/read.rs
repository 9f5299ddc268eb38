//! State files as they were written over the years.

use serde_json::{Map, Value};
use thiserror::Error;

use super::{BatchType, LegacyBatch, LegacyStage, LegacyStatus, LegacyTask};
use crate::analysis::keys::Stage;

/// Why a file is none of the layout.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LegacyProblem {
    /// Not JSON, or cut off.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// Another kind of value.
    #[error("{field} is not {wanted}")]
    Kind {
        /// Which; `it` for the whole.
        field: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// Says neither where it stands nor what came of it.
    #[error("it says no status, no decision and no error")]
    NoStatus,
    /// A word that is no status.
    #[error("`{0}` is no status")]
    Status(String),
    /// Another task's.
    #[error("it is of task `{0}`")]
    OtherTask(String),
    /// Something that must be there.
    #[error("it has no {0}")]
    Missing(&'static str),
}

/// What a file says, as an object.
pub(super) fn object(text: &str) -> Result<Map<String, Value>, LegacyProblem> {
    let value = serde_json::from_str(text);
    match value.map_err(|error| LegacyProblem::Json(error.to_string()))? {
        Value::Object(fields) => Ok(fields),
        _ => Err(kind("it", "an object")),
    }
}

pub(super) fn kind(field: &str, wanted: &'static str) -> LegacyProblem {
    LegacyProblem::Kind {
        field: field.to_owned(),
        wanted,
    }
}

/// Statuses that only the inside of the original knew.
const INSIDE: [&str; 4] = [
    "collecting_evidence",
    "auto_recovering",
    "classification_pending",
    "probing_provider",
];

impl LegacyTask {
    /// Reads the state of a task. Tolerant where writers were sloppy:
    ///
    /// - a name that is missing is that of the file;
    /// - `ticker` that is missing is the beginning of the name;
    /// - decision, confidence and signals stand at the top, in `compat` or in
    ///   `result`; a signal is a word or an object with a `rating`, and a lane
    ///   with `available: false` is absent whatever else it says;
    /// - `error` is a text or an object with a `message`;
    /// - the four statuses of the inside are `running`; a missing status
    ///   follows from decision or error;
    /// - a missing progress follows from the stages, a missing stage from the
    ///   progress, missing stages from both;
    /// - an instant without an offset is UTC.
    ///
    /// What is there and of another kind is a problem.
    pub fn read(id: &str, text: &str) -> Result<Self, LegacyProblem> {
        Self::of(id, &object(text)?)
    }

    fn of(id: &str, fields: &Map<String, Value>) -> Result<Self, LegacyProblem> {
        let said = Said(fields);
        let task_id = said.text("task_id")?.unwrap_or_else(|| id.to_owned());
        if task_id != id {
            return Err(LegacyProblem::OtherTask(task_id));
        }
        let decision = said.anywhere("decision", Said::text)?;
        let error = said.error()?;
        let status = said.status(decision.as_deref(), error.as_deref())?;
        let stages = said.stages()?;
        let progress = said.progress(status, &stages)?;
        let batch = said.batch(id)?;
        let ticker = said.text("ticker")?.or_else(|| match batch {
            None => ticker_of(id).map(str::to_owned),
            Some(_) => None,
        });
        let current = match fields.get("current_stage") {
            Some(_) => said.text("current_stage")?,
            None if status.is_final() => None,
            None => Some(stage_at(progress).to_owned()),
        };
        Ok(Self {
            ticker,
            date: said.text("date")?,
            status,
            progress,
            current_stage: current,
            stages: match batch {
                Some(_) => stages,
                None => filled(stages, progress),
            },
            created_at: said.text("created_at")?.map(|at| with_offset(&at)),
            elapsed_seconds: said.seconds()?,
            decision,
            confidence: said.anywhere("confidence", Said::number)?,
            quant_signal: said.signal("quant")?,
            llm_signal: said.signal("llm")?,
            degrade_reason_codes: said.reasons()?,
            error,
            result_ref: said.text("result_ref")?,
            batch,
            task_id,
        })
    }
}

/// The fields of an object.
#[derive(Clone, Copy)]
pub(super) struct Said<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Said<'a> {
    fn get(self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    fn object(self, field: &str) -> Result<Option<Said<'a>>, LegacyProblem> {
        let said = |value: &'a Value| value.as_object().map(Said);
        self.take(field, "an object", said)
    }

    pub(super) fn array(self, field: &str) -> Result<Option<&'a Vec<Value>>, LegacyProblem> {
        self.take(field, "a list", Value::as_array)
    }

    pub(super) fn text(self, field: &str) -> Result<Option<String>, LegacyProblem> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let text = self.take(field, "a text", text)?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    pub(super) fn number(self, field: &str) -> Result<Option<f64>, LegacyProblem> {
        self.take(field, "a number", Value::as_f64)
    }

    fn take<T>(
        self,
        field: &str,
        wanted: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, LegacyProblem> {
        let Some(value) = self.get(field) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| kind(field, wanted))
    }

    /// At the top, else in `compat`, else in `result`.
    fn anywhere<T>(
        self,
        field: &str,
        read: impl Fn(Self, &str) -> Result<Option<T>, LegacyProblem>,
    ) -> Result<Option<T>, LegacyProblem> {
        let places = [
            Some(self),
            self.object("compat")?,
            // Older ones have a text there.
            self.get("result").and_then(Value::as_object).map(Said),
        ];
        for place in places.into_iter().flatten() {
            if let Some(found) = read(place, field)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn error(self) -> Result<Option<String>, LegacyProblem> {
        match self.get("error") {
            Some(Value::Object(error)) => {
                let error = Said(error);
                Ok(error.text("message")?.or(error.text("code")?))
            }
            _ => self.text("error"),
        }
    }

    fn status(
        self,
        decision: Option<&str>,
        error: Option<&str>,
    ) -> Result<LegacyStatus, LegacyProblem> {
        let Some(word) = self.text("status")? else {
            return match (decision, error) {
                (Some(_), _) => Ok(LegacyStatus::Completed),
                (None, Some(_)) => Ok(LegacyStatus::Failed),
                (None, None) => Err(LegacyProblem::NoStatus),
            };
        };
        let lower = word.to_lowercase();
        if INSIDE.contains(&lower.as_str()) {
            return Ok(LegacyStatus::Running);
        }
        let known = LegacyStatus::ALL
            .into_iter()
            .find(|known| known.as_str() == lower);
        known.ok_or(LegacyProblem::Status(word))
    }

    fn stages(self) -> Result<Vec<LegacyStage>, LegacyProblem> {
        let mut stages = Vec::new();
        for stage in self.array("stages")?.into_iter().flatten() {
            let stage = stage
                .as_object()
                .ok_or(kind("stages", "a list of objects"))?;
            let stage = Said(stage);
            stages.push(LegacyStage {
                name: stage
                    .text("name")?
                    .ok_or(LegacyProblem::Missing("name of a stage"))?,
                status: stage
                    .text("status")?
                    .unwrap_or_else(|| "pending".to_owned()),
                completed_at: stage.text("completed_at")?.map(|at| with_offset(&at)),
            });
        }
        Ok(stages)
    }

    fn progress(self, status: LegacyStatus, stages: &[LegacyStage]) -> Result<u8, LegacyProblem> {
        let Some(said) = self.number("progress")? else {
            let done = stages.iter().filter(|stage| stage.status == "completed");
            let of_stages = u8::try_from(done.count() * 20).unwrap_or(100).min(100);
            return Ok(if status.is_success() { 100 } else { of_stages });
        };
        if (0.0..=100.0).contains(&said) {
            return Ok(said as u8);
        }
        Err(kind("progress", "a number from 0 to 100"))
    }

    fn seconds(self) -> Result<Option<u64>, LegacyProblem> {
        let said = self.number("elapsed_seconds")?;
        Ok(said.filter(|said| *said >= 0.0).map(|said| said as u64))
    }

    fn signal(self, lane: &str) -> Result<Option<String>, LegacyProblem> {
        let in_result = |said: Self| -> Result<Option<String>, LegacyProblem> {
            let Some(result) = said.get("result").and_then(Value::as_object).map(Said) else {
                return Ok(None);
            };
            let Some(signals) = result.object("signals")? else {
                return Ok(None);
            };
            signals.rating(lane)
        };
        // Where the result says that the lane is absent, it is.
        if self.is_absent(lane) {
            return Ok(None);
        }
        let field = format!("{lane}_signal");
        match self.anywhere(&field, Said::rating)? {
            Some(word) => Ok(Some(word)),
            None => in_result(self),
        }
    }

    fn is_absent(self, lane: &str) -> bool {
        let available = self.get("result").and_then(|result| {
            let lane = result.get("signals")?.get(lane)?;
            lane.get("available")?.as_bool()
        });
        available == Some(false)
    }

    /// A word, or the rating of an object.
    fn rating(self, field: &str) -> Result<Option<String>, LegacyProblem> {
        match self.get(field) {
            Some(Value::Object(lane)) => {
                let lane = Said(lane);
                let absent = lane.get("available").and_then(Value::as_bool) == Some(false);
                if absent {
                    Ok(None)
                } else {
                    lane.text("rating")
                }
            }
            _ => self.text(field),
        }
    }

    fn reasons(self) -> Result<Vec<String>, LegacyProblem> {
        let inside = self
            .object("degradation_summary")?
            .map(|summary| summary.array("reason_codes"));
        let codes = match self.array("degrade_reason_codes")? {
            Some(codes) => Some(codes),
            None => inside.transpose()?.flatten(),
        };
        let text = |code: &Value| {
            let text = code.as_str().map(str::to_owned);
            text.ok_or(kind("degrade_reason_codes", "a list of texts"))
        };
        codes.into_iter().flatten().map(text).collect()
    }

    fn batch(self, id: &str) -> Result<Option<LegacyBatch>, LegacyProblem> {
        if self.text("type")?.as_deref() != Some("portfolio") {
            return Ok(None);
        }
        let mut results = Vec::new();
        for (number, one) in self.array("results")?.into_iter().flatten().enumerate() {
            let one = one
                .as_object()
                .ok_or(kind("results", "a list of objects"))?;
            let name = Said(one).text("task_id")?;
            results.push(LegacyTask::of(
                &name.unwrap_or_else(|| format!("{id}_{number}")),
                one,
            )?);
        }
        let count = |field: &str, or: usize| -> Result<u64, LegacyProblem> {
            Ok(self.number(field)?.map_or(or as u64, |said| said as u64))
        };
        let succeeded = results.iter().filter(|one| one.status.is_success()).count();
        Ok(Some(LegacyBatch {
            kind: BatchType::Portfolio,
            total: count("total", results.len())?,
            completed: count("completed", succeeded)?,
            failed: count("failed", 0)?,
            current_ticker: self.text("current_ticker")?,
            results,
        }))
    }
}

/// The beginning of `<ticker>_<YYYYMMDD>_<HHMMSS>_<6 hex>`.
fn ticker_of(id: &str) -> Option<&str> {
    let mut parts = id.rsplitn(4, '_');
    let (hex, time, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str, long: usize| {
        text.len() == long && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_name = hex.len() == 6 && digits(time, 6) && digits(day, 8);
    parts.next().filter(|ticker| is_name && !ticker.is_empty())
}

/// The stage in which a task has made so much progress.
fn stage_at(progress: u8) -> &'static str {
    let at = usize::from(progress / 20).min(Stage::ALL.len() - 1);
    Stage::ALL[at].as_str()
}

/// The five stages, where none were written.
fn filled(stages: Vec<LegacyStage>, progress: u8) -> Vec<LegacyStage> {
    if !stages.is_empty() {
        return stages;
    }
    let done = usize::from(progress / 20);
    let stage = |(at, stage): (usize, Stage)| LegacyStage {
        name: stage.as_str().to_owned(),
        status: if at < done { "completed" } else { "pending" }.to_owned(),
        completed_at: None,
    };
    Stage::ALL.into_iter().enumerate().map(stage).collect()
}

/// An instant without an offset was written by a machine whose clock is taken
/// to be in UTC.
fn with_offset(at: &str) -> String {
    let time = at.split_once(['T', ' ']).map_or("", |(_, time)| time);
    let has_offset = time.ends_with(['Z', 'z']) || time.contains(['+', '-']);
    if time.is_empty() || has_offset {
        at.to_owned()
    } else {
        format!("{}Z", at.replacen(' ', "T", 1))
    }
}
