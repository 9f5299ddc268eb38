//! A store in memory, a clock that is set by hand, and a scheduler.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::{Asked, IdempotencyKey, RunQuery, RunStore, Submission};
use fondaco_app::ports::schedules::{Fired, Schedule, ScheduleStore};
use fondaco_app::scheduler::{Round, Scheduler, SchedulerPorts};
use fondaco_domain::run::{Command, NewRun, RunKind};
use fondaco_domain::schedule::{CatchUp, Overlap, Timing, Trigger};
use fondaco_domain::{ContentHash, RunId, UnixMicros};
use fondaco_store::runs::MemoryRuns;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// 2026-01-01, midnight.
pub(super) const START: i64 = 1_767_225_600 * SECOND;

/// A clock that is set by hand.
#[derive(Debug, Default)]
pub(super) struct Hands(Mutex<(i64, u64)>);

impl Hands {
    pub(super) fn set(&self, at: i64) {
        self.0.lock().unwrap().0 = at;
    }
}

impl Machine for Hands {
    fn wall(&self) -> UnixMicros {
        UnixMicros(self.0.lock().unwrap().0)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn entropy(&self) -> [u8; 10] {
        let mut state = self.0.lock().unwrap();
        state.1 += 1;
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&state.1.to_be_bytes());
        bytes
    }
}

pub(super) struct World {
    pub(super) store: Arc<MemoryRuns>,
    pub(super) clock: Arc<Hands>,
    /// Whether runs end as soon as they are planned.
    pub(super) at_once: Arc<AtomicBool>,
    pub(super) scheduler: Scheduler,
}

impl World {
    pub(super) fn new() -> Self {
        let store = Arc::new(MemoryRuns::default());
        let clock = Arc::new(Hands::default());
        let at_once = Arc::new(AtomicBool::new(true));
        clock.set(START);
        let scheduler = scheduler(&store, &clock, &at_once);
        Self {
            store,
            clock,
            at_once,
            scheduler,
        }
    }

    pub(super) fn with(timing: Timing) -> Self {
        let world = Self::new();
        world.add("nightly", timing);
        world
    }

    pub(super) fn add(&self, name: &str, timing: Timing) {
        let spec = r#"{"kind":"workflow"}"#;
        let next = timing.ticks().map_or(Some(UnixMicros(START)), |ticks| {
            ticks.after(UnixMicros(START))
        });
        self.store
            .add_schedule(
                Schedule {
                    name: name.to_owned(),
                    timing,
                    spec: spec.to_owned(),
                    new: NewRun::new(RunKind::Workflow, ContentHash::of(spec.as_bytes())),
                    paused: false,
                    next,
                    since: UnixMicros(START),
                },
                asked(),
            )
            .unwrap();
    }

    /// Rounds at a moment until there is nothing to do at once; returns the
    /// wait of the last.
    pub(super) fn at(&mut self, micros: i64) -> (Vec<Fired>, Duration) {
        self.clock.set(START + micros);
        let mut fired = Vec::new();
        for _ in 0..10_000 {
            let Round {
                wait, fired: more, ..
            } = self.scheduler.turn().unwrap();
            fired.extend(more.into_iter().map(|(_, fired)| fired));
            if !wait.is_zero() {
                return (fired, wait);
            }
        }
        panic!("it never rests");
    }

    /// In letters: `r` for a run, `-` for none.
    pub(super) fn told(&mut self, micros: i64) -> String {
        letters(&self.at(micros).0)
    }

    pub(super) fn runs(&self) -> Vec<fondaco_domain::run::Run> {
        let mut runs = self.store.runs(&RunQuery::default()).unwrap();
        runs.reverse();
        runs
    }

    pub(super) fn open(&self) -> usize {
        let runs = self.runs();
        runs.iter().filter(|run| !run.state.is_terminal()).count()
    }

    pub(super) fn end(&self, run: RunId) {
        end(&self.store, run);
    }

    pub(super) fn next(&self) -> Option<i64> {
        let next = self.store.schedules().unwrap()[0].next;
        next.map(|next| next.0 - START)
    }

    pub(super) fn kept(&self) -> Vec<Fired> {
        let mut kept = self.store.fired("nightly", usize::MAX).unwrap();
        kept.reverse();
        kept
    }
}

pub(super) fn scheduler(
    store: &Arc<MemoryRuns>,
    clock: &Arc<Hands>,
    at_once: &Arc<AtomicBool>,
) -> Scheduler {
    let (planned, at_once) = (Arc::clone(store), Arc::clone(at_once));
    Scheduler::new(
        SchedulerPorts {
            store: Arc::clone(store) as Arc<_>,
            machine: Arc::clone(clock) as Arc<_>,
            plan: Arc::new(move |run| {
                if at_once.load(Ordering::Relaxed) {
                    end(&planned, run);
                }
            }),
        },
        "scheduler",
    )
}

/// A plan of nothing: the run ends by it, if it has not.
pub(super) fn end(store: &MemoryRuns, run: RunId) {
    let command = Command::Plan {
        tasks: Vec::new(),
        last: true,
    };
    let _ = store.command(run, command, asked());
}

pub(super) fn letters(fired: &[Fired]) -> String {
    let letter = |tick: &Fired| if tick.run.is_some() { 'r' } else { '-' };
    fired.iter().map(letter).collect()
}

pub(super) fn every(micros: i64) -> Timing {
    Timing {
        trigger: Trigger::Interval {
            every: micros,
            anchor: UnixMicros(START),
        },
        overlap: Overlap::Skip,
        catch_up: CatchUp::One,
        jitter_ms: 0,
    }
}

pub(super) fn submission(key: &str) -> Submission {
    let spec = r#"{"kind":"workflow"}"#;
    Submission {
        id: RunId::new(9, [9; 10]),
        new: NewRun::new(RunKind::Workflow, ContentHash::of(spec.as_bytes())),
        spec: spec.to_owned(),
        tasks: Vec::new(),
        last: true,
        key: Some(IdempotencyKey {
            scope: "default".to_owned(),
            key: key.to_owned(),
        }),
    }
}

pub(super) fn asked() -> Asked {
    Asked {
        actor: "test".to_owned(),
        at: UnixMicros(START),
    }
}
