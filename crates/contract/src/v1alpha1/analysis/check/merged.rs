//! The merged signal against what the kernel makes of the lanes.

use fondaco_domain::signal::{
    Lane, LaneFailure, LaneSignal, Merged, Policy, Probability, Rating, ReasonCode, Research,
    Source, merge,
};

use super::super::{AnalysisResult, CountedLane, LaneResult, MergedResult};
use super::Faults;

/// As far as a number survives another program's arithmetic.
const CLOSE: f64 = 1e-9;

pub(super) fn check(result: &AnalysisResult, faults: &mut Faults) {
    let Some(merged) = &result.signals.merged else {
        return;
    };
    caps(merged, faults);
    let Some(expected) = expected(result, merged) else {
        let place = "/signals/merged";
        faults.add(place, "no lane is available, and there is nothing to merge");
        return;
    };
    counted(merged, &expected, faults);
    faults.unless(
        close(merged.denominator, expected.denominator),
        "/signals/merged/denominator",
        format!("the lanes give {}", expected.denominator),
    );
    faults.unless(
        merged.direction == expected.direction,
        "/signals/merged/direction",
        format!("the lanes give {}", i8::from(expected.direction)),
    );
    if let Some(confidence) = result.confidence {
        faults.unless(
            close(confidence.get(), expected.confidence.get()),
            "/confidence",
            format!("the lanes give {}", expected.confidence.get()),
        );
        let rating = Rating::shown(merged.direction, confidence);
        faults.unless(
            merged.rating == rating,
            "/signals/merged/rating",
            format!("its direction and confidence show as {}", rating.as_str()),
        );
    }
    faults.unless(
        result.decision.is_none_or(|it| it == merged.rating),
        "/decision",
        "it is not the rating of the merged signal",
    );
}

/// What the kernel makes of the lanes by the policy of the document.
fn expected(result: &AnalysisResult, merged: &MergedResult) -> Option<Merged> {
    let policy: Policy = merged.policy.into();
    let quant = said(&result.signals.quant, Source::Quant, &merged.counted);
    let llm = said(&result.signals.llm, Source::Llm, &merged.counted);
    merge(&quant, &llm, policy).ok()
}

/// A lane as it was before the merge; why it is missing is compared elsewhere.
fn said(lane: &LaneResult, source: Source, counted: &[CountedLane]) -> Lane {
    let (Some(direction), Some(confidence)) = (lane.direction, lane.confidence) else {
        return Lane::Absent(LaneFailure {
            reason: ReasonCode::BothSignalsUnavailable,
            data_quality: None,
            error: None,
        });
    };
    let counted = counted.iter().find(|it| it.source == source);
    let factor = counted.map_or(Probability::ONE, |it| it.factor);
    Lane::Signal(LaneSignal {
        direction,
        confidence,
        research: Research::Degraded { factor },
    })
}

fn caps(merged: &MergedResult, faults: &mut Faults) {
    let policy: Policy = merged.policy.into();
    for (index, lane) in merged.counted.iter().enumerate() {
        let cap = policy.caps().cap(lane.source);
        faults.unless(
            lane.counted <= cap,
            format!("/signals/merged/counted/{index}/counted"),
            format!("{} is above the cap {}", lane.counted.get(), cap.get()),
        );
    }
}

fn counted(merged: &MergedResult, expected: &Merged, faults: &mut Faults) {
    let place = "/signals/merged/counted";
    let sources = merged.counted.iter().map(|lane| lane.source);
    if !sources.eq(expected.taken.iter().map(|lane| lane.source)) {
        faults.add(
            place,
            "it does not hold each available lane once, quant first",
        );
        return;
    }
    for (index, (lane, taken)) in merged.counted.iter().zip(&expected.taken).enumerate() {
        let numbers = [
            ("stated", lane.stated, taken.stated),
            ("counted", lane.counted, taken.counted),
        ];
        for (name, found, wanted) in numbers {
            faults.unless(
                close(found.get(), wanted.get()),
                format!("{place}/{index}/{name}"),
                format!("the lane gives {}", wanted.get()),
            );
        }
    }
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= CLOSE
}
