//! Where results of backtests are kept.

use fondaco_contract::v1alpha1::{BacktestListing, BacktestResult};

use super::Failure;

/// The files of a result, a closed list: no name of a file ever comes from
/// outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResultFile {
    /// The document: a
    /// [`BacktestResult`].
    Result,
    /// Its line in lists.
    Listing,
    /// The trades as CSV.
    TradesCsv,
    /// The trades as Parquet.
    TradesParquet,
    /// The account over time as CSV.
    EquityCsv,
    /// The page for people, where one was asked for.
    Report,
}

impl ResultFile {
    /// Its name in the folder of the result.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Result => "result.json",
            Self::Listing => "listing.json",
            Self::TradesCsv => "trades.csv",
            Self::TradesParquet => "trades.parquet",
            Self::EquityCsv => "equity.csv",
            Self::Report => "report.html",
        }
    }
}

/// Kept results, by their names. A name that is none names no result.
pub trait ResultStore: Send + Sync {
    /// The line of a result in lists; nothing where there is no such result.
    fn listing(&self, name: &str) -> Result<Option<BacktestListing>, Failure>;

    /// The whole document; nothing where there is no such result.
    fn result(&self, name: &str) -> Result<Option<BacktestResult>, Failure>;

    /// The bytes of a file; nothing where the result has no such file.
    fn file(&self, name: &str, file: ResultFile) -> Result<Option<Vec<u8>>, Failure>;
}
