//! Progress on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over a known number of steps. It disappears when dropped; off a
/// terminal it is never drawn.
#[derive(Debug, Clone)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar over `steps` things being done.
    pub(crate) fn new(visible: bool, steps: u64, doing: &str) -> Self {
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style =
            ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {eta:>4} {msg:.dim}")
                .expect("the template is well formed");
        let bar = ProgressBar::with_draw_target(Some(steps), target)
            .with_style(style)
            .with_prefix(doing.to_owned());
        Self(bar)
    }

    /// So many steps are done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// What is being done now.
    pub(crate) fn at(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
