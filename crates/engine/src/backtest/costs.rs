//! What the realistic profile takes for granted about trading.

use super::settings::BacktestError;

/// Whose semantics a backtest follows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Profile {
    /// Trade for trade as freqtrade.
    #[default]
    Freqtrade,
    /// With spread, slippage, limited volume and what else costs money.
    Realistic(Costs),
}

/// The assumptions of the realistic profile. The fee as a ratio of the value
/// is [`super::Settings::fee`], ticks and lots are the market's rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// Distance of the best offer from the best bid; a fill at market pays
    /// half of it.
    pub spread: Spread,
    /// How a fill at market moves the price against itself.
    pub slippage: Slippage,
    /// Largest part of a candle's volume that fills of one pair may take, in
    /// (0, 1]; `None` for any amount.
    pub max_volume_share: Option<f64>,
    /// What becomes of an entry beyond that part.
    pub entry_remainder: Remainder,
    /// Candles between a signal and its order, beyond the one it takes anyway.
    pub latency: u32,
    /// Least fee of a fill, in the quote currency.
    pub min_fee: f64,
    /// Fee for each unit (share), added to the ratio.
    pub fee_per_unit: f64,
    /// Yearly interest on free cash, as a ratio.
    pub cash_interest: f64,
    /// Yearly interest on borrowed shares, as a ratio. Stating it allows
    /// shorts outside futures, secured by their full value.
    pub borrow_interest: Option<f64>,
    /// Which of two prices within one candle came first.
    pub intra_candle: IntraCandle,
}

/// Distance of the best offer from the best bid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// As a ratio of the price.
    Ratio(f64),
    /// In price steps of the market.
    Ticks(f64),
}

/// How a fill at market moves the price against itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slippage {
    /// By the same ratio of the price each time.
    Ratio(f64),
    /// By `coefficient * sqrt(amount / volume of the candle)`: the square-root
    /// law of market impact (Tóth and others, Physical Review X 1, 021006,
    /// 2011). The coefficient is the move of an order as large as the candle.
    SquareRoot {
        /// Ratio of the price that a fill of the whole volume moves it by.
        coefficient: f64,
    },
}

/// What becomes of the part of an entry that found no volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Remainder {
    /// It is given up.
    #[default]
    Drop,
    /// It is tried again at the open of the next candles until it is filled,
    /// an exit is due or the entry's time-out has passed.
    Retry,
}

/// Which of two prices within one candle came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntraCandle {
    /// The worse: a stop before a target, and a trailing stop follows the best
    /// price of the candles before only.
    #[default]
    Pessimistic,
    /// The better: a target before a stop.
    Optimistic,
    /// freqtrade's: a trailing stop follows the best price of the candle
    /// first; then the stop, the target and the trailing stop.
    Freqtrade,
}

impl Default for Costs {
    /// Five hundredths of a percent each for spread and slippage, a tenth of
    /// the volume, no further fees, no interest, the worse order of prices.
    fn default() -> Self {
        Self {
            spread: Spread::Ratio(0.000_5),
            slippage: Slippage::Ratio(0.000_5),
            max_volume_share: Some(0.1),
            entry_remainder: Remainder::default(),
            latency: 0,
            min_fee: 0.0,
            fee_per_unit: 0.0,
            cash_interest: 0.0,
            borrow_interest: None,
            intra_candle: IntraCandle::default(),
        }
    }
}

impl Costs {
    /// Nothing costs anything and any amount fills.
    pub fn none() -> Self {
        Self {
            spread: Spread::Ratio(0.0),
            slippage: Slippage::Ratio(0.0),
            max_volume_share: None,
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<(), BacktestError> {
        let (spread, spread_limit) = match self.spread {
            Spread::Ratio(ratio) => (ratio, 1.0),
            Spread::Ticks(ticks) => (ticks, 1e6),
        };
        let slippage = match self.slippage {
            Slippage::Ratio(ratio) => ratio,
            Slippage::SquareRoot { coefficient } => coefficient,
        };
        let share = self.max_volume_share.unwrap_or(1.0);
        let rate = |rate: f64| (-0.5..=1.0).contains(&rate);
        let fee = |fee: f64| fee.is_finite() && fee >= 0.0;
        let borrow = self.borrow_interest.unwrap_or(0.0);
        let checks = [
            (
                "spread",
                spread,
                (0.0..spread_limit).contains(&spread),
                "in [0, 1) as a ratio, below a million in ticks",
            ),
            (
                "slippage",
                slippage,
                (0.0..0.5).contains(&slippage),
                "in [0, 0.5)",
            ),
            (
                "max_volume_share",
                share,
                share > 0.0 && share <= 1.0,
                "in (0, 1]",
            ),
            ("min_fee", self.min_fee, fee(self.min_fee), "zero or more"),
            (
                "fee_per_unit",
                self.fee_per_unit,
                fee(self.fee_per_unit),
                "zero or more",
            ),
            (
                "cash_interest",
                self.cash_interest,
                rate(self.cash_interest),
                "a yearly ratio from -0.5 to 1, such as 0.03",
            ),
            (
                "borrow_interest",
                borrow,
                rate(borrow) && borrow >= 0.0,
                "a yearly ratio from 0 to 1, such as 0.01",
            ),
        ];
        match checks.into_iter().find(|(_, _, valid, _)| !valid) {
            None => Ok(()),
            Some((name, value, _, expected)) => Err(BacktestError::Setting {
                name,
                value,
                expected,
            }),
        }
    }
}
