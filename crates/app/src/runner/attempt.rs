//! An attempt that runs with this worker.

use std::sync::Arc;
use std::time::Duration;

use fondaco_domain::halt::{Epoch, Scope};
use fondaco_domain::run::{NewRun, Run};
use fondaco_domain::{RunId, UnixMicros};

use super::ladder::{Ladder, reserve};
use super::note::StopReason;
use crate::ports::exec::{AttemptId, Executor};
use crate::ports::runs::{Beat, External};

/// Progress is told no more often than this.
const PROGRESS: Duration = Duration::from_secs(1);

/// One attempt under way. Times are of the monotonic clock.
pub(super) struct Attempt {
    pub(super) id: AttemptId,
    /// What halts may cover it by.
    pub(super) chain: Arc<[Scope]>,
    pub(super) executor: Arc<dyn Executor>,
    reference: Option<String>,
    /// Whether the store knows how to find it.
    told: bool,
    /// Not told yet.
    progress: Option<String>,
    /// When the last renewal that succeeded was sent.
    renewed: Duration,
    pub(super) stop: Option<Stop>,
}

/// An order to stop under way.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) why: StopReason,
    pub(super) ladder: Ladder,
}

impl Attempt {
    /// As it begins; `renewed` is when its lease was asked for.
    pub(super) fn new(
        id: AttemptId,
        chain: Arc<[Scope]>,
        executor: Arc<dyn Executor>,
        reference: Option<String>,
        renewed: Duration,
    ) -> Self {
        Self {
            id,
            chain,
            executor,
            reference,
            told: false,
            progress: None,
            renewed,
            stop: None,
        }
    }

    /// It is known how to find it: it was adopted.
    pub(super) fn told(mut self) -> Self {
        self.told = true;
        self
    }

    pub(super) fn at(&mut self, progress: String) {
        self.progress = Some(progress);
    }

    pub(super) fn is_lost(&self) -> bool {
        self.why() == Some(StopReason::Lost)
    }

    pub(super) fn why(&self) -> Option<StopReason> {
        self.stop.as_ref().map(|stop| stop.why)
    }

    /// Begins to stop it. Where it is being stopped, the graver reason counts
    /// and the ladder goes on. False where nothing is new.
    pub(super) fn order_stop(&mut self, why: StopReason, now: Duration) -> bool {
        match &mut self.stop {
            Some(stop) if stop.why >= why => false,
            Some(stop) => {
                stop.why = why;
                true
            }
            None => {
                let ladder = Ladder::new(now);
                self.stop = Some(Stop { why, ladder });
                true
            }
        }
    }

    /// From when on it must be stopped for want of a renewal.
    pub(super) fn stop_at(&self, lease: Duration) -> Duration {
        self.renewed + lease.saturating_sub(reserve(lease))
    }

    /// Makes its ladder end before its lease does.
    pub(super) fn fit_into_lease(&mut self, lease: Duration, now: Duration) {
        let left = (self.renewed + lease).saturating_sub(now);
        if let Some(stop) = &mut self.stop {
            stop.ladder.fit(now, left.min(reserve(lease)));
        }
    }

    /// When a sign of life is due.
    pub(super) fn beat_at(&self, lease: Duration) -> Duration {
        if self.reference.is_some() && !self.told {
            // A child that nobody can find must not outlive us unseen.
            return Duration::ZERO;
        }
        let regular = self.renewed + lease / 3;
        match self.progress {
            Some(_) => regular.min(self.renewed + PROGRESS),
            None => regular,
        }
    }

    /// The sign of life; `until` is the end of the lease by the wall clock.
    pub(super) fn beat(&self, until: UnixMicros) -> Beat {
        let external = External {
            executor: self.executor.name().to_owned(),
            reference: self.reference.clone(),
        };
        Beat {
            run: self.id.run,
            task: self.id.task,
            fence: self.id.fence,
            until,
            external: (!self.told).then_some(external),
            progress: self.progress.clone(),
        }
    }

    /// The store took it.
    pub(super) fn beat_counted(&mut self, beat: &Beat, sent: Duration) {
        self.renewed = sent;
        self.told |= beat.external.is_some();
        if self.progress == beat.progress {
            self.progress = None;
        }
    }
}

/// The scopes that cover what a run does.
pub(super) fn chain(run: RunId, new: &NewRun) -> Arc<[Scope]> {
    let run = Run::accepted(run, new.clone(), Epoch::default(), UnixMicros::default());
    run.scopes().into()
}
