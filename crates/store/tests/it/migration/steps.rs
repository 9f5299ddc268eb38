//! One step at a time, and back.

use fondaco_app::flags;
use fondaco_app::migration::{Forced, Gate, Migration, MigrationError, Phase, Refusal, playbook};
use fondaco_app::ports::records::{RecordKind, TrailQuery};
use fondaco_domain::flags::{Flag, FlagValue};
use fondaco_domain::{ErrorKind, Hint};
use serde_json::{Value, json};

use super::world::{End, World};

const DAY: i64 = 86_400;

fn refused(done: Result<Phase, MigrationError>) -> Vec<String> {
    match done {
        Err(MigrationError::Refused { refusals, .. }) => {
            refusals.iter().map(Refusal::to_string).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn advance(migration: &Migration) -> Result<Phase, MigrationError> {
    migration.advance("cli:me", None, &Gate::default(), None)
}

/// What the records of steps say, the oldest first: from, to, who, forced.
fn facts(world: &World) -> Vec<Value> {
    let trail = world.store.trail(&TrailQuery {
        kind: Some(RecordKind::Migration),
        name: Some("phase".to_owned()),
        ..TrailQuery::default()
    });
    let mut facts: Vec<Value> = trail
        .unwrap()
        .into_iter()
        .map(|record| {
            let step: Value = serde_json::from_str(&record.body.unwrap()).unwrap();
            json!([
                step["from"],
                step["phase"],
                record.actor,
                step["reason"],
                step["forced"]
            ])
        })
        .collect();
    facts.reverse();
    facts
}

#[test]
fn the_whole_way_and_one_step_back_from_everywhere() {
    let world = World::new();
    let migration = world.migration();
    let mut follower = world.follower(&migration);
    for phase in &Phase::ALL[1..5] {
        assert_eq!(advance(&migration).unwrap(), *phase);
        world.ended("AAPL", End::Both);
        world.settle(&mut follower);
        assert!(phase.unsettled(&migration.flags().unwrap()).is_empty());
        // A step back and forth again.
        let back = migration.rollback("cli:me", None, Some("to try")).unwrap();
        assert_eq!(Some(back), phase.back());
        assert_eq!(advance(&migration).unwrap(), *phase);
    }
    // The last gate wants days and analyses.
    assert_eq!(
        refused(advance(&migration)),
        [
            "both stores have been written for 0 days of 7",
            "0 analyses of 20 have ended and been found equal",
        ]
        .map(|it| it.replace("0 analyses", "1 analyses"))
    );
    for _ in 0..19 {
        world.ended("AAPL", End::QuantOnly);
    }
    world.settle(&mut follower);
    assert_eq!(
        refused(advance(&migration)),
        ["both stores have been written for 0 days of 7"]
    );
    world.hands.pass(7 * DAY);
    assert_eq!(advance(&migration).unwrap(), Phase::LegacyRemoved);
    let error = advance(&migration).unwrap_err();
    assert_eq!(
        error.to_string(),
        "phase 5 (legacy path removed) is the last phase"
    );
    assert_eq!(error.kind(), ErrorKind::Invalid);
    // One step, and not to where new files would be taken for compared ones.
    let back = migration.rollback("cli:me", None, None).unwrap();
    assert_eq!(back, Phase::DualWrite);
    for number in (0..3).rev() {
        let back = migration.rollback("cli:me", None, None).unwrap();
        assert_eq!(back.number(), number);
    }
    let error = migration.rollback("cli:me", None, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "phase 0 (contract freeze) is the first phase"
    );
    let facts = facts(&world);
    assert_eq!(facts.len(), 4 * 3 + 1 + 4);
    assert_eq!(facts[0], json!([0, 1, "cli:me", null, []]));
    assert_eq!(facts[1], json!([1, 0, "cli:me", "to try", []]));
    assert_eq!(facts[12], json!([4, 5, "cli:me", null, []]));
    assert_eq!(facts[13], json!([5, 3, "cli:me", null, []]));
}

#[test]
fn a_difference_closes_the_gate_for_its_window() {
    let world = World::new();
    let migration = world.migration();
    advance(&migration).unwrap();
    advance(&migration).unwrap();
    let name = world.ended("AAPL", End::Both);
    world.settle(&mut world.follower(&migration));
    world.tamper(&name, |file| file["current_stage"] = json!("risk"));
    migration.read_task(&name).unwrap();
    world.tamper(&name, |file| file["current_stage"] = Value::Null);
    assert_eq!(
        refused(advance(&migration)),
        ["1 differences in the last 24 hours"]
    );
    world.hands.pass(DAY + 1);
    assert_eq!(advance(&migration).unwrap(), Phase::DualWrite);
    // One that lasts closes it, too, before anybody has asked.
    world.tamper(&name, |file| file["decision"] = json!("SELL"));
    assert_eq!(refused(advance(&migration)).len(), 1);
}

#[test]
fn force_needs_a_reason_and_leaves_what_it_was_made_in_spite_of() {
    let world = World::new();
    let migration = world.in_phase(Phase::DualRead);
    assert_eq!(
        refused(advance(&migration)),
        ["not as in this phase: ta_app_service_enabled, ta_taskstore_dual_read"]
    );
    let forced = |reason: &str| {
        let forced = Forced(reason.to_owned());
        migration.advance("cli:me", None, &Gate::default(), Some(&forced))
    };
    assert!(matches!(forced(" "), Err(MigrationError::NoReason)));
    assert_eq!(facts(&world), [Value::Null; 0]);
    forced("a drill").unwrap();
    assert_eq!(
        facts(&world),
        [json!([
            0,
            1,
            "cli:me",
            "a drill",
            ["not as in this phase: ta_app_service_enabled, ta_taskstore_dual_read"]
        ])]
    );
    let far = migration.advance("cli:me", Some(Phase::Contract), &Gate::default(), None);
    assert!(
        matches!(far, Err(MigrationError::FarStep { .. })),
        "{far:?}"
    );
}

#[test]
fn a_step_that_was_cut_off_shows_and_is_made_whole_by_naming_its_phase() {
    let world = World::new();
    let migration = world.migration();
    advance(&migration).unwrap();
    let off = (Flag::TaAppServiceEnabled, &FlagValue::Bool(false));
    flags::set(&*world.store, &*world.hands, "cli:me", off, None).unwrap();
    let standing = migration.standing(&Gate::default()).unwrap();
    assert_eq!(standing.phase, Phase::ApplicationService);
    assert_eq!(
        standing.refusals,
        [Refusal::Unsettled(vec![Flag::TaAppServiceEnabled])]
    );
    let same = Some(Phase::ApplicationService);
    migration.rollback("cli:me", same, None).unwrap();
    assert_eq!(migration.standing(&Gate::default()).unwrap().refusals, []);
    assert_eq!(facts(&world).len(), 1);
}

#[test]
fn of_two_who_step_at_once_one_does() {
    let world = World::new();
    let done = std::thread::scope(|scope| {
        let steps: Vec<_> = (0..8)
            .map(|number| {
                let world = &world;
                scope.spawn(move || {
                    let to = Some(Phase::ApplicationService);
                    let actor = format!("cli:{number}");
                    world
                        .migration()
                        .advance(&actor, to, &Gate::default(), None)
                        .is_ok()
                })
            })
            .collect();
        steps
            .into_iter()
            .filter(|_| true)
            .map(|it| it.join().unwrap())
            .collect::<Vec<_>>()
    });
    // Who came later found it done, or was refused.
    assert!(done.iter().any(|done| *done));
    assert_eq!(facts(&world).len(), 1);
    let flags = world.migration().flags().unwrap();
    assert!(Phase::ApplicationService.unsettled(&flags).is_empty());
}

#[test]
fn the_playbook_says_the_flags_as_they_are() {
    let world = World::new();
    let migration = world.migration();
    advance(&migration).unwrap();
    advance(&migration).unwrap();
    let standing = migration.standing(&Gate::default()).unwrap();
    insta::assert_snapshot!(playbook(&standing), @r#"
    Rollback playbook, from phase 2 (dual read of tasks)

    Now:
      TA_APP_SERVICE_ENABLED=true
      TA_RESULT_CONTRACT_VERSION=off
      TA_TASKSTORE_DUAL_READ=true
      TA_TASKSTORE_DUAL_WRITE=false
      TA_WS_V1ALPHA1_ENABLED=false

      1. One step back, where that is enough (leads to phase 1 (application service behind the routes)):
         fondaco migration rollback --reason "…"
      2. Or everything at once. Disable the read path of the application service; from then on the legacy files are
         what routes read, and answers and sockets have the legacy shape:
         fondaco flag set ta_app_service_enabled false
      3. Disable dual write, where it spoils what is compared:
         fondaco flag set ta_taskstore_dual_write false
      4. Restore the legacy shape of answers and sockets, where the application service is to stay:
         fondaco flag set ta_result_contract_version off
         fondaco flag set ta_ws_v1alpha1_enabled false
      5. Keep what was compared; nothing of it is removed by a step back:
         fondaco migration diff --output json > parity.json
      6. Test again, and go through one analysis by hand, from its start to its report:
         fondaco migration status

    The flags count from the next request on; no process is started again. When all is well,
    `fondaco migration rollback --to 2` sets the flags of the phase once more.
    "#);
}
