//! A plan of the verdict, with a stop from how much the instrument moves.

use fondaco_contract::v1alpha1::analysis::NodeRole;
use serde_json::{Value, json};

use super::evidence::{self, hundredths};
use super::talk::Talk;
use super::{Speaker, research, words};

/// The average range of a candle as a part of the close; why it is not known.
fn range(talk: &Talk<'_>) -> Result<f64, String> {
    let answer = talk.tool("indicators")?;
    let number = |value: &Value| value.as_f64().filter(|it| it.is_finite() && *it > 0.0);
    let (range, close) = (
        number(&answer["values"]["atr_14"]),
        number(&answer["close"]),
    );
    match (range, close) {
        (Some(range), Some(close)) => Ok(range / close),
        _ => Err("there are too few candles for an average range".to_owned()),
    }
}

/// The trader's turn.
pub(super) fn plan(speaker: &Speaker, talk: &Talk<'_>) -> Value {
    let limits = &speaker.limits;
    let (direction, basis) = lean(speaker, talk);
    let action = match direction {
        1 => "buy",
        -1 => "sell",
        _ => "hold",
    };
    let days = limits.days;
    let range = range(talk);
    let stop = range.as_ref().ok().map(|range| {
        // A distance of a stop below the close is less than all of it.
        hundredths((limits.stop * range * 100.0).clamp(0.01, 90.0))
    });
    let target = stop.map(|stop| hundredths((stop * limits.reward).clamp(0.01, 900.0)));
    let (stop, target) = if direction == 0 {
        (None, None)
    } else {
        (stop, target)
    };
    let distances = match (direction, &range, stop, target) {
        (0, ..) => "There is nothing to stop out of.".to_owned(),
        (_, Ok(range), Some(stop), Some(target)) => format!(
            "A candle ranges over {} of the close on average; {:.1} such ranges put the stop \
             {stop:.2} % from the close, and the target lies {:.1} times as far, at {target:.2} %.",
            words::per_cent(*range),
            limits.stop,
            limits.reward,
        ),
        (_, Err(why), ..) => format!("There is no stop, because {why}."),
        _ => String::new(),
    };
    let what = match direction {
        1 => format!("Buy {} at the next open", talk.ticker),
        -1 => format!("Sell {} at the next open", talk.ticker),
        _ => format!("Leave {} as it is", talk.ticker),
    };
    json!({
        "action": action,
        "rationale": speaker.signed(&format!(
            "{what} and look again after {days} days. {basis} {distances}"
        )),
        "horizon_days": days,
        "stop_loss_pct": stop,
        "take_profit_pct": target,
    })
}

/// The verdict's direction; where there is none, that of the reports.
fn lean(speaker: &Speaker, talk: &Talk<'_>) -> (i64, String) {
    if let Some(verdict) = talk.last(NodeRole::ResearchManager) {
        let direction = verdict["direction"].as_i64().unwrap_or(0).signum();
        let winner = research::winner(verdict);
        let sure = verdict["confidence"].as_f64().unwrap_or(0.0);
        let basis = format!("The verdict is for {winner}, with a confidence of {sure:.2}.");
        return (direction, basis);
    }
    let Some(verdict) = research::verdict(talk) else {
        return (0, "There is neither a verdict nor a report.".to_owned());
    };
    let direction = evidence::direction(verdict.balance, &speaker.limits);
    let basis = format!(
        "There is no verdict; the reports come to a balance of {:+.2}.",
        verdict.balance
    );
    (i64::from(direction), basis)
}
