//! What a transaction does, whatever the place: read what a call is about, let
//! [`fondaco_domain::run::carry_out`] decide, keep rows and events together,
//! and write each row once however many calls touched it.
//!
//! A place implements [`Backend`]: reads, and one write of everything that
//! changed. A call that is rejected leaves nothing; one that fails otherwise
//! ends the transaction, which is up to the place.

mod attempts;
mod backend;
mod counts;
mod exchange;
mod halts;
mod records;
mod schedules;
mod stage;

use std::collections::BTreeMap;

use fondaco_app::ports::runs::{
    Asked, Commanded, IdempotencyKey, Notice, RunStoreError, Submission, Submitted,
};
use fondaco_domain::halt::{Halt, HaltBook};
use fondaco_domain::run::{self, Command, Done, Effect, Facts, Recorded, Refused, Run};
use fondaco_domain::task::{Task, TaskNo};
use fondaco_domain::{ContentHash, RunId};

pub(in crate::runs) use self::backend::{
    AttemptChange, AttemptKey, AttemptPatch, Backend, Chain, Changes, RunRow, Tick, Wanted,
};
pub(in crate::runs) use self::counts::in_order;
use self::stage::{Stage, Staged};

/// One transaction under way.
pub(in crate::runs) struct Unit<B> {
    backend: B,
    runs: BTreeMap<RunId, Entry<RunRow>>,
    tasks: BTreeMap<(RunId, TaskNo), Entry<Task>>,
    /// Who needs a task, where that was asked.
    dependents: BTreeMap<(RunId, TaskNo), Vec<TaskNo>>,
    attempts: BTreeMap<AttemptKey, AttemptChange>,
    book: Option<HaltBook>,
    specs: Vec<(ContentHash, String)>,
    events: Vec<(RunId, Recorded)>,
    halts: Vec<Halt>,
    ticks: Vec<Tick>,
    notices: Vec<Notice>,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    standing: Standing,
}

/// A row beside the place it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Same,
    Changed,
    New,
}

impl<B: Backend> Unit<B> {
    /// Over a place whose transaction has begun.
    pub(in crate::runs) fn new(backend: B) -> Self {
        Self {
            backend,
            runs: BTreeMap::new(),
            tasks: BTreeMap::new(),
            dependents: BTreeMap::new(),
            attempts: BTreeMap::new(),
            book: None,
            specs: Vec::new(),
            events: Vec::new(),
            halts: Vec::new(),
            ticks: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Writes what is left. The notices are for after the commit.
    pub(in crate::runs) fn finish(mut self) -> Result<(B, Vec<Notice>), RunStoreError> {
        self.flush()?;
        Ok((self.backend, self.notices))
    }

    /// `RunStore::submit`.
    pub(in crate::runs) fn submit(
        &mut self,
        asked: Submission,
        by: &Asked,
    ) -> Result<Submitted, RunStoreError> {
        if ContentHash::of(asked.spec.as_bytes()) != asked.new.spec {
            return Err(RunStoreError::SpecMismatch(asked.new.spec));
        }
        let fingerprint = asked.fingerprint();
        if let Some(known) = self.submitted_before(&asked, &fingerprint)? {
            return Ok(known);
        }
        let id = asked.id;
        let epoch = self.book()?.covering(&[]).epoch;
        let plan = (asked.tasks, asked.last);
        let spec = asked.new.spec.clone();
        let mut stage = Stage::of_new_run(self, id);
        let (run, done) =
            run::submit(id, asked.new, plan, &mut stage, epoch, by.at).map_err(refused)?;
        let staged = stage.staged();
        self.specs.push((spec, asked.spec));
        let row = RunRow {
            run: run.clone(),
            chain: Chain::start(),
            fingerprint,
            key: asked.key,
        };
        let standing = Standing::New;
        self.runs.insert(
            id,
            Entry {
                value: row,
                standing,
            },
        );
        self.keep(run, staged, done, by)?;
        Ok(Submitted { id, fresh: true })
    }

    /// `RunStore::command`.
    pub(in crate::runs) fn command(
        &mut self,
        id: RunId,
        command: Command,
        by: &Asked,
    ) -> Result<Commanded, RunStoreError> {
        let (events, effects) = self.carry_out(id, command, by)?;
        Ok(Commanded {
            run: self.row(id)?.run.clone(),
            events,
            effects,
        })
    }

    /// `RunStore::remove`.
    pub(in crate::runs) fn remove(&mut self, id: RunId) -> Result<(), RunStoreError> {
        let state = self.row(id)?.run.state;
        if !state.is_terminal() {
            return Err(RunStoreError::NotEnded { run: id, state });
        }
        self.flush()?;
        self.backend.remove(id)?;
        self.runs.remove(&id);
        self.tasks.retain(|(run, _), _| *run != id);
        self.dependents.retain(|(run, _), _| *run != id);
        Ok(())
    }

    /// Writes what changed since the last time.
    fn flush(&mut self) -> Result<(), RunStoreError> {
        let mut changes = Changes {
            specs: &self.specs,
            events: &self.events,
            halts: &self.halts,
            ticks: &self.ticks,
            ..Changes::default()
        };
        for row in self.runs.values() {
            match row.standing {
                Standing::Same => {}
                Standing::Changed => changes.runs.push(&row.value),
                Standing::New => changes.new_runs.push(&row.value),
            }
        }
        for ((id, _), task) in &self.tasks {
            match (task.standing, self.runs.get(id)) {
                (Standing::Same, _) => {}
                (Standing::New, Some(row)) => changes.new_tasks.push((&row.value.run, &task.value)),
                _ => changes.tasks.push((*id, &task.value)),
            }
        }
        changes.attempts = self.attempts.iter().map(|(key, of)| (*key, of)).collect();
        if changes.is_empty() {
            return Ok(());
        }
        self.backend.apply(&changes)?;
        for row in self.runs.values_mut() {
            row.standing = Standing::Same;
        }
        for task in self.tasks.values_mut() {
            task.standing = Standing::Same;
        }
        self.attempts.clear();
        self.specs.clear();
        self.events.clear();
        self.halts.clear();
        self.ticks.clear();
        Ok(())
    }

    /// One command: kept whole, or rejected without a trace.
    fn carry_out(
        &mut self,
        id: RunId,
        command: Command,
        by: &Asked,
    ) -> Result<(usize, Vec<Effect>), RunStoreError> {
        let mut run = self.row(id)?.run.clone();
        let facts = self.facts(&run)?;
        let mut stage = Stage::new(self, id);
        let done = run::carry_out(&mut run, &mut stage, command, &facts, by.at).map_err(refused)?;
        let staged = stage.staged();
        self.keep(run, staged, done, by)
    }

    /// Takes in what a command came to.
    fn keep(
        &mut self,
        run: Run,
        staged: Staged,
        done: Done,
        by: &Asked,
    ) -> Result<(usize, Vec<Effect>), RunStoreError> {
        let id = run.id;
        let count = done.events.len();
        if count > 0 {
            self.keep_attempts(id, &staged, &done.events, by);
            let row = self.row_mut(id)?;
            let mut chain = row.value.chain.clone();
            let mut links = Vec::with_capacity(count);
            for event in done.events {
                links.push((id, chain.link(id, event, by)?));
            }
            row.value.run = run;
            row.value.chain = chain;
            row.standing = row.standing.changed();
            self.events.extend(links);
        }
        self.take_in(id, staged);
        for effect in &done.effects {
            self.tell(Notice::of(id, effect));
        }
        Ok((count, done.effects))
    }

    fn take_in(&mut self, id: RunId, staged: Staged) {
        for (need, who) in staged.needs {
            if let Some(known) = self.dependents.get_mut(&(id, need)) {
                known.extend(who);
            }
        }
        for (no, (task, new)) in staged.tasks {
            let standing = match self.tasks.get(&(id, no)) {
                _ if new => Standing::New,
                Some(known) => known.standing.changed(),
                None => Standing::Changed,
            };
            let value = task;
            self.tasks.insert((id, no), Entry { value, standing });
        }
    }

    fn tell(&mut self, notice: Notice) {
        if self.notices.last() != Some(&notice) {
            self.notices.push(notice);
        }
    }

    /// The run that this was, where it was submitted before.
    fn submitted_before(
        &mut self,
        asked: &Submission,
        fingerprint: &ContentHash,
    ) -> Result<Option<Submitted>, RunStoreError> {
        let known = |id| Submitted { id, fresh: false };
        if let Some(key) = &asked.key
            && let Some(existing) = self.run_of_key(key)?
        {
            if self.row(existing)?.fingerprint == *fingerprint {
                return Ok(Some(known(existing)));
            }
            return Err(RunStoreError::KeyConflict {
                key: key.clone(),
                existing,
            });
        }
        match self.row(asked.id) {
            Ok(row) if row.fingerprint == *fingerprint => Ok(Some(known(asked.id))),
            Ok(_) => Err(RunStoreError::IdTaken(asked.id)),
            Err(RunStoreError::NoRun(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn run_of_key(&mut self, key: &IdempotencyKey) -> Result<Option<RunId>, RunStoreError> {
        let here = self.runs.values().map(|row| &row.value);
        match here.into_iter().find(|row| row.key.as_ref() == Some(key)) {
            Some(row) => Ok(Some(row.run.id)),
            None => self.backend.run_of_key(key),
        }
    }

    fn facts(&mut self, run: &Run) -> Result<Facts, RunStoreError> {
        let key_holder = match &run.new.concurrency_key {
            Some(key) => self.key_holder(key)?,
            None => None,
        };
        let halts = self.book()?.covering(&run.scopes());
        Ok(Facts { halts, key_holder })
    }

    /// What is written is not asked where it changed here since.
    fn key_holder(&mut self, key: &str) -> Result<Option<RunId>, RunStoreError> {
        let holds = |run: &Run| run.holds_key() && run.new.concurrency_key.as_deref() == Some(key);
        let here = self.runs.values().map(|row| &row.value.run);
        if let Some(run) = here.into_iter().find(|run| holds(run)) {
            return Ok(Some(run.id));
        }
        let written = self.backend.key_holder(key)?;
        Ok(written.filter(|id| !self.runs.contains_key(id)))
    }

    fn book(&mut self) -> Result<&mut HaltBook, RunStoreError> {
        let book = match self.book.take() {
            Some(book) => book,
            None => HaltBook::new(self.backend.halts()?),
        };
        Ok(self.book.insert(book))
    }

    fn row(&mut self, id: RunId) -> Result<&RunRow, RunStoreError> {
        self.row_mut(id).map(|row| &row.value)
    }

    fn row_mut(&mut self, id: RunId) -> Result<&mut Entry<RunRow>, RunStoreError> {
        if !self.runs.contains_key(&id) {
            self.fetch_runs(&[id])?;
        }
        self.runs.get_mut(&id).ok_or(RunStoreError::NoRun(id))
    }

    /// Reads at once what several calls are about, so that none of them reads
    /// it by itself: runs, tasks, and who needs those of them that may end.
    pub(in crate::runs) fn prefetch(
        &mut self,
        runs: &[RunId],
        tasks: &[(RunId, TaskNo)],
        ends: &[(RunId, TaskNo)],
    ) -> Result<(), RunStoreError> {
        self.fetch_runs(runs)?;
        self.fetch_dependents(ends)?;
        let mut names = tasks.to_vec();
        for end in ends {
            let who = self.dependents.get(end).into_iter().flatten();
            names.extend(who.map(|no| (end.0, *no)));
        }
        self.fetch_tasks(&names)
    }

    /// Reads several runs at once, where they were not read before.
    fn fetch_runs(&mut self, ids: &[RunId]) -> Result<(), RunStoreError> {
        let mut unread: Vec<RunId> = ids
            .iter()
            .filter(|id| !self.runs.contains_key(id))
            .copied()
            .collect();
        unread.sort_unstable();
        unread.dedup();
        if !unread.is_empty() {
            for row in self.backend.runs(&unread)? {
                self.put_run(row);
            }
        }
        Ok(())
    }

    fn put_run(&mut self, value: RunRow) {
        let standing = Standing::Same;
        let entry = Entry { value, standing };
        self.runs.entry(entry.value.run.id).or_insert(entry);
    }

    /// Reads several tasks at once, where they were not read before.
    fn fetch_tasks(&mut self, names: &[(RunId, TaskNo)]) -> Result<(), RunStoreError> {
        let mut unread: Vec<(RunId, TaskNo)> = names
            .iter()
            .filter(|name| !self.tasks.contains_key(name) && !self.is_new(name.0))
            .copied()
            .collect();
        unread.sort_unstable();
        unread.dedup();
        if !unread.is_empty() {
            for (run, task) in self.backend.tasks(&unread)? {
                self.put_task(run, task);
            }
        }
        Ok(())
    }

    fn put_task(&mut self, run: RunId, value: Task) {
        let standing = Standing::Same;
        let entry = Entry { value, standing };
        self.tasks.entry((run, entry.value.no)).or_insert(entry);
    }

    fn task(&mut self, run: RunId, no: TaskNo) -> Result<Option<&Task>, RunStoreError> {
        self.fetch_tasks(&[(run, no)])?;
        Ok(self.tasks.get(&(run, no)).map(|task| &task.value))
    }

    /// Reads who needs these tasks, where that was not read before.
    fn fetch_dependents(&mut self, names: &[(RunId, TaskNo)]) -> Result<(), RunStoreError> {
        let mut unread: Vec<(RunId, TaskNo)> = names
            .iter()
            .filter(|name| !self.dependents.contains_key(name))
            .copied()
            .collect();
        unread.sort_unstable();
        unread.dedup();
        for name in &unread {
            self.dependents.insert(*name, Vec::new());
        }
        unread.retain(|name| !self.is_new(name.0));
        if !unread.is_empty() {
            for (run, need, no) in self.backend.dependents(&unread)? {
                self.dependents.entry((run, need)).or_default().push(no);
            }
        }
        self.add_unwritten_dependents(names);
        Ok(())
    }

    /// Those planned in this unit are not in the place yet.
    fn add_unwritten_dependents(&mut self, names: &[(RunId, TaskNo)]) {
        for (run, need) in names {
            let of_run = self.tasks.range((*run, *need)..=(*run, TaskNo(u32::MAX)));
            let new = of_run.filter(|(_, task)| task.standing == Standing::New);
            let known = self.dependents.entry((*run, *need)).or_default();
            for ((_, no), task) in new {
                if task.value.plan.needs.contains(need) && !known.contains(no) {
                    known.push(*no);
                }
            }
        }
    }

    /// Whether the run is not in the place yet.
    fn is_new(&self, run: RunId) -> bool {
        let row = self.runs.get(&run);
        row.is_some_and(|row| row.standing == Standing::New)
    }
}

impl Standing {
    fn changed(self) -> Self {
        match self {
            Self::New => Self::New,
            Self::Same | Self::Changed => Self::Changed,
        }
    }
}

fn refused(refused: Refused<RunStoreError>) -> RunStoreError {
    match refused {
        Refused::Rejection(rejection) => rejection.into(),
        Refused::Rows(error) => error,
    }
}
