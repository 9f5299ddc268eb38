//! The report of one analysis: as one HTML page, and as Markdown.
//!
//! Both tell the same: the decision and how the lanes came to it, what is
//! missing, who said what, what it rests on, and what it took. What models and
//! stories say is foreign text: it is escaped wherever it stands, and never
//! read as markup.

mod arithmetic;
mod data;
mod debate;
mod facts;
mod figures;
mod grounding;
mod head;
mod lanes;
mod markdown;
mod timeline;
mod words;

pub use markdown::markdown;
pub(crate) use words::dollars;

use fondaco_contract::v1alpha1::analysis::{AnalysisJob, AnalysisResult, NodeReport};

use crate::page;

/// What a report of an analysis is made of.
#[derive(Debug, Clone, Copy)]
pub struct Analysis<'a> {
    /// The name of its run.
    pub run: &'a str,
    /// When that was accepted, RFC 3339.
    pub asked_at: &'a str,
    /// What was asked for.
    pub job: &'a AnalysisJob,
    /// What came of it.
    pub result: &'a AnalysisResult,
    /// Its nodes in the order of the plan.
    pub nodes: &'a [Node<'a>],
}

/// A node of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    /// The end of the key of its task: `research/bull/1`.
    pub name: &'a str,
    /// Where its task stands: `completed`, `failed`, ….
    pub state: &'a str,
    /// What it said; nothing where its task did not complete.
    pub report: Option<&'a NodeReport>,
    /// When its last attempt began, in microseconds of the Unix clock.
    pub started_at: Option<i64>,
    /// When that ended.
    pub ended_at: Option<i64>,
    /// How often it was tried.
    pub attempts: u32,
}

/// The report as one HTML page that needs nothing else.
pub fn render(analysis: &Analysis<'_>) -> String {
    let sections = [
        head::warnings(analysis),
        figures::cards(analysis),
        lanes::section(analysis),
        debate::section(analysis),
        timeline::section(analysis),
        data::section(analysis),
        facts::section(analysis),
    ];
    let result = analysis.result;
    page::page(&page::Page {
        title: &format!("{} on {}", result.ticker, result.date),
        header: &head::header(analysis),
        body: &sections.concat(),
        data: &serde_json::json!({}),
        scripts: page::ANALYSIS_SCRIPTS,
        style: page::ANALYSIS_STYLE,
    })
}
