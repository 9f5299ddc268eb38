//! Whether the candles can be decided on, in the order of the checks: there
//! are some, they are whole, and the day is among them.

use std::ops::Range;

use fondaco_domain::bars::Columns;
use fondaco_domain::calendar::Calendar;
use fondaco_domain::signal::{DataQuality, LaneFailure, QualityState, ReasonCode};
use fondaco_domain::{Bars, Timeframe, UnixMillis};
use jiff::civil::{Date, Weekday};

use super::{Candles, Question, failed};

/// The candles that had closed by the clock, or why they cannot be decided
/// on.
pub(super) fn usable(question: &Question<'_>) -> Result<Bars, LaneFailure> {
    let time = question.candles.time();
    let rows = 0..closed(time, question.timeframe, question.clock);
    if rows.is_empty() {
        return Err(no_rows(question));
    }
    let missing = question.candles.missing(rows.clone());
    if !missing.is_empty() {
        return Err(partial(missing));
    }
    let last = time[rows.end - 1];
    if !has_day(&time[rows.clone()], question) {
        return Err(without_day(question, last.date()));
    }
    question
        .candles
        .bars(rows)
        .map_err(|error| failed(ReasonCode::QuantSignalFailed, error))
}

/// How many candles close at or before an instant.
pub(super) fn closed(time: &[UnixMillis], timeframe: Timeframe, clock: UnixMillis) -> usize {
    time.partition_point(|open| open.plus(timeframe.millis()) <= clock)
}

/// Whether the calendar says that the market does not open on a date. Where
/// it does not know the year, only a weekend is certain.
fn is_closed(calendar: &Calendar, date: Date) -> bool {
    let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    calendar.session(date).is_none() && (weekend || calendar.covers(date))
}

/// Whether a candle of the day is there; of candles longer than a day,
/// whether the last one that has closed by the clock is.
fn has_day(time: &[UnixMillis], question: &Question<'_>) -> bool {
    let Some(last) = time.last() else {
        return false;
    };
    let timeframe = question.timeframe;
    if timeframe <= Timeframe::DAY {
        return last.date() == question.date;
    }
    let newest = timeframe.floor(question.clock).plus(-timeframe.millis());
    *last >= newest && !is_closed(question.calendar, question.date)
}

fn no_rows(question: &Question<'_>) -> LaneFailure {
    let Question { symbol, date, .. } = question;
    if is_closed(question.calendar, *date) {
        return non_trading_day(question, None);
    }
    LaneFailure {
        reason: ReasonCode::QuantNoData,
        data_quality: Some(quality(QualityState::NoData, None)),
        error: Some(format!("there are no candles of {symbol} up to {date}")),
    }
}

fn without_day(question: &Question<'_>, last: Date) -> LaneFailure {
    let Question { symbol, date, .. } = question;
    if is_closed(question.calendar, *date) {
        return non_trading_day(question, Some(last));
    }
    LaneFailure {
        reason: ReasonCode::StaleData,
        data_quality: Some(quality(QualityState::StaleData, Some(last))),
        error: Some(format!(
            "the newest candles of {symbol} are of {last}; there are none of {date}"
        )),
    }
}

fn non_trading_day(question: &Question<'_>, last: Option<Date>) -> LaneFailure {
    let Question { symbol, date, .. } = question;
    let calendar = question.calendar.as_str();
    LaneFailure {
        reason: ReasonCode::NonTradingDay,
        data_quality: Some(quality(QualityState::NonTradingDay, last)),
        error: Some(format!(
            "the market of {symbol} ({calendar}) does not open on {date}"
        )),
    }
}

fn partial(missing: Vec<&'static str>) -> LaneFailure {
    LaneFailure {
        reason: ReasonCode::PartialData,
        error: Some(format!("candles lack {}", missing.join(", "))),
        data_quality: Some(DataQuality {
            state: QualityState::PartialData,
            missing_fields: missing.into_iter().map(str::to_owned).collect(),
            last_available_date: None,
        }),
    }
}

fn quality(state: QualityState, last_available_date: Option<Date>) -> DataQuality {
    DataQuality {
        state,
        missing_fields: Vec::new(),
        last_available_date,
    }
}

impl Candles<'_> {
    fn time(&self) -> &[UnixMillis] {
        match self {
            Self::Whole(bars) => bars.time(),
            Self::Raw(columns) => &columns.time,
        }
    }

    /// Prices that some of these rows lack, in the order of a candle: a column
    /// that is shorter than its rows, and numbers that are no price.
    fn missing(&self, rows: Range<usize>) -> Vec<&'static str> {
        let columns = match self {
            Self::Whole(bars) => [bars.open(), bars.high(), bars.low(), bars.close()],
            Self::Raw(raw) => [&raw.open[..], &raw.high, &raw.low, &raw.close],
        };
        let lacks = |column: &[f64]| {
            let prices = column.get(rows.clone());
            prices.is_none_or(|prices| prices.iter().any(|price| !is_price(*price)))
        };
        ["open", "high", "low", "close"]
            .into_iter()
            .zip(columns)
            .filter_map(|(name, column)| lacks(column).then_some(name))
            .collect()
    }

    fn bars(&self, rows: Range<usize>) -> Result<Bars, fondaco_domain::bars::BarsError> {
        match self {
            Self::Whole(bars) => Ok(bars.slice(rows)),
            Self::Raw(raw) => {
                let cut = |column: &[f64]| column[rows.clone()].to_vec();
                // Volumes are no prices: without them, none was traded.
                let volume = |row: usize| raw.volume.get(row).copied().filter(|it| it.is_finite());
                Bars::new(Columns {
                    time: raw.time[rows.clone()].to_vec(),
                    open: cut(&raw.open),
                    high: cut(&raw.high),
                    low: cut(&raw.low),
                    close: cut(&raw.close),
                    volume: rows.clone().map(|row| volume(row).unwrap_or(0.0)).collect(),
                })
            }
        }
    }
}

fn is_price(number: f64) -> bool {
    number.is_finite() && number > 0.0
}
