//! An analysis under way, on a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use fondaco_app::analysis::keys::split;
use fondaco_app::analysis::shown::{Analyses, Seen, Shown};
use fondaco_app::ports::runs::TaskQuery;
use fondaco_domain::RunId;
use fondaco_domain::task::{Task, TaskState};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::shown::{dollars, tokens};
use crate::context::Context;

/// Between two looks at the store.
const PERIOD: Duration = Duration::from_millis(200);

/// Items that are shown node by node; of more, each has one line.
const CLOSELY: usize = 1;

/// Lines at most.
const LINES: usize = 30;

/// What is redrawn; nothing off a terminal.
pub(super) struct Live<'a> {
    analyses: Analyses<'a>,
    run: RunId,
    bar: Option<ProgressBar>,
    seen: Seen,
    looked: Option<Instant>,
    begun: Instant,
    /// When nodes were first seen under way, and for how long they were.
    nodes: BTreeMap<String, (Instant, Option<Duration>)>,
}

impl<'a> Live<'a> {
    pub(super) fn new(context: &Context, analyses: Analyses<'a>, run: RunId) -> Self {
        let bar = context.progress_visible().then(|| {
            let style = ProgressStyle::with_template("{msg}").expect("the template is well formed");
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
        });
        Self {
            analyses,
            run,
            bar,
            seen: Seen::default(),
            looked: None,
            begun: Instant::now(),
            nodes: BTreeMap::new(),
        }
    }

    /// Draws it as it stands. What the store does not say now it says with the
    /// next look, or the command fails by itself.
    pub(super) fn look(&mut self) {
        let Some(bar) = &self.bar else { return };
        if self.looked.is_some_and(|at| at.elapsed() < PERIOD) {
            return;
        }
        self.looked = Some(Instant::now());
        let Ok(shown) = self.analyses.look(self.run, &mut self.seen) else {
            return;
        };
        let Ok(tasks) = self
            .analyses
            .runs
            .store
            .tasks(self.run, &TaskQuery::default())
        else {
            return;
        };
        let mut text = head(&shown, self.begun.elapsed());
        if shown.items.len() > CLOSELY {
            items(&shown, &mut text);
        } else {
            for task in &tasks {
                node(task, &mut self.nodes, &mut text);
            }
        }
        bar.set_message(text);
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn head(shown: &Shown, elapsed: Duration) -> String {
    let spent = shown.spent();
    format!(
        "{:>3} %  {} calls  {} tokens  {}  {}\n",
        shown.progress(),
        spent.calls,
        tokens(spent.input_tokens + spent.output_tokens),
        dollars(spent.cost_nano),
        clock(elapsed),
    )
}

fn items(shown: &Shown, text: &mut String) {
    for item in shown.items.iter().take(LINES) {
        let stage = item
            .current
            .map_or(item.state.as_str(), |stage| stage.as_str());
        let _ = writeln!(text, "  {:<12} {:>3} %  {stage}", item.key, item.progress);
    }
    if let Some(more) = shown
        .items
        .len()
        .checked_sub(LINES)
        .filter(|more| *more > 0)
    {
        let _ = writeln!(text, "  and {more} more");
    }
}

fn node(task: &Task, nodes: &mut BTreeMap<String, (Instant, Option<Duration>)>, text: &mut String) {
    let Some((_, node)) = split(&task.plan.key) else {
        return;
    };
    let mark = match task.state {
        TaskState::Blocked | TaskState::Ready => return,
        TaskState::Leased | TaskState::Running => '…',
        TaskState::Completed => '✓',
        TaskState::Failed | TaskState::Skipped | TaskState::Cancelled => '✗',
    };
    let (since, took) = nodes
        .entry(task.plan.key.clone())
        .or_insert_with(|| (Instant::now(), None));
    let time = if task.state.is_terminal() {
        *took.get_or_insert_with(|| since.elapsed())
    } else {
        since.elapsed()
    };
    let _ = writeln!(text, "  {mark} {:<24} {:>6}", node.to_string(), clock(time));
}

fn clock(time: Duration) -> String {
    if time < Duration::from_mins(1) {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
    }
}
