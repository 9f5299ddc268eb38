//! One open position: what it cost, what it is worth, where it leaves.

use fondaco_domain::strategy::{Risk, Side, Trailing};
use fondaco_domain::trade::{ExitReason, Order, Trade};
use fondaco_domain::{Symbol, UnixMillis};

use super::fills::Desk;
use crate::backtest::actions::Action;
use crate::backtest::decimal::{Rounding, round_decimals};

/// A stop and how it got there. Prices are in units held now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stop {
    pub(super) price: f64,
    initial: f64,
    /// Distance as a negative ratio of the margin.
    ratio: f64,
    pub(super) trailing: bool,
}

/// What all fills of one kind came to.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    amount: f64,
    value: f64,
    fees: f64,
}

/// An open position. Amounts and prices are in units held now: a split
/// changes them all.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    pub(super) pair: usize,
    pub(super) side: Side,
    pub(super) leverage: f64,
    pub(super) opened: UnixMillis,
    pub(super) tag: Option<String>,
    /// Held now.
    pub(super) amount: f64,
    /// What the amount held was entered for, fees not counted.
    pub(super) cost: f64,
    /// Fees of those entries.
    entry_fees: f64,
    /// Funding, dividends and borrowing costs of the amount held.
    carry: f64,
    /// The same of the whole trade.
    carried: f64,
    /// Everything the trade has brought so far, fees paid.
    pub(super) profit: f64,
    entered: Sum,
    exited: Sum,
    pub(super) entries: usize,
    pub(super) partial_exits: usize,
    pub(super) stop: Stop,
    pub(super) liquidation: Option<f64>,
    /// Best price since the entry.
    best: f64,
    lowest: f64,
    highest: f64,
    /// An exit that has found only part of its volume.
    pub(super) closing: Option<ExitReason>,
    pub(super) exit_rate: f64,
    orders: Vec<Order>,
}

impl Holding {
    pub(super) fn new(
        pair: usize,
        side: Side,
        leverage: f64,
        opened: UnixMillis,
        tag: Option<String>,
    ) -> Self {
        Self {
            pair,
            side,
            leverage,
            opened,
            tag,
            amount: 0.0,
            cost: 0.0,
            entry_fees: 0.0,
            carry: 0.0,
            carried: 0.0,
            profit: 0.0,
            entered: Sum::default(),
            exited: Sum::default(),
            entries: 0,
            partial_exits: 0,
            stop: Stop::default(),
            liquidation: None,
            best: 0.0,
            lowest: f64::INFINITY,
            highest: 0.0,
            closing: None,
            exit_rate: 0.0,
            orders: Vec::new(),
        }
    }

    fn sign(&self) -> f64 {
        match self.side {
            Side::Long => 1.0,
            Side::Short => -1.0,
        }
    }

    /// Average entry price of the amount held.
    pub(super) fn open_rate(&self) -> f64 {
        self.cost / self.amount
    }

    /// Own money in the position.
    pub(super) fn margin(&self) -> f64 {
        self.cost / self.leverage
    }

    /// Gain of the amount held at a price, fees and carry not counted.
    pub(super) fn gain(&self, price: f64) -> f64 {
        self.sign() * (self.amount * price - self.cost)
    }

    /// Whole minutes since the position was opened.
    pub(super) fn age_minutes(&self, now: UnixMillis) -> i64 {
        (now.0 - self.opened.0).div_euclid(60_000)
    }

    /// Profit of the amount held as a ratio of its margin and entry fees, if
    /// it left at a price: fees of both sides and carry are in it.
    pub(super) fn profit_ratio(&self, desk: &Desk<'_>, price: f64) -> f64 {
        let profit = self.gain(price) - desk.fee(self.amount, price) - self.entry_fees + self.carry;
        profit / (self.cost + self.entry_fees) * self.leverage
    }

    /// The price at which the profit ratio is `target`.
    pub(super) fn price_for_profit(&self, desk: &Desk<'_>, target: f64) -> f64 {
        let profit = target * (self.cost + self.entry_fees) / self.leverage;
        let value = self.cost + self.sign() * (profit + self.entry_fees - self.carry);
        desk.price_for(self.side, self.amount, value)
    }

    /// Adds a fill; the answer is the cash it takes.
    pub(super) fn enter(&mut self, desk: &Desk<'_>, risk: &Risk, fill: Order) -> f64 {
        let (value, fee) = (fill.amount * fill.price, desk.fee(fill.amount, fill.price));
        self.amount = desk.lot.nearest(self.amount + fill.amount);
        self.cost += value;
        self.entry_fees += fee;
        self.entered.add(fill.amount, value, fee);
        self.profit -= fee;
        if self.orders.is_empty() {
            (self.best, self.lowest, self.highest) = (fill.price, fill.price, fill.price);
        }
        let ratio = if self.stop.ratio == 0.0 {
            risk.stoploss
        } else {
            self.stop.ratio
        };
        self.move_stop(desk, self.open_rate(), ratio);
        self.orders.push(fill);
        value / self.leverage + fee
    }

    /// Takes off a fill; the answer is the cash it brings.
    pub(super) fn leave(&mut self, desk: &Desk<'_>, fill: Order) -> f64 {
        let fee = desk.fee(fill.amount, fill.price);
        self.take_off(desk, fill, fee)
    }

    fn take_off(&mut self, desk: &Desk<'_>, fill: Order, fee: f64) -> f64 {
        let value = fill.amount * fill.price;
        let left = desk.lot.nearest(self.amount - fill.amount).max(0.0);
        let part = if left == 0.0 {
            1.0
        } else {
            fill.amount / self.amount
        };
        let cost = self.cost * part;
        let gain = self.sign() * (value - cost);
        self.amount = left;
        self.cost -= cost;
        self.entry_fees -= self.entry_fees * part;
        self.carry -= self.carry * part;
        self.exited.add(fill.amount, value, fee);
        self.profit += gain - fee;
        self.exit_rate = fill.price;
        self.orders.push(fill);
        cost / self.leverage + gain - fee
    }

    /// Books funding, a dividend or a borrowing cost; the answer is the cash
    /// it brings.
    pub(super) fn receive(&mut self, money: f64) -> f64 {
        self.carry += money;
        self.carried += money;
        self.profit += money;
        money
    }

    /// A split, then a dividend: shorts pay it. Parts of a lot that a split
    /// leaves are paid out at `price`, without a fee. The stop of a long falls
    /// by the dividend, as brokers reduce open sell stops (FINRA rule 5330).
    /// The answer is the dividend and the cash of the parts.
    pub(super) fn act(
        &mut self,
        desk: &Desk<'_>,
        action: Action,
        price: f64,
        now: UnixMillis,
    ) -> (f64, f64) {
        let mut parts = 0.0;
        if action.split != 1.0 {
            self.split(action.split);
            let lots = desk.lot.floor(self.amount + desk.lot.size() * 1e-6);
            let rest = self.amount - lots;
            if rest > desk.lot.size() * 1e-6 {
                let fill = Order {
                    time: now,
                    is_entry: false,
                    price,
                    amount: rest,
                    tag: "cash_in_lieu".to_owned(),
                };
                parts = self.take_off(desk, fill, 0.0);
            } else {
                self.amount = lots;
            }
        }
        let dividend = self.sign() * self.amount * action.dividend;
        if action.dividend != 0.0 {
            self.receive(dividend);
            if self.side == Side::Long {
                let lower = self.stop.price - action.dividend;
                self.stop.price = desk.tick.stop(lower, Rounding::Up).max(0.0);
            }
        }
        (dividend, parts)
    }

    fn split(&mut self, ratio: f64) {
        self.amount *= ratio;
        self.entered.amount *= ratio;
        self.exited.amount *= ratio;
        let prices = [
            &mut self.stop.price,
            &mut self.stop.initial,
            &mut self.best,
            &mut self.lowest,
            &mut self.highest,
        ];
        for price in prices.into_iter().chain(&mut self.liquidation) {
            *price /= ratio;
        }
    }

    /// Takes note of the prices of a candle that is over.
    pub(super) fn see(&mut self, low: f64, high: f64) {
        self.lowest = self.lowest.min(low);
        self.highest = self.highest.max(high);
        self.best = match self.side {
            Side::Long => self.best.max(high),
            Side::Short => self.best.min(low),
        };
    }

    /// Lets the stop follow the best price seen.
    pub(super) fn trail(&mut self, desk: &Desk<'_>, risk: &Risk) {
        if let Some(trailing) = risk.trailing {
            self.trail_from(desk, risk, trailing, self.best);
        }
    }

    fn trail_from(&mut self, desk: &Desk<'_>, risk: &Risk, trailing: Trailing, best: f64) {
        let profit = self.profit_ratio(desk, best);
        if trailing.only_after_offset && profit < trailing.offset {
            return;
        }
        let distance = trailing
            .positive
            .filter(|_| profit > trailing.offset)
            .unwrap_or(risk.stoploss);
        self.stop.trailing |= self.move_stop(desk, best, distance);
    }

    /// Moves the stop to `distance` from `rate`, only towards profit; the
    /// answer is whether it moved.
    fn move_stop(&mut self, desk: &Desk<'_>, rate: f64, distance: f64) -> bool {
        let margin = (distance / self.leverage).abs();
        let (raw, rounding) = match self.side {
            Side::Long => (rate * (1.0 - margin), Rounding::Up),
            Side::Short => (rate * (1.0 + margin), Rounding::Down),
        };
        let is_first = self.stop.ratio == 0.0;
        let is_better = match self.side {
            Side::Long => raw > self.stop.price,
            Side::Short => raw < self.stop.price,
        };
        if !is_first && !is_better {
            return false;
        }
        let price = desk.tick.stop(raw, rounding);
        if is_first {
            self.stop.initial = price;
        }
        self.stop.price = price;
        self.stop.ratio = -distance.abs();
        true
    }

    /// The price at which the margin is gone.
    pub(super) fn bankruptcy(&self) -> f64 {
        self.open_rate() * (1.0 - self.sign() / self.leverage)
    }

    /// The closed trade.
    pub(super) fn into_trade(self, pair: Symbol, at: UnixMillis, reason: ExitReason) -> Trade {
        let Self {
            entered, exited, ..
        } = self;
        Trade {
            pair,
            side: self.side,
            open_time: self.opened,
            close_time: at,
            // The average of one price must be that price.
            open_rate: round_decimals(entered.value / entered.amount, 12),
            close_rate: self.exit_rate,
            amount: entered.amount,
            stake_amount: entered.value / self.leverage,
            max_stake_amount: entered.value / self.leverage,
            profit_abs: self.profit,
            profit_ratio: self.profit_over_entries(),
            fee_open: entered.fees / entered.value,
            fee_close: if exited.value > 0.0 {
                exited.fees / exited.value
            } else {
                0.0
            },
            exit_reason: reason,
            enter_tag: self.tag,
            initial_stop_loss: self.stop.initial,
            stop_loss: self.stop.price,
            stop_loss_ratio: self.stop.ratio,
            min_rate: self.lowest,
            max_rate: self.highest,
            leverage: self.leverage,
            funding_fees: self.carried,
            is_open: false,
            orders: self.orders,
        }
    }

    /// Profit of the whole trade as a ratio of what was put in.
    pub(super) fn profit_over_entries(&self) -> f64 {
        self.profit / (self.entered.value + self.entered.fees) * self.leverage
    }

    /// All fees so far.
    pub(super) fn fees(&self) -> f64 {
        self.entered.fees + self.exited.fees
    }
}

impl Sum {
    fn add(&mut self, amount: f64, value: f64, fees: f64) {
        self.amount += amount;
        self.value += value;
        self.fees += fees;
    }
}
