//! Funding, leverage and liquidation of perpetual swaps on isolated margin.

use fondaco_domain::UnixMillis;
use fondaco_domain::market::LeverageTier;
use fondaco_domain::strategy::Side;

use super::decimal::compensated_sum;

/// Buffer kept before the exchange's liquidation price, as a ratio of its
/// distance from the open rate.
const LIQUIDATION_BUFFER: f64 = 0.05;

/// Funding payments of one swap.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Funding {
    time: Vec<UnixMillis>,
    per_unit: Vec<f64>,
    interval_millis: i64,
}

impl Funding {
    /// Joins funding rates with mark prices by time: a payment needs both.
    /// `rates` and `marks` are (time, rate) and (time, mark open), oldest
    /// first. With a `fallback` rate, marks before the first rate use it.
    pub fn join(
        rates: &[(UnixMillis, f64)],
        marks: &[(UnixMillis, f64)],
        fallback: Option<f64>,
        interval_millis: i64,
    ) -> Self {
        let mut funding = Self {
            interval_millis,
            ..Self::default()
        };
        let mut next = 0;
        for &(time, mark) in marks {
            while rates.get(next).is_some_and(|&(at, _)| at < time) {
                next += 1;
            }
            let known = rates
                .get(next)
                .filter(|&&(at, _)| at == time)
                .map(|&(_, rate)| rate);
            let leading = rates.first().is_none_or(|&(first, _)| time < first);
            let rate = known.or(fallback.filter(|_| leading));
            if let Some(rate) = rate {
                funding.time.push(time);
                funding.per_unit.push(rate * mark);
            }
        }
        funding
    }

    /// Whether payments fall on this instant's grid.
    pub(super) fn is_due(&self, now: UnixMillis) -> bool {
        self.interval_millis > 0 && now.0 % self.interval_millis == 0
    }

    /// What a position of `amount` receives (negative: pays) over `[from, to]`,
    /// in the quote currency.
    pub(super) fn received(
        &self,
        side: Side,
        amount: f64,
        from: UnixMillis,
        to: UnixMillis,
    ) -> f64 {
        let first = self.time.partition_point(|&time| time < from);
        let last = self.time.partition_point(|&time| time <= to).max(first);
        let paid = compensated_sum(self.per_unit[first..last].iter().map(|fee| fee * amount));
        match side {
            Side::Short => paid,
            Side::Long => -paid,
        }
    }
}

/// Largest leverage for a stake; `None` when no tier takes so much.
pub(super) fn max_leverage(tiers: &[LeverageTier], stake: f64) -> Option<f64> {
    let mut previous = None;
    for tier in tiers {
        let min_stake = tier.min_notional / previous.unwrap_or(tier.max_leverage);
        let max_stake = tier.max_notional / tier.max_leverage;
        previous = Some(tier.max_leverage);
        if (min_stake <= stake || stake < min_stake) && stake <= max_stake {
            return Some(tier.max_leverage);
        }
    }
    None
}

/// Largest stake a market takes at a leverage, in the quote currency.
pub(super) fn max_stake(tiers: &[LeverageTier], leverage: f64) -> f64 {
    tiers
        .iter()
        .rev()
        .find(|tier| leverage <= tier.max_leverage)
        .map_or(f64::INFINITY, |tier| tier.max_notional / leverage)
}

/// Liquidation price of an isolated position by Binance's formula for USDT
/// margined contracts, moved towards the open rate by the buffer.
pub(super) fn liquidation_price(
    tiers: &[LeverageTier],
    side: Side,
    open_rate: f64,
    amount: f64,
    stake: f64,
) -> Option<f64> {
    let tier = tiers.iter().rev().find(|tier| stake >= tier.min_notional)?;
    let sign = match side {
        Side::Long => 1.0,
        Side::Short => -1.0,
    };
    let price = ((stake + tier.maintenance_amount) - (sign * amount * open_rate))
        / ((amount * tier.maintenance_margin_rate) - (sign * amount));
    let buffer = (open_rate - price).abs() * LIQUIDATION_BUFFER;
    Some((price + sign * buffer).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longs_pay_a_positive_rate() {
        let at = |hour: i64| UnixMillis(hour * 3_600_000);
        let rates = [(at(0), 0.0001), (at(8), 0.0002)];
        let marks: Vec<_> = (0..10).map(|hour| (at(hour), 100.0)).collect();
        let funding = Funding::join(&rates, &marks, None, 3_600_000);
        assert_eq!(funding.received(Side::Long, 2.0, at(0), at(8)), -0.06);
        assert_eq!(funding.received(Side::Short, 2.0, at(1), at(8)), 0.04);
        assert_eq!(funding.received(Side::Short, 2.0, at(1), at(7)), 0.0);
    }

    #[test]
    fn a_fallback_rate_fills_only_the_start() {
        let at = |hour: i64| UnixMillis(hour * 3_600_000);
        let marks: Vec<_> = (0..6).map(|hour| (at(hour), 1.0)).collect();
        let funding = Funding::join(&[(at(2), 0.5)], &marks, Some(0.25), 3_600_000);
        assert_eq!(funding.time, [at(0), at(1), at(2)]);
        assert_eq!(funding.per_unit, [0.25, 0.25, 0.5]);
    }

    #[test]
    fn liquidation_lies_before_the_margin_is_gone() {
        let tier = LeverageTier {
            min_notional: 0.0,
            max_notional: 1e6,
            maintenance_margin_rate: 0.004,
            max_leverage: 100.0,
            maintenance_amount: 0.0,
        };
        // 10 x: a fall of 9.6 % leaves the maintenance margin; 5 % buffer.
        let price = liquidation_price(&[tier], Side::Long, 100.0, 10.0, 100.0).unwrap();
        assert!(
            (price - (90.361_445_783 + 0.05 * 9.638_554_217)).abs() < 1e-6,
            "{price}"
        );
        let price = liquidation_price(&[tier], Side::Short, 100.0, 10.0, 100.0).unwrap();
        assert!(price > 100.0 && price < 110.0);
    }
}
