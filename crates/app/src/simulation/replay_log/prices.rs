//! Prices by name and by the clock of their exchange.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fondaco_domain::ledger::Session;
use fondaco_domain::{Bars, Symbol, UnixMillis};
use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::error::ReplayError;
use crate::data::{FileContent, RawSeries, ReadOptions};
use crate::ports::CandleFiles;

const DAY: i64 = 86_400;

/// Candles to replay logs against.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    by_name: BTreeMap<String, Vec<Series>>,
}

/// Candles of one length.
#[derive(Debug, Clone)]
struct Series {
    /// Seconds of a candle.
    step: i64,
    rows: BTreeMap<DateTime, Candle>,
}

/// What is known of a candle; the newest of a file may have its open only.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candle {
    pub(super) open: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) low: Option<f64>,
    pub(super) close: Option<f64>,
}

/// A close, and when it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Close {
    pub(super) price: f64,
    pub(super) at: DateTime,
}

impl Prices {
    /// Reads every file that holds candles. Stamps keep the clock they are
    /// written in, unless they carry an offset: those are brought to the zone.
    ///
    /// # Errors
    ///
    /// A file cannot be read, none holds candles, or two contradict each
    /// other.
    pub fn read(
        files: &dyn CandleFiles,
        places: &[PathBuf],
        zone: Option<&str>,
    ) -> Result<Self, ReplayError> {
        let clock = time_zone(zone)?;
        // Whatever zone a file says it is in, wall clocks are compared: they
        // become instants of this zone and come back as they were.
        let options = ReadOptions {
            zone: Some(zone.unwrap_or("UTC").to_owned()),
            ..ReadOptions::default()
        };
        let found = files.find(places)?;
        let mut prices = Self::default();
        let mut from = BTreeMap::new();
        for path in &found {
            if let FileContent::Series(all) = files.read_raw(path, &options)? {
                for series in all {
                    prices.add(path, &mut from, &series, &clock)?;
                }
            }
        }
        if prices.by_name.is_empty() {
            return Err(ReplayError::NoPrices { files: found.len() });
        }
        prices.finest_first();
        Ok(prices)
    }

    /// Stored candles, whose stamps are instants, by the clock of a zone.
    ///
    /// # Errors
    ///
    /// The zone is none.
    pub fn of(candles: &[(Symbol, i64, Bars)], zone: Option<&str>) -> Result<Self, ReplayError> {
        let zone = time_zone(zone)?;
        let mut prices = Self::default();
        for (symbol, step, bars) in candles {
            let mut rows = BTreeMap::new();
            for (row, &at) in bars.time().iter().enumerate() {
                let candle = Candle {
                    open: usable(bars.open()[row]),
                    high: usable(bars.high()[row]),
                    low: usable(bars.low()[row]),
                    close: usable(bars.close()[row]),
                };
                rows.insert(clock(at, *step, &zone), candle);
            }
            prices
                .by_name
                .entry(symbol.to_string())
                .or_default()
                .push(Series { step: *step, rows });
        }
        prices.finest_first();
        Ok(prices)
    }

    /// The names with prices.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    fn add(
        &mut self,
        path: &Path,
        from: &mut BTreeMap<(String, i64), PathBuf>,
        raw: &RawSeries,
        zone: &TimeZone,
    ) -> Result<(), ReplayError> {
        let name = raw.symbol.to_string();
        let step = raw.timeframe.seconds();
        let before = from
            .entry((name.clone(), step))
            .or_insert_with(|| path.to_owned())
            .clone();
        let all = self.by_name.entry(name.clone()).or_default();
        let place = all.iter().position(|it| it.step == step);
        let place = place.unwrap_or_else(|| {
            let rows = BTreeMap::new();
            all.push(Series { step, rows });
            all.len() - 1
        });
        let series = &mut all[place];
        for (row, &at) in raw.rows.time.iter().enumerate() {
            let at = clock(at, step, zone);
            let candle = Candle {
                open: usable(raw.rows.open[row]),
                high: usable(raw.rows.high[row]),
                low: usable(raw.rows.low[row]),
                close: usable(raw.rows.close[row]),
            };
            let agrees = if let Some(known) = series.rows.get_mut(&at) {
                known.merge(&candle)
            } else {
                series.rows.insert(at, candle);
                true
            };
            if !agrees {
                return Err(ReplayError::TwoPrices {
                    symbol: name,
                    at: Session::at(at).to_string(),
                    one: before,
                    other: path.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn finest_first(&mut self) {
        for all in self.by_name.values_mut() {
            all.sort_by_key(|series| series.step);
        }
    }

    /// The name prices go by: its own, or that of another spelling of the same
    /// mainland exchange.
    pub(super) fn spelled<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        const EXCHANGES: [&[&str]; 2] = [&["SHH", "SH", "SS", "XSHG"], &["SHZ", "SZ", "XSHE"]];
        if self.by_name.contains_key(name) {
            return Some(name);
        }
        let (code, exchange) = name.rsplit_once('.')?;
        let same = EXCHANGES.iter().find(|all| all.contains(&exchange))?;
        same.iter().find_map(|other| {
            let name = format!("{code}.{other}");
            self.by_name
                .get_key_value(&name)
                .map(|(name, _)| name.as_str())
        })
    }

    /// The close at a moment: of the candle stamped then, or of the last one
    /// before it. A day is over: its last candle counts.
    pub(super) fn close(&self, name: &str, at: Session, daily: bool) -> Option<Close> {
        let series = self.series(name, daily)?;
        let mut last = series.until(at).rev();
        last.find_map(|(&at, candle)| {
            Some(Close {
                price: candle.close?,
                at,
            })
        })
    }

    /// The last close of an earlier day, which price limits are measured from.
    pub(super) fn close_before(&self, name: &str, at: Session, daily: bool) -> Option<f64> {
        let series = self.series(name, daily)?;
        let midnight = at.date().to_datetime(jiff::civil::Time::midnight());
        let mut before = series.rows.range(..midnight).rev();
        before.find_map(|(_, candle)| candle.close)
    }

    /// The candle of a moment: the one stamped then, or the first of a day.
    pub(super) fn candle(&self, name: &str, at: Session, daily: bool) -> Option<&Candle> {
        let series = self.series(name, daily)?;
        match at.time() {
            Some(time) if series.step < DAY => series.rows.get(&at.date().to_datetime(time)),
            _ => series.day(at).next().map(|(_, candle)| candle),
        }
    }

    /// The open of a whole day, where there are candles of days.
    pub(super) fn open_of_day(&self, name: &str, at: Session) -> Option<f64> {
        let name = self.spelled(name)?;
        let daily = self.by_name[name]
            .iter()
            .find(|series| series.step == DAY)?;
        daily.day(at).next().and_then(|(_, candle)| candle.open)
    }

    /// Seconds of the candles a log with these names is marked at.
    pub(super) fn step<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        daily: bool,
    ) -> Option<i64> {
        let steps = names
            .into_iter()
            .filter_map(|name| Some(self.series(name, daily)?.step));
        steps.min()
    }

    /// Candles of days for a daily log, the finest for any other.
    fn series(&self, name: &str, daily: bool) -> Option<&Series> {
        let all = self.by_name.get(self.spelled(name)?)?;
        let days = all.iter().find(|series| series.step == DAY);
        days.filter(|_| daily).or_else(|| all.first())
    }
}

impl Series {
    fn until(&self, at: Session) -> std::collections::btree_map::Range<'_, DateTime, Candle> {
        match at.time() {
            Some(time) => self.rows.range(..=at.date().to_datetime(time)),
            None => self.rows.range(..tomorrow(at)),
        }
    }

    fn day(&self, at: Session) -> std::collections::btree_map::Range<'_, DateTime, Candle> {
        let midnight = at.date().to_datetime(jiff::civil::Time::midnight());
        self.rows.range(midnight..tomorrow(at))
    }
}

impl Candle {
    /// Takes over what is missing; whether nothing contradicts.
    fn merge(&mut self, other: &Self) -> bool {
        let agrees = |one: &mut Option<f64>, other: Option<f64>| {
            let agrees = one.is_none() || other.is_none() || *one == other;
            *one = one.or(other);
            agrees
        };
        agrees(&mut self.open, other.open)
            && agrees(&mut self.high, other.high)
            && agrees(&mut self.low, other.low)
            && agrees(&mut self.close, other.close)
    }
}

/// A zone by its name; UTC where none is stated, which leaves wall clocks as
/// they are.
pub(super) fn time_zone(zone: Option<&str>) -> Result<TimeZone, ReplayError> {
    let Some(name) = zone else {
        return Ok(TimeZone::UTC);
    };
    jiff::tz::TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| ReplayError::Zone {
            zone: name.to_owned(),
        })
}

fn tomorrow(at: Session) -> DateTime {
    at.date()
        .to_datetime(jiff::civil::Time::midnight())
        .saturating_add(1.day())
}

/// The clock of a zone; days are stamped with midnight UTC wherever they are.
fn clock(at: UnixMillis, step: i64, zone: &TimeZone) -> DateTime {
    let zone = if step >= DAY { &TimeZone::UTC } else { zone };
    at.timestamp().to_zoned(zone.clone()).datetime()
}

fn usable(price: f64) -> Option<f64> {
    (price.is_finite() && price > 0.0).then_some(price)
}
