//! Candles against the calendar of their market.

use std::path::PathBuf;

use fondaco_domain::bars::Columns;
use fondaco_domain::calendar::{Calendar, HolidayList};
use fondaco_domain::quality::{self, Report, Rules, Severity};
use fondaco_domain::{Bars, Symbol, Timeframe, UnixMillis};
use serde::Serialize;

use super::{
    CandleKind, DataError, FileContent, Note, ReadOptions, Selector, SkippedFile, Venue, Version,
    VersionRef, list,
};
use crate::ports::{BarStore, CandleFiles, Progress};

/// How candles are judged.
#[derive(Debug, Clone, Default)]
pub struct CheckRules {
    /// The calendar; from the instrument's name otherwise, see [`guess`].
    pub calendar: Option<CalendarName>,
    /// Closed days of the mainland exchanges.
    pub holidays: Option<HolidayList>,
    /// The time the data should reach to; without it tails are not judged.
    pub as_of: Option<UnixMillis>,
}

/// The calendars there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CalendarName {
    /// Always open.
    #[serde(rename = "24/7")]
    AlwaysOpen,
    /// The New York exchanges.
    UsEquities,
    /// The mainland exchanges.
    AShares,
    /// Currencies.
    Forex,
}

impl CalendarName {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::AlwaysOpen,
        Self::UsEquities,
        Self::AShares,
        Self::Forex,
    ];

    /// The name in options and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlwaysOpen => "24/7",
            Self::UsEquities => "us-equities",
            Self::AShares => "a-shares",
            Self::Forex => "forex",
        }
    }
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The file, for files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The venue, for stored candles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue: Option<Venue>,
    /// The version, for stored candles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The instrument.
    pub symbol: Symbol,
    /// The candle length.
    pub timeframe: Timeframe,
    /// What the numbers are.
    pub kind: CandleKind,
    /// The calendar it was held against.
    pub calendar: CalendarName,
    /// Whether that was guessed from the name.
    pub calendar_guessed: bool,
    /// What reading assumed.
    pub notes: Vec<Note>,
    /// The findings.
    #[serde(flatten)]
    pub report: Report,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// By series.
    pub checked: Vec<Checked>,
    /// Files without candles.
    pub skipped: Vec<SkippedFile>,
}

impl CheckReport {
    /// An error when some series have findings at least that bad.
    pub fn accept(&self, below: Severity) -> Result<(), DataError> {
        let bad = |it: &&Checked| it.report.worst().is_some_and(|worst| worst >= below);
        match self.checked.iter().filter(bad).count() {
            0 => Ok(()),
            count => Err(DataError::Findings { count }),
        }
    }
}

/// Checks stored candles.
pub async fn check_stored(
    store: &dyn BarStore,
    selector: &Selector,
    version: &VersionRef,
    rules: &CheckRules,
    progress: &dyn Progress,
) -> Result<CheckReport, DataError> {
    let all = list(store, selector).await?;
    if all.is_empty() {
        return Err(DataError::NoMatch(selector.clone()));
    }
    progress.begin("checking", all.len() as u64);
    let mut checked = Vec::with_capacity(all.len());
    for listed in all {
        let dataset = listed.dataset;
        let (version, bars) = store.read(&dataset, version).await?;
        let subject = Subject {
            symbol: dataset.symbol,
            timeframe: dataset.timeframe,
            kind: dataset.kind,
        };
        progress.advance(1, subject.symbol.as_str());
        checked.push(Checked {
            venue: Some(dataset.venue),
            version: Some(version),
            ..judge(subject, &columns(&bars), rules)?
        });
    }
    progress.end();
    Ok(CheckReport {
        checked,
        skipped: Vec::new(),
    })
}

/// Checks files as they are, without importing them.
pub fn check_files(
    files: &dyn CandleFiles,
    paths: &[PathBuf],
    options: &ReadOptions,
    rules: &CheckRules,
    progress: &dyn Progress,
) -> Result<CheckReport, DataError> {
    let found = files.find(paths)?;
    progress.begin("checking", found.len() as u64);
    let mut report = CheckReport {
        checked: Vec::new(),
        skipped: Vec::new(),
    };
    for path in &found {
        match files.read_raw(path, options)? {
            FileContent::Skipped(reason) => report.skipped.push(SkippedFile {
                path: path.clone(),
                reason,
            }),
            FileContent::Series(all) => {
                for raw in all {
                    let subject = Subject {
                        symbol: raw.symbol,
                        timeframe: raw.timeframe,
                        kind: raw.kind,
                    };
                    report.checked.push(Checked {
                        path: Some(path.clone()),
                        notes: raw.notes,
                        ..judge(subject, &raw.rows, rules)?
                    });
                }
            }
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        progress.advance(1, &name);
    }
    progress.end();
    match (report.checked.is_empty(), report.skipped.first()) {
        (true, Some(first)) => Err(DataError::NothingRead {
            files: found.len(),
            path: first.path.clone(),
            reason: first.reason.clone(),
        }),
        (true, None) => Err(DataError::NoFiles),
        (false, _) => Ok(report),
    }
}

/// The calendar an instrument's name suggests: pairs and coins never close,
/// `.SHH` and the like are mainland shares, two currencies are forex, and
/// everything else trades in New York.
pub fn guess(symbol: &Symbol) -> CalendarName {
    const MAINLAND: [&str; 7] = [".SHH", ".SHZ", ".SS", ".SZ", ".SH", ".XSHG", ".XSHE"];
    const MONEY: [&str; 12] = [
        "USD", "EUR", "GBP", "JPY", "CHF", "AUD", "NZD", "CAD", "CNH", "HKD", "SEK", "NOK",
    ];
    const COIN_QUOTES: [&str; 5] = ["USDT", "USDC", "BUSD", "USD", "PERP"];
    let name = symbol.as_str();
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let money = |part: Option<&str>| part.is_some_and(|part| MONEY.contains(&part));
    if MAINLAND.iter().any(|end| name.ends_with(end)) {
        CalendarName::AShares
    } else if plain.len() == 6 && money(plain.get(..3)) && money(plain.get(3..)) {
        CalendarName::Forex
    } else if name.contains('/')
        || COIN_QUOTES
            .iter()
            .any(|quote| plain.len() > quote.len() + 2 && plain.ends_with(quote))
    {
        CalendarName::AlwaysOpen
    } else {
        CalendarName::UsEquities
    }
}

/// The calendar of a name, with the closed days it needs.
pub(super) fn calendar_of(
    name: CalendarName,
    rules: &CheckRules,
    symbol: &Symbol,
) -> Result<Calendar, DataError> {
    Ok(match name {
        CalendarName::AlwaysOpen => Calendar::AlwaysOpen,
        CalendarName::UsEquities => Calendar::UsEquities,
        CalendarName::Forex => Calendar::Forex,
        CalendarName::AShares => {
            let list = rules
                .holidays
                .clone()
                .ok_or_else(|| DataError::NoHolidays {
                    symbol: symbol.to_string(),
                })?;
            Calendar::AShares(list)
        }
    })
}

struct Subject {
    symbol: Symbol,
    timeframe: Timeframe,
    kind: CandleKind,
}

fn judge(subject: Subject, rows: &Columns, rules: &CheckRules) -> Result<Checked, DataError> {
    let Subject {
        symbol,
        timeframe,
        kind,
    } = subject;
    let name = rules.calendar.unwrap_or_else(|| guess(&symbol));
    let calendar = calendar_of(name, rules, &symbol)?;
    let kind_rules = Rules {
        rates: kind == CandleKind::FundingRate,
    };
    Ok(Checked {
        path: None,
        venue: None,
        version: None,
        report: quality::check(rows, &calendar, timeframe, kind_rules, rules.as_of),
        symbol,
        timeframe,
        kind,
        calendar: name,
        calendar_guessed: rules.calendar.is_none(),
        notes: Vec::new(),
    })
}

fn columns(bars: &Bars) -> Columns {
    Columns {
        time: bars.time().to_vec(),
        open: bars.open().to_vec(),
        high: bars.high().to_vec(),
        low: bars.low().to_vec(),
        close: bars.close().to_vec(),
        volume: bars.volume().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_suggests_a_calendar() {
        for (symbol, expected) in [
            ("BTC/USDT", CalendarName::AlwaysOpen),
            ("BTC-USDT", CalendarName::AlwaysOpen),
            ("BTCUSD", CalendarName::AlwaysOpen),
            ("BTC-PERP", CalendarName::AlwaysOpen),
            ("EURUSD", CalendarName::Forex),
            ("EUR/USD", CalendarName::Forex),
            ("600519.SHH", CalendarName::AShares),
            ("AAPL", CalendarName::UsEquities),
            ("BRK.B", CalendarName::UsEquities),
        ] {
            assert_eq!(guess(&symbol.parse().unwrap()), expected, "{symbol}");
        }
    }
}
