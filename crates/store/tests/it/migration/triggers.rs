//! Five things that must not happen, in the stores.

use std::fs;

use fondaco_app::migration::parity::GRACE;
use fondaco_app::migration::triggers::{Alarm, Trigger, judge};
use fondaco_app::migration::{Gate, Phase};
use fondaco_app::ports::legacy::LegacyFiles;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::records::{RecordKind, RecordStore, TrailQuery};
use serde_json::{Value, json};

use super::world::{End, World};

/// Analyses of every kind, told in files a while ago; the first one's name, and
/// that of a single lane.
fn healthy(phase: Phase) -> (World, String, String) {
    let world = World::new();
    let migration = world.in_phase(phase);
    let mut follower = world.follower(&migration);
    let both = world.ended("AAPL", End::Both);
    let single = world.ended("MSFT", End::LlmOnly);
    world.ended("TSLA", End::Neither);
    let (_, cancelled) = world.start(&["NVDA"]);
    world.cancel(cancelled);
    world.start(&["AAPL", "MSFT"]);
    world.work(20, &[]);
    world.settle(&mut follower);
    world.hands.pass(GRACE / 1_000_000);
    world.settle(&mut follower);
    (world, both, single)
}

fn alarms(world: &World) -> Vec<(Trigger, Vec<String>)> {
    let swept = world.migration().look_over().unwrap();
    let alarms = judge(&swept.observations).into_iter();
    alarms.map(|alarm| (alarm.trigger, alarm.tasks)).collect()
}

#[test]
fn none_fires_where_all_is_well_in_any_phase() {
    for phase in Phase::ALL {
        let (world, ..) = healthy(phase);
        assert_eq!(alarms(&world), [], "{phase}");
        let swept = world.migration().look_over().unwrap();
        assert_eq!(swept.differences, [], "{phase}");
        assert_eq!(swept.broken, [], "{phase}");
    }
}

#[test]
fn each_fires_where_it_should() {
    type Harm = fn(&World, &str, &str);
    let cases: [(Trigger, Harm, bool); 7] = [
        (
            Trigger::StatusDisappeared,
            |world, both, _| fs::remove_file(world.file(both)).unwrap(),
            true,
        ),
        (
            Trigger::StatusDisappeared,
            |world, both, _| fs::write(world.file(both), "{").unwrap(),
            true,
        ),
        (
            Trigger::ProgressStopped,
            |world, both, _| {
                world.tamper(both, |file| {
                    file["status"] = json!("running");
                    file["progress"] = json!(20);
                });
            },
            true,
        ),
        (
            Trigger::DecisionLost,
            |world, both, _| world.tamper(both, |file| file["confidence"] = Value::Null),
            true,
        ),
        (
            Trigger::LaneReclassified,
            |world, _, single| world.tamper(single, |file| file["quant_signal"] = json!("HOLD")),
            false,
        ),
        (
            Trigger::LaneReclassified,
            |world, _, single| world.tamper(single, |file| file["status"] = json!("completed")),
            false,
        ),
        (
            Trigger::ArtifactsMissing,
            |world, both, _| {
                world.tamper(both, |file| file["result_ref"] = json!("results/gone.json"));
            },
            true,
        ),
    ];
    for (trigger, harm, of_both) in cases {
        let (world, both, single) = healthy(Phase::ContractFreeze);
        harm(&world, &both, &single);
        let named = if of_both { both } else { single };
        assert_eq!(alarms(&world), [(trigger, vec![named])], "{trigger:?}");
    }
}

#[test]
fn a_recommendation_that_is_gone_is_an_artifact_that_is_missing() {
    let (world, both, _) = healthy(Phase::DualWrite);
    let path = "data/recommendations/2025-03-04/AAPL.json";
    fs::remove_file(world.home.path().join(path)).unwrap();
    let found = alarms(&world);
    assert_eq!(found[0].0, Trigger::ArtifactsMissing);
    assert!(found[0].1.contains(&both), "{found:?}");
    assert_eq!(
        world.folder().recommendation("2025-03-04", "AAPL").unwrap(),
        None
    );
}

#[test]
fn clients_of_a_socket_that_are_sent_nothing_are_seen() {
    let (world, both, _) = healthy(Phase::Contract);
    let migration = world.migration();
    let found = || judge(&migration.look_over().unwrap().observations);
    let (name, _) = world.start(&["TSLA"]);
    migration.sockets.opened(&name, world.hands.wall());
    migration.sockets.opened(&both, world.hands.wall());
    world.work(5, &[]);
    assert_eq!(found(), []);
    world.hands.pass(GRACE / 1_000_000);
    world.settle(&mut world.follower(&migration));
    let alarm = Alarm {
        trigger: Trigger::ProgressStopped,
        count: 1,
        tasks: vec![name.clone()],
    };
    assert_eq!(found(), [alarm]);
    migration.sockets.sent(&name, world.hands.wall());
    assert_eq!(found(), []);
    migration.sockets.closed(&name);
    assert_eq!(migration.sockets.watched().len(), 1);
}

#[test]
fn a_trigger_closes_the_gate_and_is_on_the_record_once() {
    let (world, both, _) = healthy(Phase::ContractFreeze);
    let migration = world.migration();
    assert_eq!(migration.watch("runtime").unwrap(), []);
    world.tamper(&both, |file| file["decision"] = Value::Null);
    for _ in 0..3 {
        assert_eq!(migration.watch("runtime").unwrap().len(), 1);
    }
    let refused = migration.advance("cli:me", None, &Gate::default(), None);
    let words = refused.unwrap_err().to_string();
    assert!(words.contains(&format!("decision_lost: {both}")), "{words}");
    world.tamper(&both, |file| file["decision"] = json!("BUY"));
    assert_eq!(migration.watch("runtime").unwrap(), []);
    let trail = world.store.trail(&TrailQuery {
        kind: Some(RecordKind::Migration),
        ..TrailQuery::default()
    });
    assert_eq!(trail.unwrap().len(), 2);
    let record = RecordStore::record(&*world.store, RecordKind::Migration, "alarms").unwrap();
    assert_eq!(record.unwrap().actor, "runtime");
}
