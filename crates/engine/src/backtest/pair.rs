//! A pair as the loop walks it.

use std::ops::Range;

use fondaco_domain::market::MarketRules;
use fondaco_domain::strategy::Side;
use fondaco_domain::{Bars, UnixMillis};

use super::exits::Candle;
use super::futures::Funding;
use super::settings::PairInput;
use super::steps::{PriceSteps, Step};
use crate::signals::{Signals, TagId};

const LONG: u8 = 1;
const SHORT: u8 = 2;

/// Candles, signals and rules of a pair. Row `r` acts on the signals of row
/// `r - 1`; row 0 only supplies signals.
pub(super) struct Pair<'a> {
    pub(super) bars: &'a Bars,
    pub(super) signals: &'a Signals,
    pub(super) rules: &'a MarketRules,
    pub(super) detail: Option<&'a Bars>,
    pub(super) funding: Option<&'a Funding>,
    pub(super) price_steps: PriceSteps,
    pub(super) amount_step: Step,
    /// Side to enter by row of signals: `LONG`, `SHORT` or zero.
    entries: Vec<u8>,
}

impl<'a> Pair<'a> {
    pub(super) fn new(input: &PairInput<'a>, long: bool, short: bool) -> Self {
        Self::with_steps(input, PriceSteps::of(input), long, short)
    }

    /// The same with price steps read before.
    pub(super) fn with_steps(
        input: &PairInput<'a>,
        price_steps: PriceSteps,
        long: bool,
        short: bool,
    ) -> Self {
        Self {
            bars: input.bars,
            signals: input.signals,
            rules: input.rules,
            detail: input.detail,
            funding: input.funding,
            price_steps,
            amount_step: Step::new(input.rules.amount_step),
            entries: entries(input.signals, long, short),
        }
    }

    /// The side the signals before a row enter.
    pub(super) fn entry(&self, row: usize) -> Option<Side> {
        match self.entries[row - 1] {
            LONG => Some(Side::Long),
            SHORT => Some(Side::Short),
            _ => None,
        }
    }

    /// Rows that an entry signal acts on.
    pub(super) fn entry_rows(&self) -> impl Iterator<Item = usize> + '_ {
        let acting = &self.entries[..self.bars.len() - 1];
        acting
            .iter()
            .enumerate()
            .filter(|&(_, &side)| side != 0)
            .map(|(row, _)| row + 1)
    }

    pub(super) fn enter_tag(&self, row: usize) -> TagId {
        self.signals.enter_tag[row - 1]
    }

    pub(super) fn exit_tag(&self, row: usize) -> Option<&str> {
        self.signals.tags.text(self.signals.exit_tag[row - 1])
    }

    /// Rows of the smaller candles inside a main one.
    pub(super) fn detail_rows(&self, start: UnixMillis, main_millis: i64) -> Option<Range<usize>> {
        let detail = self.detail?;
        let rows = detail.row_at(start)..detail.row_at(start.plus(main_millis));
        (!rows.is_empty()).then_some(rows)
    }
}

/// A side is entered when its signal is set and neither its exit nor the other
/// side's entry is.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "rows are combined many at once, without a branch for each"
)]
fn entries(signals: &Signals, long: bool, short: bool) -> Vec<u8> {
    let columns = signals.enter_long.iter().zip(&signals.exit_long);
    let shorts = signals.enter_short.iter().zip(&signals.exit_short);
    columns
        .zip(shorts)
        .map(|((&enter_long, &exit_long), (&enter_short, &exit_short))| {
            let enter_short = enter_short & short;
            let goes_long = enter_long & long & !exit_long & !enter_short;
            let goes_short = enter_short & !(exit_short) & !enter_long;
            u8::from(goes_long) * LONG + u8::from(goes_short) * SHORT
        })
        .collect()
}

impl Candle {
    pub(super) fn of(bars: &Bars, row: usize) -> Self {
        Self {
            time: bars.time()[row],
            open: bars.open()[row],
            high: bars.high()[row],
            low: bars.low()[row],
            close: bars.close()[row],
        }
    }

    /// Whether a price was traded within the candle.
    pub(super) fn contains(&self, price: f64) -> bool {
        self.low <= price && price <= self.high
    }
}
