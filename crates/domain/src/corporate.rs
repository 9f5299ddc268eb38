//! Splits, dividends and the factors that adjust prices for them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Shares exchanged for others: 20 new for 1 old.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// The first day traded in new shares.
    pub date: Date,
    /// Old shares given.
    pub from: f64,
    /// New shares received.
    pub to: f64,
}

impl Split {
    /// New shares for one old share.
    pub fn ratio(&self) -> f64 {
        self.to / self.from
    }
}

/// Cash paid for each share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dividend {
    /// The first day traded without it.
    pub ex_date: Date,
    /// When the cash arrives, where known.
    pub pay_date: Option<Date>,
    /// Cash for one share.
    pub amount: f64,
    /// Its currency.
    pub currency: String,
}

/// Factors for all days up to and including `date`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FactorRow {
    /// The last day the factors are for.
    pub date: Date,
    /// Multiplies prices for dividends paid later.
    pub price_factor: f64,
    /// Multiplies prices for splits made later.
    pub split_factor: f64,
    /// The raw close of that day; zero where not known.
    pub reference_price: f64,
}

/// The factors of one instrument, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Factors(Vec<FactorRow>);

impl Factors {
    /// Sorts rows by date.
    pub fn new(mut rows: Vec<FactorRow>) -> Self {
        rows.sort_by_key(|row| row.date);
        Self(rows)
    }

    /// All rows, oldest first.
    pub fn rows(&self) -> &[FactorRow] {
        &self.0
    }

    /// The factors of a day: those of the first row not before it; none after
    /// the last.
    pub fn on(&self, day: Date) -> Option<&FactorRow> {
        self.0.get(self.0.partition_point(|row| row.date < day))
    }

    /// What a raw price of a day is multiplied with to compare it with
    /// today's: both factors; one after the last row.
    pub fn adjustment(&self, day: Date) -> f64 {
        self.on(day)
            .map_or(1.0, |row| row.price_factor * row.split_factor)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_row_is_for_the_days_up_to_its_own() {
        let row = |day, price_factor, split_factor| FactorRow {
            date: day,
            price_factor,
            split_factor,
            reference_price: 0.0,
        };
        let factors = Factors::new(vec![
            row(date(2050, 12, 31), 1.0, 1.0),
            row(date(2014, 6, 6), 0.9, 1.0 / 7.0),
            row(date(2020, 8, 28), 0.95, 0.25),
        ]);
        assert_eq!(factors.adjustment(date(2014, 6, 6)), 0.9 * (1.0 / 7.0));
        assert_eq!(factors.adjustment(date(2014, 6, 9)), 0.95 * 0.25);
        assert_eq!(factors.adjustment(date(2021, 1, 1)), 1.0);
        assert_eq!(factors.on(date(2051, 1, 1)), None);
    }
}
