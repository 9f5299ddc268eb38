//! One seeded world: a clock, machines with processes, a store, and faults.
//!
//! Everything happens on one thread. A process that stalls in the middle of a
//! call lets the others go on meanwhile: the call turns the world, and returns
//! when its time is over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fondaco_app::ports::exec::AttemptId;
use fondaco_app::ports::halts::HaltStore;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::{Asked, Notice, Notices, RunStore, RunStoreError};
use fondaco_app::reaper::Reaper;
use fondaco_app::runner::{Bell, Handle, Runner};
use fondaco_domain::UnixMicros;
use fondaco_domain::halt::{Epoch, Halt, HaltCommand, HaltMode, Scope};

use super::MemoryRuns;
use super::executor::{Job, Temper};

/// Microseconds.
pub(super) const SECOND: u64 = 1_000_000;

/// Where the wall clock begins.
const BASE: i64 = 1_700_000_000_000_000;

/// Calls within calls that may stall.
const DEPTH: u32 = 3;

pub(super) struct World {
    pub(super) store: MemoryRuns,
    clock: AtomicU64,
    pub(super) wall: AtomicI64,
    state: Mutex<State>,
    notices: Mutex<Box<dyn Notices>>,
}

/// All that changes.
pub(super) struct State {
    pub(super) rng: Rng,
    pub(super) processes: Vec<Process>,
    /// The text of the file that stops a machine.
    pub(super) files: Vec<Option<String>>,
    pub(super) jobs: BTreeMap<AttemptId, Job>,
    pub(super) acknowledged: BTreeSet<(usize, Scope, Epoch)>,
    letters: Vec<(u64, usize, Notice)>,
    pub(super) client_at: u64,
    /// No more faults.
    pub(super) calm: bool,
    pub(super) resumes: bool,
    /// What attempts are like in a drill, and how long they last.
    pub(super) script: Option<(Temper, u64)>,
    /// What befalls the next answer of its kind.
    pub(super) mishap: Option<Mishap>,
    /// What does not work in a drill.
    pub(super) broken: Option<Broken>,
    /// Outputs in a drill are too long for a row.
    pub(super) long_outputs: bool,
    depth: u32,
    pub(super) steps: u64,
    /// What must not be, and was.
    pub(super) wrong: Vec<String>,
}

pub(super) struct Process {
    pub(super) host: usize,
    pub(super) alive: bool,
    pub(super) runner: Option<Runner>,
    pub(super) reaper: Option<Reaper>,
    pub(super) handle: Handle,
    pub(super) bell: Arc<Bell>,
    pub(super) runner_at: u64,
    pub(super) reaper_at: u64,
    /// All of it sleeps until then.
    pub(super) paused_until: u64,
    /// The store does not answer it until then.
    pub(super) cut_off_until: u64,
    pub(super) stalls: u64,
    /// Its runner hangs until then, and nothing else of it.
    pub(super) stuck_until: u64,
}

/// What does not work for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// No child can be started.
    Starting,
    /// Specs cannot be read.
    Specs,
    /// Bodies cannot be kept.
    Keeping,
}

/// What may befall an answer of the store that gives tasks away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// It does not arrive.
    Lost,
    /// The one who asked falls asleep for so many seconds before reading it.
    Slept(u64),
    /// The file that stops machine 0 is written meanwhile.
    File,
    /// Everything is halted meanwhile, and the one who asked hears of it.
    Halt,
    /// Of an answer that agrees to an adoption: it does not arrive.
    LostAdoption,
}

/// What happens next, at equal times in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    End(AttemptId),
    Letter(usize),
    Runner(usize),
    Reaper(usize),
    Client,
}

impl World {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let store = MemoryRuns::default();
        let notices = store.subscribe().unwrap();
        let mut rng = Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66);
        let resumes = rng.below(10) < 7;
        Arc::new(Self {
            store,
            clock: AtomicU64::new(SECOND),
            wall: AtomicI64::new(0),
            notices: Mutex::new(notices),
            state: Mutex::new(State {
                rng,
                processes: Vec::new(),
                files: vec![None; 2],
                jobs: BTreeMap::new(),
                acknowledged: BTreeSet::new(),
                letters: Vec::new(),
                client_at: 0,
                calm: false,
                resumes,
                script: None,
                mishap: None,
                broken: None,
                long_outputs: false,
                depth: 0,
                steps: 0,
                wrong: Vec::new(),
            }),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub(super) fn asked(&self, actor: &str) -> Asked {
        let now = BASE + self.now() as i64 + self.wall.load(Ordering::Relaxed);
        Asked {
            actor: actor.to_owned(),
            at: UnixMicros(now),
        }
    }

    pub(super) fn halt_everything(&self) -> Halt {
        let command = HaltCommand::Set {
            scope: Scope::Global,
            mode: HaltMode::Halted,
            reason: "drill".to_owned(),
        };
        self.store.halt(command, self.asked("drill")).unwrap()
    }

    /// Whether chance, one in so many, strikes; never in calm.
    pub(super) fn happens(&self, one_in: u64) -> bool {
        let mut state = self.state();
        !state.calm && state.rng.one_in(one_in)
    }

    /// Whether the process can reach the store at all.
    pub(super) fn reach(&self, process: usize) -> Result<(), RunStoreError> {
        let state = self.state();
        let process = &state.processes[process];
        if !process.alive {
            return Err(RunStoreError::Stopped);
        }
        if process.cut_off_until > self.now() {
            return Err(unreachable());
        }
        Ok(())
    }

    /// Time passes in the middle of something; now and then much of it, and
    /// now and then the process dies there.
    pub(super) fn maybe_stall(self: &Arc<Self>, process: usize) {
        let until = {
            let mut state = self.state();
            if state.calm || state.depth >= DEPTH || !state.rng.one_in(60) {
                return;
            }
            state.stall(process, self.now())
        };
        let Some(mut until) = until else { return };
        self.state().depth += 1;
        // Who is paused meanwhile goes on in the middle of it, and not before
        // the pause is over.
        while until > self.now() {
            self.turn_until(until);
            until = self.state().processes[process].paused_until;
        }
        self.state().depth -= 1;
    }

    /// Lets all that is due until then happen.
    pub(super) fn turn_until(self: &Arc<Self>, until: u64) {
        loop {
            let next = self.next_event();
            match next.filter(|(at, _)| *at <= until) {
                Some((at, event)) => {
                    self.clock.fetch_max(at, Ordering::Relaxed);
                    self.state().steps += 1;
                    self.happen(event);
                    self.post();
                }
                None => break,
            }
        }
        self.clock.fetch_max(until, Ordering::Relaxed);
    }

    fn next_event(&self) -> Option<(u64, Event)> {
        let now = self.now();
        let mut state = self.state();
        let state = &mut *state;
        let mut next: Option<(u64, Event)> = None;
        let mut offer = |at: u64, event| {
            if next.is_none_or(|known| (at, event) < known) {
                next = Some((at, event));
            }
        };
        for (index, process) in state.processes.iter_mut().enumerate() {
            if !process.alive {
                continue;
            }
            if process.bell.wait(Duration::ZERO) {
                process.runner_at = process.runner_at.min(now + state.rng.below(3_000));
            }
            let awake = process.paused_until;
            if process.runner.is_some() {
                let at = process.runner_at.max(awake).max(process.stuck_until);
                offer(at, Event::Runner(index));
            }
            if process.reaper.is_some() {
                offer(process.reaper_at.max(awake), Event::Reaper(index));
            }
        }
        for (id, job) in &state.jobs {
            if job.ended.is_none() {
                // Threads sleep with their process.
                let asleep = job
                    .host
                    .is_none()
                    .then(|| state.processes[job.holder].paused_until);
                offer(job.ends_at.max(asleep.unwrap_or(0)), Event::End(*id));
            }
        }
        for (index, (at, ..)) in state.letters.iter().enumerate() {
            offer(*at, Event::Letter(index));
        }
        offer(state.client_at, Event::Client);
        next
    }

    fn happen(self: &Arc<Self>, event: Event) {
        match event {
            Event::End(id) => {
                let mut state = self.state();
                let Some(job) = state.jobs.get_mut(&id) else {
                    return;
                };
                job.ended = Some(job.outcome.clone());
                let holder = job.holder;
                state.processes[holder].bell.ring();
            }
            Event::Letter(index) => {
                let (handle, notice) = {
                    let mut state = self.state();
                    let (_, to, notice) = state.letters.swap_remove(index);
                    (state.processes[to].handle.clone(), notice)
                };
                handle.notice(&notice);
            }
            Event::Runner(index) => self.turn_runner(index),
            Event::Reaper(index) => self.turn_reaper(index),
            Event::Client => super::client::act(self),
        }
    }

    fn turn_runner(&self, index: usize) {
        let Some(mut runner) = self.state().processes[index].runner.take() else {
            return;
        };
        let turned = runner.turn();
        let now = self.now();
        match turned {
            Ok(turn) if turn.done => {
                runner.leave();
                self.state().bury(index);
            }
            Ok(turn) => {
                let mut state = self.state();
                let due = now + turn.due.as_micros() as u64 + 1_000;
                let process = &mut state.processes[index];
                process.runner_at = due;
                if process.alive {
                    process.runner = Some(runner);
                }
            }
            Err(error) => {
                let mut state = self.state();
                if state.processes[index].alive {
                    state.wrong.push(format!("a runner ended: {error}"));
                }
            }
        }
    }

    fn turn_reaper(&self, index: usize) {
        let Some(mut reaper) = self.state().processes[index].reaper.take() else {
            return;
        };
        let turned = reaper.turn();
        let now = self.now();
        let mut state = self.state();
        let process = &mut state.processes[index];
        if let (Ok(wait), true) = (turned, process.alive) {
            process.reaper_at = now + wait.as_micros() as u64 + 1_000;
            process.reaper = Some(reaper);
        }
    }

    /// Sends what the store told to every process: late, in any order, or
    /// not at all.
    fn post(&self) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        while let Some(notice) = notices.wait(Duration::ZERO) {
            let mut state = self.state();
            for to in 0..state.processes.len() {
                if !state.processes[to].alive || !state.calm && state.rng.one_in(8) {
                    continue;
                }
                let late = match state.rng.below(20) {
                    0 => 20 * SECOND,
                    _ => SECOND / 50,
                };
                let at = now + state.rng.below(late);
                state.letters.push((at, to, notice.clone()));
            }
        }
    }
}

impl State {
    /// Begins a stall of a process or of one thread of it, or kills it.
    /// Returns when the stall is over.
    fn stall(&mut self, process: usize, now: u64) -> Option<u64> {
        let longest = match self.rng.below(40) {
            0 => 70 * SECOND,
            1 | 2 => 12 * SECOND,
            3 => {
                self.bury(process);
                return None;
            }
            _ => SECOND / 4,
        };
        let until = now + self.rng.below(longest);
        if longest > SECOND / 4 {
            // Nobody can stop anything in the sleep.
            self.excuse(process);
            self.processes[process].stalls += 1;
        }
        let of_all_its_threads = self.rng.one_in(2);
        let process = &mut self.processes[process];
        if of_all_its_threads {
            process.paused_until = process.paused_until.max(until);
        }
        Some(until)
    }

    /// A process is gone: its threads with it, and its children not.
    pub(super) fn bury(&mut self, index: usize) {
        self.excuse(index);
        self.processes[index].alive = false;
        self.processes[index].runner = None;
        self.processes[index].reaper = None;
        self.jobs
            .retain(|_, job| job.holder != index || job.host.is_some());
    }

    pub(super) fn excuse(&mut self, process: usize) {
        for job in self.jobs.values_mut().filter(|job| job.holder == process) {
            job.excused = true;
        }
    }

    pub(super) fn living(&self) -> Vec<usize> {
        let all = self.processes.iter().enumerate();
        all.filter(|(_, one)| one.alive)
            .map(|(index, _)| index)
            .collect()
    }
}

pub(super) fn unreachable() -> RunStoreError {
    RunStoreError::Unreachable {
        place: "the simulated store".to_owned(),
        source: "as the seed says".into(),
    }
}

/// The clocks of one process.
pub(super) struct Clocks {
    pub(super) world: Arc<World>,
    pub(super) process: usize,
}

impl Machine for Clocks {
    fn wall(&self) -> UnixMicros {
        self.world.asked("").at
    }

    /// Each process counts from a moment of its own.
    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.world.now() + self.process as u64 * 977 * SECOND)
    }

    fn entropy(&self) -> [u8; 10] {
        let mut state = self.world.state();
        std::array::from_fn(|_| state.rng.below(256) as u8)
    }
}

/// Numbers that a seed gives: splitmix64, by Steele, Lea and Flood (2014).
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(super) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    pub(super) fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len() as u64) as usize)
    }
}
