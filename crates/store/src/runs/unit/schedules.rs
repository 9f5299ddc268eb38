//! Schedules and their ticks.

use fondaco_app::ports::records::RecordKind;
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule};
use fondaco_domain::{ContentHash, UnixMicros};

use super::{Backend, Tick, Unit};

/// The record of a schedule that is no more.
const GONE: Option<&Schedule> = None;

impl<B: Backend> Unit<B> {
    /// `ScheduleStore::add_schedule`.
    pub(in crate::runs) fn add_schedule(
        &mut self,
        schedule: &Schedule,
        by: &Asked,
    ) -> Result<(), RunStoreError> {
        // Its record first, which is the lock of the name.
        let name = &schedule.name;
        self.backend.newest_record(RecordKind::Schedule, name)?;
        if self.backend.schedule(name)?.is_some() {
            return Err(RunStoreError::ScheduleTaken(name.clone()));
        }
        if ContentHash::of(schedule.spec.as_bytes()) != schedule.new.spec {
            return Err(RunStoreError::SpecMismatch(schedule.new.spec.clone()));
        }
        self.backend.add_schedule(schedule)?;
        self.on_record(RecordKind::Schedule, name, Some(schedule), by)
    }

    /// `ScheduleStore::pause_schedule`.
    pub(in crate::runs) fn pause_schedule(
        &mut self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
        by: &Asked,
    ) -> Result<(), RunStoreError> {
        let mut schedule = self.known_schedule(name)?;
        if (schedule.paused, schedule.next) == (paused, next) {
            return Ok(());
        }
        schedule.paused = paused;
        schedule.next = next;
        self.backend.pause_schedule(name, paused, next)?;
        self.on_record(RecordKind::Schedule, name, Some(&schedule), by)
    }

    /// `ScheduleStore::remove_schedule`.
    pub(in crate::runs) fn remove_schedule(
        &mut self,
        name: &str,
        by: &Asked,
    ) -> Result<(), RunStoreError> {
        self.known_schedule(name)?;
        self.backend.remove_schedule(name)?;
        self.on_record(RecordKind::Schedule, name, GONE, by)
    }

    fn known_schedule(&mut self, name: &str) -> Result<Schedule, RunStoreError> {
        self.backend.newest_record(RecordKind::Schedule, name)?;
        let known = self.backend.schedule(name)?;
        known.ok_or_else(|| RunStoreError::NoSchedule(name.to_owned()))
    }

    /// `ScheduleStore::fire`.
    pub(in crate::runs) fn fire(
        &mut self,
        firing: Firing,
        by: &Asked,
    ) -> Result<bool, RunStoreError> {
        self.flush()?;
        let name = firing.schedule;
        let Some(schedule) = self.backend.schedule(&name)? else {
            return Err(RunStoreError::NoSchedule(name));
        };
        let is_present = !schedule.paused && schedule.next == firing.seen;
        if !is_present || self.backend.has_fired(&name, firing.at)? {
            return Ok(false);
        }
        let run = match firing.submission {
            Some(submission) => Some(self.submit(submission, by)?.id),
            None => None,
        };
        self.ticks.push(Tick {
            schedule: name,
            fired: Fired {
                at: firing.at,
                run,
                passed: firing.passed,
            },
            next: firing.next,
        });
        Ok(true)
    }
}
