use proptest::prelude::*;

use super::*;

fn probability() -> impl Strategy<Value = Probability> {
    prop_oneof![
        Just(0.0),
        Just(1.0),
        Just(0.5),
        0.0..=1.0_f64,
        (0.0..=1.0_f64).prop_map(|small| small * 1e-9),
    ]
    .prop_map(|number| Probability::try_from(number).unwrap())
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::Short),
        Just(Direction::Flat),
        Just(Direction::Long)
    ]
}

fn signal() -> impl Strategy<Value = LaneSignal> {
    let research = prop_oneof![
        Just(Research::Full),
        probability().prop_map(|factor| Research::Degraded { factor }),
    ];
    (direction(), probability(), research).prop_map(|(direction, confidence, research)| {
        LaneSignal {
            direction,
            confidence,
            research,
        }
    })
}

fn lane() -> impl Strategy<Value = Lane> {
    let reason = proptest::sample::select(ReasonCode::ALL.to_vec());
    prop_oneof![
        3 => signal().prop_map(Lane::Signal),
        1 => reason.prop_map(Lane::absent),
    ]
}

fn caps() -> impl Strategy<Value = Caps> {
    let four = (probability(), probability(), probability(), probability());
    four.prop_map(|(quant_cap, llm_cap, quant_solo, llm_solo)| Caps {
        quant_weight_cap: quant_cap,
        llm_weight_cap: llm_cap,
        quant_solo_penalty: quant_solo,
        llm_solo_penalty: llm_solo,
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let caps = prop_oneof![Just(Caps::default()), caps()];
    caps.prop_flat_map(|caps| {
        prop_oneof![Just(Policy::CappedSum(caps)), Just(Policy::LogOdds(caps))]
    })
}

fn says(direction: i8, confidence: f64) -> Lane {
    Lane::Signal(LaneSignal {
        direction: direction.try_into().unwrap(),
        confidence: confidence.try_into().unwrap(),
        research: Research::Full,
    })
}

/// How sure the outcome is of a direction; of another one, not at all.
fn sure_of(outcome: &Result<Merged, NoSignal>, direction: Direction) -> f64 {
    match outcome {
        Ok(merged) if merged.direction == direction => merged.confidence.get(),
        _ => 0.0,
    }
}

/// As far as doubles go.
const CLOSE: f64 = 1e-12;

/// By hand from the formulas, with the caps 0.8 and 0.9 and the penalties 0.8
/// and 0.7.
#[test]
fn worked_examples() {
    let none = || Lane::absent(ReasonCode::QuantNoData);
    let merged = |quant: &Lane, llm: &Lane, policy| {
        let merged = merge(quant, llm, policy).unwrap();
        (i8::from(merged.direction), merged.confidence.get())
    };
    let sum = Policy::default();
    let odds = Policy::LogOdds(Caps::default());
    let cases = [
        // The caps bite: (0.8 + 0.9) / 1.7.
        (says(1, 1.0), says(1, 1.0), sum, (1, 1.0)),
        // Agreement saturates, and the result says of what.
        (says(1, 0.1), says(1, 0.1), sum, (1, 1.0)),
        (says(1, 0.1), says(1, 0.1), odds, (1, 0.2 / 1.01)),
        // (0.6 - 0.9) / 1.5.
        (says(1, 0.6), says(-1, 0.9), sum, (-1, 0.2)),
        (says(1, 0.6), says(-1, 0.9), odds, (-1, 0.3 / 0.46)),
        // A flat lane is in the denominator of the one, and no evidence for
        // the other.
        (says(1, 0.6), says(0, 0.4), sum, (1, 0.6)),
        (says(1, 0.6), says(0, 0.4), odds, (1, 0.6)),
        (says(1, 0.5), says(-1, 0.5), sum, (0, 0.0)),
        (says(1, 0.0), says(-1, 0.0), sum, (0, 0.0)),
        // Alone: 0.9 x 0.8, and 1.0 x 0.7.
        (says(-1, 0.9), none(), sum, (-1, 0.72)),
        (none(), says(1, 1.0), sum, (1, 0.7)),
        (none(), says(0, 0.5), odds, (0, 0.35)),
    ];
    for (quant, llm, policy, (direction, confidence)) in cases {
        let (got, sure) = merged(&quant, &llm, policy);
        assert_eq!(got, direction, "{quant:?} {llm:?}");
        assert!(
            (sure - confidence).abs() < CLOSE,
            "{quant:?} {llm:?}: {sure}"
        );
    }
}

#[test]
fn weak_agreement_is_visible_in_what_was_counted() {
    let merged = merge(&says(1, 0.1), &says(1, 0.1), Policy::default()).unwrap();
    let counted: Vec<f64> = merged.taken.iter().map(|one| one.counted.get()).collect();
    assert_eq!(counted, [0.1, 0.1]);
    assert!((merged.denominator - 0.2).abs() < CLOSE);
}

#[test]
fn half_researched_counts_half() {
    let half = Lane::Signal(LaneSignal {
        direction: Direction::Short,
        confidence: Probability(0.8),
        research: Research::Degraded {
            factor: Probability(0.5),
        },
    });
    let merged = merge(&says(1, 0.6), &half, Policy::default()).unwrap();
    assert_eq!(merged.taken[1].counted.get(), 0.4);
    assert_eq!(merged.direction, Direction::Long);
    assert!((merged.confidence.get() - 0.2).abs() < CLOSE);
    assert!(merged.is_degraded());
    assert!(merged.reason_codes.is_empty());
}

#[test]
fn nothing_from_nobody() {
    let quant = Lane::absent(ReasonCode::StaleData);
    let same = merge(&quant, &quant, Policy::default()).unwrap_err();
    assert_eq!(
        same.reason_codes,
        [ReasonCode::StaleData, ReasonCode::BothSignalsUnavailable]
    );
}

proptest! {
    #[test]
    fn bounded(quant in lane(), llm in lane(), policy in policy()) {
        if let Ok(merged) = merge(&quant, &llm, policy) {
            let confidence = merged.confidence.get();
            prop_assert!((0.0..=1.0).contains(&confidence));
            for taken in &merged.taken {
                prop_assert!(taken.counted <= policy.caps().cap(taken.source));
                prop_assert!(taken.counted <= taken.stated);
            }
        } else {
            prop_assert!(quant.signal().is_none() && llm.signal().is_none());
        }
    }

    /// Both lanes turned round turn the outcome round, and change nothing else.
    #[test]
    fn mirrored(quant in lane(), llm in lane(), policy in policy()) {
        let turned = |lane: &Lane| match lane {
            Lane::Signal(signal) => Lane::Signal(LaneSignal {
                direction: signal.direction.reversed(),
                ..*signal
            }),
            absent @ Lane::Absent(_) => absent.clone(),
        };
        let straight = merge(&quant, &llm, policy);
        let mirror = merge(&turned(&quant), &turned(&llm), policy);
        match (straight, mirror) {
            (Ok(straight), Ok(mirror)) => {
                prop_assert_eq!(mirror.direction, straight.direction.reversed());
                prop_assert_eq!(mirror.confidence, straight.confidence);
            }
            (straight, mirror) => prop_assert_eq!(straight.is_err(), mirror.is_err()),
        }
    }

    /// Lanes that change places, with their caps, come to the same.
    #[test]
    fn the_same_from_either_side(quant in signal(), llm in signal(), caps in caps()) {
        let swapped = Caps {
            quant_weight_cap: caps.llm_weight_cap,
            llm_weight_cap: caps.quant_weight_cap,
            quant_solo_penalty: caps.llm_solo_penalty,
            llm_solo_penalty: caps.quant_solo_penalty,
        };
        let (quant, llm) = (Lane::Signal(quant), Lane::Signal(llm));
        for make in [Policy::CappedSum, Policy::LogOdds] {
            let one = merge(&quant, &llm, make(caps)).unwrap();
            let other = merge(&llm, &quant, make(swapped)).unwrap();
            prop_assert_eq!(one.direction, other.direction);
            prop_assert_eq!(one.confidence, other.confidence);
        }
    }

    /// A lane that is surer of its direction never makes the outcome less sure
    /// of it.
    #[test]
    fn monotone(quant in lane(), llm in signal(), more in probability(), policy in policy()) {
        let surer = LaneSignal { confidence: Probability(llm.confidence.0.max(more.0)), ..llm };
        let before = merge(&quant, &Lane::Signal(llm), policy);
        let after = merge(&quant, &Lane::Signal(surer), policy);
        if llm.direction != Direction::Flat {
            let (before, after) = (sure_of(&before, llm.direction), sure_of(&after, llm.direction));
            prop_assert!(after >= before - CLOSE, "{before} {after}");
        }
    }

    /// A lane that is lost, or counts less, never makes the outcome surer of
    /// the direction it points in.
    #[test]
    fn nothing_is_gained_by_losing_a_lane(
        quant in lane(),
        llm in signal(),
        factor in probability(),
        policy in policy(),
    ) {
        prop_assume!(llm.direction != Direction::Flat);
        let whole = sure_of(&merge(&quant, &Lane::Signal(llm), policy), llm.direction);
        let less = LaneSignal {
            research: Research::Degraded { factor: llm.research.factor().times(factor) },
            ..llm
        };
        let gone = Lane::absent(ReasonCode::LlmSignalFailed);
        for lost in [Lane::Signal(less), gone] {
            let left = sure_of(&merge(&quant, &lost, policy), llm.direction);
            prop_assert!(left <= whole + CLOSE, "{whole} {left}");
        }
    }

    /// Reasons stand in the order of the lanes, each once.
    #[test]
    fn reasons_in_order(quant in lane(), llm in lane(), policy in policy()) {
        let said = match merge(&quant, &llm, policy) {
            Ok(merged) => merged.reason_codes,
            Err(none) => none.reason_codes,
        };
        let mut seen = said.clone();
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), said.len());
        let place = |lane: &Lane| {
            let reason = lane.failure()?.reason;
            said.iter().position(|code| *code == reason)
        };
        if let (Some(first), Some(second)) = (place(&quant), place(&llm)) {
            let last = quant.failure().is_some_and(|it| it.reason == ReasonCode::BothSignalsUnavailable);
            prop_assert!(first <= second || last);
        }
    }

    /// Two that agree come to no less than the surer, and to less than both
    /// together.
    #[test]
    fn log_odds_pool(q in probability(), l in probability(), caps in caps()) {
        let both = merge(&says(1, q.0), &says(1, l.0), Policy::LogOdds(caps)).unwrap();
        let counted = both.taken.iter().map(|one| one.counted.get());
        let (largest, sum) = counted.fold((0.0_f64, 0.0), |(max, sum), c| (max.max(c), sum + c));
        prop_assert!(both.confidence.get() >= largest - CLOSE);
        prop_assert!(both.confidence.get() <= sum + CLOSE);
    }
}

#[test]
fn shown_as_words() {
    let shown = |direction: Direction, confidence| {
        Rating::shown(direction, Probability(confidence)).as_str()
    };
    assert_eq!(shown(Direction::Long, 0.7), "BUY");
    assert_eq!(shown(Direction::Long, 0.699), "OVERWEIGHT");
    assert_eq!(shown(Direction::Flat, 1.0), "HOLD");
    assert_eq!(shown(Direction::Short, 0.5), "UNDERWEIGHT");
    assert_eq!(shown(Direction::Short, 0.7), "SELL");
    for rating in Rating::ALL {
        assert_eq!(Rating::parse(&rating.as_str().to_lowercase()), Some(rating));
    }
}

#[test]
fn only_a_line_states_a_rating() {
    let cases = [
        ("rating: BUY", Some(Rating::Buy)),
        (
            "Long text.\n\n**Rating:** overweight.\nMore.",
            Some(Rating::Overweight),
        ),
        ("## Rating: HOLD", Some(Rating::Hold)),
        ("I do not say BUY. Do not BUY.", None),
        ("My rating: it depends, BUY or SELL", None),
        ("Rating: BUY\nRating: SELL", None),
        ("Rating: BUY\nrating: buy", Some(Rating::Buy)),
        ("Rating: not BUY", None),
        ("Rating:", None),
        ("Overrating: BUY", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(explicit_rating(text), expected, "{text}");
    }
}

#[test]
fn the_worst_comes_first() {
    let of = |state| DataQuality {
        state,
        missing_fields: Vec::new(),
        last_available_date: None,
    };
    let stale = of(QualityState::StaleData);
    let closed = of(QualityState::NonTradingDay);
    let found = summary(Some(&stale), Some(&closed)).unwrap();
    assert_eq!(found.worst.source, Source::Llm);
    assert_eq!(found.worst.quality, closed);
    let sources: Vec<Source> = found.issues.iter().map(|issue| issue.source).collect();
    assert_eq!(sources, [Source::Quant, Source::Llm]);
    assert_eq!(summary(None, None), None);
}

#[test]
fn codes_have_their_names() {
    for code in ReasonCode::ALL {
        assert_eq!(ReasonCode::parse(code.as_str()), Some(code));
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
    assert!(serde_json::from_str::<Probability>("1.01").is_err());
    assert!(serde_json::from_str::<Direction>("2").is_err());
}
