//! Where news waits for whoever asks for it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fondaco_app::ports::exec::{AttemptId, News, Outcome};

use crate::{Ring, lock};

/// News in order. Of an attempt's progress only the last waits, so that a body
/// which tells a thousand times a second costs no memory.
pub(crate) struct Desk {
    ring: Ring,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    ends: Vec<News>,
    progress: BTreeMap<AttemptId, String>,
}

impl Desk {
    pub(crate) fn new(ring: Ring) -> Self {
        Self {
            ring,
            waiting: Mutex::default(),
        }
    }

    /// An attempt is so far.
    pub(crate) fn progress(&self, attempt: AttemptId, text: String) {
        self.put(|waiting| {
            waiting.progress.insert(attempt, text);
        });
    }

    /// An attempt ended.
    pub(crate) fn ended(&self, attempt: AttemptId, outcome: Outcome) {
        self.put(|waiting| {
            let last = waiting.progress.remove(&attempt);
            waiting
                .ends
                .extend(last.map(|text| News::Progress(attempt, text)));
            waiting.ends.push(News::Ended(attempt, outcome));
        });
    }

    /// All that waits.
    pub(crate) fn take(&self) -> Vec<News> {
        let Waiting { mut ends, progress } = std::mem::take(&mut *lock(&self.waiting));
        ends.extend(
            progress
                .into_iter()
                .map(|(attempt, text)| News::Progress(attempt, text)),
        );
        ends
    }

    /// Rings when there was nothing before: whoever is called takes it all.
    fn put(&self, add: impl FnOnce(&mut Waiting)) {
        let was_empty = {
            let mut waiting = lock(&self.waiting);
            let was_empty = waiting.ends.is_empty() && waiting.progress.is_empty();
            add(&mut waiting);
            was_empty
        };
        if was_empty {
            (self.ring)();
        }
    }
}
