//! Daily prices of whole symbols, from a source that counts questions.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use clap::ValueEnum;
use fondaco_app::data::{CalendarName, Overlap, Venue, guess};
use fondaco_app::ports::exec::Watch;
use fondaco_app::simulation::download::{
    Availability, Budget, Coverage, DownloadPorts, DownloadRules, Ended, Fetched, Outcome,
    PriceShelf, PriceSource, Reach, Size, SymbolOutcome, download,
};
use fondaco_contract::v1alpha1::simulation::SimDate;
use fondaco_domain::calendar::{Calendar, HolidayList};
use fondaco_domain::{ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use fondaco_market::{
    AlphaVantage, AlphaVantageSettings, ApiKey, BookError, Requests, StoredPrices, read_holidays,
};
use serde::Serialize;
use thiserror::Error;

use super::bar::Bar;
use super::options::{StoreArgs, grouped};
use crate::context::{self, Clock, Context};
use crate::env;
use crate::errors::Failure;
use crate::host::models;
use crate::output::{Style, View};
use crate::settings::SettingsError;
use crate::table::{Align, Table};

/// Name of the source, of its venue, and of its book.
pub(crate) const ALPHA_VANTAGE: &str = "alpha-vantage";

/// The folder of the books of questions, in the home.
const BOOKS: &str = "downloads";

/// How far back the source is asked.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum SizeWord {
    /// The latest hundred days where they will do, else all.
    #[default]
    Auto,
    /// Always the latest hundred days.
    Compact,
    /// Always all days there are.
    Full,
}

/// What is to be fetched.
pub(super) struct Wish<'a> {
    pub(super) symbols: &'a [Symbol],
    pub(super) timeframe: Timeframe,
    pub(super) from: Option<UnixMillis>,
    pub(super) to: Option<UnixMillis>,
    pub(super) base_url: Option<&'a str>,
    pub(super) venue: Option<Venue>,
    pub(super) size: SizeWord,
    pub(super) again: bool,
    pub(super) replace: bool,
    pub(super) holidays: &'a [PathBuf],
    pub(super) store: &'a StoreArgs,
}

/// A wish that cannot be.
#[derive(Debug, Error)]
pub(crate) enum PricesError {
    /// No key is said.
    #[error(
        "no key for {ALPHA_VANTAGE}: neither {} nor {} is set",
        env::ALPHA_VANTAGE_KEY,
        env::ALPHA_ADVANTAGE_KEY
    )]
    NoKey,
    /// Symbols of several markets.
    #[error("{one} and {other} trade on markets with different calendars")]
    Markets {
        /// The first.
        one: Symbol,
        /// One of another market.
        other: Symbol,
    },
    /// Chinese exchanges announce their closed days each year.
    #[error("{symbol} trades on a mainland exchange, whose closed days are not known")]
    NoHolidays {
        /// The first.
        symbol: Symbol,
    },
    /// The source had enough.
    #[error("the rate limit is reached: {downloaded} of {total} symbols came ({said})")]
    RateLimited {
        /// Symbols that came.
        downloaded: usize,
        /// Of so many.
        total: usize,
        /// In words.
        said: String,
    },
    /// Some symbols did not come.
    #[error("{failed} of {total} symbols failed")]
    Failed {
        /// So many did not.
        failed: usize,
        /// Of so many.
        total: usize,
    },
}

impl Hint for PricesError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoKey | Self::Markets { .. } | Self::NoHolidays { .. } => ErrorKind::Invalid,
            Self::RateLimited { .. } => ErrorKind::Unavailable,
            Self::Failed { .. } => ErrorKind::Unsuccessful,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoKey => format!("set {} to your key", env::ALPHA_VANTAGE_KEY),
            Self::Markets { .. } => "download the symbols of each market by themselves".to_owned(),
            Self::NoHolidays { .. } => {
                "state a list of closed weekdays with --holidays FILE".to_owned()
            }
            Self::RateLimited { .. } => {
                "run the command again later: what came is stored, and it goes on with the rest"
                    .to_owned()
            }
            Self::Failed { .. } => "what else came is stored; see why above".to_owned(),
        })
    }
}

/// The source as the settings say, with an address of one's own perhaps.
pub(crate) fn source(context: &Context, base_url: Option<&str>) -> Result<AlphaVantage, Failure> {
    let said = context.sources().prices()?;
    let key = [env::ALPHA_VANTAGE_KEY, env::ALPHA_ADVANTAGE_KEY]
        .into_iter()
        .find_map(|name| models::key(context, name))
        .and_then(|(key, _)| ApiKey::new(&key))
        .ok_or(PricesError::NoKey)?;
    let settings = AlphaVantageSettings {
        base_url: base_url.map_or(said.url.value, str::to_owned),
        ..AlphaVantageSettings::default()
    };
    Ok(AlphaVantage::new(&settings, key)?)
}

/// The questions of this home's processes to the source.
pub(crate) fn book(context: &Context) -> Result<Requests, BookError> {
    Requests::open(&context.home().join(BOOKS), ALPHA_VANTAGE)
}

/// What the settings allow.
pub(crate) fn rules(context: &Context) -> Result<DownloadRules, SettingsError> {
    let said = context.sources().prices()?;
    Ok(DownloadRules {
        budget: Budget {
            per_minute: said.per_minute.value,
            per_day: said.per_day.value,
        },
        ..DownloadRules::default()
    })
}

/// Fetches what is missing.
pub(super) fn run(wish: &Wish<'_>, context: &Context) -> Result<(), Failure> {
    let source = source(context, wish.base_url)?;
    let calendar = calendar(wish)?;
    let runtime = context::runtime()?;
    let venue = match wish.venue.clone() {
        Some(venue) => venue,
        None => ALPHA_VANTAGE.parse()?,
    };
    let shelf = StoredPrices {
        store: Arc::new(wish.store.open(context)?),
        place: wish.store.place(context),
        runtime: runtime.handle().clone(),
        venue,
        timeframe: wish.timeframe,
        overlap: if wish.replace {
            Overlap::Replace
        } else {
            Overlap::Refuse
        },
    };
    let now = context.clock.now();
    let mut coverage = Coverage::new();
    for symbol in wish.symbols {
        coverage.insert(symbol.clone(), shelf.stored(symbol)?.opens);
    }
    let steps = steps(wish, &calendar, now);
    let plan = Availability::of(&steps, wish.symbols, &calendar, &coverage)?.plan(now);
    let mut rules = rules(context)?;
    rules.size = match wish.size {
        SizeWord::Auto => Size::Auto,
        SizeWord::Compact => Size::Fixed(Reach::Compact),
        SizeWord::Full => Size::Fixed(Reach::Full),
    };
    if wish.again {
        rules.ask_again_after = Duration::ZERO;
    }
    let bar = Bar::new(context);
    let ports = DownloadPorts {
        source: &source,
        shelf: &shelf,
        book: &book(context)?,
        calendar: &calendar,
        clock: &context.clock,
        progress: &bar,
    };
    let outcome = download(&plan, ports, &rules, &Foreground::default())?;
    drop(bar);
    let verdict = verdict(&outcome);
    context.output.print(&Report {
        source: source.name(),
        days: steps.len(),
        warnings: outcome.warnings(),
        outcome,
    })?;
    Ok(verdict?)
}

fn verdict(outcome: &Outcome) -> Result<(), PricesError> {
    let total = outcome.symbols.len();
    match &outcome.ended {
        Ended::RateLimited { said } => Err(PricesError::RateLimited {
            downloaded: outcome.downloaded(),
            total,
            said: said.clone(),
        }),
        Ended::Done | Ended::Stopped if outcome.failed() > 0 => Err(PricesError::Failed {
            failed: outcome.failed(),
            total,
        }),
        Ended::Done | Ended::Stopped => Ok(()),
    }
}

/// The one calendar of all symbols, by their names.
fn calendar(wish: &Wish<'_>) -> Result<Calendar, Failure> {
    let mut names = wish.symbols.iter().map(|symbol| (symbol, guess(symbol)));
    let Some((one, name)) = names.next() else {
        return Ok(Calendar::UsEquities);
    };
    if let Some((other, _)) = names.find(|(_, other)| *other != name) {
        return Err(PricesError::Markets {
            one: one.clone(),
            other: other.clone(),
        }
        .into());
    }
    Ok(match name {
        CalendarName::AlwaysOpen => Calendar::AlwaysOpen,
        CalendarName::UsEquities => Calendar::UsEquities,
        CalendarName::Forex => Calendar::Forex,
        CalendarName::AShares => {
            let mut list: Option<HolidayList> = None;
            for path in wish.holidays {
                let more = read_holidays(path)?;
                list = Some(match list {
                    Some(known) => known.and(more),
                    None => more,
                });
            }
            Calendar::AShares(list.ok_or_else(|| PricesError::NoHolidays {
                symbol: one.clone(),
            })?)
        }
    })
}

/// The trading days that are wanted: those of the range, or the latest
/// hundred that are over.
fn steps(wish: &Wish<'_>, calendar: &Calendar, now: UnixMillis) -> Vec<SimDate> {
    let day = Timeframe::DAY.millis();
    let last = wish.to.map_or(now, |to| to.plus(-1)).date();
    if let Some(from) = wish.from {
        let sessions = calendar.sessions(from.date(), last);
        return sessions
            .map(|session| SimDate::from(session.date))
            .collect();
    }
    let end = UnixMillis::midnight(last);
    let back = (0..4 * Reach::COMPACT as i64).map(|days| end.plus(-days * day).date());
    let over = |date| {
        let session = calendar.session(date)?;
        let (_, close) = session.spans.last()?;
        (*close <= now).then_some(SimDate::from(date))
    };
    let latest: BTreeSet<SimDate> = back.filter_map(over).take(Reach::COMPACT).collect();
    latest.into_iter().collect()
}

/// Waits with nobody to say stop: Ctrl-C ends the program, between two writes.
#[derive(Debug, Default)]
struct Foreground {
    nothing: Mutex<()>,
    never: Condvar,
}

impl Watch for Foreground {
    fn stopped(&self) -> bool {
        false
    }

    fn wait(&self, time: Duration) {
        if let Ok(lock) = self.nothing.lock() {
            drop(self.never.wait_timeout_while(lock, time, |()| true));
        }
    }

    fn progress(&self, _text: &str) {}
}

impl fondaco_app::ports::Clock for Clock {
    fn now(&self) -> UnixMillis {
        Self::now(*self)
    }
}

#[derive(Debug, Serialize)]
struct Report {
    /// Where they come from.
    source: String,
    /// Trading days that were wanted.
    days: usize,
    #[serde(flatten)]
    outcome: Outcome,
    warnings: Vec<String>,
}

impl View for Report {
    fn text(&self, style: Style) -> String {
        if self.outcome.symbols.is_empty() {
            return format!("nothing to fetch: all of {} days are there\n", self.days);
        }
        let mut table = Table::new([
            ("Symbol", Align::Left),
            ("New", Align::Right),
            ("Missing", Align::Right),
            ("What came", Align::Left),
        ]);
        for it in &self.outcome.symbols {
            let added = match it.outcome {
                SymbolOutcome::Downloaded { added, .. } => added,
                _ => 0,
            };
            table.row([
                it.symbol.to_string().into(),
                grouped(added as u64).into(),
                grouped(it.still_missing as u64).into(),
                told(it).into(),
            ]);
        }
        let mut text = table.render(style);
        for warning in &self.warnings {
            let _ = writeln!(text, "{} {warning}", style.bold("warning:"));
        }
        text
    }
}

fn told(it: &Fetched) -> String {
    match &it.outcome {
        SymbolOutcome::Downloaded { rows, version, .. } => {
            format!("{} candles, version {version}", grouped(*rows))
        }
        SymbolOutcome::Present => "another download brought it".to_owned(),
        SymbolOutcome::AskedBefore { at } => format!("the source had no more at {at}"),
        SymbolOutcome::Failed { message, .. } => message.clone(),
        SymbolOutcome::NotReached => "not reached".to_owned(),
    }
}
