//! Two lanes to one signal.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Direction, Lane, LaneFailure, LaneSignal, Probability, ReasonCode, Source};

/// How much a lane may count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Confidence of the quant lane at most.
    pub quant_weight_cap: Probability,
    /// Confidence of the llm lane at most.
    pub llm_weight_cap: Probability,
    /// On the confidence of the quant lane where it is alone.
    pub quant_solo_penalty: Probability,
    /// On the confidence of the llm lane where it is alone.
    pub llm_solo_penalty: Probability,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            quant_weight_cap: Probability(0.8),
            llm_weight_cap: Probability(0.9),
            quant_solo_penalty: Probability(0.8),
            llm_solo_penalty: Probability(0.7),
        }
    }
}

impl Caps {
    /// Confidence of a lane at most.
    pub fn cap(&self, source: Source) -> Probability {
        match source {
            Source::Quant => self.quant_weight_cap,
            Source::Llm => self.llm_weight_cap,
        }
    }

    /// On the confidence of a lane where it is alone.
    pub fn solo_penalty(&self, source: Source) -> Probability {
        match source {
            Source::Quant => self.quant_solo_penalty,
            Source::Llm => self.llm_solo_penalty,
        }
    }
}

/// What two opinions come to. A single one is the same under both: its
/// confidence times its penalty, at most its cap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "policy")]
pub enum Policy {
    /// `S = q·cq + l·cl` over the capped confidences; the direction is the
    /// sign of `S`, the confidence `|S| / (cq + cl)`. Lanes that agree are
    /// certain, however weak each is.
    CappedSum(Caps),
    /// Each lane is independent evidence: its capped confidence `c` is the
    /// probability `(1 + c) / 2` of its direction, and the log-odds of both are
    /// added, which comes to `S = (q·cq + l·cl) / (1 + q·cq·l·cl)`. Two weak
    /// lanes that agree stay weak, and a flat one is no evidence.
    LogOdds(Caps),
}

impl Default for Policy {
    fn default() -> Self {
        Self::CappedSum(Caps::default())
    }
}

impl Policy {
    /// The name on the wire.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::CappedSum(_) => "capped_sum",
            Self::LogOdds(_) => "log_odds",
        }
    }

    /// How much a lane may count under it.
    pub fn caps(&self) -> &Caps {
        match self {
            Self::CappedSum(caps) | Self::LogOdds(caps) => caps,
        }
    }
}

/// An opinion as it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// Whose.
    pub source: Source,
    /// Where it points.
    pub direction: Direction,
    /// As it was said.
    pub stated: Probability,
    /// On it, for research that is only partly there.
    pub factor: Probability,
    /// What went into the sum: stated times factor, capped. Alone: penalised,
    /// too.
    pub counted: Probability,
}

/// One signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Merged {
    /// Where it points.
    pub direction: Direction,
    /// How sure it is.
    pub confidence: Probability,
    /// By which rule.
    pub policy: Policy,
    /// The opinions in it, quant first: one or two.
    pub taken: Vec<Taken>,
    /// What the sum was divided by: the counted confidences added under
    /// `capped_sum`, one plus their signed product under `log_odds`, one where
    /// a lane was alone.
    pub denominator: f64,
    /// Why lanes were left out, quant first, each once.
    pub reason_codes: Vec<ReasonCode>,
}

impl Merged {
    /// Whether something was left out, or counted less than it said.
    pub fn is_degraded(&self) -> bool {
        let less = |taken: &Taken| taken.factor < Probability::ONE;
        !self.reason_codes.is_empty() || self.taken.iter().any(less)
    }
}

/// No lane has an opinion.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("both quant and llm signals are unavailable")]
pub struct NoSignal {
    /// Why, quant first, each once; the last is
    /// [`ReasonCode::BothSignalsUnavailable`].
    pub reason_codes: Vec<ReasonCode>,
}

/// Merges two lanes.
pub fn merge(quant: &Lane, llm: &Lane, policy: Policy) -> Result<Merged, NoSignal> {
    let reason_codes = reasons([quant, llm]);
    match (quant.signal(), llm.signal()) {
        (Some(quant), Some(llm)) => Ok(together(quant, llm, policy)),
        (Some(quant), None) => Ok(alone(Source::Quant, quant, policy, reason_codes)),
        (None, Some(llm)) => Ok(alone(Source::Llm, llm, policy, reason_codes)),
        (None, None) => Err(NoSignal::because(reason_codes)),
    }
}

fn together(quant: &LaneSignal, llm: &LaneSignal, policy: Policy) -> Merged {
    let caps = policy.caps();
    let taken = [(Source::Quant, quant), (Source::Llm, llm)]
        .map(|(source, signal)| Taken::of(source, signal, Probability::ONE, caps));
    let [q, l] = taken.map(|one| one.direction.sign() * one.counted.get());
    let denominator = match policy {
        Policy::CappedSum(_) => taken[0].counted.get() + taken[1].counted.get(),
        Policy::LogOdds(_) => 1.0 + q * l,
    };
    let sum = q + l;
    // Nothing over nothing, and certainty against certainty, are no opinion.
    let confidence = if denominator == 0.0 {
        Probability::ZERO
    } else {
        Probability::clamped(sum.abs() / denominator)
    };
    Merged {
        direction: Direction::of(sum),
        confidence,
        policy,
        taken: taken.to_vec(),
        denominator,
        reason_codes: Vec::new(),
    }
}

fn alone(
    source: Source,
    signal: &LaneSignal,
    policy: Policy,
    reason_codes: Vec<ReasonCode>,
) -> Merged {
    let caps = policy.caps();
    let taken = Taken::of(source, signal, caps.solo_penalty(source), caps);
    Merged {
        direction: taken.direction,
        confidence: taken.counted,
        policy,
        taken: vec![taken],
        denominator: 1.0,
        reason_codes,
    }
}

impl Taken {
    fn of(source: Source, signal: &LaneSignal, penalty: Probability, caps: &Caps) -> Self {
        let factor = signal.research.factor();
        let counted = signal.confidence.times(factor).times(penalty);
        Self {
            source,
            direction: signal.direction,
            stated: signal.confidence,
            factor,
            counted: counted.min(caps.cap(source)),
        }
    }
}

impl NoSignal {
    fn because(mut reason_codes: Vec<ReasonCode>) -> Self {
        reason_codes.retain(|code| *code != ReasonCode::BothSignalsUnavailable);
        reason_codes.push(ReasonCode::BothSignalsUnavailable);
        Self { reason_codes }
    }
}

/// Why lanes are left out: each reason once, in the order of the lanes.
fn reasons(lanes: [&Lane; 2]) -> Vec<ReasonCode> {
    let mut codes: Vec<ReasonCode> = Vec::new();
    for LaneFailure { reason, .. } in lanes.into_iter().filter_map(Lane::failure) {
        if !codes.contains(reason) {
            codes.push(*reason);
        }
    }
    codes
}
