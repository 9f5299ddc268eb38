//! The day itself: decisions become orders, and what happened is remembered.

use fondaco_contract::v1alpha1::analysis::CallTokens;
use fondaco_contract::v1alpha1::simulation::{
    ActionKind, Base, BaselineValue, Conference, DaySession, MemberPredictions, Message,
    MessageRole, MissingTurn, ModelDay, RoomAction, RoomAnswer, RoomDay, RoomDecision, RoomOutcome,
    RoomReport, SimDate,
};
use fondaco_domain::ledger;
use fondaco_domain::retry::ErrorClass;

use super::keys::{Node, split};
use super::turn::Turn;
use crate::ports::exec::Outcome;
use crate::simulation::baselines::{self, Baseline};
use crate::simulation::body::{BodyError, completed};
use crate::simulation::market::Market;
use crate::simulation::trading::Trading;

/// How a session of a room ends.
const SETTLED: &str = "settled";

/// Carries out what was decided. Without a usable decision nothing is ordered,
/// and the day has no end.
pub(super) fn settle(
    turn: &Turn<'_>,
    market: &Market,
    before: Option<&Base>,
    mut trading: Trading<'_>,
) -> Result<Outcome, BodyError> {
    let decision = of(turn, Node::Decision).map(|report| &report.outcome);
    let decision = match decision {
        Some(RoomOutcome::Answered(answer)) => answer,
        other => return Ok(undecided(other)),
    };
    for decision in &decision.decisions {
        order(&mut trading, decision);
    }
    if trading.is_idle() {
        trading.hold();
    }
    let room = RoomDay {
        opens: trading.opens().clone(),
        baselines: baselines(turn, market)?,
        ..room(turn, decision)
    };
    let session = session(turn, decision);
    let document = turn.sitting.document(before, trading.end()?, session);
    Ok(completed(&ModelDay {
        room: Some(room),
        ..document
    }))
}

fn undecided(outcome: Option<&RoomOutcome>) -> Outcome {
    let (reason, detail) = match outcome {
        Some(RoomOutcome::Degraded(degraded)) => (&*degraded.reason, &*degraded.detail),
        Some(RoomOutcome::Abstained(abstention)) => ("abstained", &*abstention.why),
        Some(RoomOutcome::Answered(_)) | None => ("lost", "there is no report of it"),
    };
    Outcome::Failed {
        class: ErrorClass::Permanent,
        error: format!("{reason}: the portfolio manager made no usable decision: {detail}"),
    }
}

/// One that is refused is written down by the account, and changes nothing:
/// both legs of an order that turns a position are done, or neither is.
fn order(trading: &mut Trading<'_>, decision: &RoomDecision) {
    let kind = match decision.action {
        RoomAction::Long => ActionKind::Buy,
        RoomAction::Short => ActionKind::Short,
        RoomAction::Hold => return,
    };
    let _written_down = trading.order(kind, &decision.ticker, decision.quantity);
}

fn of<'t>(turn: &'t Turn<'_>, node: Node) -> Option<&'t RoomReport> {
    let is_it = |report: &&RoomReport| split(&report.node).is_some_and(|(.., it)| it == node);
    turn.heard.iter().find(is_it)
}

fn answer(report: &RoomReport) -> Option<&RoomAnswer> {
    match &report.outcome {
        RoomOutcome::Answered(answer) => Some(answer),
        RoomOutcome::Abstained(_) | RoomOutcome::Degraded(_) => None,
    }
}

/// What was said, and what it took.
fn session(turn: &Turn<'_>, decision: &RoomAnswer) -> DaySession {
    let calls = turn.heard.iter().flat_map(|report| &report.calls);
    let mut tokens = CallTokens::default();
    let (mut count, mut cost_nano) = (0, 0);
    for call in calls {
        count += 1;
        cost_nano += call.cost_nano;
        tokens.input += call.tokens.input;
        tokens.cached += call.tokens.cached;
        tokens.output += call.tokens.output;
    }
    DaySession {
        model: turn.sitting.model.model.clone(),
        ended: SETTLED.to_owned(),
        summary: Some(decision.text.clone()),
        calls: count,
        tokens,
        cost_nano,
        conversation: turn.heard.iter().map(said).collect(),
        read: turn
            .heard
            .iter()
            .flat_map(|report| report.read.iter().cloned())
            .collect(),
    }
}

/// A turn in words, with who spoke.
fn said(report: &RoomReport) -> Message {
    let (who, said) = (report.member.title(), content(report));
    let node = split(&report.node).map(|(.., node)| node.to_string());
    Message::said(
        MessageRole::Assistant,
        format!("{who} ({}): {said}", node.unwrap_or_default()),
    )
}

/// What was said in a turn, for people.
pub(crate) fn content(report: &RoomReport) -> String {
    match &report.outcome {
        RoomOutcome::Answered(answer) => words(answer),
        RoomOutcome::Abstained(abstention) => format!("nothing to say: {}", abstention.why),
        RoomOutcome::Degraded(degraded) => format!("no answer ({})", degraded.reason),
    }
}

/// An answer in words: the text, then its entries, a line each.
fn words(answer: &RoomAnswer) -> String {
    let mut lines = vec![answer.text.clone()];
    lines.extend(answer.points.iter().map(|point| format!("- {point}")));
    let foretold = answer.predictions.iter().map(|it| {
        let outlook = it.outlook.as_str();
        format!("- {}: {outlook} ({} %)", it.ticker, it.confidence)
    });
    lines.extend(foretold);
    let decided = answer.decisions.iter().map(|it| {
        let (action, ticker) = (it.action.as_str(), &it.ticker);
        let (quantity, sure) = (it.quantity, it.confidence);
        format!(
            "- {action} {quantity} {ticker} ({sure} %): {}",
            it.reasoning
        )
    });
    lines.extend(decided);
    lines.join("\n")
}

/// What the day leaves behind.
fn room(turn: &Turn<'_>, decision: &RoomAnswer) -> RoomDay {
    let reports = || {
        let named = |report: &'_ RoomReport| split(&report.node).map(|(.., node)| node);
        let all = turn.heard.iter();
        all.filter_map(move |report| Some((named(report)?, report)))
    };
    let predictions = reports().filter_map(|(node, report)| match node {
        Node::Prediction(member) => Some(MemberPredictions {
            member,
            predictions: answer(report)?.predictions.clone(),
        }),
        _ => None,
    });
    let missing = reports().filter_map(|(node, report)| {
        let reason = match &report.outcome {
            RoomOutcome::Answered(_) => return None,
            RoomOutcome::Abstained(_) => "abstained",
            RoomOutcome::Degraded(degraded) => &degraded.reason,
        };
        Some(MissingTurn {
            node: node.to_string(),
            reason: reason.to_owned(),
        })
    });
    let cycles = turn.style.cycles;
    let summary = || Some(answer(of(turn, Node::Summary)?)?.text.clone());
    RoomDay {
        predictions: predictions.collect(),
        decisions: decision.decisions.clone(),
        conference: (cycles > 0).then(|| Conference {
            title: title(turn.sitting.date),
            cycles,
            summary: summary(),
        }),
        missing: missing.collect(),
        scored: turn.memory.scored.clone(),
        standings: turn.memory.standings.clone(),
        lessons: turn.memory.lessons.clone(),
        ..RoomDay::default()
    }
}

/// What the same money made so far. One that cannot be made is not there: a
/// market value that nobody knows is not guessed.
fn baselines(turn: &Turn<'_>, market: &Market) -> Result<Vec<BaselineValue>, BodyError> {
    let sitting = turn.sitting;
    let dates = sitting.job.dates.iter().copied();
    let steps: Vec<SimDate> = dates.filter(|date| *date <= sitting.date).collect();
    let research = &*sitting.body.research;
    let made = baselines::baselines(sitting.job, market, research, &steps);
    let value = |baseline: Baseline| {
        let value = baseline.equity.value.last().copied()?;
        Some(BaselineValue {
            name: baseline.name,
            value: ledger::decimal(value).ok()?.round_dp(2),
        })
    };
    let made = made.map_err(BodyError::Research)?.all.into_iter();
    Ok(made.filter_map(value).collect())
}

/// What a conference is about.
pub(crate) fn title(date: SimDate) -> String {
    format!("What to hold on {date}")
}
