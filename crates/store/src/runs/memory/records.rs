//! Records and services in memory.

use fondaco_app::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_app::ports::services::{Holder, Service, ServiceStore};
use fondaco_domain::UnixMicros;

use super::MemoryRuns;
use super::kept::Kept;

impl Kept {
    /// Every version of a record, the newest first.
    pub(super) fn versions<'a>(
        &'a self,
        kind: RecordKind,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Record> {
        let newest_first = self.records.iter().rev();
        newest_first.filter(move |record| record.kind == kind && record.name == name)
    }
}

impl RecordStore for MemoryRuns {
    fn put_record(&self, change: Change, by: Asked) -> Result<Record, RunStoreError> {
        self.transact(|unit| unit.put_record(change, &by))
    }

    fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, RunStoreError> {
        let kept = self.lock();
        let newest = kept.versions(kind, name).next();
        Ok(newest.filter(|record| record.body.is_some()).cloned())
    }

    fn records(&self, kind: RecordKind) -> Result<Vec<Record>, RunStoreError> {
        let kept = self.lock();
        let of_kind = kept.records.iter().filter(|record| record.kind == kind);
        let mut newest: Vec<Record> = of_kind.rev().cloned().collect();
        // Stable: of one name, the newest stays first.
        newest.sort_by(|one, other| one.name.cmp(&other.name));
        newest.dedup_by(|later, first| later.name == first.name);
        newest.retain(|record| record.body.is_some());
        Ok(newest)
    }

    fn trail(&self, query: &TrailQuery) -> Result<Vec<Record>, RunStoreError> {
        let kept = self.lock();
        let asked = |record: &&Record| {
            query.kind.is_none_or(|kind| kind == record.kind)
                && query.name.as_ref().is_none_or(|name| *name == record.name)
                && query.before.is_none_or(|no| record.no < no)
        };
        let found = kept.records.iter().rev().filter(asked);
        let limit = query.limit.unwrap_or(usize::MAX);
        Ok(found.take(limit).cloned().collect())
    }
}

impl ServiceStore for MemoryRuns {
    fn claim_service(&self, name: &str, seen: u64, by: Asked) -> Result<Service, RunStoreError> {
        let mut kept = self.lock();
        let known = kept.services.get(name);
        let found = known.map_or(0, |(service, _)| service.generation);
        if let Some((service, claimant)) = known
            && service.generation == seen + 1
            && (service.since, claimant) == (by.at, &by.actor)
        {
            return Ok(service.clone());
        }
        if found != seen {
            let name = name.to_owned();
            return Err(RunStoreError::ServiceChanged { name, found });
        }
        let service = Service {
            name: name.to_owned(),
            generation: seen + 1,
            holder: None,
            renewals: 0,
            since: by.at,
            seen: by.at,
        };
        let claimed = (service.clone(), by.actor);
        kept.services.insert(name.to_owned(), claimed);
        Ok(service)
    }

    fn renew_service(
        &self,
        name: &str,
        generation: u64,
        holder: Holder,
        at: UnixMicros,
    ) -> Result<bool, RunStoreError> {
        let mut kept = self.lock();
        let Some(service) = kept.held_service(name, generation) else {
            return Ok(false);
        };
        service.holder = Some(holder);
        service.renewals += 1;
        service.seen = at.max(service.seen);
        Ok(true)
    }

    fn release_service(&self, name: &str, generation: u64) -> Result<(), RunStoreError> {
        if let Some(service) = self.lock().held_service(name, generation) {
            service.holder = None;
        }
        Ok(())
    }

    fn services(&self) -> Result<Vec<Service>, RunStoreError> {
        let kept = self.lock();
        let services = kept.services.values();
        Ok(services.map(|(service, _)| service.clone()).collect())
    }
}

impl Kept {
    fn held_service(&mut self, name: &str, generation: u64) -> Option<&mut Service> {
        let (service, _) = self.services.get_mut(name)?;
        (service.generation == generation).then_some(service)
    }
}
