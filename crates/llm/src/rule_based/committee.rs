//! The risk of the plan, seen three ways.

use fondaco_contract::v1alpha1::analysis::NodeRole;
use serde_json::{Value, json};

use super::talk::Talk;
use super::{Speaker, words};

/// How much of a plan should be carried out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    Whole,
    Half,
    Quarter,
}

impl Size {
    pub(super) const ALL: [Self; 3] = [Self::Whole, Self::Half, Self::Quarter];

    /// The sentence of it, by which it is found again.
    pub(super) fn stance(self) -> &'static str {
        match self {
            Self::Whole => "Carry out the whole plan.",
            Self::Half => "Carry out half of the plan.",
            Self::Quarter => "Carry out a quarter of the plan.",
        }
    }

    /// As a part of a sentence.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Whole => "the whole plan",
            Self::Half => "half of the plan",
            Self::Quarter => "a quarter of the plan",
        }
    }

    pub(super) fn part(self) -> f64 {
        match self {
            Self::Whole => 1.0,
            Self::Half => 0.5,
            Self::Quarter => 0.25,
        }
    }

    /// What a voice of the committee asked for; nothing where it used words
    /// of its own.
    pub(super) fn of(report: &Value) -> Option<Self> {
        let stance = report["stance"].as_str()?;
        Self::ALL
            .into_iter()
            .find(|size| stance.starts_with(size.stance()))
    }
}

/// How much the instrument moves.
struct Moves {
    /// Deviation of the returns of a candle.
    volatility: Option<f64>,
    /// How far the close is below its highest high.
    drawdown: Option<f64>,
    /// The average range of a candle as a part of the close.
    range: Option<f64>,
}

impl Moves {
    fn read(talk: &Talk<'_>) -> Result<Self, String> {
        let answer = talk.tool("indicators")?;
        let value = |name: &str| {
            let value = answer["values"][name].as_f64();
            value.filter(|value| value.is_finite()).map(f64::abs)
        };
        let close = answer["close"].as_f64().filter(|close| *close > 0.0);
        let moves = Self {
            volatility: value("volatility_20"),
            drawdown: value("drawdown_252"),
            range: value("atr_14")
                .zip(close)
                .map(|(range, close)| range / close),
        };
        if moves.volatility.is_none() && moves.range.is_none() {
            return Err("there are too few candles to say how much it moves".to_owned());
        }
        Ok(moves)
    }

    /// What a candle usually moves.
    fn usual(&self) -> f64 {
        self.volatility.or(self.range).unwrap_or(0.0)
    }

    fn points(&self) -> Vec<String> {
        let mut points = Vec::new();
        if let Some(volatility) = self.volatility {
            let deviates = words::per_cent(volatility);
            points.push(format!("The return of a candle deviates by {deviates}."));
        }
        if let Some(range) = self.range {
            points.push(format!(
                "A candle ranges over {} of the close.",
                words::per_cent(range)
            ));
        }
        if let Some(drawdown) = self.drawdown {
            points.push(format!(
                "The close is {} below the highest high of up to 252 candles.",
                words::per_cent(drawdown)
            ));
        }
        points
    }
}

/// The turn of one of the three.
pub(super) fn argue(speaker: &Speaker, talk: &Talk<'_>) -> Value {
    let plan = Plan::of(talk);
    let moves = match Moves::read(talk) {
        Ok(moves) => moves,
        Err(why) => return blind(speaker, &why),
    };
    let calm = speaker.limits.calm;
    let size = match speaker.role {
        NodeRole::Aggressive => fitting(moves.usual(), calm * 2.0),
        NodeRole::Conservative => fitting(moves.usual(), calm * 0.5),
        _ => fitting(moves.usual(), calm),
    };
    let argument = match speaker.role {
        NodeRole::Aggressive => aggressive(&plan, &moves),
        NodeRole::Conservative => conservative(&plan, &moves),
        _ => neutral(talk, &moves, calm),
    };
    json!({
        "argument": speaker.signed(&format!("{argument} {}", answer(speaker, talk))),
        "points": moves.points(),
        "stance": size.stance(),
    })
}

/// Smaller for what moves more than suits.
fn fitting(moves: f64, suits: f64) -> Size {
    if moves <= suits {
        Size::Whole
    } else if moves <= suits * 2.0 {
        Size::Half
    } else {
        Size::Quarter
    }
}

/// Without figures there is no argument, and unknown risk is not small.
fn blind(speaker: &Speaker, why: &str) -> Value {
    let size = Size::Half;
    json!({
        "argument": speaker.signed(&format!(
            "How much it moves is not known: {why}. What is not known is not small."
        )),
        "points": [],
        "stance": size.stance(),
    })
}

/// What the trader wants.
struct Plan {
    action: String,
    stop: Option<f64>,
    target: Option<f64>,
}

impl Plan {
    fn of(talk: &Talk<'_>) -> Self {
        let plan = talk.last(NodeRole::Trader);
        let distance = |name: &str| plan.and_then(|plan| plan[name].as_f64());
        Self {
            action: plan
                .and_then(|plan| plan["action"].as_str())
                .unwrap_or("no plan")
                .to_owned(),
            stop: distance("stop_loss_pct"),
            target: distance("take_profit_pct"),
        }
    }
}

fn aggressive(plan: &Plan, moves: &Moves) -> String {
    match (plan.action.as_str(), plan.stop, plan.target) {
        ("no plan", ..) => "There is no plan to take a risk with.".to_owned(),
        ("hold", ..) => "The plan takes no risk, so there is none to argue about; waiting costs \
                         whatever the next move brings."
            .to_owned(),
        (action, Some(stop), Some(target)) => format!(
            "The plan to {action} can lose {stop:.2} % at its stop and gain {target:.2} % at its \
             target, {:.1} times as much; a usual move of {} a candle {} the stop.",
            target / stop,
            words::per_cent(moves.usual()),
            if moves.usual() * 100.0 < stop {
                "does not reach"
            } else {
                "reaches"
            },
        ),
        (action, ..) => format!(
            "The plan to {action} has no stop; with a usual move of {} a candle it can still be \
             watched.",
            words::per_cent(moves.usual()),
        ),
    }
}

fn conservative(plan: &Plan, moves: &Moves) -> String {
    let usual = moves.usual();
    let rough = words::per_cent(usual * 3.0);
    let fallen = moves.drawdown.map_or_else(String::new, |drawdown| {
        format!(
            " It has shown a way of {} from its highest high already.",
            words::per_cent(drawdown)
        )
    });
    match plan.stop {
        Some(stop) if usual * 3.0 * 100.0 > stop => format!(
            "A move of three deviations is {rough} in one candle and jumps over the stop at \
             {stop:.2} %.{fallen}"
        ),
        Some(stop) => format!(
            "A move of three deviations is {rough} in one candle; the stop at {stop:.2} % holds \
             against it only where the market does not open beyond it.{fallen}"
        ),
        None if plan.action == "hold" => format!(
            "The plan takes no new risk; what is held can move {rough} in one candle.{fallen}"
        ),
        None => format!(
            "Nothing stops the loss, and a move of three deviations is {rough} in one \
             candle.{fallen}"
        ),
    }
}

fn neutral(talk: &Talk<'_>, moves: &Moves, calm: f64) -> String {
    let asked = |role: NodeRole| {
        let size = talk.last(role).and_then(Size::of);
        size.map_or("words of its own", Size::stance)
    };
    let usual = moves.usual();
    let whose = if usual <= calm {
        "aggressive"
    } else {
        "conservative"
    };
    format!(
        "The aggressive voice asks: {} The conservative voice asks: {} A usual move of {} a candle \
         lies {} the {} up to which a plan is carried out whole, so the {whose} voice has the \
         better point.",
        asked(NodeRole::Aggressive),
        asked(NodeRole::Conservative),
        words::per_cent(usual),
        if usual <= calm { "within" } else { "beyond" },
        words::per_cent(calm),
    )
}

/// A word to whoever spoke before.
fn answer(speaker: &Speaker, talk: &Talk<'_>) -> String {
    let other = match speaker.role {
        NodeRole::Aggressive => NodeRole::Conservative,
        NodeRole::Conservative => NodeRole::Aggressive,
        _ => return String::new(),
    };
    let Some(point) = talk.points(other).into_iter().next() else {
        return String::new();
    };
    let weighs = match speaker.role {
        NodeRole::Aggressive => "That is what the distance of the stop is for.",
        _ => "That is an average, and a stop is met on the days that are none.",
    };
    format!(
        "The {} voice says {}. {weighs}",
        other.as_str(),
        words::quoted(&point.text, 160)
    )
}
