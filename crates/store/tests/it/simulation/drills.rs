//! Single troubles in a quiet world, to the second.

use std::sync::Arc;

use fondaco_app::ports::halts::HaltStore;
use fondaco_app::ports::runs::{RunStore, Submission, TaskQuery};
use fondaco_app::ports::workers::WorkerStore;
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_domain::retry::RetryPolicy;
use fondaco_domain::run::{Event, NewRun, RunKind, RunState};
use fondaco_domain::task::{Rung, Task, TaskKind, TaskPlan, TaskState};
use fondaco_domain::{ContentHash, RunId};

use super::client;
use super::executor::Temper;
use super::world::{Broken, Mishap, SECOND, World};

/// A child of its own process, or a thread.
const CHILD: TaskKind = TaskKind::Sleep;
const THREAD: TaskKind = TaskKind::Noop;

/// One run of one task, under way in a process on machine 0.
struct Drill {
    world: Arc<World>,
    run: RunId,
}

impl Drill {
    fn new(kind: TaskKind, temper: Temper, lasts: u64) -> Self {
        let drill = Self::waiting(kind, temper, lasts);
        drill.after(5);
        assert_eq!(drill.task().state, TaskState::Running);
        drill
    }

    /// The same before anything began.
    fn waiting(kind: TaskKind, temper: Temper, lasts: u64) -> Self {
        Self::patient(kind, temper, lasts, 2)
    }

    /// The same with so many attempts.
    fn patient(kind: TaskKind, temper: Temper, lasts: u64, max_attempts: u32) -> Self {
        let world = World::new(7);
        {
            let mut state = world.state();
            state.calm = true;
            state.client_at = u64::MAX;
            state.script = Some((temper, lasts * SECOND));
        }
        client::start(&world, 0);
        let run = RunId::new(1, [1; 10]);
        submit(&world, run, kind, max_attempts);
        Self { world, run }
    }

    /// Another view of the same world: another run of one task.
    fn beside(&self, kind: TaskKind) -> Self {
        let run = RunId::new(2, [2; 10]);
        submit(&self.world, run, kind, 2);
        Self {
            world: Arc::clone(&self.world),
            run,
        }
    }

    /// Lets seconds pass.
    fn after(&self, seconds: u64) {
        self.world.turn_until(self.world.now() + seconds * SECOND);
    }

    /// Lets seconds pass one by one until it is so, and says how many.
    fn until(&self, limit: u64, so: impl Fn(&Self) -> bool) -> u64 {
        let passed = (0..=limit).find(|_| {
            let found = so(self);
            if !found {
                self.after(1);
            }
            found
        });
        passed.unwrap_or_else(|| panic!("not after {limit} s: {:?}", self.story()))
    }

    fn task(&self) -> Task {
        let tasks = self.world.store.tasks(self.run, &TaskQuery::default());
        tasks.unwrap().remove(0)
    }

    fn state(&self) -> RunState {
        self.world.store.run(self.run).unwrap().state
    }

    fn story(&self) -> Vec<&'static str> {
        let events = self.world.store.events(self.run, 0, usize::MAX).unwrap();
        events.iter().map(|one| one.event.type_name()).collect()
    }

    fn count(&self, what: &str) -> usize {
        self.story().iter().filter(|one| **one == what).count()
    }

    fn rungs(&self) -> Vec<Rung> {
        let events = self.world.store.events(self.run, 0, usize::MAX).unwrap();
        let rung = |event: &Event| match event {
            Event::TaskEscalated { rung, .. } => Some(*rung),
            _ => None,
        };
        events.iter().filter_map(|one| rung(&one.event)).collect()
    }

    /// Attempts that run, wherever.
    fn running(&self) -> usize {
        let state = self.world.state();
        state
            .jobs
            .values()
            .filter(|job| job.ended.is_none())
            .count()
    }

    fn halt(&self, mode: HaltMode) {
        let command = HaltCommand::Set {
            scope: Scope::Run(self.run),
            mode,
            reason: "drill".to_owned(),
        };
        self.world
            .store
            .halt(command, self.world.asked("drill"))
            .unwrap();
    }

    fn acknowledged(&self) -> bool {
        !self.world.store.halt_acks().unwrap().is_empty()
    }
}

fn submit(world: &Arc<World>, run: RunId, kind: TaskKind, max_attempts: u32) {
    let spec = "{}".to_owned();
    let mut plan = TaskPlan::new("task", kind);
    plan.retry = RetryPolicy {
        max_attempts,
        first: 0,
        longest: 0,
    };
    let submission = Submission {
        id: run,
        new: NewRun::new(RunKind::Workflow, ContentHash::of(spec.as_bytes())),
        spec,
        tasks: vec![plan],
        last: true,
        key: None,
    };
    world
        .store
        .submit(submission, world.asked("drill"))
        .unwrap();
}

impl Drop for Drill {
    fn drop(&mut self) {
        let mut state = self.world.state();
        state.processes.clear();
        if !std::thread::panicking() {
            assert_eq!(state.wrong, [""; 0]);
        }
    }
}

#[test]
fn a_thread_of_a_dead_process_is_retried_within_a_lease_and_a_period() {
    let drill = Drill::new(THREAD, Temper::Obeys, 60);
    client::start(&drill.world, 1);
    drill.after(20);
    drill.world.state().bury(0);
    let found = drill.until(45, |drill| drill.count("task_retried") == 1);
    assert!(found >= 20, "after {found} s it was not silent for a lease");
    drill.until(80, |drill| drill.state() == RunState::Completed);
    assert_eq!(drill.task().attempt, 2);
}

#[test]
fn a_thread_of_a_process_that_is_seen_to_be_dead_is_retried_at_once() {
    let drill = Drill::new(THREAD, Temper::Obeys, 60);
    drill.world.state().bury(0);
    client::start(&drill.world, 0);
    drill.until(6, |drill| drill.count("task_retried") == 1);
}

#[test]
fn a_child_of_a_dead_process_is_adopted_and_its_result_counts() {
    let drill = Drill::new(CHILD, Temper::Obeys, 60);
    drill.world.state().bury(0);
    client::start(&drill.world, 0);
    drill.until(6, |drill| drill.count("task_adopted") == 1);
    drill.until(60, |drill| drill.state() == RunState::Completed);
    assert_eq!((drill.task().attempt, drill.task().failures), (1, 0));
    assert_eq!(drill.count("task_started"), 1);
}

#[test]
fn a_child_that_ended_while_nobody_watched_is_not_run_again() {
    let drill = Drill::new(CHILD, Temper::Obeys, 10);
    drill.world.state().bury(0);
    drill.after(15);
    client::start(&drill.world, 0);
    drill.until(6, |drill| drill.state() == RunState::Completed);
    assert_eq!(drill.count("task_started"), 1);
}

#[test]
fn a_process_that_sleeps_for_longer_than_a_lease_completes_nothing_twice() {
    let drill = Drill::new(THREAD, Temper::Obeys, 20);
    client::start(&drill.world, 1);
    let until = drill.world.now() + 60 * SECOND;
    drill.world.state().processes[0].paused_until = until;
    drill.world.state().excuse(0);
    drill.until(90, |drill| drill.state() == RunState::Completed);
    drill.after(90);
    assert_eq!(drill.count("task_completed"), 1);
    assert_eq!(drill.count("late_result"), 1);
}

#[test]
fn a_worker_without_a_store_stops_what_it_runs_before_the_lease_ends() {
    for temper in [Temper::Obeys, Temper::NeedsSignal, Temper::NeedsKill] {
        let drill = Drill::new(CHILD, temper, 500);
        // The last renewal is at most a third of a lease ago.
        let forever = u64::MAX;
        drill.world.state().processes[0].cut_off_until = forever;
        let stopped = drill.until(30, |drill| drill.running() == 0);
        assert!(stopped >= 10, "{temper:?} stopped after {stopped} s");
        drill.world.state().processes[0].cut_off_until = 0;
        // Given back, and begun again: no failure.
        drill.until(10, |drill| drill.task().attempt == 2);
        assert_eq!(drill.count("task_released"), 1);
        assert_eq!(drill.count("task_retried"), 0);
    }
}

#[test]
fn a_store_that_is_away_for_a_while_stops_nothing() {
    let drill = Drill::new(CHILD, Temper::Obeys, 60);
    let until = drill.world.now() + 9 * SECOND;
    drill.world.state().processes[0].cut_off_until = until;
    drill.until(60, |drill| drill.state() == RunState::Completed);
    assert_eq!(drill.count("task_leased"), 1);
}

#[test]
fn what_ends_while_the_store_is_away_is_told_when_it_is_back() {
    let drill = Drill::new(CHILD, Temper::Obeys, 8);
    let until = drill.world.now() + 15 * SECOND;
    drill.world.state().processes[0].cut_off_until = until;
    drill.until(25, |drill| drill.state() == RunState::Completed);
    assert_eq!(drill.count("task_leased"), 1);
}

#[test]
fn a_task_given_in_an_answer_that_got_lost_is_given_back_and_no_failure() {
    let drill = Drill::waiting(CHILD, Temper::Obeys, 60);
    drill.world.state().mishap = Some(Mishap::Lost);
    drill.until(5, |drill| drill.task().attempt == 2);
    assert_eq!(drill.count("task_released"), 1);
    assert_eq!(drill.task().failures, 0);
}

#[test]
fn what_was_given_long_ago_is_not_begun() {
    let drill = Drill::waiting(CHILD, Temper::Obeys, 60);
    drill.world.state().mishap = Some(Mishap::Slept(25));
    drill.until(30, |drill| drill.task().attempt == 2);
    assert_eq!(drill.count("task_released"), 1);
    assert_eq!(drill.rungs(), [], "what was begun had to be stopped");
    assert_eq!(drill.world.state().jobs.len(), 1);
}

#[test]
fn what_was_given_before_the_file_is_not_begun_after_it() {
    let drill = Drill::waiting(CHILD, Temper::Obeys, 60);
    drill.world.state().mishap = Some(Mishap::File);
    drill.until(10, |drill| drill.state() == RunState::Halted);
    assert!(drill.world.state().jobs.is_empty());
}

#[test]
fn a_halt_climbs_the_ladder_only_as_far_as_it_must() {
    let table = [
        (CHILD, Temper::Obeys, 1),
        (CHILD, Temper::NeedsSignal, 2),
        (CHILD, Temper::NeedsKill, 3),
        (THREAD, Temper::Deaf, 4),
    ];
    for (kind, temper, rungs) in table {
        let drill = Drill::new(kind, temper, 60);
        drill.halt(HaltMode::Halted);
        let halted = drill.until(16, |drill| drill.state() == RunState::Halted);
        assert_eq!(
            drill.rungs(),
            Rung::ALL[..rungs],
            "{temper:?} in {halted} s"
        );
        // Who still runs something does not say that it obeys.
        drill.after(5);
        assert_eq!(drill.acknowledged(), temper != Temper::Deaf, "{temper:?}");
        drill.until(60, Drill::acknowledged);
        assert_eq!(drill.running(), 0);
    }
}

#[test]
fn under_a_drain_what_runs_may_finish() {
    let drill = Drill::new(CHILD, Temper::Obeys, 20);
    drill.halt(HaltMode::Drain);
    drill.until(30, |drill| drill.state() == RunState::Completed);
    assert_eq!(drill.rungs(), []);
    drill.until(5, Drill::acknowledged);
}

#[test]
fn a_file_stops_a_machine_whose_store_is_away_and_is_remembered() {
    let drill = Drill::new(CHILD, Temper::Obeys, 500);
    {
        let mut state = drill.world.state();
        state.processes[0].cut_off_until = u64::MAX;
        state.files[0] = Some("smoke in the room".to_owned());
        state.processes[0].bell.ring();
    }
    drill.until(1, |drill| drill.running() == 0);
    // Deleting it clears nothing, and what it said is not forgotten.
    {
        let mut state = drill.world.state();
        state.files[0] = None;
        state.processes[0].cut_off_until = 0;
    }
    drill.until(12, |drill| drill.state() == RunState::Halted);
    let latches = drill.world.store.halts().unwrap();
    assert_eq!(latches[0].scope, Scope::Global);
    assert_eq!(latches[0].mode, HaltMode::Halted);
    assert_eq!(latches[0].reason, "smoke in the room");
    drill.after(60);
    assert_eq!(drill.task().attempt, 1);
}

#[test]
fn a_drain_waits_and_a_second_one_does_not() {
    let drill = Drill::new(CHILD, Temper::Obeys, 20);
    let handle = drill.world.state().processes[0].handle.clone();
    handle.drain();
    drill.after(5);
    assert_eq!(drill.running(), 1);
    handle.drain();
    drill.until(2, |drill| drill.running() == 0);
    drill.until(2, |drill| drill.task().state == TaskState::Ready);
    assert!(!drill.world.state().processes[0].alive);
    assert_eq!(drill.world.store.workers().unwrap(), []);
}

#[test]
fn a_child_whose_worker_died_before_it_said_where_is_adopted() {
    let drill = Drill::waiting(CHILD, Temper::Obeys, 60);
    while drill.running() == 0 {
        drill.world.turn_until(drill.world.now() + SECOND / 10_000);
    }
    drill.world.state().bury(0);
    let external = || drill.world.store.held().unwrap().remove(0).external;
    assert_eq!(external(), None);
    client::start(&drill.world, 0);
    drill.until(6, |drill| drill.count("task_adopted") == 1);
    drill.after(1);
    assert_eq!(external().unwrap().executor, "local");
    drill.until(60, |drill| drill.state() == RunState::Completed);
    assert_eq!((drill.task().attempt, drill.task().failures), (1, 0));
}

#[test]
fn every_kind_of_an_executor_that_works_again_is_tried() {
    for kind in [TaskKind::Sleep, TaskKind::Backtest] {
        let drill = Drill::patient(kind, Temper::Obeys, 5, 100);
        drill.world.state().broken = Some(Broken::Starting);
        drill.until(10, |drill| drill.task().failures >= 5);
        drill.world.state().broken = None;
        drill.until(60, |drill| drill.state() == RunState::Completed);
    }
}

#[test]
fn what_cannot_be_read_is_a_failure_and_counts() {
    let drill = Drill::waiting(CHILD, Temper::Obeys, 5);
    drill.world.state().broken = Some(Broken::Specs);
    drill.until(10, |drill| drill.state() == RunState::Failed);
    assert_eq!(drill.count("task_retried"), 1);
    assert_eq!(drill.count("task_released"), 0);
}

#[test]
fn an_adoption_whose_answer_got_lost_is_gone_on_with() {
    let drill = Drill::new(CHILD, Temper::Obeys, 60);
    drill.world.state().bury(0);
    drill.world.state().mishap = Some(Mishap::LostAdoption);
    client::start(&drill.world, 0);
    drill.until(6, |drill| drill.count("task_adopted") == 1);
    drill.until(60, |drill| drill.state() == RunState::Completed);
    assert_eq!(drill.world.state().mishap, None);
    assert_eq!(drill.count("task_leased"), 1);
}

#[test]
fn one_that_cannot_be_settled_holds_no_other_up() {
    let first = Drill::waiting(CHILD, Temper::Obeys, 10);
    first.world.state().long_outputs = true;
    let second = first.beside(THREAD);
    client::start(&first.world, 0);
    client::start(&first.world, 0);
    first.until(5, |_| first.running() == 2);
    for process in 0..3 {
        first.world.state().bury(process);
    }
    first.after(15);
    first.world.state().broken = Some(Broken::Keeping);
    client::start(&first.world, 0);
    second.until(10, |second| second.count("task_retried") == 1);
    assert_eq!(first.task().state, TaskState::Running);
    first.world.state().broken = None;
    first.until(10, |first| first.state() == RunState::Completed);
}

#[test]
fn a_silent_attempt_that_is_killed_counts_as_a_failure() {
    let drill = Drill::new(CHILD, Temper::Obeys, 500);
    drill.world.state().processes[0].stuck_until = u64::MAX;
    let killed = drill.until(45, |drill| drill.running() == 0);
    assert!(killed >= 30, "killed after {killed} s");
    drill.world.state().processes[0].stuck_until = 0;
    drill.world.state().processes[0].bell.ring();
    drill.until(3, |drill| drill.task().attempt == 2);
    assert_eq!(drill.task().failures, 1);
}

#[test]
fn what_was_given_before_a_halt_is_not_begun_after_its_notice() {
    let drill = Drill::waiting(CHILD, Temper::Obeys, 60);
    drill.world.state().mishap = Some(Mishap::Halt);
    drill.until(10, |drill| drill.state() == RunState::Halted);
    assert!(drill.world.state().jobs.is_empty());
    assert_eq!(drill.rungs(), []);
}
