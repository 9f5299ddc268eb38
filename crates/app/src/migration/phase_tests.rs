//! The gates, one reason after the other.

use fondaco_domain::flags::FlagSnapshot;

use super::*;
use crate::migration::Plan;
use crate::migration::plan::{Reads, Shape};
use crate::migration::triggers::Trigger;

#[test]
fn each_phase_comes_to_what_the_table_says() {
    use Reads::{Legacy, LegacyCompared, New, NewFirst};
    use Shape::{Legacy as Old, V1alpha1};
    for (phase, reads, legacy, contract, shape, socket) in [
        (Phase::ContractFreeze, Legacy, true, false, Old, Old),
        (
            Phase::ApplicationService,
            LegacyCompared,
            true,
            false,
            Old,
            Old,
        ),
        (Phase::DualRead, NewFirst, true, false, Old, Old),
        (Phase::DualWrite, NewFirst, true, true, Old, Old),
        (Phase::Contract, NewFirst, true, true, V1alpha1, V1alpha1),
        (Phase::LegacyRemoved, New, false, false, V1alpha1, V1alpha1),
    ] {
        let flags = FlagSnapshot::of(phase.flags()).unwrap();
        let plan = Plan::from(&flags);
        assert_eq!(
            (plan.reads, plan.writes_legacy, plan.writes_contract),
            (reads, legacy, contract),
            "{phase}"
        );
        assert_eq!((plan.shape, plan.socket), (shape, socket), "{phase}");
        assert!(phase.unsettled(&flags).is_empty());
        assert_eq!(Phase::of_number(phase.number()), Some(phase));
    }
    let defaults = FlagSnapshot::default();
    assert!(Phase::ContractFreeze.unsettled(&defaults).is_empty());
    assert_eq!(Phase::of_number(6), None);
}

/// One flag rolls everything back, and what was never read is never left
/// unwritten.
#[test]
fn whatever_the_flags_are_a_store_that_is_read_is_written() {
    let words = |number: u32, flag: Flag| match flag {
        Flag::TaResultContractVersion if number == 1 => FlagValue::Choice(V1ALPHA1.to_owned()),
        Flag::TaResultContractVersion => FlagValue::Choice(NO_CONTRACT.to_owned()),
        _ => FlagValue::Bool(number == 1),
    };
    let flags = Phase::default().flags().map(|(flag, _)| flag);
    for number in 0..32_u32 {
        let set = flags.iter().enumerate();
        let set = set.map(|(at, flag)| (*flag, words(number >> at & 1, *flag)));
        let snapshot = FlagSnapshot::of(set).unwrap();
        let plan = Plan::from(&snapshot);
        assert!(plan.writes_legacy || plan.reads == Reads::New, "{plan:?}");
        assert!(plan.writes_legacy || !plan.writes_contract, "{plan:?}");
        if !snapshot.app_service() {
            let off = Plan::from(&FlagSnapshot::default());
            assert_eq!(
                Plan {
                    flags: off.flags.clone(),
                    ..plan
                },
                off
            );
        }
    }
}

#[test]
fn steps_are_single_and_the_last_one_back_leads_to_dual_write() {
    for phase in Phase::ALL {
        assert_eq!(phase.next().is_none(), phase == Phase::LegacyRemoved);
        assert_eq!(phase.back().is_none(), phase == Phase::ContractFreeze);
    }
    assert_eq!(Phase::LegacyRemoved.back(), Some(Phase::DualWrite));
    assert_eq!(Phase::Contract.back(), Some(Phase::DualWrite));
}

fn well() -> Findings {
    Findings {
        now: UnixMicros(100 * DAY),
        alarms: Vec::new(),
        differences: 0,
        unsettled: Vec::new(),
        dual_since: Some(UnixMicros(93 * DAY)),
        equal: 20,
    }
}

fn told(from: Phase, found: &Findings) -> Vec<String> {
    let gate = Gate::default();
    let refusals = refusals(from, found, &gate);
    refusals.iter().map(Refusal::to_string).collect()
}

#[test]
fn a_gate_is_open_where_all_is_well_and_says_each_reason_where_not() {
    for phase in &Phase::ALL[..5] {
        assert_eq!(told(*phase, &well()), [""; 0]);
    }
    let alarm = Alarm {
        trigger: Trigger::DecisionLost,
        count: 7,
        tasks: vec!["a".to_owned(), "b".to_owned()],
    };
    let ill = Findings {
        alarms: vec![alarm],
        differences: 3,
        unsettled: vec![Flag::TaTaskstoreDualRead],
        dual_since: Some(UnixMicros(93 * DAY + 1)),
        equal: 19,
        ..well()
    };
    let all = [
        "decision_lost: a, b and 5 more",
        "3 differences in the last 24 hours",
        "not as in this phase: ta_taskstore_dual_read",
    ];
    for phase in &Phase::ALL[..4] {
        assert_eq!(told(*phase, &ill), all);
    }
    assert_eq!(
        told(Phase::Contract, &ill),
        [
            all[0],
            "3 differences in the last 168 hours",
            all[2],
            "both stores have been written for 6 days of 7",
            "19 analyses of 20 have ended and been found equal",
        ]
    );
    let never = Findings {
        dual_since: None,
        ..well()
    };
    assert_eq!(
        told(Phase::Contract, &never),
        ["both stores have been written for 0 days of 7"]
    );
}
