//! Attempts as the events of a command tell them.

use fondaco_app::ports::runs::{Asked, Attempt, Beat};
use fondaco_domain::RunId;
use fondaco_domain::run::Event;

use super::stage::Staged;
use super::{AttemptChange, AttemptKey, AttemptPatch, Backend, Unit};

impl<B: Backend> Unit<B> {
    /// Before the staged tasks take the place of those before them.
    pub(super) fn keep_attempts(
        &mut self,
        run: RunId,
        staged: &Staged,
        events: &[Event],
        by: &Asked,
    ) {
        for event in events {
            let Some(no) = event.task() else { continue };
            let Some((task, _)) = staged.tasks.get(&no) else {
                continue;
            };
            let key = (run, no, task.attempt);
            if let Event::TaskLeased { fence, worker, .. } = event {
                let attempt = Attempt {
                    number: task.attempt,
                    fence: *fence,
                    worker: *worker,
                    external: None,
                    beats: 0,
                    progress: None,
                    leased_at: by.at,
                    started_at: None,
                    ended_at: None,
                    outcome: None,
                    error: None,
                };
                self.attempts.insert(key, AttemptChange::New(attempt));
                continue;
            }
            let before = self.tasks.get(&(run, no));
            let was_held = before.is_some_and(|task| task.value.lease.is_some());
            if let Some(patch) = patch_of(event, by).filter(|_| was_held) {
                self.patch_attempt(key, patch);
            }
        }
    }

    pub(super) fn keep_beat(&mut self, key: AttemptKey, beat: &Beat) {
        let patch = AttemptPatch {
            external: beat.external.clone(),
            beats: 1,
            progress: beat.progress.clone(),
            ..AttemptPatch::default()
        };
        self.patch_attempt(key, patch);
    }

    fn patch_attempt(&mut self, key: AttemptKey, patch: AttemptPatch) {
        match self.attempts.get_mut(&key) {
            Some(AttemptChange::New(attempt)) => patch.apply(attempt),
            Some(AttemptChange::Changed(before)) => before.and(patch),
            None => {
                self.attempts.insert(key, AttemptChange::Changed(patch));
            }
        }
    }
}

/// What an event says of the attempt under way.
fn patch_of(event: &Event, by: &Asked) -> Option<AttemptPatch> {
    let mut patch = AttemptPatch::default();
    let error = match event {
        Event::TaskAdopted { worker, .. } => {
            patch.worker = Some(*worker);
            return Some(patch);
        }
        Event::TaskStarted { .. } => {
            patch.started_at = Some(by.at);
            return Some(patch);
        }
        Event::TaskRetried { error, .. } | Event::TaskFailed { error, .. } => Some(error.clone()),
        Event::TaskCompleted { .. } | Event::TaskReleased { .. } | Event::TaskCancelled { .. } => {
            None
        }
        _ => return None,
    };
    patch.ended = Some((by.at, event.type_name().to_owned(), error));
    Some(patch)
}
