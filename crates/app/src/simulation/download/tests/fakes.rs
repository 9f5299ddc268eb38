//! What downloads are tried with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use fondaco_contract::v1alpha1::simulation::SimDate;
use fondaco_domain::calendar::Calendar;
use fondaco_domain::time::parse_stamp;
use fondaco_domain::{Bar, Bars, ContentHash, Symbol, Timeframe, UnixMillis};

use super::super::*;
use crate::data::{DataError, DatasetId, Overlap, Version, merge};
use crate::ports::exec::Watch;
use crate::ports::{Clock, Failure, Quiet};

pub(super) fn symbol(name: &str) -> Symbol {
    name.parse().unwrap()
}

pub(super) fn symbols(names: &str) -> Vec<Symbol> {
    names.split_whitespace().map(symbol).collect()
}

pub(super) fn steps(dates: &str) -> Vec<SimDate> {
    let dates = dates.split_whitespace();
    dates.map(|it| it.parse().unwrap()).collect()
}

/// A candle of each of these days.
pub(super) fn bars(dates: &str) -> Bars {
    Bars::from_rows(steps(dates).into_iter().map(|step| Bar {
        time: step.open(),
        open: 10.0,
        high: 12.0,
        low: 9.0,
        close: 11.0,
        volume: 100.0,
    }))
    .unwrap()
}

/// A source that says what it is told to, one thing after the other, and then
/// gives the same days for every symbol.
pub(super) struct Source {
    pub(super) days: String,
    pub(super) says: Mutex<BTreeMap<String, Vec<SourceError>>>,
    pub(super) asked: Mutex<Vec<(String, Reach)>>,
}

impl Source {
    pub(super) fn of(days: &str) -> Self {
        Self {
            days: days.to_owned(),
            says: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// Says these of a symbol first, the last one first.
    pub(super) fn saying(self, name: &str, errors: impl IntoIterator<Item = SourceError>) -> Self {
        let errors = errors.into_iter().collect();
        self.says.lock().unwrap().insert(name.to_owned(), errors);
        self
    }

    pub(super) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(name, _)| name.clone()).collect()
    }
}

pub(super) fn limited() -> SourceError {
    SourceError::RateLimited {
        source_name: "source".to_owned(),
        said: "25 requests per day".to_owned(),
        retry_after: None,
    }
}

pub(super) fn server(status: u16) -> SourceError {
    SourceError::Server {
        source_name: "source".to_owned(),
        status,
        retry_after: None,
    }
}

impl PriceSource for Source {
    fn name(&self) -> String {
        "source".to_owned()
    }

    fn serves(&self, timeframe: Timeframe) -> bool {
        timeframe == Timeframe::DAY
    }

    fn ask(
        &self,
        symbol: &Symbol,
        reach: Reach,
        _stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Prices, SourceError> {
        let name = symbol.to_string();
        self.asked.lock().unwrap().push((name.clone(), reach));
        let mut says = self.says.lock().unwrap();
        match says.get_mut(&name).and_then(Vec::pop) {
            Some(error) => Err(error),
            None => Ok(Prices {
                bars: bars(&self.days),
            }),
        }
    }
}

/// Versions in memory.
pub(super) struct Shelf {
    pub(super) timeframe: Timeframe,
    pub(super) kept: Mutex<BTreeMap<Symbol, (u32, Bars)>>,
}

impl Shelf {
    pub(super) fn empty() -> Self {
        Self {
            timeframe: Timeframe::DAY,
            kept: Mutex::default(),
        }
    }

    pub(super) fn with(self, name: &str, held: Bars) -> Self {
        self.kept.lock().unwrap().insert(symbol(name), (1, held));
        self
    }

    pub(super) fn coverage(&self) -> Coverage {
        let kept = self.kept.lock().unwrap();
        let opens = |held: &Bars| held.time().iter().copied().collect::<BTreeSet<_>>();
        kept.iter()
            .map(|(symbol, (_, held))| (symbol.clone(), opens(held)))
            .collect()
    }
}

fn version(number: u32, bars: &Bars) -> Version {
    Version {
        number,
        id: ContentHash::of(b"x"),
        parent: None,
        rows: bars.len() as u64,
        first: bars.time()[0],
        last: bars.time()[bars.len() - 1],
        source: String::new(),
        created_at: UnixMillis(0),
    }
}

impl PriceShelf for Shelf {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    fn stored(&self, symbol: &Symbol) -> Result<Stored, DataError> {
        let kept = self.kept.lock().unwrap();
        Ok(kept.get(symbol).map_or_else(Stored::default, |it| Stored {
            opens: it.1.time().iter().copied().collect(),
            version: Some(version(it.0, &it.1)),
        }))
    }

    fn put(
        &self,
        symbol: &Symbol,
        bars: Bars,
        source: &str,
        _now: UnixMillis,
    ) -> Result<(Option<Version>, usize), DataError> {
        let mut kept = self.kept.lock().unwrap();
        let (number, old) = kept.get(symbol).cloned().unwrap_or_default();
        let merged =
            merge(&old, &bars, Overlap::Refuse).map_err(|conflict| DataError::Overlap {
                dataset: DatasetId {
                    venue: "memory".parse().unwrap(),
                    symbol: symbol.clone(),
                    timeframe: self.timeframe,
                    kind: crate::data::CandleKind::Trades,
                },
                source_name: source.to_owned(),
                conflict: Box::new(conflict),
            })?;
        let number = if merged.is_unchanged() {
            number
        } else {
            number + 1
        };
        kept.insert(symbol.clone(), (number, merged.bars.clone()));
        Ok((Some(version(number, &merged.bars)), merged.added.len()))
    }
}

/// A book that somebody else holds for the first few looks.
#[derive(Default)]
pub(super) struct Book {
    pub(super) held: AtomicUsize,
    pub(super) asked: Mutex<Vec<Asked>>,
}

struct Mine<'a>(std::sync::MutexGuard<'a, Vec<Asked>>);

impl RequestBook for Book {
    fn turn(&self) -> Result<Option<Box<dyn Turn + '_>>, Failure> {
        let held = self.held.load(Ordering::SeqCst);
        if held > 0 {
            self.held.store(held - 1, Ordering::SeqCst);
            return Ok(None);
        }
        Ok(Some(Box::new(Mine(self.asked.lock().unwrap()))))
    }
}

impl Turn for Mine<'_> {
    fn asked(&self) -> &[Asked] {
        &self.0
    }

    fn ask(&mut self, question: Asked) -> Result<(), Failure> {
        self.0.push(question);
        Ok(())
    }

    fn came(&mut self, came: Came) -> Result<(), Failure> {
        self.0.last_mut().unwrap().came = came;
        Ok(())
    }
}

/// A time that passes where somebody waits, and a word to stop that comes
/// after some looks.
pub(super) struct Hours {
    now: AtomicI64,
    waits: Mutex<Vec<f64>>,
    stop_at_wait: usize,
    stopped: AtomicBool,
}

impl Hours {
    pub(super) fn at(text: &str) -> Self {
        Self {
            now: AtomicI64::new(parse_stamp(text).unwrap().0),
            waits: Mutex::default(),
            stop_at_wait: usize::MAX,
            stopped: AtomicBool::new(false),
        }
    }

    pub(super) fn stopping_at_wait(self, stop_at_wait: usize) -> Self {
        Self {
            stop_at_wait,
            ..self
        }
    }

    pub(super) fn waits(&self) -> Vec<f64> {
        self.waits.lock().unwrap().clone()
    }

    pub(super) fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Hours {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.load(Ordering::SeqCst))
    }
}

impl Watch for Hours {
    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn wait(&self, time: Duration) {
        let mut waits = self.waits.lock().unwrap();
        waits.push(time.as_secs_f64());
        if waits.len() >= self.stop_at_wait {
            self.stopped.store(true, Ordering::SeqCst);
        }
        drop(waits);
        self.pass(time);
    }

    fn progress(&self, _text: &str) {}
}

/// Everything of one try.
pub(super) struct Bench {
    pub(super) source: Source,
    pub(super) shelf: Shelf,
    pub(super) book: Book,
    pub(super) hours: Hours,
    pub(super) rules: DownloadRules,
}

impl Bench {
    /// Of a source, after the session of Friday, 2025-10-10.
    pub(super) fn of(source: Source) -> Self {
        Self {
            source,
            shelf: Shelf::empty(),
            book: Book::default(),
            hours: Hours::at("2025-10-10T23:00:00Z"),
            rules: DownloadRules {
                budget: Budget {
                    per_minute: 0,
                    per_day: 0,
                },
                ..DownloadRules::default()
            },
        }
    }

    pub(super) fn availability(&self, dates: &str, names: &str) -> Availability {
        let (steps, symbols) = (steps(dates), symbols(names));
        let calendar = Calendar::UsEquities;
        Availability::of(&steps, &symbols, &calendar, &self.shelf.coverage()).unwrap()
    }

    pub(super) fn run(&self, dates: &str, names: &str) -> Outcome {
        self.try_run(dates, names).unwrap()
    }

    pub(super) fn try_run(&self, dates: &str, names: &str) -> Result<Outcome, DownloadError> {
        let plan = self.availability(dates, names).plan(self.hours.now());
        let ports = DownloadPorts {
            source: &self.source,
            shelf: &self.shelf,
            book: &self.book,
            calendar: &Calendar::UsEquities,
            clock: &self.hours,
            progress: &Quiet,
        };
        download(&plan, ports, &self.rules, &self.hours)
    }
}

/// Each symbol with what became of it, in one word.
pub(super) fn told(outcome: &Outcome) -> String {
    let word = |it: &Fetched| match &it.outcome {
        SymbolOutcome::Downloaded { added, .. } => format!("{}:+{added}", it.symbol),
        SymbolOutcome::Present => format!("{}:present", it.symbol),
        SymbolOutcome::AskedBefore { .. } => format!("{}:before", it.symbol),
        SymbolOutcome::Failed { reason, .. } => format!("{}:{reason}", it.symbol),
        SymbolOutcome::NotReached => format!("{}:-", it.symbol),
    };
    let words: Vec<String> = outcome.symbols.iter().map(word).collect();
    words.join(" ")
}
