//! Free money, the interest on it, and what the run paid to whom.

use fondaco_domain::UnixMillis;
use fondaco_domain::strategy::Stake;

use crate::backtest::settings::Settings;

const DAY: i64 = 86_400_000;

/// Who got what over a run, in the quote currency. Costs are positive;
/// incomes are positive, too.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Charges {
    /// Fees of all fills.
    pub fees: f64,
    /// What spread and slippage made fills at market dearer than the price
    /// they were looked at.
    pub spread_and_slippage: f64,
    /// Interest received on free cash (negative: paid). In no trade's profit.
    pub interest: f64,
    /// Dividends received by longs less those paid by shorts.
    pub dividends: f64,
    /// Interest paid on borrowed shares.
    pub borrowing: f64,
    /// Funding received (negative: paid).
    pub funding: f64,
    /// Splits that changed an open position.
    pub splits: u64,
    /// Entry signals that found too little money, or whose stake was below the
    /// market's minimum.
    pub entries_refused: u64,
    /// Entry orders that found less volume than they asked for.
    pub entries_cut: u64,
    /// Exits that took more than one fill.
    pub exits_spread_out: u64,
}

/// Money in no position.
#[derive(Debug)]
pub(super) struct Cash<'a> {
    settings: &'a Settings,
    pub(super) free: f64,
    pub(super) closed_profit: f64,
    day: Option<i64>,
}

impl<'a> Cash<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            free: settings.starting_balance,
            closed_profit: 0.0,
            day: None,
        }
    }

    /// Whole days (UTC) since the stamp before.
    pub(super) fn days_to(&mut self, now: UnixMillis) -> i64 {
        let today = now.0.div_euclid(DAY);
        self.day.replace(today).map_or(0, |before| today - before)
    }

    /// Adds interest for some days, on 365 days a year; the answer is the
    /// interest.
    pub(super) fn accrue(&mut self, rate: f64, days: i64) -> f64 {
        let interest = self.free.max(0.0) * rate * days as f64 / 365.0;
        self.free += interest;
        interest
    }

    /// Money an entry may use while `tied` is in positions.
    pub(super) fn available(&self, tied: f64) -> f64 {
        let settings = self.settings;
        let total = match settings.available_capital {
            Some(capital) => capital + self.closed_profit,
            None => (tied + self.free) * settings.tradable_balance_ratio,
        };
        (total - tied).min(self.free)
    }

    /// The stake of a first entry; `None` when the money does not suffice.
    pub(super) fn stake(&self, tied: f64) -> Option<f64> {
        let available = self.available(tied);
        let wanted = match self.settings.stake {
            Stake::Fixed(stake) => stake,
            Stake::Unlimited => {
                let slots = f64::from(self.settings.max_open_trades.unwrap_or(u32::MAX));
                ((available + tied) / slots).min(available)
            }
        };
        let stake = match self.settings.last_stake_ratio {
            Some(ratio) if available > wanted * ratio => wanted.min(available),
            Some(_) => 0.0,
            None => wanted,
        };
        (available >= stake && stake > 0.0).then_some(stake)
    }

    /// The balance protections measure drawdowns on.
    pub(super) fn protected_balance(&self) -> f64 {
        let settings = self.settings;
        settings
            .available_capital
            .unwrap_or(settings.starting_balance * settings.tradable_balance_ratio)
    }
}
