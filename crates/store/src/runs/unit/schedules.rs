//! Ticks of schedules.

use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_app::ports::schedules::{Fired, Firing};

use super::{Backend, Tick, Unit};

impl<B: Backend> Unit<B> {
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
