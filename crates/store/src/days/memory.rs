//! The store in memory: a plain list, looked through whole, its marks worked
//! out anew after every change. For tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::Failure;
use fondaco_app::ports::days::{DayQuery, DayStore, DayValue, ImportedJob, KeptDay, Taken};
use fondaco_contract::v1alpha1::simulation::SimDate;

/// Days as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryDays(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    followed: u64,
    /// In the order in which they were put.
    days: Vec<Entry>,
    jobs: BTreeMap<String, ImportedJob>,
}

#[derive(Debug)]
struct Entry {
    kept: KeptDay,
    replaced: bool,
}

impl MemoryDays {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found<T>(&self, query: &DayQuery, make: impl Fn(&KeptDay) -> T) -> Vec<T> {
        let kept = self.kept();
        let days = kept.days.iter().filter(|entry| is_asked(query, entry));
        let mut found: Vec<&KeptDay> = days.map(|entry| &entry.kept).collect();
        // Stable: of equal ones the order in which they were put stays.
        found.sort_by_key(|kept| (kept.day.date, kept.day.model.clone()));
        if query.newest_first {
            found.reverse();
        }
        found.truncate(query.limit.unwrap_or(usize::MAX));
        found.into_iter().map(make).collect()
    }
}

fn is_asked(query: &DayQuery, entry: &Entry) -> bool {
    let kept = &entry.kept;
    (query.book.is_none() || query.book == kept.book)
        && query.origin.as_ref().is_none_or(|one| *one == kept.origin)
        && query
            .model
            .as_ref()
            .is_none_or(|one| *one == kept.day.model)
        && query
            .dates
            .as_ref()
            .is_none_or(|dates| dates.contains(&kept.day.date.day()))
        && query.before.is_none_or(|before| kept.day.date < before)
        && (query.replaced || !entry.replaced)
        && !(query.fresh_only && kept.stale)
}

impl Kept {
    /// Says whether it is new.
    fn put(&mut self, day: &KeptDay) -> bool {
        let name = |kept: &KeptDay| (kept.origin.clone(), kept.day.model.clone(), kept.day.date);
        if self.days.iter().any(|known| name(&known.kept) == name(day)) {
            return false;
        }
        self.days.push(Entry {
            kept: day.clone(),
            replaced: false,
        });
        true
    }

    /// What follows from the times of all.
    fn mark(&mut self) {
        let line = |kept: &KeptDay| (kept.book.clone(), kept.day.model.clone());
        let all: Vec<_> = self
            .days
            .iter()
            .map(|entry| {
                (
                    line(&entry.kept),
                    entry.kept.day.date,
                    entry.kept.completed_at,
                )
            })
            .collect();
        for (place, entry) in self.days.iter_mut().enumerate() {
            if entry.kept.book.is_none() {
                continue;
            }
            let (own, date, done) = &all[place];
            let newer = || {
                let all = all.iter().enumerate();
                all.filter(|(other, (line, _, at))| line == own && (at, other) > (done, &place))
            };
            entry.replaced = newer().any(|(_, (_, other, _))| other == date);
            entry.kept.stale |= newer().any(|(_, (_, other, _))| other < date);
        }
    }
}

impl DayStore for MemoryDays {
    fn put(&self, days: &[KeptDay], followed: Option<u64>) -> Result<(), Failure> {
        let mut kept = self.kept();
        for day in days {
            kept.put(day);
        }
        kept.mark();
        kept.followed = kept.followed.max(followed.unwrap_or(0));
        Ok(())
    }

    fn followed(&self) -> Result<u64, Failure> {
        Ok(self.kept().followed)
    }

    fn days(&self, query: &DayQuery) -> Result<Vec<KeptDay>, Failure> {
        Ok(self.found(query, KeptDay::clone))
    }

    fn dates(&self, query: &DayQuery) -> Result<Vec<(String, SimDate)>, Failure> {
        Ok(self.found(query, |kept| (kept.day.model.clone(), kept.day.date)))
    }

    fn values(&self, query: &DayQuery) -> Result<Vec<DayValue>, Failure> {
        Ok(self.found(query, |kept| DayValue {
            book: kept.book.clone(),
            origin: kept.origin.clone(),
            model: kept.day.model.clone(),
            date: kept.day.date,
            completed_at: kept.completed_at,
            value: kept.day.end.value,
        }))
    }

    fn import(&self, jobs: &[ImportedJob], days: &[KeptDay]) -> Result<Taken, Failure> {
        let mut kept = self.kept();
        let mut taken = Taken::default();
        for job in jobs {
            let before = kept.jobs.insert(job.id.clone(), job.clone());
            let is_new = before.as_ref() != Some(job);
            *(if is_new {
                &mut taken.jobs
            } else {
                &mut taken.known_jobs
            }) += 1;
        }
        for day in days {
            let is_new = kept.put(day);
            *(if is_new {
                &mut taken.days
            } else {
                &mut taken.known_days
            }) += 1;
        }
        kept.mark();
        Ok(taken)
    }

    fn imported(&self, job: &str) -> Result<Option<ImportedJob>, Failure> {
        Ok(self.kept().jobs.get(job).cloned())
    }
}
