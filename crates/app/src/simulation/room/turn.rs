//! A turn of a room: a member is asked, or the day is settled.

use std::time::Duration;

use fondaco_contract::v1alpha1::analysis::Degraded;
use fondaco_contract::v1alpha1::simulation::{
    Base, RoomMember, RoomOutcome, RoomReport, RoomStyle,
};
use fondaco_domain::{ErrorKind, Hint, Timeframe};
use serde_json::{Value, json};
use thiserror::Error;

use super::keys::{self, Node};
use super::memory::Memory;
use super::prompts::{Inputs, OfTurn, PromptError, prompt};
use super::{day, plan};
use crate::analysis::ask::{Limits, Question, ask};
use crate::ports::exec::{Need, Outcome};
use crate::simulation::body::{BodyError, Sitting, completed};
use crate::simulation::market::Market;
use crate::simulation::prompts::{event, execution, number, shorting, units};
use crate::simulation::trading::{self, Trading};

/// A turn that cannot be had.
#[derive(Debug, Error)]
pub enum RoomError {
    /// The key names no turn.
    #[error("`{0}` is no turn of a room")]
    Node(String),
    /// What a member before it left does not read.
    #[error("the report of `{node}` does not read")]
    Report {
        /// Whose.
        node: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// There is no prompt to ask with.
    #[error("the prompt of `{node}` cannot be written")]
    Prompt {
        /// Whose.
        node: String,
        /// Why not.
        #[source]
        source: PromptError,
    },
}

impl Hint for RoomError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Node(_) => ErrorKind::Invalid,
            Self::Report { .. } => ErrorKind::Corrupt,
            Self::Prompt { source, .. } => source.kind(),
        }
    }
}

/// Does what the turn of a task does; `node` is the end of its key.
pub(in crate::simulation) fn node(
    sitting: &Sitting<'_>,
    style: &RoomStyle,
    node: Option<&str>,
) -> Result<Outcome, BodyError> {
    let key = &sitting.assignment.key;
    let node = keys::turn(node).ok_or_else(|| RoomError::Node(key.clone()))?;
    let market = sitting.market()?;
    let before = sitting.before()?;
    let turn = Turn {
        sitting,
        style,
        node,
        heard: heard(sitting, style, node)?,
        memory: memory(sitting, &market, before.as_ref()),
    };
    let trading = sitting.trading(&market, before.as_ref())?;
    match node {
        Node::Day => day::settle(&turn, &market, before.as_ref(), trading),
        _ => turn.ask(&trading),
    }
}

/// A turn, with what was said before it.
pub(super) struct Turn<'a> {
    pub(super) sitting: &'a Sitting<'a>,
    pub(super) style: &'a RoomStyle,
    node: Node,
    /// In the order of the plan.
    pub(super) heard: Vec<RoomReport>,
    pub(super) memory: Memory,
}

/// What became of the calls of the day before, and of those before it.
fn memory(sitting: &Sitting<'_>, market: &Market, before: Option<&Base>) -> Memory {
    let Some((base, day)) = before.and_then(|base| Some((base, base.room.as_ref()?))) else {
        return Memory::none();
    };
    let data = sitting.job.data.as_ref();
    let length = data.map_or(Timeframe::DAY, |data| data.timeframe);
    let moved = |symbol: &_| {
        let bar = market.bar(symbol, base.date)?;
        Some((bar.open, bar.close))
    };
    let closed = base.date.open().plus(length.millis());
    Memory::after(base.date, day, moved, closed)
}

/// The reports of the turns that this one hears.
fn heard(
    sitting: &Sitting<'_>,
    style: &RoomStyle,
    node: Node,
) -> Result<Vec<RoomReport>, RoomError> {
    let model = &sitting.model.model;
    let nodes = plan::nodes(style);
    let heard = nodes.into_iter().filter(|other| plan::hears(node, *other));
    let report = |other: Node| {
        let key = keys::key(sitting.date, &sitting.model.name, other);
        let member = other.member().ok_or_else(|| RoomError::Node(key.clone()))?;
        let need = sitting.assignment.needs.iter().find(|need| need.key == key);
        report(&key, need, member, model)
    };
    heard.map(report).collect()
}

/// What a turn left; of one that left nothing, that it did.
fn report(
    key: &str,
    need: Option<&Need>,
    member: RoomMember,
    model: &str,
) -> Result<RoomReport, RoomError> {
    if let Some(output) = need.and_then(|need| need.output.as_ref()) {
        return serde_json::from_str(output).map_err(|source| RoomError::Report {
            node: key.to_owned(),
            source,
        });
    }
    let detail = match need {
        Some(need) => {
            let why = need.detail.as_deref().unwrap_or("no reason is known");
            format!("its task {}: {why}", need.state.as_str())
        }
        None => "its task is not there".to_owned(),
    };
    Ok(RoomReport {
        node: key.to_owned(),
        member,
        model: model.to_owned(),
        outcome: RoomOutcome::Degraded(Degraded {
            reason: "lost".to_owned(),
            lane: None,
            data_quality: None,
            detail,
            retryable: true,
        }),
        read: Vec::new(),
        calls: Vec::new(),
    })
}

impl Turn<'_> {
    fn ask(&self, trading: &Trading<'_>) -> Result<Outcome, BodyError> {
        let sitting = self.sitting;
        let member = self.node.member();
        let member = member.ok_or_else(|| RoomError::Node(sitting.assignment.key.clone()))?;
        let report = |outcome, read, calls| RoomReport {
            node: sitting.assignment.key.clone(),
            member,
            model: sitting.model.model.clone(),
            outcome,
            read,
            calls,
        };
        if let Some(nothing) = self.nothing_to_go_on() {
            let outcome = RoomOutcome::Degraded(nothing);
            return Ok(completed(&report(outcome, Vec::new(), Vec::new())));
        }
        let scope = sitting.scope();
        let portfolio = self.portfolio(trading)?;
        let prompt = prompt(&Inputs {
            node: self.node,
            date: sitting.date,
            team: &sitting.model.name,
            cycles: self.style.cycles,
            symbols: &sitting.job.symbols,
            opens: trading.opens(),
            portfolio: &portfolio,
            lessons: self.memory.of(member, scope.clock),
            heard: &self.heard,
        });
        let question = Question {
            seat: sitting.seat(&sitting.assignment.key),
            about: &sitting.job.symbols,
            prompt: prompt.map_err(|source| RoomError::Prompt {
                node: sitting.assignment.key.clone(),
                source,
            })?,
            scope: &scope,
            limits: Limits {
                max_tokens: self.style.max_tokens,
                tool_turns: self.style.tool_turns,
                temperature_milli: sitting.model.temperature_milli,
                seed: sitting.model.seed,
                time: Duration::from_secs(self.style.answer_seconds.into()),
            },
        };
        let reader = OfTurn {
            node: self.node,
            symbols: &sitting.job.symbols,
            opens: trading.opens(),
        };
        let stopped = || sitting.stopped();
        Ok(match ask(&sitting.desk(&stopped), &question, &reader) {
            Some(told) => {
                let outcome = told.answer.unwrap_or_else(RoomOutcome::Degraded);
                completed(&report(outcome, told.read, told.calls))
            }
            None => Outcome::Stopped,
        })
    }

    /// Why a member need not be asked at all: of all that it would hear there
    /// is nothing.
    fn nothing_to_go_on(&self) -> Option<Degraded> {
        let mut why = Vec::new();
        for report in &self.heard {
            match &report.outcome {
                RoomOutcome::Degraded(degraded) => {
                    why.push(format!("{}: {}", report.member.as_str(), degraded.detail));
                }
                RoomOutcome::Answered(_) | RoomOutcome::Abstained(_) => return None,
            }
        }
        // The first reason is the others', too.
        why.truncate(4);
        (!why.is_empty()).then(|| Degraded {
            reason: "no_input".to_owned(),
            lane: None,
            data_quality: None,
            detail: format!("nobody before it said anything ({})", why.join("; ")),
            retryable: false,
        })
    }

    /// What the managers are told of the account.
    fn portfolio(&self, trading: &Trading<'_>) -> Result<Value, BodyError> {
        let job = self.sitting.job;
        let account = trading::account(&job.account);
        let value = trading.value().map_err(trading::TradingError::from)?;
        let held = value.positions.iter().map(|held| {
            json!({
                "ticker": held.symbol,
                "quantity": number(held.quantity),
                "price": number(held.price),
                "price_of": held.stale_since.map(|since| since.to_string()),
                "value": number(held.value),
                "weight": held.weight.map(|weight| number(weight.round_dp(4))),
            })
        });
        let since: Vec<String> = trading.so_far().iter().filter_map(event).collect();
        Ok(json!({
            "cash": number(value.cash),
            "margin": number(value.margin_held),
            "value": number(value.value),
            "positions": held.collect::<Vec<_>>(),
            "since": since,
            "orders": execution(job.execution),
            "units": units(&account),
            "shorting": shorting(&account),
        }))
    }
}
