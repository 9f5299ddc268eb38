//! What people and bad luck do to a world.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fondaco_app::ports::halts::HaltStore;
use fondaco_app::ports::runs::{RunQuery, RunStore, Submission};
use fondaco_app::reaper::{Reaper, ReaperPorts, ReaperSettings};
use fondaco_app::runner::{self, Bell, Executors, NoLog, Ports, Runner, Settings};
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_domain::retry::RetryPolicy;
use fondaco_domain::run::{Command, CompletionRule, NewRun, RunCommand, RunKind, RunState};
use fondaco_domain::task::{OnNeedFailed, TaskCommand, TaskKind, TaskNo, TaskPlan};
use fondaco_domain::{ContentHash, RunId, UnixMicros};

use super::executor::Simulated;
use super::line::Line;
use super::world::{Clocks, Process, SECOND, World};

const KINDS: [RunKind; 2] = [RunKind::Workflow, RunKind::Simulation];

/// One thing, and when the next one follows.
pub(super) fn act(world: &Arc<World>) {
    let (calm, what) = {
        let mut state = world.state();
        let pause = if state.calm { 10 * SECOND } else { 3 * SECOND };
        state.client_at = world.now() + state.rng.below(pause) + 1;
        (state.calm, state.rng.below(24))
    };
    if calm {
        return clear_up(world);
    }
    match what {
        0..=6 => submit(world),
        7 => cancel_run(world),
        8 => cancel_task(world),
        9..=11 => halt(world),
        12 | 13 => clear_up(world),
        14 => kill_process(world),
        15 | 16 => start_where_few(world),
        17 => pause(world),
        18 => cut_off(world),
        19 => jump(world),
        20 => write_file(world),
        21 => remove_files(world),
        22 => drain(world),
        _ => {}
    }
}

/// No more faults: whoever is left must bring everything to an end.
pub(super) fn calm_down(world: &Arc<World>) {
    remove_files(world);
    world.wall.store(600 * SECOND as i64, Ordering::Relaxed);
    let mut state = world.state();
    state.calm = true;
    state.client_at = world.now();
    for process in &mut state.processes {
        process.cut_off_until = 0;
    }
}

/// A new process on a machine.
pub(super) fn start(world: &Arc<World>, host: usize) {
    let index = world.state().processes.len();
    let bell = Arc::new(Bell::default());
    let executor = |children| {
        Arc::new(Simulated {
            world: Arc::clone(world),
            process: index,
            children,
        })
    };
    let executors = Executors::default()
        .with(executor(false), [TaskKind::Noop])
        .with(executor(true), [TaskKind::Sleep, TaskKind::Backtest]);
    let line = Arc::new(Line {
        world: Arc::clone(world),
        process: index,
    });
    let machine = Arc::new(Clocks {
        world: Arc::clone(world),
        process: index,
    });
    let file = Arc::clone(world);
    let ports = Ports {
        store: line.clone(),
        executors: executors.clone(),
        machine: machine.clone(),
        bell: Arc::clone(&bell),
        emergency: Arc::new(move || file.state().files[host].clone()),
        log: Arc::new(NoLog),
    };
    let mut settings = Settings::new(format!("worker/{index}"));
    settings.slots = 1 + world.state().rng.below(3) as usize;
    settings.poll = Duration::from_millis(500 + world.state().rng.below(4_000));
    let process = runner::Process {
        host: format!("host-{host}"),
        pid: index as u32,
        pid_start: String::new(),
        build: "simulated".to_owned(),
    };
    let runner = Runner::new(ports, settings, process);
    let handle = runner.handle();
    let (alive, plan, adopt) = (Arc::clone(world), Arc::clone(world), handle.clone());
    let reaper_ports = ReaperPorts {
        store: line,
        executors,
        machine,
        alive: Arc::new(move |pid, _| alive.state().processes[pid as usize].alive),
        adopt: Arc::new(move |held| adopt.adopt(held)),
        plan: Arc::new(move |run| go_on_planning(&plan, run)),
        log: Arc::new(NoLog),
    };
    let settings = ReaperSettings::new(format!("host-{host}"), format!("reaper/{index}"));
    let reaper = Reaper::new(reaper_ports, settings);
    let now = world.now();
    world.state().processes.push(Process {
        host,
        alive: true,
        runner: Some(runner),
        reaper: Some(reaper),
        handle,
        bell,
        runner_at: now,
        reaper_at: now,
        paused_until: 0,
        cut_off_until: 0,
        stalls: 0,
        stuck_until: 0,
    });
}

fn submit(world: &Arc<World>) {
    let submission = {
        let mut state = world.state();
        let rng = &mut state.rng;
        let id = RunId::new(
            world.now() / 1_000,
            std::array::from_fn(|_| rng.below(256) as u8),
        );
        let spec = format!("{{\"spec\":{}}}", rng.below(3));
        let kind = *rng.of(&KINDS).unwrap();
        let mut new = NewRun::new(kind, ContentHash::of(spec.as_bytes()));
        if rng.one_in(2) {
            new.rule = CompletionRule::ModelDays;
        }
        new.concurrency_key = rng.one_in(5).then(|| "one at a time".to_owned());
        let deadline = world.asked("").at.plus((20 * SECOND) as i64);
        new.deadline = rng.one_in(10).then_some(deadline);
        let count = 1 + rng.below(6);
        Submission {
            id,
            new,
            spec,
            tasks: (0..count as u32).map(|no| task(rng, no)).collect(),
            last: !rng.one_in(6),
            key: None,
        }
    };
    world
        .store
        .submit(submission, world.asked("client"))
        .unwrap();
}

fn task(rng: &mut super::world::Rng, no: u32) -> TaskPlan {
    let kind = if rng.one_in(2) {
        TaskKind::Noop
    } else {
        TaskKind::Sleep
    };
    let mut plan = TaskPlan::new(format!("task/{no}"), kind);
    if no > 0 && rng.one_in(2) {
        plan.needs = vec![TaskNo(rng.below(u64::from(no)) as u32)];
    }
    let choices = [
        OnNeedFailed::Skip,
        OnNeedFailed::Fail,
        OnNeedFailed::Proceed,
    ];
    plan.on_need_failed = *rng.of(&choices).unwrap();
    plan.required = !rng.one_in(4);
    plan.retry = RetryPolicy {
        max_attempts: 1 + rng.below(4) as u32,
        first: rng.below(SECOND) as i64,
        longest: 5 * SECOND as i64,
    };
    plan
}

fn go_on_planning(world: &World, run: RunId) {
    let rest = Command::Plan {
        tasks: vec![TaskPlan::new("the rest", TaskKind::Noop)],
        last: true,
    };
    // Another reaper may have been faster.
    let _ = world.store.command(run, rest, world.asked("planner"));
}

/// A run that has not ended.
fn some_run(world: &World) -> Option<fondaco_domain::run::Run> {
    let mut open = world.store.runs(&RunQuery::default()).unwrap();
    open.retain(|run| !run.state.is_terminal());
    world.state().rng.of(&open).cloned()
}

fn cancel_run(world: &World) {
    if let Some(run) = some_run(world) {
        let reason = "enough".to_owned();
        let command = Command::Run(RunCommand::Cancel { reason });
        world
            .store
            .command(run.id, command, world.asked("client"))
            .unwrap();
    }
}

fn cancel_task(world: &World) {
    if let Some(run) = some_run(world).filter(|run| run.counts.total > 0) {
        let no = TaskNo(world.state().rng.below(u64::from(run.counts.total)) as u32);
        let command = Command::Task(no, TaskCommand::Cancel);
        world
            .store
            .command(run.id, command, world.asked("client"))
            .unwrap();
    }
}

fn halt(world: &World) {
    let run = some_run(world);
    let command = {
        let mut state = world.state();
        let modes = [
            HaltMode::Reducing,
            HaltMode::Drain,
            HaltMode::Halted,
            HaltMode::Halted,
            HaltMode::Killed,
        ];
        let mode = *state.rng.of(&modes).unwrap();
        let scope = match (state.rng.below(4), run) {
            (0, _) => Scope::Global,
            (1, _) => Scope::Kind(*state.rng.of(&KINDS).unwrap()),
            (2, Some(run)) => Scope::Spec(run.new.spec),
            (_, Some(run)) => Scope::Run(run.id),
            (_, None) => return,
        };
        if mode == HaltMode::Killed {
            // It takes tasks from workers at once.
            for job in state.jobs.values_mut() {
                job.excused = true;
            }
        }
        HaltCommand::Set {
            scope,
            mode,
            reason: "drill".to_owned(),
        }
    };
    // A milder mode than the present one is refused.
    if world.store.halt(command, world.asked("client")).is_ok() && world.happens(2) {
        world.store.obey(100, world.asked("client")).unwrap();
    }
}

/// Clears latches and resumes what was halted; in calm only where this seed
/// is one that resumes.
fn clear_up(world: &World) {
    let (calm, resumes) = {
        let state = world.state();
        (state.calm, state.resumes)
    };
    if calm && !resumes {
        return;
    }
    for latch in world.store.halts().unwrap() {
        let clear = HaltCommand::Clear {
            scope: latch.scope,
            reason: "over".to_owned(),
            confirmed: true,
        };
        if calm || world.happens(2) {
            world.store.halt(clear, world.asked("person")).unwrap();
        }
    }
    let halted = RunQuery {
        states: vec![RunState::Halted],
        ..RunQuery::default()
    };
    for run in world.store.runs(&halted).unwrap() {
        let resume = Command::Run(RunCommand::Resume);
        // Another latch may hold it, or another run its key.
        let _ = world.store.command(run.id, resume, world.asked("person"));
    }
}

fn some_process(world: &World) -> Option<usize> {
    let mut state = world.state();
    let living = state.living();
    state.rng.of(&living).copied()
}

fn kill_process(world: &World) {
    if let Some(index) = some_process(world) {
        world.state().bury(index);
    }
}

/// Keeps two to four processes alive.
pub(super) fn start_where_few(world: &Arc<World>) {
    let host = {
        let mut state = world.state();
        let many = state.living().len() as u64;
        let more = many < 2 || many < 4 && state.rng.one_in(2);
        more.then(|| state.rng.below(2) as usize)
    };
    if let Some(host) = host {
        start(world, host);
    }
}

fn pause(world: &World) {
    if let Some(index) = some_process(world) {
        let mut state = world.state();
        let until = world.now() + state.rng.below(70 * SECOND);
        state.excuse(index);
        state.processes[index].paused_until = until;
        state.processes[index].stalls += 1;
    }
}

fn cut_off(world: &World) {
    if let Some(index) = some_process(world) {
        let mut state = world.state();
        let until = world.now() + state.rng.below(60 * SECOND);
        state.processes[index].cut_off_until = until;
    }
}

/// The wall clock jumps by up to ten minutes.
fn jump(world: &World) {
    let to = world.state().rng.below(1_200 * SECOND) as i64 - 600 * SECOND as i64;
    world.wall.store(to, Ordering::Relaxed);
    debug_assert!(world.asked("").at > UnixMicros(0));
}

fn write_file(world: &World) {
    let mut state = world.state();
    let host = state.rng.below(2) as usize;
    state.files[host] = Some("stop".to_owned());
    // Each runner looks ten times a second.
    let at = world.now() + state.rng.below(SECOND / 10);
    for process in state.processes.iter_mut().filter(|one| one.host == host) {
        process.runner_at = process.runner_at.min(at);
    }
}

fn remove_files(world: &World) {
    world.state().files.fill(None);
}

fn drain(world: &World) {
    if let Some(index) = some_process(world) {
        let handle = world.state().processes[index].handle.clone();
        handle.drain();
        if world.happens(2) {
            handle.drain();
        }
    }
}
