//! Money: what is free, what is tied up, how large an entry may be.

use fondaco_domain::market::{MarketRules, TradingMode};
use fondaco_domain::strategy::Stake;

use super::decimal::compensated_sum;
use super::futures;
use super::position::Position;
use super::settings::Settings;

/// Part by which a first entry's minimum is raised for an assumed stop.
const FIRST_ENTRY_STOP: f64 = 0.05;
/// Part by which the minimum of what a partial exit leaves is raised.
const REMAINDER_STOP: f64 = 0.1;
/// Largest factor by which a stake is raised to a market's minimum.
const MAX_RAISE: f64 = 1.3;

/// The balance of a run. Profits of closed trades accumulate here.
#[derive(Debug)]
pub(super) struct Account<'a> {
    settings: &'a Settings,
    pub(super) closed_profit: f64,
}

/// A stake that may be entered and its leverage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sized {
    pub(super) stake: f64,
    pub(super) leverage: f64,
}

impl<'a> Account<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            closed_profit: 0.0,
        }
    }

    /// The balance protections measure drawdowns on.
    pub(super) fn protected_balance(&self) -> f64 {
        let settings = self.settings;
        settings
            .available_capital
            .unwrap_or(settings.starting_balance * settings.tradable_balance_ratio)
    }

    /// Money in no position.
    pub(super) fn free(&self, open: &[Position]) -> f64 {
        let realised = compensated_sum(open.iter().map(|position| position.realised.profit));
        self.settings.starting_balance + (self.closed_profit + realised) - tied_up(open)
    }

    /// Money an entry may use.
    pub(super) fn available(&self, open: &[Position]) -> f64 {
        let tied = tied_up(open);
        let free = self.free(open);
        let total = match self.settings.available_capital {
            Some(capital) => capital + self.closed_profit,
            None => (tied + free) * self.settings.tradable_balance_ratio,
        };
        (total - tied).min(free)
    }

    /// The stake of a first entry as the settings ask for it, before the
    /// market's limits; `None` when the money does not suffice.
    fn wanted_stake(&self, open: &[Position]) -> Option<f64> {
        let available = self.available(open);
        let wanted = match self.settings.stake {
            Stake::Fixed(stake) => stake,
            Stake::Unlimited => {
                let slots = f64::from(self.settings.max_open_trades.unwrap_or(u32::MAX));
                ((available + tied_up(open)) / slots).min(available)
            }
        };
        let stake = match self.settings.last_stake_ratio {
            Some(ratio) if available > wanted * ratio => wanted.min(available),
            Some(_) => 0.0,
            None => wanted,
        };
        (available >= stake && stake > 0.0).then_some(stake)
    }

    /// Sizes a first entry.
    pub(super) fn first_entry(
        &self,
        open: &[Position],
        rules: &MarketRules,
        leverage: f64,
    ) -> Option<Sized> {
        let wanted = self.wanted_stake(open)?;
        let leverage = match self.settings.mode {
            TradingMode::Spot => 1.0,
            TradingMode::Futures => leverage
                .max(1.0)
                .min(futures::max_leverage(&rules.tiers, wanted)?),
        };
        let limits = self.limits(open, rules, FIRST_ENTRY_STOP, leverage);
        Some(Sized {
            stake: limits.admit(wanted)?,
            leverage,
        })
    }

    /// Sizes a further entry into a position.
    pub(super) fn further_entry(
        &self,
        open: &[Position],
        rules: &MarketRules,
        position: &Position,
        wanted: f64,
    ) -> Option<Sized> {
        let leverage = position.terms.leverage;
        let mut limits = self.limits(open, rules, 0.0, leverage);
        limits.most = limits
            .most
            .min(self.max_stake(rules, leverage) - position.stake);
        Some(Sized {
            stake: limits.admit(wanted)?,
            leverage,
        })
    }

    fn limits(&self, open: &[Position], rules: &MarketRules, stop: f64, leverage: f64) -> Limits {
        Limits {
            least: self.min_stake(rules, stop) / leverage,
            most: self.max_stake(rules, leverage).min(self.available(open)),
        }
    }

    /// The least that a partial exit may leave, in the quote currency.
    pub(super) fn min_remainder(&self, rules: &MarketRules) -> f64 {
        self.min_stake(rules, REMAINDER_STOP)
    }

    /// All money. The stake of a spot position is not money until it is sold;
    /// a waiting entry's is.
    pub(super) fn total(&self, open: &[Position]) -> f64 {
        self.free(open)
            + match self.settings.mode {
                TradingMode::Spot => 0.0,
                TradingMode::Futures => tied_up(open),
            }
    }

    /// Minimum cost with the reserve and an assumed stop, without leverage.
    fn min_stake(&self, rules: &MarketRules, stop: f64) -> f64 {
        let reserve = (1.0 + self.settings.amount_reserve) / (1.0 - stop);
        rules.min_cost * reserve.clamp(1.0, 1.5)
    }

    fn max_stake(&self, rules: &MarketRules, leverage: f64) -> f64 {
        match self.settings.mode {
            TradingMode::Spot => f64::INFINITY,
            TradingMode::Futures => futures::max_stake(&rules.tiers, leverage),
        }
    }
}

struct Limits {
    least: f64,
    most: f64,
}

impl Limits {
    /// Brings a stake within the limits; `None` when it cannot be.
    fn admit(&self, stake: f64) -> Option<f64> {
        if stake <= 0.0 || self.least > self.most || stake * MAX_RAISE < self.least {
            return None;
        }
        let stake = stake.max(self.least).min(self.most);
        (stake > 0.0 && stake >= self.least).then_some(stake)
    }
}

/// Stakes of all open positions, in the order they were opened.
fn tied_up(open: &[Position]) -> f64 {
    compensated_sum(open.iter().map(|position| position.stake))
}
