//! The ledger of one run.

use std::sync::{Arc, Mutex, PoisonError};

use fondaco_domain::RunId;

use super::{Open, SpendingError, Spent};
use crate::ports::machine::Machine;
use crate::ports::model::{NanoDollars, Usage};
use crate::ports::records::{Change, Record, RecordKind, RecordStore};
use crate::ports::runs::{Asked, RunStoreError};

/// The money of one run, for all its calls in all processes.
pub struct Ledger {
    run: RunId,
    limit: Option<NanoDollars>,
    store: Arc<dyn RecordStore>,
    machine: Arc<dyn Machine>,
    actor: String,
    /// The record as it was last seen; nothing where it has to be read.
    seen: Mutex<Option<(u32, Spent)>>,
}

impl Ledger {
    pub(super) fn new(
        run: RunId,
        limit: Option<NanoDollars>,
        store: Arc<dyn RecordStore>,
        machine: Arc<dyn Machine>,
        actor: String,
    ) -> Self {
        Self {
            run,
            limit,
            store,
            machine,
            actor,
            seen: Mutex::default(),
        }
    }

    /// Sets the most that a call may cost aside, or refuses it. On the disk
    /// before it returns. What a provider charges beyond that is its error,
    /// and is refused with the next call.
    pub fn reserve(
        self: &Arc<Self>,
        call: &str,
        most: NanoDollars,
    ) -> Result<Reserved, SpendingError> {
        let number = self.change(|spent| {
            if let (Some(limit), Some(left)) = (spent.limit, spent.left())
                && most > left
            {
                return Err(SpendingError::Over {
                    asked: most,
                    left,
                    limit,
                });
            }
            let number = spent.next;
            let open = Open {
                call: call.to_owned(),
                most,
            };
            spent.open.insert(number, open);
            spent.next += 1;
            Ok(number)
        })?;
        Ok(Reserved {
            ledger: Arc::clone(self),
            number,
            most,
        })
    }

    /// Settles a call that a crash cut off after its answer was kept: the last
    /// one under that name. Writes nothing where there is none.
    pub fn recover(
        &self,
        call: &str,
        usage: Usage,
        cost: NanoDollars,
    ) -> Result<(), SpendingError> {
        let found = |spent: &Spent| {
            let mut open = spent.open.iter().rev();
            open.find(|(_, open)| open.call == call)
                .map(|(number, _)| *number)
        };
        if found(&self.now()?).is_none() {
            return Ok(());
        }
        self.change(|spent| {
            if let Some(number) = found(spent) {
                end(spent, number, Some(usage), cost);
            }
            Ok(())
        })
    }

    /// What was spent so far.
    pub fn now(&self) -> Result<Spent, SpendingError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.current(&mut seen).map(|(_, spent)| spent)
    }

    /// Changes the record, again and again while others do.
    fn change<T>(
        &self,
        change: impl Fn(&mut Spent) -> Result<T, SpendingError>,
    ) -> Result<T, SpendingError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (version, mut spent) = self.current(&mut seen)?;
            let result = change(&mut spent)?;
            // It may be written although the store failed: it is read anew.
            *seen = None;
            match self.write(version, &spent) {
                Ok(record) => {
                    *seen = Some((record.version, spent));
                    return Ok(result);
                }
                Err(RunStoreError::RecordChanged { .. }) => {}
                Err(source) => return Err(self.failed(source)),
            }
        }
    }

    fn current(&self, seen: &mut Option<(u32, Spent)>) -> Result<(u32, Spent), SpendingError> {
        if let Some(seen) = seen {
            return Ok(seen.clone());
        }
        let name = self.run.to_string();
        let found = self.store.record(RecordKind::Spending, &name);
        let found = found.map_err(|source| self.failed(source))?;
        let now = match found {
            Some(record) => (record.version, read(self.run, &record)?),
            None => (0, Spent::default()),
        };
        let (version, spent) = seen.insert(now);
        spent.limit = self.limit;
        Ok((*version, spent.clone()))
    }

    fn write(&self, over: u32, spent: &Spent) -> Result<Record, RunStoreError> {
        let change = Change {
            kind: RecordKind::Spending,
            name: self.run.to_string(),
            over: Some(over),
            // Texts, numbers and a map of them: it cannot fail to be JSON.
            body: serde_json::to_string(spent).ok(),
        };
        let by = Asked {
            actor: self.actor.clone(),
            at: self.machine.wall(),
        };
        self.store.put_record(change, by)
    }

    fn failed(&self, source: RunStoreError) -> SpendingError {
        SpendingError::Store {
            run: self.run,
            source,
        }
    }
}

pub(super) fn read(run: RunId, record: &Record) -> Result<Spent, SpendingError> {
    let body = record.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|error| SpendingError::Damaged {
        run,
        problem: error.to_string(),
    })
}

fn end(spent: &mut Spent, number: u64, usage: Option<Usage>, cost: NanoDollars) {
    if spent.open.remove(&number).is_none() {
        return;
    }
    match usage {
        None => spent.lost += 1,
        Some(usage) => {
            spent.calls += 1;
            spent.usage.input = spent.usage.input.saturating_add(usage.input);
            spent.usage.cached = spent.usage.cached.saturating_add(usage.cached);
            spent.usage.output = spent.usage.output.saturating_add(usage.output);
        }
    }
    spent.cost.0 = spent.cost.0.saturating_add(cost.0);
}

/// Money set aside for one call. Where it is not ended, it stays set aside.
#[must_use = "it stays set aside until it is ended"]
pub struct Reserved {
    ledger: Arc<Ledger>,
    number: u64,
    most: NanoDollars,
}

impl Reserved {
    /// The call was answered.
    pub fn settle(self, usage: Usage, cost: NanoDollars) -> Result<(), SpendingError> {
        self.end(Some(usage), cost)
    }

    /// The answer was lost, and may be charged: it counts as dear as it can
    /// have been.
    pub fn lose(self) -> Result<(), SpendingError> {
        let most = self.most;
        self.end(None, most)
    }

    /// The call was not made.
    pub fn give_back(self) -> Result<(), SpendingError> {
        let number = self.number;
        self.ledger.change(|spent| {
            spent.open.remove(&number);
            Ok(())
        })
    }

    fn end(self, usage: Option<Usage>, cost: NanoDollars) -> Result<(), SpendingError> {
        self.ledger.change(|spent| {
            end(spent, self.number, usage, cost);
            Ok(())
        })
    }
}
