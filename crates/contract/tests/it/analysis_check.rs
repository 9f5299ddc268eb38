//! Documents that contradict themselves: whatever a merge yields does not, and
//! one changed field is enough that it does.

use fondaco_contract::v1alpha1::analysis::{
    ANALYSIS_RESULT, AnalysisError, AnalysisResult, AnalysisStatus, BudgetState, CountedLane,
    DataIssue, DataQualitySummary, Degradation, LaneDiagnostics, LaneDiagnosticsBySource,
    LaneResult, LaneSignals, MergedResult, Provenance, ResearchMode, ResearchStatus,
    faults_of_result,
};
use fondaco_domain::signal::{
    Caps, DataQuality, Direction, Lane, LaneFailure, LaneSignal, Policy, Probability, QualityState,
    Rating, ReasonCode, Research, Source, merge, summary,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::analysis::RESULTS;

fn probability() -> impl Strategy<Value = Probability> {
    prop_oneof![Just(0.0), Just(1.0), Just(0.5), 0.0..=1.0_f64]
        .prop_map(|number| Probability::try_from(number).unwrap())
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::Short),
        Just(Direction::Flat),
        Just(Direction::Long)
    ]
}

fn failure() -> impl Strategy<Value = LaneFailure> {
    let day = "2025-02-10".parse().ok();
    let data = move |state, fields: &[&str]| {
        Some(DataQuality {
            state,
            missing_fields: fields.iter().map(|it| (*it).to_owned()).collect(),
            last_available_date: day.filter(|_| state == QualityState::StaleData),
        })
    };
    let failure = |reason, data_quality| LaneFailure {
        reason,
        data_quality,
        error: Some("why".to_owned()),
    };
    prop_oneof![
        Just(failure(
            ReasonCode::StaleData,
            data(QualityState::StaleData, &[])
        )),
        Just(failure(
            ReasonCode::PartialData,
            data(QualityState::PartialData, &["high"])
        )),
        Just(failure(
            ReasonCode::ProviderMismatch,
            data(QualityState::ProviderMismatch, &[])
        )),
        Just(failure(
            ReasonCode::NonTradingDay,
            data(QualityState::NonTradingDay, &[])
        )),
        Just(failure(ReasonCode::QuantInitFailed, None)),
        Just(failure(ReasonCode::LlmSignalFailed, None)),
    ]
}

fn lane(research: bool) -> impl Strategy<Value = Lane> {
    let degraded = (0.01..0.99_f64).prop_map(|factor| Research::Degraded {
        factor: factor.try_into().unwrap(),
    });
    let research = if research {
        prop_oneof![Just(Research::Full), degraded].boxed()
    } else {
        Just(Research::Full).boxed()
    };
    let signal =
        (direction(), probability(), research).prop_map(|(direction, confidence, research)| {
            Lane::Signal(LaneSignal {
                direction,
                confidence,
                research,
            })
        });
    prop_oneof![3 => signal, 1 => failure().prop_map(Lane::Absent)]
}

fn policy() -> impl Strategy<Value = Policy> {
    let four = (probability(), probability(), probability(), probability());
    let caps = four.prop_map(|(quant_cap, llm_cap, quant_solo, llm_solo)| Caps {
        quant_weight_cap: quant_cap,
        llm_weight_cap: llm_cap,
        quant_solo_penalty: quant_solo,
        llm_solo_penalty: llm_solo,
    });
    let caps = prop_oneof![Just(Caps::default()), caps];
    (caps, any::<bool>()).prop_map(|(caps, odds)| {
        if odds {
            Policy::LogOdds(caps)
        } else {
            Policy::CappedSum(caps)
        }
    })
}

/// The document of two lanes, by the words of the contract.
fn document(quant: &Lane, llm: &Lane, policy: Policy) -> AnalysisResult {
    let merged = merge(quant, llm, policy);
    let research = llm
        .signal()
        .map_or(Research::Full, |signal| signal.research);
    let less = research.factor() < Probability::ONE;
    let quality = {
        let of = |lane: &Lane| lane.failure()?.data_quality.clone();
        let research = less.then_some(DataQuality {
            state: QualityState::ResearchDegraded,
            missing_fields: Vec::new(),
            last_available_date: None,
        });
        summary(of(quant).as_ref(), of(llm).or(research).as_ref())
    };
    let codes = match &merged {
        Ok(merged) => merged.reason_codes.clone(),
        Err(none) => none.reason_codes.clone(),
    };
    let degraded = !codes.is_empty() || quality.is_some() || less;
    let shown = merged
        .as_ref()
        .ok()
        .map(|it| Rating::shown(it.direction, it.confidence));
    AnalysisResult {
        contract: ANALYSIS_RESULT.to_owned(),
        contract_version: "v1alpha1".to_owned(),
        ticker: "AAPL".parse().unwrap(),
        date: "2025-03-04".parse().unwrap(),
        status: match (shown, degraded) {
            (None, _) => AnalysisStatus::Failed,
            (Some(_), true) => AnalysisStatus::DegradedSuccess,
            (Some(_), false) => AnalysisStatus::Completed,
        },
        decision: shown,
        confidence: merged.as_ref().ok().map(|it| it.confidence),
        signals: LaneSignals {
            merged: merged.as_ref().ok().map(|it| MergedResult {
                direction: it.direction,
                rating: Rating::shown(it.direction, it.confidence),
                policy: it.policy.into(),
                counted: it
                    .taken
                    .iter()
                    .map(|one| CountedLane {
                        source: one.source,
                        stated: one.stated,
                        factor: one.factor,
                        counted: one.counted,
                    })
                    .collect(),
                denominator: it.denominator,
            }),
            quant: told(quant),
            llm: told(llm),
        },
        degradation: Degradation {
            degraded,
            reason_codes: codes,
            source_diagnostics: LaneDiagnosticsBySource {
                quant: diagnostics(Source::Quant, quant),
                llm: diagnostics(Source::Llm, llm),
            },
        },
        data_quality: quality.map(|it| DataQualitySummary {
            state: it.worst.quality.state,
            source: it.worst.source,
            issues: it
                .issues
                .iter()
                .map(|one| issue(one.source, &one.quality))
                .collect(),
        }),
        research: Some(provenance(research)),
        evidence: Vec::new(),
        budget: BudgetState::default(),
        tentative_classification: None,
        error: shown.is_none().then(|| AnalysisError {
            code: "both_signals_unavailable".to_owned(),
            message: "neither".to_owned(),
            retryable: false,
        }),
    }
}

fn told(lane: &Lane) -> LaneResult {
    lane.signal()
        .map_or_else(LaneResult::absent, |signal| LaneResult {
            available: true,
            direction: Some(signal.direction),
            rating: Some(Rating::shown(signal.direction, signal.confidence)),
            confidence: Some(signal.confidence),
            structured: None,
        })
}

fn diagnostics(source: Source, lane: &Lane) -> Option<LaneDiagnostics> {
    let failure = lane.failure()?;
    Some(LaneDiagnostics {
        reason_code: failure.reason,
        data_quality: failure.data_quality.as_ref().map(|it| issue(source, it)),
        error: failure.error.clone(),
    })
}

fn issue(source: Source, quality: &DataQuality) -> DataIssue {
    DataIssue {
        source,
        state: quality.state,
        missing_fields: quality.missing_fields.clone(),
        last_available_date: quality.last_available_date,
    }
}

fn provenance(research: Research) -> Provenance {
    let full = research == Research::Full;
    Provenance {
        research_status: if full {
            ResearchStatus::Full
        } else {
            ResearchStatus::Degraded
        },
        research_mode: ResearchMode::Debate,
        timed_out_nodes: Vec::new(),
        degraded_reason: (!full).then(|| "news_timeout".to_owned()),
        covered_dimensions: ["bull", "bear", "manager"].map(str::to_owned).to_vec(),
        manager_confidence: Probability::ONE,
        factor: research.factor(),
        recovery: Vec::new(),
    }
}

/// A field that is changed, and the place that is then at fault; nothing where
/// it cannot be changed in this document.
type Mutation = (&'static str, fn(&mut Value) -> Option<()>);

fn set(document: &mut Value, pointer: &str, value: Value) -> Option<()> {
    let place = document.pointer_mut(pointer)?;
    (*place != value).then(|| *place = value)
}

/// Moves a number away from where it is, within 0 and 1.
fn shift(document: &mut Value, pointer: &str) -> Option<()> {
    let place = document.pointer_mut(pointer)?;
    let number = place.as_f64()?;
    *place = if number > 0.5 {
        json!(number - 0.25)
    } else {
        json!(number + 0.25)
    };
    Some(())
}

const MUTATIONS: &[Mutation] = &[
    ("/contract", |it| set(it, "/contract", json!("result"))),
    ("/contract_version", |it| {
        set(it, "/contract_version", json!("v1"))
    }),
    ("/confidence", |it| shift(it, "/confidence")),
    ("/confidence", |it| set(it, "/confidence", Value::Null)),
    ("/decision", |it| set(it, "/decision", Value::Null)),
    ("/signals/merged", |it| {
        set(it, "/signals/merged", Value::Null)
    }),
    ("/signals/merged/denominator", |it| {
        shift(it, "/signals/merged/denominator")
    }),
    ("/signals/merged/counted/0/counted", |it| {
        shift(it, "/signals/merged/counted/0/counted")
    }),
    ("/signals/merged/counted/0/stated", |it| {
        shift(it, "/signals/merged/counted/0/stated")
    }),
    ("/signals/merged/counted", |it| {
        let counted = it.pointer_mut("/signals/merged/counted")?.as_array_mut()?;
        let first = counted.first()?.clone();
        counted.push(first);
        Some(())
    }),
    ("/signals/merged/counted", |it| {
        let counted = it.pointer_mut("/signals/merged/counted")?.as_array_mut()?;
        (counted.len() == 2).then(|| counted.reverse())
    }),
    ("/signals/merged/direction", |it| {
        let place = it.pointer_mut("/signals/merged/direction")?;
        *place = json!(i32::from(place.as_i64()? == 0));
        Some(())
    }),
    // An absent lane that is told as one that holds.
    ("/signals/quant/confidence", |it| {
        set(it, "/signals/quant/available", json!(false))
    }),
    ("/signals/llm/direction", |it| {
        set(it, "/signals/llm/direction", Value::Null)
    }),
    ("/signals/quant/rating", |it| {
        let lane = it.pointer("/signals/quant/available")?;
        (lane == &json!(false)).then_some(())?;
        set(it, "/signals/quant/rating", json!("HOLD"))
    }),
    ("/signals/llm/direction", |it| {
        let lane = it.pointer("/signals/llm/available")?;
        (lane == &json!(false)).then_some(())?;
        set(it, "/signals/llm/available", json!(true))
    }),
    ("/degradation/degraded", |it| {
        let degraded = it.pointer("/degradation/degraded")?.as_bool()?;
        set(it, "/degradation/degraded", json!(!degraded))
    }),
    ("/degradation/reason_codes", |it| {
        let codes = it.pointer_mut("/degradation/reason_codes")?;
        codes.as_array_mut()?.push(json!("config_invalid"));
        Some(())
    }),
    ("/degradation/reason_codes", |it| {
        let codes = it.pointer_mut("/degradation/reason_codes")?;
        codes.as_array_mut()?.pop().map(|_| ())
    }),
    ("/degradation/reason_codes", |it| {
        let codes = it.pointer_mut("/degradation/reason_codes")?;
        let codes = codes.as_array_mut()?;
        (codes.len() > 1).then(|| codes.reverse())
    }),
    ("/degradation/source_diagnostics/quant", |it| {
        let lanes = it.pointer_mut("/degradation/source_diagnostics")?;
        lanes.as_object_mut()?.remove("quant").map(|_| ())
    }),
    ("/data_quality", |it| set(it, "/data_quality", Value::Null)),
    ("/data_quality/state", |it| {
        set(it, "/data_quality/state", json!("no_data"))
    }),
    ("/data_quality/issues", |it| {
        set(it, "/data_quality/issues", json!([]))
    }),
    ("/research", |it| {
        let lane = it.pointer("/signals/llm/available")?;
        (lane == &json!(true)).then_some(())?;
        set(it, "/research", Value::Null)
    }),
    ("/research/factor", |it| {
        it.pointer("/signals/llm/available")?
            .as_bool()?
            .then_some(())?;
        shift(it, "/research/factor")
    }),
    ("/research/covered_dimensions", |it| {
        let names = it.pointer_mut("/research/covered_dimensions")?;
        names.as_array_mut()?.reverse();
        Some(())
    }),
    ("/research/manager_confidence", |it| {
        set(it, "/research/manager_confidence", json!(0.0))
    }),
    ("/status", |it| {
        let place = it.pointer_mut("/status")?;
        *place = match place.as_str()? {
            "completed" => json!("degraded_success"),
            "degraded_success" => json!("completed"),
            _ => return None,
        };
        Some(())
    }),
    ("/decision", |it| set(it, "/status", json!("failed"))),
    ("/error/code", |it| {
        it.pointer("/error/code")?;
        set(it, "/status", json!("cancelled"))
    }),
    ("/error", |it| {
        it.pointer("/error/code")?;
        set(it, "/error", Value::Null)
    }),
    ("/error", |it| {
        it.pointer("/signals/merged/rating")?;
        let error = json!({"code": "cancelled", "message": "", "retryable": false});
        set(it, "/error", error)
    }),
    ("/budget/cached_tokens", |it| {
        set(it, "/budget/cached_tokens", json!(1))
    }),
    ("/budget/cost_nano", |it| {
        set(it, "/budget/cost_nano", json!(-1))
    }),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_the_kernel_yields_contradicts_itself_nowhere(
        quant in lane(false),
        llm in lane(true),
        policy in policy(),
    ) {
        let result = document(&quant, &llm, policy);
        prop_assert_eq!(faults_of_result(&result), []);
        // Nor after it was written and read.
        let text = serde_json::to_string(&result).unwrap();
        let read: AnalysisResult = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &result);
        prop_assert_eq!(faults_of_result(&read), []);
    }

    #[test]
    fn one_changed_field_is_found(
        quant in lane(false),
        llm in lane(true),
        policy in policy(),
        which in 0..MUTATIONS.len(),
    ) {
        let result = document(&quant, &llm, policy);
        let mut changed = serde_json::to_value(&result).unwrap();
        let (pointer, mutate) = MUTATIONS[which];
        let applied = mutate(&mut changed).is_some();
        let Ok(read) = serde_json::from_value::<AnalysisResult>(changed) else {
            return Ok(());
        };
        if applied && read != result {
            let faults = faults_of_result(&read);
            let found = faults.iter().any(|fault| fault.pointer == pointer);
            prop_assert!(found, "{pointer}: {faults:?}");
        }
    }
}

/// Every one of the changes can be made somewhere, so none is idle.
#[test]
fn every_change_is_possible_in_some_golden_document() {
    for (index, (pointer, mutate)) in MUTATIONS.iter().enumerate() {
        let possible = RESULTS.iter().any(|(_, text)| {
            let mut document: Value = serde_json::from_str(text).unwrap();
            let before = document.clone();
            mutate(&mut document).is_some()
                && document != before
                && serde_json::from_value::<AnalysisResult>(document).is_ok_and(|read| {
                    let faults = faults_of_result(&read);
                    faults.iter().any(|fault| fault.pointer == *pointer)
                })
        });
        assert!(possible, "{index}: {pointer}");
    }
}
