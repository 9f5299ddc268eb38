//! The sum of the lanes in words, from the numbers of the result alone.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::analysis::{
    AnalysisResult, CountedLane, LaneSignals, MergePolicyName, MergedResult,
};
use fondaco_domain::signal::{Direction, Probability, Source};

use super::words::sure;

/// The steps of a lane: from what it said to what was counted.
pub(super) fn steps(lane: &CountedLane, merged: &MergedResult) -> String {
    let policy = &merged.policy;
    let (cap, penalty) = match lane.source {
        Source::Quant => (policy.quant_weight_cap, policy.quant_solo_penalty),
        Source::Llm => (policy.llm_weight_cap, policy.llm_solo_penalty),
    };
    let mut steps = format!("says {}", sure(lane.stated.get()));
    if lane.factor.get() < 1.0 {
        let _ = write!(
            steps,
            ", × {} for degraded research",
            sure(lane.factor.get())
        );
    }
    if merged.counted.len() == 1 {
        let _ = write!(steps, ", × {} for being alone", sure(penalty.get()));
    }
    steps
        + &format!(
            ", at most {}: counts {}",
            sure(cap.get()),
            sure(lane.counted.get())
        )
}

/// How the counted lanes become one confidence.
pub(super) fn sum(result: &AnalysisResult, merged: &MergedResult) -> String {
    let confidence = result.confidence.map_or(0.0, Probability::get);
    let signed =
        |lane: &CountedLane| sign(direction(&result.signals, lane.source)) * lane.counted.get();
    let [quant, llm] = merged.counted.as_slice() else {
        return format!(
            "One lane is alone: its counted confidence, {}, is the confidence.",
            sure(confidence)
        );
    };
    let (q, l) = (signed(quant), signed(llm));
    let terms = format!("{} {}", plus(q), plus(l));
    match merged.policy.policy {
        MergePolicyName::CappedSum => format!(
            "S = {terms} = {}; denominator {} + {} = {}; confidence |S| / denominator = {}.",
            plus(q + l),
            sure(quant.counted.get()),
            sure(llm.counted.get()),
            sure(merged.denominator),
            sure(confidence)
        ),
        MergePolicyName::LogOdds => format!(
            "S = {terms} = {}; denominator 1 + ({}) × ({}) = {}; confidence |S| / denominator = {}.",
            plus(q + l),
            plus(q),
            plus(l),
            sure(merged.denominator),
            sure(confidence)
        ),
    }
}

/// Under `capped_sum` two lanes that agree are certain together, whatever each
/// of them is: said wherever that is the case.
pub(super) fn saturated(result: &AnalysisResult) -> Option<String> {
    let merged = result.signals.merged.as_ref()?;
    let [quant, llm] = merged.counted.as_slice() else {
        return None;
    };
    let same = direction(&result.signals, Source::Quant) == direction(&result.signals, Source::Llm)
        && merged.direction != Direction::Flat;
    let capped_sum = merged.policy.policy == MergePolicyName::CappedSum;
    (same && capped_sum).then(|| {
        format!(
            "Both lanes agree, and capped_sum makes {} of that however sure each is: \
             here quant counts {} and llm {}.",
            sure(result.confidence.map_or(0.0, Probability::get)),
            sure(quant.counted.get()),
            sure(llm.counted.get())
        )
    })
}

pub(super) fn direction(signals: &LaneSignals, source: Source) -> Option<Direction> {
    match source {
        Source::Quant => signals.quant.direction,
        Source::Llm => signals.llm.direction,
    }
}

fn sign(direction: Option<Direction>) -> f64 {
    direction.map_or(0.0, Direction::sign)
}

/// With its sign, also where it is zero: `+0.62`, `−0.45`.
fn plus(value: f64) -> String {
    let text = sure(value);
    if text.starts_with('−') {
        text
    } else {
        format!("+{text}")
    }
}
