//! What reports of analyses look like: the report crate, and a browser for
//! paper.

use std::path::PathBuf;

use fondaco_app::ports;
use fondaco_app::reports::{NodeTold, Pages, Report};
use fondaco_exec::browser::Browser;
use fondaco_report::analysis::{self, Analysis, Node};

use crate::context::Context;
use crate::env;

/// Pages of this program.
#[derive(Debug, Clone)]
pub(crate) struct ThesePages {
    /// A browser that somebody named.
    browser: Option<PathBuf>,
    scratch: PathBuf,
}

impl ThesePages {
    /// Of this home.
    pub(crate) fn of(context: &Context) -> Self {
        let named = std::env::var_os(env::CHROMIUM).filter(|named| !named.is_empty());
        Self {
            browser: named.map(PathBuf::from),
            scratch: context.home().join("spool"),
        }
    }
}

impl Pages for ThesePages {
    fn markdown(&self, report: &Report) -> String {
        with(report, analysis::markdown)
    }

    fn html(&self, report: &Report) -> String {
        with(report, analysis::render)
    }

    fn pdf(&self, report: &Report) -> Result<Vec<u8>, ports::Failure> {
        let folders = std::env::var_os(env::PATH);
        let scratch = self.scratch.clone();
        let browser = Browser::find(self.browser.as_deref(), folders.as_deref(), scratch);
        let browser = browser.map_err(ports::Failure::new)?;
        let html = self.html(report);
        browser.pdf(&html).map_err(ports::Failure::new)
    }
}

/// A report as the report crate takes it.
fn with<T>(report: &Report, of: impl FnOnce(&Analysis<'_>) -> T) -> T {
    let names: Vec<String> = report
        .nodes
        .iter()
        .map(|one| one.node.to_string())
        .collect();
    let nodes: Vec<Node<'_>> = report
        .nodes
        .iter()
        .zip(&names)
        .map(|(one, name)| node(one, name))
        .collect();
    of(&Analysis {
        run: &report.run.to_string(),
        asked_at: &report.asked_at.to_string(),
        job: &report.job,
        result: &report.result,
        nodes: &nodes,
    })
}

fn node<'a>(one: &'a NodeTold, name: &'a str) -> Node<'a> {
    Node {
        name,
        state: one.state.as_str(),
        report: one.report.as_ref(),
        started_at: one.started_at.map(|at| at.0),
        ended_at: one.ended_at.map(|at| at.0),
        attempts: one.attempts,
    }
}
