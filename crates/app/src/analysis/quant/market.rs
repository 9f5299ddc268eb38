//! What the lane takes for granted about a market.

use fondaco_domain::calendar::{Calendar, HolidayList};
use fondaco_domain::market::{LeverageTier, MarketRules};
use fondaco_domain::strategy::Stake;
use fondaco_domain::{Bars, Symbol};
use fondaco_engine::backtest::{Profile, Settings};

use crate::data::{CalendarName, guess};

/// What a fill costs unless something else is said: as in backtests.
pub const FEE: f64 = 0.001;

/// When the market of an instrument is open, from its name as `fondaco data
/// check` has it ([`guess`]): `.SS`, `.SZ`, `.SHH` and the like are mainland
/// shares, pairs with a `/` never close, two currencies are forex, everything
/// else trades in New York.
///
/// Mainland closures are announced year by year. Without a list that covers a
/// year its weekdays are not known to be closed, so candles that are missing
/// there are `stale_data`.
pub fn calendar(symbol: &Symbol, holidays: Option<&HolidayList>) -> Calendar {
    match guess(symbol) {
        CalendarName::AlwaysOpen => Calendar::AlwaysOpen,
        CalendarName::UsEquities => Calendar::UsEquities,
        CalendarName::AShares => Calendar::AShares(holidays.cloned().unwrap_or_default()),
        CalendarName::Forex => Calendar::Forex,
    }
}

/// The stake of every entry, and an account that it never exhausts: what a
/// strategy holds must not depend on how much money there is.
const STAKE: f64 = 1e6;
const BALANCE: f64 = 1e12;

/// An account with one slot that may take either side.
pub(super) fn account(fee: f64) -> Settings {
    Settings {
        profile: Profile::Freqtrade,
        // Spot knows no shorts, and the lane asks what the rules say.
        mode: fondaco_domain::market::TradingMode::Futures,
        starting_balance: BALANCE,
        stake: Stake::Fixed(STAKE),
        max_open_trades: Some(1),
        tradable_balance_ratio: 1.0,
        fee,
        amount_reserve: 0.0,
        ..Settings::default()
    }
}

/// A market without least amounts, whose prices are finer than a millionth of
/// the lowest of the candles.
pub(super) fn rules(bars: &Bars) -> MarketRules {
    let lowest = bars.low().iter().copied().fold(f64::INFINITY, f64::min);
    let mut decimals = 2;
    while decimals < 18 && 1.0 / 10_f64.powi(decimals) > lowest * 1e-6 {
        decimals += 1;
    }
    MarketRules {
        price_step: 1.0 / 10_f64.powi(decimals),
        amount_step: 1e-8,
        min_cost: 0.0,
        tiers: vec![LeverageTier {
            min_notional: 0.0,
            max_notional: 1e15,
            maintenance_margin_rate: 0.0,
            max_leverage: 1_000.0,
            maintenance_amount: 0.0,
        }],
    }
}
