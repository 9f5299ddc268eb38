//! Action logs of other programs, replayed through our ledger.
//!
//! Two accounts are kept of a log. The first follows its words: each row must
//! follow from a row before it and its own action, is booked in our ledger at
//! the price its cash implies, and is told where it does not follow. Its
//! figures are those others publish. The second takes the actions alone: each
//! is an order by the rules of the market, filled at the open of its candle or
//! refused. Start at [`replay`].

mod audit;
mod error;
mod figures;
mod log;
mod own;
mod prices;
mod report;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fondaco_domain::ledger::{Session, decimal};
use rust_decimal::Decimal;

pub use error::{LineProblem, ReplayError};
pub use prices::Prices;
pub use report::{
    Audit, Because, Cadence, Definitions, Difference, Ends, Fills, Finding, Lies, LogFigures,
    LogReport, Market, Own, Refused, ReplayReport, RowFigures, Unpriced, Unpricedness, What,
};

use crate::data::{CalendarName, guess};
use audit::{Audited, Holdings};
use figures::{Point, log_figures};
use log::{Deed, Log, Row};

/// A log as text.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// Where it lies.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

/// What is asked of all logs.
#[derive(Debug, Clone, Default)]
pub struct ReplayRequest {
    /// Money at the start; what the first row states otherwise.
    pub capital: Option<Decimal>,
    /// The first row that counts, such as `2025-10-01` or
    /// `2025-10-01 10:00:00`.
    pub first: Option<Session>,
    /// The last one; a day counts to its end.
    pub last: Option<Session>,
    /// Whose rules hold; what the names suggest otherwise.
    pub market: Option<Market>,
    /// Returns in a year; by market and candle length otherwise.
    pub periods_per_year: Option<f64>,
    /// Whether broken lines are left out.
    pub skip_broken: bool,
    /// What a name without a price counts.
    pub unpriced: Unpricedness,
    /// Whether a market of whole shares takes fractions.
    pub fractional: bool,
    /// The zone that stamps with an offset are brought to.
    pub zone: Option<String>,
}

/// Replays logs and computes their figures.
///
/// # Errors
///
/// A log is empty or broken, lies outside the window, or no account can be
/// opened for it. One bad log is an error of all: a table that lacks one of
/// the logs it was asked for would look whole.
pub fn replay(
    logs: &[LogFile],
    prices: &Prices,
    request: &ReplayRequest,
) -> Result<ReplayReport, ReplayError> {
    if logs.is_empty() {
        return Err(ReplayError::NoLogs);
    }
    if let Some(periods) = request.periods_per_year
        && !(periods.is_finite() && periods > 0.0)
    {
        return Err(ReplayError::Periods { periods });
    }
    let reports = logs.iter().map(|file| one(file, prices, request));
    Ok(ReplayReport {
        definitions: Definitions::NOW,
        logs: reports.collect::<Result<_, _>>()?,
    })
}

/// A moment as it is written in logs, for the options of a command.
pub fn moment(text: &str) -> Option<Session> {
    log::session(text, &jiff::tz::TimeZone::UTC)
}

fn one(file: &LogFile, prices: &Prices, request: &ReplayRequest) -> Result<LogReport, ReplayError> {
    let zone = prices::time_zone(request.zone.as_deref())?;
    let log = log::read(&file.text, &zone);
    let mut findings = Vec::new();
    let rows = in_order(file, log, request, &mut findings)?;
    let names = names(&rows);
    let market = request
        .market
        .unwrap_or_else(|| market(&rows, &names, prices));
    let daily = is_daily(&rows);
    let cadence = cadence(&rows, &names, prices, daily);
    let days_per_year = market.days_per_year();
    let periods_per_year = request
        .periods_per_year
        .unwrap_or_else(|| periods(market, cadence));
    let capital = capital(&rows, prices, daily, request.capital, &mut findings);

    let Audited { holdings, audit } = audit::audit(&rows, capital, prices, daily);
    let alone = own::alone(
        &rows,
        own::account(market, request.fractional),
        capital,
        prices,
        daily,
    )?;
    let mut marks = Marks::new(prices, daily, request.unpriced);
    let stated: Vec<Option<Decimal>> = rows
        .iter()
        .zip(&holdings)
        .map(|(row, held)| marks.value(row, held))
        .collect();
    let window = window(&rows, request);
    if window.is_empty() {
        return Err(outside(file, &rows));
    }
    let points = |values: &[Option<Decimal>]| -> Option<Vec<Point>> {
        window
            .clone()
            .map(|row| Some(Point::of(rows[row].at, values[row]?)))
            .collect()
    };
    let per = (periods_per_year, days_per_year);
    let (stated, own) = (points(&stated), points(&alone.values));
    let last_held = window.clone().next_back().map(|row| &holdings[row]);
    let ends = last_held.map_or_else(Vec::new, |held| ends(held, &alone));
    let outside = rows.len() - window.len();
    if outside > 0 {
        findings.push(Finding::OutsideWindow { rows: outside });
    }
    let unpriced = marks.finish(&names, cadence, &mut findings);
    Ok(LogReport {
        log: name_of(&file.path),
        path: file.path.clone(),
        market,
        market_detected: request.market.is_none(),
        capital,
        rows: window.len(),
        first: rows[window.start].at.to_string(),
        last: rows[window.end - 1].at.to_string(),
        cadence,
        periods_per_year,
        days_per_year,
        periods_detected: request.periods_per_year.is_none(),
        final_value: stated.as_ref().and_then(|all| Some(all.last()?.value)),
        figures: stated.as_ref().map(|all| log_figures(all, per)),
        unpriced: if stated.is_none() {
            unpriced
        } else {
            Vec::new()
        },
        audit,
        own: Own {
            final_value: own.as_ref().and_then(|all| Some(all.last()?.value)),
            figures: own.as_ref().map(|all| log_figures(all, per)),
            filled: alone.filled,
            refused: alone.refused,
            ends,
        },
        findings,
    })
}

/// Rows by stamp, none after the window; odd things told.
fn in_order(
    file: &LogFile,
    log: Log,
    request: &ReplayRequest,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Row>, ReplayError> {
    let path = || file.path.clone();
    if let Some((line, problem)) = log.broken.first() {
        if !request.skip_broken {
            return Err(ReplayError::BrokenLine {
                path: path(),
                line: *line,
                problem: problem.clone(),
                others: log.broken.len() - 1,
            });
        }
        findings.push(Finding::BrokenLines {
            count: log.broken.len(),
            lines: log.broken.iter().take(10).map(|(line, _)| *line).collect(),
        });
    }
    let mut rows = log.rows;
    if rows.is_empty() {
        return Err(ReplayError::Empty { path: path() });
    }
    let late: Vec<usize> = rows
        .windows(2)
        .filter(|pair| pair[1].at < pair[0].at)
        .map(|pair| pair[1].line)
        .collect();
    if !late.is_empty() {
        findings.push(Finding::OutOfOrder {
            count: late.len(),
            lines: late.into_iter().take(10).collect(),
        });
        rows.sort_by_key(|row| row.at);
    }
    let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
    for id in rows.iter().filter_map(|row| row.id) {
        *seen.entry(id).or_default() += 1;
    }
    let repeated: Vec<i64> = seen
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(id, _)| id)
        .collect();
    if !repeated.is_empty() {
        findings.push(Finding::RepeatedIds {
            count: repeated.len(),
            ids: repeated.into_iter().take(10).collect(),
        });
    }
    Ok(rows)
}

/// Every name traded or held.
fn names(rows: &[Row]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for row in rows {
        if let Deed::Trade(wish) = &row.deed {
            names.extend(wish.symbol.clone());
        }
        if let Some(stated) = &row.stated {
            names.extend(stated.held.keys().cloned());
        }
    }
    names
}

/// The market most names belong to; without names, that of the prices.
fn market(rows: &[Row], names: &BTreeSet<String>, prices: &Prices) -> Market {
    let of = |name: &str| match name.parse().map(|symbol| guess(&symbol)) {
        Ok(CalendarName::AShares) => Market::AShare,
        Ok(CalendarName::AlwaysOpen) => Market::Crypto,
        _ if matches!(name.rsplit_once('.'), Some((_, "SH" | "SZ"))) => Market::AShare,
        _ => Market::Us,
    };
    let mut votes = [(Market::Us, 0), (Market::AShare, 0), (Market::Crypto, 0)];
    let mut vote = |market: Market| {
        if let Some(of) = votes.iter_mut().find(|(it, _)| *it == market) {
            of.1 += 1;
        }
    };
    let coins = rows
        .iter()
        .any(|row| matches!(&row.deed, Deed::Trade(wish) if wish.word.ends_with("_crypto")));
    if coins {
        return Market::Crypto;
    }
    if names.is_empty() {
        for name in prices.names() {
            vote(of(name));
        }
    } else {
        for name in names {
            vote(of(name));
        }
    }
    let most = votes.iter().map(|(_, count)| *count).max();
    votes
        .iter()
        .find(|(_, count)| Some(*count) == most)
        .map_or(Market::Us, |(market, _)| *market)
}

/// Whether no two rows of a day have different times.
fn is_daily(rows: &[Row]) -> bool {
    rows.windows(2)
        .all(|pair| pair[0].at == pair[1].at || pair[0].at.date() != pair[1].at.date())
}

fn cadence(rows: &[Row], names: &BTreeSet<String>, prices: &Prices, daily: bool) -> Cadence {
    if daily {
        return Cadence::Daily;
    }
    let step = prices.step(names.iter().map(String::as_str), daily);
    let gaps = rows.windows(2).filter_map(|pair| {
        let (before, after) = (pair[0].at, pair[1].at);
        let minutes = |at: Session| {
            at.time()
                .map(|it| i64::from(it.hour()) * 60 + i64::from(it.minute()))
        };
        let gap = minutes(after)? - minutes(before)?;
        (before.date() == after.date() && gap > 0).then_some(gap)
    });
    let by_candles = step.filter(|step| *step < 86_400).map(|step| step / 60);
    let minutes = by_candles.or_else(|| gaps.min()).unwrap_or(60).max(1);
    Cadence::Minutes(u32::try_from(minutes).unwrap_or(60))
}

/// Returns in a year: days of trade, or hours of trade by their length.
fn periods(market: Market, cadence: Cadence) -> f64 {
    match cadence {
        Cadence::Daily => market.days_per_year(),
        Cadence::Minutes(minutes) => {
            market.days_per_year() * market.minutes_per_day() / f64::from(minutes)
        }
    }
}

/// The money a log started with.
fn capital(
    rows: &[Row],
    prices: &Prices,
    daily: bool,
    asked: Option<Decimal>,
    findings: &mut Vec<Finding>,
) -> Decimal {
    let first = &rows[0];
    let stated = first.stated.as_ref();
    let cash = stated.and_then(|stated| stated.cash);
    let opening = match audit::trade(first) {
        None if stated.is_some_and(|stated| stated.held.is_empty()) => cash,
        _ => None,
    };
    let by_action = || {
        let (wish, name, amount) = audit::trade(first)?;
        let open = decimal(prices.candle(name, first.at, daily)?.open?).ok()?;
        Some(cash? + wish.kind.sign() * amount * open)
    };
    if let (Some(asked), Some(stated)) = (asked, opening)
        && asked != stated
    {
        findings.push(Finding::OtherCapital { stated });
    }
    if opening.is_none() && asked.is_none() {
        findings.push(Finding::NoOpening);
    }
    asked
        .or(opening)
        .or_else(by_action)
        .or(cash)
        .unwrap_or_default()
        .normalize()
}

/// The rows that count.
fn window(rows: &[Row], request: &ReplayRequest) -> std::ops::Range<usize> {
    let start = request
        .first
        .map_or(0, |first| rows.partition_point(|row| row.at < first));
    let end = request.last.map_or(rows.len(), |last| {
        rows.partition_point(|row| match last.time() {
            Some(_) => row.at <= last,
            None => row.at.date() <= last.date(),
        })
    });
    start..end.max(start)
}

fn outside(file: &LogFile, rows: &[Row]) -> ReplayError {
    let at = |row: Option<&Row>| row.map_or_else(String::new, |row| row.at.to_string());
    ReplayError::OutsideWindow {
        path: file.path.clone(),
        first: at(rows.first()),
        last: at(rows.last()),
    }
}

/// Where the actions alone end elsewhere.
fn ends(stated: &Holdings, alone: &own::Alone) -> Vec<Ends> {
    let mut ends = Vec::new();
    let mut note = |symbol: &str, own: Decimal, stated: Decimal, noise: Decimal| {
        if (own - stated).abs() > noise {
            ends.push(Ends {
                symbol: symbol.to_owned(),
                own: own.normalize(),
                stated: stated.normalize(),
            });
        }
    };
    note("CASH", alone.cash, stated.cash, Decimal::new(1, 2));
    let names: BTreeSet<&String> = stated.held.keys().chain(alone.held.keys()).collect();
    for name in names {
        let of = |held: &BTreeMap<String, Decimal>| held.get(name).copied().unwrap_or_default();
        note(name, of(&alone.held), of(&stated.held), Decimal::new(1, 6));
    }
    ends
}

/// `position.jsonl` lies in a folder of its own below one named after the
/// model; any other file is named itself.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = path.parent().and_then(|folder| match folder.file_name() {
        Some(name) if name == "position" => folder.parent()?.file_name(),
        name => name,
    });
    match folder {
        Some(folder) if matches!(&*stem, "position" | "positions") => {
            folder.to_string_lossy().into_owned()
        }
        _ => stem.into_owned(),
    }
}

/// Values holdings, and remembers what was odd about their prices.
struct Marks<'a> {
    prices: &'a Prices,
    daily: bool,
    rule: Unpricedness,
    unpriced: BTreeMap<String, Unpriced>,
    oldest: BTreeMap<String, (i64, String)>,
    ahead: bool,
}

impl<'a> Marks<'a> {
    fn new(prices: &'a Prices, daily: bool, rule: Unpricedness) -> Self {
        Self {
            prices,
            daily,
            rule,
            unpriced: BTreeMap::new(),
            oldest: BTreeMap::new(),
            ahead: false,
        }
    }

    /// Cash and every name at its close; `None` where one has no price.
    fn value(&mut self, row: &Row, holdings: &Holdings) -> Option<Decimal> {
        let mut sum = Some(holdings.cash);
        for (name, quantity) in &holdings.held {
            let price = self.price(row, name, holdings);
            sum = sum
                .zip(price)
                .and_then(|(sum, price)| sum.checked_add(price.checked_mul(*quantity)?));
        }
        sum
    }

    fn price(&mut self, row: &Row, name: &str, holdings: &Holdings) -> Option<Decimal> {
        if let Some(close) = self.prices.close(name, row.at, self.daily) {
            let days = Session::day(row.at.date()).days_since(Session::day(close.at.date()));
            let last = Session::at(close.at).to_string();
            let known = self.oldest.entry(name.to_owned()).or_default();
            if days > known.0 {
                *known = (days, last);
            }
            return decimal(close.price).ok();
        }
        let line = row.line;
        let entry = self
            .unpriced
            .entry(name.to_owned())
            .or_insert_with(|| Unpriced {
                symbol: name.to_owned(),
                line,
                rows: 0,
            });
        entry.rows += 1;
        match self.rule {
            Unpricedness::Refuse => None,
            Unpricedness::LastFill => holdings.filled_at.get(name).copied(),
            Unpricedness::Zero => Some(Decimal::ZERO),
        }
    }

    /// Tells what was odd; the names without a price.
    fn finish(
        mut self,
        names: &BTreeSet<String>,
        cadence: Cadence,
        findings: &mut Vec<Finding>,
    ) -> Vec<Unpriced> {
        // A long weekend is four days; more is no market closed.
        const USUAL: i64 = 4;
        let step = self
            .prices
            .step(names.iter().map(String::as_str), self.daily);
        self.ahead = matches!(cadence, Cadence::Minutes(_)) && step == Some(86_400);
        if self.ahead {
            findings.push(Finding::DailyPrices);
        }
        for (symbol, (days, last)) in self.oldest {
            if days > USUAL {
                findings.push(Finding::OldPrices { symbol, days, last });
            }
        }
        for name in names {
            if let Some(spelled) = self.prices.spelled(name)
                && spelled != name
            {
                findings.push(Finding::OtherSpelling {
                    symbol: name.clone(),
                    prices: spelled.to_owned(),
                });
            }
        }
        if self.rule != Unpricedness::Refuse && !self.unpriced.is_empty() {
            findings.push(Finding::UnpricedCounted {
                symbols: self.unpriced.keys().cloned().collect(),
                rule: self.rule,
            });
        }
        self.unpriced.into_values().collect()
    }
}
