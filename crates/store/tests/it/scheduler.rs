//! The scheduler over a store in memory: each tick once, whoever looks, and
//! whatever the clock does.

mod world;

use std::sync::atomic::Ordering;
use std::time::Duration;

use fondaco_app::ports::runs::{Asked, RunStore, RunStoreError};
use fondaco_app::ports::schedules::ScheduleStore;
use fondaco_domain::UnixMicros;
use fondaco_domain::run::{Command, RunCommand, RunState};
use fondaco_domain::schedule::{CatchUp, Overlap, Timing, Trigger, jitter};
use proptest::prelude::*;

use self::world::{
    HOUR, MINUTE, SECOND, START, World, asked, every, letters, scheduler, submission,
};

fn long_runs(overlap: Overlap) -> World {
    let world = World::with(Timing {
        overlap,
        ..every(HOUR)
    });
    world.at_once.store(false, Ordering::Relaxed);
    world
}

#[test]
fn a_tick_fires_when_it_is_due_and_once() {
    let mut world = World::with(every(HOUR));
    let (fired, wait) = world.at(HOUR - 10 * SECOND);
    assert_eq!(
        (letters(&fired), wait),
        (String::new(), Duration::from_secs(10))
    );
    let (fired, wait) = world.at(HOUR);
    assert_eq!(fired.len(), 1);
    assert_eq!(fired[0].at, UnixMicros(START + HOUR));
    assert_eq!(
        wait,
        Duration::from_secs(30),
        "the clock is looked at again"
    );
    assert_eq!(world.next(), Some(2 * HOUR));
    assert_eq!(world.told(HOUR), "");
    assert_eq!(world.told(2 * HOUR - 1), "");
    assert_eq!(world.told(2 * HOUR), "r");
    let runs = world.runs();
    assert_eq!(runs.len(), 2);
    assert_eq!(fired[0].run, Some(runs[0].id));
    assert_eq!(runs[0].state, RunState::Completed, "it was planned");
}

#[test]
fn many_schedulers_at_once_fire_each_tick_once() {
    let world = World::with(Timing {
        catch_up: CatchUp::All,
        overlap: Overlap::Allow,
        ..every(MINUTE)
    });
    world.clock.set(START + HOUR);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            let mut scheduler = scheduler(&world.store, &world.clock, &world.at_once);
            threads.spawn(move || while scheduler.turn().unwrap().wait.is_zero() {});
        }
    });
    let kept = world.kept();
    assert_eq!(letters(&kept), "r".repeat(60));
    let minutes: Vec<_> = kept
        .iter()
        .map(|tick| (tick.at.0 - START) / MINUTE)
        .collect();
    assert_eq!(minutes, (1..=60).collect::<Vec<_>>());
    assert_eq!(world.runs().len(), 60);
}

#[test]
fn an_open_run_makes_the_tick_pass() {
    let mut world = long_runs(Overlap::Skip);
    assert_eq!(world.told(HOUR), "r");
    let first = world.runs()[0].id;
    let (fired, _) = world.at(2 * HOUR);
    assert_eq!(fired[0].passed, Some(format!("run {first} has not ended")));
    assert_eq!(world.told(3 * HOUR), "-");
    world.end(first);
    assert_eq!(world.told(4 * HOUR), "r");
}

/// Also where so many passed that the run is far back in the list.
#[test]
fn an_open_run_is_found_however_many_ticks_passed() {
    let mut world = World::with(every(MINUTE));
    world.at_once.store(false, Ordering::Relaxed);
    for minute in 1..=300 {
        world.at(minute * MINUTE);
    }
    assert_eq!(letters(&world.kept()), format!("r{}", "-".repeat(299)));
    assert_eq!(world.runs().len(), 1);
}

#[test]
fn of_ticks_that_wait_for_a_run_one_stays() {
    let mut world = long_runs(Overlap::BufferOne);
    world.at(HOUR);
    let first = world.runs()[0].id;
    let (fired, wait) = world.at(2 * HOUR);
    assert_eq!((fired, wait), (Vec::new(), Duration::from_secs(1)));
    let (fired, _) = world.at(3 * HOUR);
    assert_eq!(fired[0].at, UnixMicros(START + 2 * HOUR));
    assert_eq!(
        fired[0].passed,
        Some(format!("a later one waits for run {first}"))
    );
    // Long after the tick: it has waited and was not missed.
    world.clock.set(START + 3 * HOUR + 40 * MINUTE);
    let asked = Asked {
        actor: "test".to_owned(),
        at: UnixMicros(START + 3 * HOUR + 40 * MINUTE),
    };
    let cancel = RunCommand::Cancel {
        reason: "enough".to_owned(),
    };
    world
        .store
        .command(first, Command::Run(cancel), asked)
        .unwrap();
    let (fired, _) = world.at(3 * HOUR + 41 * MINUTE);
    assert_eq!(fired[0].at, UnixMicros(START + 3 * HOUR));
    assert_eq!(letters(&fired), "r");
    assert_eq!(world.next(), Some(4 * HOUR));
}

#[test]
fn runs_may_overlap_or_take_each_others_place() {
    let mut both = long_runs(Overlap::Allow);
    both.at(HOUR);
    assert_eq!(both.told(2 * HOUR), "r");
    assert_eq!(both.open(), 2);

    let mut one = long_runs(Overlap::CancelOther);
    one.at(HOUR);
    assert_eq!(one.told(2 * HOUR), "r");
    let runs = one.runs();
    assert_eq!(
        (runs[0].state, runs[1].state),
        (RunState::Cancelled, RunState::Queued)
    );
    assert_eq!(
        runs[0].reason.as_deref(),
        Some("the run of 2026-01-01T02:00:00.000000Z of schedule `nightly` takes its place")
    );
}

/// One that looked at the list before the other fired must not cancel what
/// that other has just submitted.
#[test]
fn who_takes_a_place_is_not_cancelled_by_a_second_scheduler() {
    let world = long_runs(Overlap::CancelOther);
    for hour in 1..=20 {
        world.clock.set(START + hour * HOUR);
        std::thread::scope(|threads| {
            for _ in 0..3 {
                let mut scheduler = scheduler(&world.store, &world.clock, &world.at_once);
                threads.spawn(move || while scheduler.turn().unwrap().wait.is_zero() {});
            }
        });
        let runs = world.runs();
        let queued: Vec<_> = runs
            .iter()
            .filter(|run| run.state == RunState::Queued)
            .collect();
        assert_eq!(queued.len(), 1, "after hour {hour}");
        assert_eq!(queued[0].id, world.kept().last().unwrap().run.unwrap());
    }
}

#[test]
fn what_was_missed_is_caught_up_as_the_schedule_says() {
    for (catch_up, expected, runs) in [
        (CatchUp::None, "-", 0),
        (CatchUp::One, "-r", 1),
        (CatchUp::All, "rrrrr", 5),
    ] {
        let mut world = World::with(Timing {
            catch_up,
            overlap: Overlap::Allow,
            ..every(HOUR)
        });
        assert_eq!(world.told(5 * HOUR + 30 * MINUTE), expected, "{catch_up:?}");
        assert_eq!(world.runs().len(), runs);
        assert_eq!(world.next(), Some(6 * HOUR));
        let last = world.kept().pop().unwrap();
        assert_eq!(last.at, UnixMicros(START + 5 * HOUR));
        assert_eq!(world.told(6 * HOUR), "r", "{catch_up:?}");
    }
    let mut world = World::with(Timing {
        catch_up: CatchUp::None,
        ..every(HOUR)
    });
    assert_eq!(
        world.told(5 * HOUR + 30 * SECOND),
        "-r",
        "half a minute is on time"
    );
    assert_eq!(
        world.kept()[0].passed.as_deref(),
        Some("it was missed with all since 2026-01-01T01:00:00.000000Z")
    );
}

/// A year of seconds, in a few steps.
#[test]
fn a_schedule_left_alone_for_long_is_back_at_once() {
    let year = 365 * 24 * HOUR;
    for (catch_up, runs) in [(CatchUp::None, 61), (CatchUp::One, 1)] {
        let mut world = World::with(Timing {
            catch_up,
            overlap: Overlap::Allow,
            ..every(SECOND)
        });
        world.at(year);
        assert_eq!(world.runs().len(), runs, "{catch_up:?}");
        assert!(world.kept().len() < 70);
        assert_eq!(world.next(), Some(year + SECOND));
    }
}

#[test]
fn a_clock_that_jumps_fires_nothing_twice() {
    let mut world = World::with(Timing {
        catch_up: CatchUp::All,
        ..every(HOUR)
    });
    assert_eq!(world.told(2 * HOUR), "rr");
    // Back by more than it went, and on again.
    for at in [0, -HOUR, HOUR, 2 * HOUR, 3 * HOUR - 1] {
        assert_eq!(world.told(at), "");
        assert_eq!(world.next(), Some(3 * HOUR));
    }
    // Forward: missed, and caught up.
    assert_eq!(world.told(10 * HOUR), "r".repeat(8));
    assert_eq!(world.told(4 * HOUR), "");
    assert_eq!(world.next(), Some(11 * HOUR));
    assert_eq!(world.runs().len(), 10);
}

/// `next` was put back by hand, as a resumption may.
#[test]
fn a_tick_that_was_kept_never_fires_again() {
    let mut world = World::with(Timing {
        catch_up: CatchUp::All,
        ..every(HOUR)
    });
    world.at(3 * HOUR);
    let back = Some(UnixMicros(START + HOUR));
    world
        .store
        .pause_schedule("nightly", false, back, asked())
        .unwrap();
    assert_eq!(world.told(3 * HOUR), "");
    assert_eq!(world.told(4 * HOUR), "r");
    assert_eq!(world.next(), Some(5 * HOUR));
    assert_eq!(world.runs().len(), 4);
}

#[test]
fn a_schedule_that_rests_or_is_over_or_is_wrong_stops_no_other() {
    let mut world = World::with(every(HOUR));
    world
        .store
        .pause_schedule("nightly", true, Some(UnixMicros(START + HOUR)), asked())
        .unwrap();
    let wrong = Timing {
        trigger: Trigger::Cron {
            expression: "61 * * * *".to_owned(),
            zone: "UTC".to_owned(),
        },
        ..every(HOUR)
    };
    world.add("a-wrong", wrong);
    world.add("other", every(HOUR));
    world.clock.set(START + HOUR);
    let round = world.scheduler.turn().unwrap();
    let fired: Vec<_> = round.fired.iter().map(|(name, _)| name.as_str()).collect();
    let faults: Vec<_> = round
        .faults
        .iter()
        .map(|(name, fault)| format!("{name}: {fault}"))
        .collect();
    assert_eq!(fired, ["other"]);
    assert_eq!(faults, ["a-wrong: `61` is no minute of a cron expression"]);
}

/// Somebody used the name of the tick for another run: the tick says so, and
/// the next one has its turn.
#[test]
fn a_run_that_is_refused_is_a_tick_without_one() {
    let mut world = World::with(every(HOUR));
    let taken = submission("schedule:nightly@2026-01-01T01:00:00.000000Z");
    let by = world.store.submit(taken, asked()).unwrap().id;
    let (fired, _) = world.at(HOUR);
    assert_eq!(letters(&fired), "-");
    let passed = fired[0].passed.clone().unwrap();
    assert!(
        passed.contains(&format!("was used for run {by}")),
        "{passed}"
    );
    assert_eq!(world.next(), Some(2 * HOUR));
    assert_eq!(world.told(2 * HOUR), "r");
}

#[test]
fn a_tick_is_late_on_purpose_by_its_jitter() {
    let mut world = World::with(Timing {
        jitter_ms: 600_000,
        ..every(HOUR)
    });
    let late = jitter("nightly", UnixMicros(START + HOUR), 600_000);
    assert!((1..600 * SECOND).contains(&late));
    assert_eq!(world.told(HOUR + late - 1), "");
    let (fired, _) = world.at(HOUR + late);
    assert_eq!(
        fired[0].at,
        UnixMicros(START + HOUR),
        "the tick is still the tick"
    );
    assert_eq!(letters(&fired), "r");
}

#[test]
fn the_run_of_a_tick_is_named_by_it() {
    let mut world = World::with(every(HOUR));
    world.at(HOUR);
    let run = world.runs()[0].id;
    let again = submission("schedule:nightly@2026-01-01T01:00:00.000000Z");
    let refused = world.store.submit(again, asked()).unwrap_err();
    assert!(matches!(refused, RunStoreError::KeyConflict { existing, .. } if existing == run));
}

fn timings() -> impl Strategy<Value = Timing> {
    (
        0..4_u8,
        0..3_u8,
        prop::sample::select(vec![0, 1_000, 90_000]),
    )
        .prop_map(|(overlap, catch_up, jitter_ms)| Timing {
            overlap: [
                Overlap::Skip,
                Overlap::BufferOne,
                Overlap::Allow,
                Overlap::CancelOther,
            ][usize::from(overlap)],
            catch_up: [CatchUp::None, CatchUp::One, CatchUp::All][usize::from(catch_up)],
            jitter_ms,
            ..every(MINUTE)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Clocks that go anywhere, runs that end whenever, two schedulers.
    #[test]
    fn whatever_happens_each_tick_counts_once(
        timing in timings(),
        moves in prop::collection::vec((0..3_u8, -400..900_i64), 1..40),
    ) {
        let mut world = World::with(timing.clone());
        world.at_once.store(false, Ordering::Relaxed);
        let mut second = scheduler(&world.store, &world.clock, &world.at_once);
        let mut at = 0;
        let mut furthest = 0;
        let mut next = world.next();
        for (what, seconds) in moves {
            if what == 0 && let Some(run) = world.runs().into_iter().find(|run| !run.state.is_terminal()) {
                world.end(run.id);
            }
            at += seconds * SECOND;
            furthest = furthest.max(at);
            world.at(at);
            for _ in 0..100 {
                let wait = second.turn().unwrap().wait;
                if !wait.is_zero() { break; }
            }
            prop_assert!(world.next() >= next, "next never goes back");
            next = world.next();
            if timing.overlap == Overlap::Skip || timing.overlap == Overlap::BufferOne {
                prop_assert!(world.open() <= 1);
            }
        }
        let kept = world.kept();
        prop_assert!(kept.windows(2).all(|pair| pair[0].at < pair[1].at), "each tick once");
        prop_assert!(kept.iter().all(|tick| tick.run.is_some() != tick.passed.is_some()));
        let runs: Vec<_> = kept.iter().filter_map(|tick| tick.run).collect();
        let stored: Vec<_> = world.runs().iter().map(|run| run.id).collect();
        prop_assert_eq!(runs.len(), stored.len(), "no run without its tick");
        prop_assert!(stored.iter().all(|run| runs.contains(run)));
        if timing.catch_up == CatchUp::All && timing.overlap == Overlap::Allow && timing.jitter_ms == 0 {
            prop_assert_eq!(kept.len() as i64, furthest / MINUTE, "none is skipped");
        }
    }
}
