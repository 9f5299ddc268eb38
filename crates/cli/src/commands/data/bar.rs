//! The progress of use cases on the bar of the terminal.

use std::sync::Mutex;

use crate::context::Context;
use crate::progress::Progress;

/// Shows one stage after another.
pub(crate) struct Bar<'a> {
    context: &'a Context,
    stage: Mutex<Option<Progress>>,
    done: std::sync::atomic::AtomicU64,
}

impl<'a> Bar<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self {
            context,
            stage: Mutex::new(None),
            done: std::sync::atomic::AtomicU64::new(0),
        }
    }

    fn with(&self, change: impl FnOnce(&mut Option<Progress>)) {
        // A panic elsewhere leaves at worst a stale bar.
        let mut stage = self
            .stage
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut stage);
    }
}

impl fondaco_app::ports::Progress for Bar<'_> {
    fn begin(&self, stage: &str, total: u64) {
        self.done.store(0, std::sync::atomic::Ordering::Relaxed);
        self.with(|bar| *bar = Some(self.context.progress(total, stage)));
    }

    fn advance(&self, units: u64, what: &str) {
        let before = self
            .done
            .fetch_add(units, std::sync::atomic::Ordering::Relaxed);
        self.with(|bar| {
            if let Some(bar) = bar {
                bar.set(before + units);
                bar.at(what);
            }
        });
    }

    fn end(&self) {
        self.with(|bar| *bar = None);
    }
}
