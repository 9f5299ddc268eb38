//! The lane on made candles, and on real ones where they are at hand.

mod checks;
mod position;
mod properties;
mod real;
mod record;

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::JobStrategy;
use fondaco_contract::v1alpha1::analysis::{ConfidenceRule, QuantJob};
use fondaco_domain::calendar::Calendar;
use fondaco_domain::signal::LaneFailure;
use fondaco_domain::{Bar, Bars, Symbol, Timeframe, UnixMillis};
use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::*;

/// Long above 10, out below; short below 8, out above. Nothing else closes a
/// position but a loss of 99 %.
const LEVELS: &str = r#"
[strategy]
name = "levels"
version = "1.0.0"
timeframe = "1d"
direction = "both"
[entry.long]
when = "close > 10"
tag = "above"
[exit.long]
when = "close < 10"
[entry.short]
when = "close < 8"
tag = "below"
[exit.short]
when = "close > 8"
[risk]
stoploss = -0.99
"#;

fn job(text: &str) -> QuantJob {
    QuantJob {
        strategy: JobStrategy {
            text: text.to_owned(),
        },
        params: BTreeMap::new(),
        confidence: ConfidenceRule::Record,
    }
}

/// Daily candles that do not move within the day, from 2024-01-01 on, on every
/// day of the week.
fn daily(closes: &[f64]) -> Bars {
    candles(closes, date(2024, 1, 1), Timeframe::DAY)
}

fn candles(closes: &[f64], from: Date, timeframe: Timeframe) -> Bars {
    let stamps = (0..).map(|n| UnixMillis::midnight(from).plus(n * timeframe.millis()));
    Bars::from_rows(stamps.zip(closes).map(|(time, &close)| still(time, close))).unwrap()
}

fn still(time: UnixMillis, close: f64) -> Bar {
    Bar {
        time,
        open: close,
        high: close,
        low: close,
        close,
        volume: 1.0,
    }
}

/// What a question is asked with; its candles are the only ones of a market
/// that never closes.
struct Case {
    symbol: Symbol,
    calendar: Calendar,
    timeframe: Timeframe,
    date: Date,
    clock: Option<UnixMillis>,
    informative: Vec<(String, Bars)>,
    fee: f64,
}

impl Case {
    fn on(date: Date) -> Self {
        Self {
            symbol: "BTC/USDT".parse().unwrap(),
            calendar: Calendar::AlwaysOpen,
            timeframe: Timeframe::DAY,
            date,
            clock: None,
            informative: Vec::new(),
            fee: 0.0,
        }
    }

    /// On the day of the last candle.
    fn at_the_end_of(bars: &Bars) -> Self {
        Self::on(bars.time().last().unwrap().date())
    }

    fn of(mut self, symbol: &str) -> Self {
        self.symbol = symbol.parse().unwrap();
        self.calendar = calendar(&self.symbol, None);
        self
    }

    fn ask(&self, job: &QuantJob, candles: Candles<'_>) -> Finding {
        let end = UnixMillis::midnight(self.date.checked_add(1.day()).unwrap());
        let question = Question {
            symbol: &self.symbol,
            date: self.date,
            clock: self.clock.unwrap_or(end),
            candles,
            timeframe: self.timeframe,
            calendar: &self.calendar,
            informative: &self.informative,
            actions: None,
            fee: self.fee,
        };
        signal(Some(job), &question)
    }

    fn found(&self, text: &str, bars: &Bars) -> Found {
        let finding = self.ask(&job(text), Candles::Whole(bars));
        finding
            .found
            .unwrap_or_else(|| panic!("{:?}", finding.lane))
    }

    fn failure(&self, text: &str, candles: Candles<'_>) -> LaneFailure {
        let lane = self.ask(&job(text), candles).lane;
        lane.failure().unwrap_or_else(|| panic!("{lane:?}")).clone()
    }
}
