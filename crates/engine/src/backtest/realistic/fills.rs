//! What one order fills and costs on one candle.

use fondaco_domain::strategy::Side;

use crate::backtest::costs::{Costs, Slippage, Spread};
use crate::backtest::decimal::Rounding;
use crate::backtest::steps::Step;

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Buy,
    Sell,
}

impl Way {
    pub(super) fn entry(side: Side) -> Self {
        match side {
            Side::Long => Self::Buy,
            Side::Short => Self::Sell,
        }
    }

    pub(super) fn exit(side: Side) -> Self {
        match side {
            Side::Long => Self::Sell,
            Side::Short => Self::Buy,
        }
    }
}

/// The price rules of one market.
#[derive(Debug, Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) costs: &'a Costs,
    /// Fee as a ratio of the value.
    pub(super) fee: f64,
    pub(super) tick: Step,
    pub(super) lot: Step,
}

impl Desk<'_> {
    /// The price of an order at market: the reference price, half the spread
    /// and the slippage against it, on the tick that is worse. An order larger
    /// than the volume moves the price as if it were the volume.
    pub(super) fn market(&self, way: Way, reference: f64, amount: f64, volume: f64) -> f64 {
        let half = match self.costs.spread {
            Spread::Ratio(ratio) => reference * ratio / 2.0,
            Spread::Ticks(ticks) => ticks * self.tick.size() / 2.0,
        };
        let slippage = match self.costs.slippage {
            Slippage::Ratio(ratio) => ratio,
            Slippage::SquareRoot { .. } if amount == 0.0 => 0.0,
            Slippage::SquareRoot { coefficient } => {
                let share = if volume > 0.0 {
                    (amount / volume).min(1.0)
                } else {
                    1.0
                };
                coefficient * share.sqrt()
            }
        };
        match way {
            Way::Buy => {
                let price = (reference + half) * (1.0 + slippage);
                self.tick.stop(price, Rounding::Up)
            }
            Way::Sell => {
                let price = (reference - half) * (1.0 - slippage);
                self.tick.stop(price, Rounding::Down).max(self.tick.size())
            }
        }
    }

    /// A limit on the tick that asks no less than the price given.
    pub(super) fn limit(&self, way: Way, price: f64) -> f64 {
        let rounding = match way {
            Way::Buy => Rounding::Down,
            Way::Sell => Rounding::Up,
        };
        self.tick.stop(price, rounding)
    }

    /// The fee of a fill: ratio and fee by unit, no less than the minimum.
    pub(super) fn fee(&self, amount: f64, price: f64) -> f64 {
        let fee = amount * price * self.fee + amount * self.costs.fee_per_unit;
        fee.max(self.costs.min_fee)
    }

    /// How much the fills of a candle may take.
    pub(super) fn takes(&self, volume: f64) -> f64 {
        self.costs
            .max_volume_share
            .map_or(f64::INFINITY, |share| volume * share)
    }

    /// Whole lots within both amounts.
    pub(super) fn lots(&self, wanted: f64, most: f64) -> f64 {
        // An amount held is a number of lots already but for its last bits.
        if wanted <= most {
            return wanted;
        }
        self.lot.floor(most)
    }

    /// The largest number of lots that money pays for at a price and leverage,
    /// fee included.
    pub(super) fn affordable(&self, money: f64, price: f64, leverage: f64) -> f64 {
        let per_unit = price / leverage + price * self.fee + self.costs.fee_per_unit;
        let beside_minimum = (money - self.costs.min_fee) / (price / leverage);
        let lots = self
            .lot
            .floor((money / per_unit).min(beside_minimum).max(0.0));
        let cost = lots * price / leverage + self.fee(lots, price);
        if cost > money {
            self.lot.floor((lots - self.lot.size()).max(0.0))
        } else {
            lots
        }
    }

    /// The exit price at which `amount` brings (long) or costs (short)
    /// `value` after its fee.
    pub(super) fn price_for(&self, side: Side, amount: f64, value: f64) -> f64 {
        let by_unit = amount * self.costs.fee_per_unit;
        let minimum = self.costs.min_fee;
        match side {
            Side::Long => {
                let by_ratio = (value + by_unit) / (amount * (1.0 - self.fee));
                by_ratio.max((value + minimum) / amount)
            }
            Side::Short => {
                let by_ratio = (value - by_unit) / (amount * (1.0 + self.fee));
                by_ratio.min((value - minimum) / amount)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn desk(costs: &Costs) -> Desk<'_> {
        Desk {
            costs,
            fee: 0.001,
            tick: Step::new(0.01),
            lot: Step::new(1.0),
        }
    }

    #[test]
    fn prices_at_market() {
        let root = |coefficient| Slippage::SquareRoot { coefficient };
        // spread, slippage, amount, volume, buy, sell; reference 100.
        for (spread, slippage, amount, volume, buy, sell) in [
            (
                Spread::Ratio(0.0),
                Slippage::Ratio(0.0),
                10.0,
                100.0,
                100.0,
                100.0,
            ),
            (
                Spread::Ratio(0.002),
                Slippage::Ratio(0.0),
                10.0,
                100.0,
                100.1,
                99.9,
            ),
            (
                Spread::Ticks(4.0),
                Slippage::Ratio(0.0),
                10.0,
                100.0,
                100.02,
                99.98,
            ),
            (
                Spread::Ratio(0.0),
                Slippage::Ratio(0.01),
                10.0,
                100.0,
                101.0,
                99.0,
            ),
            // 100.1 * 1.01 = 101.101 and 99.9 * 0.99 = 98.901, on the worse tick.
            (
                Spread::Ratio(0.002),
                Slippage::Ratio(0.01),
                10.0,
                100.0,
                101.11,
                98.9,
            ),
            // A quarter of the volume moves half as far as all of it.
            (Spread::Ratio(0.0), root(0.02), 25.0, 100.0, 101.0, 99.0),
            (Spread::Ratio(0.0), root(0.02), 900.0, 100.0, 102.0, 98.0),
            (Spread::Ratio(0.0), root(0.02), 5.0, 0.0, 102.0, 98.0),
        ] {
            let costs = Costs {
                spread,
                slippage,
                ..Costs::none()
            };
            let desk = desk(&costs);
            let at = |way| desk.market(way, 100.0, amount, volume);
            assert_eq!((at(Way::Buy), at(Way::Sell)), (buy, sell), "{costs:?}");
        }
    }

    #[test]
    fn a_sale_never_falls_below_one_tick() {
        let costs = Costs {
            spread: Spread::Ticks(10.0),
            ..Costs::none()
        };
        assert_eq!(desk(&costs).market(Way::Sell, 0.02, 1.0, 1.0), 0.01);
    }

    #[test]
    fn fees_add_up_and_have_a_minimum() {
        let costs = Costs {
            min_fee: 1.0,
            fee_per_unit: 0.005,
            ..Costs::none()
        };
        let desk = desk(&costs);
        assert_eq!(desk.fee(10.0, 10.0), 1.0);
        assert_eq!(desk.fee(1000.0, 10.0), 15.0);
    }

    #[test]
    fn volume_limits_a_fill_to_whole_lots() {
        let costs = Costs {
            max_volume_share: Some(0.1),
            ..Costs::none()
        };
        let desk = desk(&costs);
        for (wanted, volume, taken) in [(5.0, 100.0, 5.0), (50.0, 129.0, 12.0), (50.0, 5.0, 0.0)] {
            assert_eq!(desk.lots(wanted, desk.takes(volume)), taken);
        }
    }

    proptest! {
        #[test]
        fn what_is_affordable_is_paid_for_and_one_lot_more_is_not(
            money in 0.0..1e5_f64, cents in 1_u32..100_000, leverage in 1.0..20.0_f64,
            min_fee in 0.0..10.0_f64, fee_per_unit in 0.0..0.1_f64,
        ) {
            let costs = Costs { min_fee, fee_per_unit, ..Costs::none() };
            let (desk, price) = (desk(&costs), f64::from(cents) / 100.0);
            let cost = |lots: f64| lots * price / leverage + desk.fee(lots, price);
            let lots = desk.affordable(money, price, leverage);
            prop_assert!(lots == 0.0 || cost(lots) <= money);
            prop_assert!(cost(lots + 2.0) > money);
        }

        #[test]
        fn the_price_for_a_value_brings_it(
            amount in 1.0..1e4_f64, value in 1e3..1e6_f64,
            min_fee in 0.0..10.0_f64, fee_per_unit in 0.0..0.01_f64,
        ) {
            let costs = Costs { min_fee, fee_per_unit, ..Costs::none() };
            let desk = desk(&costs);
            let long = desk.price_for(Side::Long, amount, value);
            prop_assert!((amount * long - desk.fee(amount, long) - value).abs() < 1e-6);
            let short = desk.price_for(Side::Short, amount, value);
            prop_assert!((amount * short + desk.fee(amount, short) - value).abs() < 1e-6);
        }
    }
}
