//! Results for people: one HTML file that needs nothing else.
//!
//! [`render`] makes the report of one backtest, [`render_comparison`] puts
//! several side by side, [`analysis`] tells of an analysis, [`simulation`] of a
//! simulation, and [`compare`] gives the same comparison as plain data for other
//! surfaces. Pages hold their styles, scripts and data inline,
//! ask the network for nothing (their content security policy forbids it), and
//! are the same bytes for the same input. Figures and tables are plain HTML;
//! the scripts in `assets/` only draw charts, sort and page.
//!
//! The crate knows results and candles, and nothing of how they came to be.

mod all_figures;
pub mod analysis;
mod candles;
mod compare;
mod data;
mod figures;
mod format;
mod html;
mod page;
mod settings;
pub mod simulation;
mod tables;
mod thin;

pub use candles::PairCandles;
pub use compare::{Comparison, ComparisonRow, Unit, compare, render_comparison};

use fondaco_contract::v1alpha1::BacktestResult;

/// The report of a backtest as one HTML file. Candles are drawn for the pairs
/// that are handed in, thinned where there are too many to draw; the trades,
/// tables and figures are complete without any.
pub fn render(result: &BacktestResult, candles: &[PairCandles<'_>]) -> String {
    let sections = [
        figures::warnings(result),
        figures::cards(result),
        figures::equity_chart(result),
        tables::months(result),
        candles::chart(result, candles),
        tables::groups(result),
        tables::trades(result),
        all_figures::table(result),
        settings::assumptions(result),
        settings::settings(result),
        settings::data(result),
    ];
    page::page(&page::Page {
        title: &format!("{} {}", result.strategy.name, result.strategy.version),
        header: &figures::header(result),
        body: &sections.concat(),
        data: &data::of_result(result, candles),
        scripts: page::REPORT_SCRIPTS,
        style: "",
    })
}
