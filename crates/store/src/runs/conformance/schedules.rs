//! Schedules and their ticks.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{RunQuery, RunStoreError};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule};
use fondaco_domain::UnixMicros;
use fondaco_domain::schedule::{CatchUp, Overlap, Timing, Trigger};

use super::{agrees, at, submission};

pub(super) fn hourly(name: &str) -> Schedule {
    let run = submission(9, "q", 0);
    Schedule {
        name: name.to_owned(),
        timing: Timing {
            trigger: Trigger::Interval {
                every: 3_600_000_000,
                anchor: UnixMicros(0),
            },
            overlap: Overlap::Skip,
            catch_up: CatchUp::One,
            jitter_ms: 10,
        },
        spec: run.spec,
        new: run.new,
        paused: false,
        next: Some(UnixMicros(100)),
        since: UnixMicros(1),
    }
}

fn firing(number: u8, seen: i64, next: i64) -> Firing {
    Firing {
        schedule: "b".to_owned(),
        seen: Some(UnixMicros(seen)),
        at: UnixMicros(seen),
        submission: Some(submission(number, "q", 1)),
        passed: None,
        next: Some(UnixMicros(next)),
    }
}

pub(super) fn kept(store: &dyn Store) -> Result<(), RunStoreError> {
    let (a, b) = (hourly("a"), hourly("b"));
    store.add_schedule(b.clone(), at(2))?;
    store.add_schedule(a.clone(), at(2))?;
    assert!(matches!(
        store.add_schedule(hourly("a"), at(2)),
        Err(RunStoreError::ScheduleTaken(name)) if name == "a"
    ));
    let mut other_spec = hourly("c");
    other_spec.spec.push(' ');
    assert!(matches!(
        store.add_schedule(other_spec, at(2)),
        Err(RunStoreError::SpecMismatch(_))
    ));
    assert_eq!(store.schedules()?, [a.clone(), b]);
    store.pause_schedule("b", true, None, at(3))?;
    let paused = &store.schedules()?[1];
    assert_eq!((paused.paused, paused.next), (true, None));
    let next = Some(UnixMicros(700));
    store.pause_schedule("b", false, next, at(3))?;
    let goes_on = &store.schedules()?[1];
    assert_eq!((goes_on.paused, goes_on.next), (false, next));
    store.remove_schedule("b", at(5))?;
    assert_eq!(store.schedules()?, [a]);
    let answers = [
        store.remove_schedule("b", at(5)).err(),
        store.pause_schedule("b", true, None, at(3)).err(),
        store.fire(firing(1, 100, 200), at(100)).err(),
        store.fired("b", 9).err(),
    ];
    for answer in answers {
        assert!(matches!(answer, Some(RunStoreError::NoSchedule(name)) if name == "b"));
    }
    Ok(())
}

pub(super) fn once(store: &dyn Store) -> Result<(), RunStoreError> {
    store.add_schedule(hourly("b"), at(2))?;
    assert!(store.fire(firing(1, 100, 200), at(101))?);
    // The one who was slower, with the run it made up.
    assert!(!store.fire(firing(2, 100, 200), at(102))?);
    // Set back behind a tick that was kept.
    store.pause_schedule("b", false, Some(UnixMicros(100)), at(3))?;
    assert!(!store.fire(firing(2, 100, 200), at(103))?);
    store.pause_schedule("b", false, Some(UnixMicros(200)), at(3))?;
    assert!(store.fire(firing(3, 200, 300), at(201))?);
    store.pause_schedule("b", true, Some(UnixMicros(300)), at(3))?;
    assert!(!store.fire(firing(4, 300, 400), at(301))?);
    let ids: Vec<_> = store
        .runs(&RunQuery::default())?
        .iter()
        .map(|run| run.id)
        .collect();
    let number = |number| submission(number, "", 0).id;
    assert_eq!(ids, [number(3), number(1)]);
    let tick = |at, run| Fired {
        at: UnixMicros(at),
        run: Some(number(run)),
        passed: None,
    };
    assert_eq!(store.fired("b", 9)?, [tick(200, 3), tick(100, 1)]);
    assert_eq!(store.fired("b", 1)?, [tick(200, 3)]);
    // Its runs stay.
    store.remove_schedule("b", at(5))?;
    assert_eq!(store.runs(&RunQuery::default())?.len(), 2);
    agrees(store)
}

pub(super) fn passed(store: &dyn Store) -> Result<(), RunStoreError> {
    store.add_schedule(hourly("b"), at(2))?;
    let mut passes = firing(1, 100, 200);
    passes.submission = None;
    passes.passed = Some("the run of the tick before has not ended".to_owned());
    passes.next = None;
    assert!(store.fire(passes.clone(), at(101))?);
    assert_eq!(store.runs(&RunQuery::default())?, []);
    let fired = store.fired("b", 9)?;
    assert_eq!((&fired[0].passed, fired[0].run), (&passes.passed, None));
    assert_eq!(store.schedules()?[0].next, None);
    Ok(())
}

pub(super) fn refused(store: &dyn Store) -> Result<(), RunStoreError> {
    store.add_schedule(hourly("b"), at(2))?;
    let mut bad = firing(1, 100, 200);
    if let Some(submission) = &mut bad.submission {
        submission.tasks.push(submission.tasks[0].clone());
    }
    assert!(matches!(
        store.fire(bad, at(101)),
        Err(RunStoreError::Rejected(_))
    ));
    assert_eq!(store.fired("b", 9)?, []);
    assert_eq!(store.schedules()?[0].next, Some(UnixMicros(100)));
    assert_eq!(store.runs(&RunQuery::default())?, []);
    assert!(store.fire(firing(1, 100, 200), at(102))?);
    agrees(store)
}
