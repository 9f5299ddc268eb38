//! One open trade: its value, its profit, its stop.

use fondaco_domain::UnixMillis;
use fondaco_domain::strategy::{Risk, Side, StakeBasis};
use fondaco_domain::trade::ExitReason;

use super::decimal::{Dec, Rounding, Written, compensated_sum, round_decimals, value_with_fee};
use super::order::{Exact, Fill, Pending, Realised, Stop, Terms};
use crate::signals::TagId;

/// An open trade.
#[derive(Debug, Clone)]
pub(super) struct Position {
    pub(super) pair: usize,
    pub(super) side: Side,
    pub(super) terms: Terms,
    pub(super) tag: TagId,
    pub(super) opened: UnixMillis,
    pub(super) open_rate: f64,
    pub(super) amount: f64,
    pub(super) stake: f64,
    pub(super) max_stake: f64,
    /// Value of the entry including the fee, at the rounded open rate.
    pub(super) open_value: f64,
    pub(super) stop: Stop,
    pub(super) liquidation: Option<f64>,
    pub(super) funding: f64,
    /// Funding since the last fill.
    pub(super) funding_running: f64,
    pub(super) realised: Realised,
    pub(super) lowest: f64,
    pub(super) highest: f64,
    pub(super) fills: Vec<Fill>,
    pub(super) pending: Option<Pending>,
    pub(super) exit_reason: ExitReason,
    /// Highest profitable price the trailing stop was measured from already.
    pub(super) trailed_from: Option<f64>,
    /// The next step of the timeline at which something may happen to it.
    pub(super) next_step: usize,
}

impl Position {
    pub(super) fn new(
        pair: usize,
        side: Side,
        terms: Terms,
        tag: TagId,
        opened: UnixMillis,
        rate: f64,
        stake: f64,
    ) -> Self {
        Self {
            pair,
            side,
            terms,
            tag,
            opened,
            open_rate: rate,
            amount: 0.0,
            stake,
            max_stake: 0.0,
            open_value: 0.0,
            stop: Stop::default(),
            liquidation: None,
            funding: 0.0,
            funding_running: 0.0,
            realised: Realised::default(),
            lowest: rate,
            highest: rate,
            fills: Vec::with_capacity(2),
            pending: None,
            exit_reason: ExitReason::ForceExit,
            trailed_from: None,
            next_step: 0,
        }
    }

    pub(super) fn is_short(&self) -> bool {
        self.side == Side::Short
    }

    pub(super) fn entries(&self) -> usize {
        self.fills.iter().filter(|fill| fill.is_entry).count()
    }

    pub(super) fn exits(&self) -> usize {
        self.fills.len() - self.entries()
    }

    pub(super) fn last_fill(&self) -> UnixMillis {
        self.fills
            .last()
            .map_or(self.opened, |fill| fill.time.max(self.opened))
    }

    /// Whole minutes since the trade was opened.
    pub(super) fn age_minutes(&self, now: UnixMillis) -> i64 {
        (now.0 - self.opened.0).div_euclid(60_000)
    }

    /// What an exit of `amount` at `rate` brings (long) or costs (short).
    fn close_value(&self, rate: f64, amount: f64) -> f64 {
        self.with_funding(value_with_fee(
            amount,
            rate,
            self.terms.fee,
            self.is_short(),
        ))
    }

    fn with_funding(&self, value: f64) -> f64 {
        if self.is_short() {
            value - self.funding
        } else {
            value + self.funding
        }
    }

    /// What an entry of `amount` at `rate` costs (long) or brings (short).
    fn entry_value(&self, amount: f64, rate: f64) -> f64 {
        // Most positions have one entry, whose value is known.
        if let Some(first) = self.fills.first()
            && first.price == rate
            && first.amount == amount
        {
            return first.exact.value;
        }
        value_with_fee(amount, rate, self.terms.fee, !self.is_short())
    }

    /// Profit ratio on the margin at a rate, rounded to eight decimals.
    pub(super) fn profit_ratio(&self, rate: f64) -> f64 {
        if self.open_value == 0.0 {
            return 0.0;
        }
        let share = self.close_value(rate, self.amount) / self.open_value;
        let ratio = if self.is_short() {
            1.0 - share
        } else {
            share - 1.0
        };
        round_decimals(ratio * self.terms.leverage, 8)
    }

    /// Whether the profit ratio at a rate is above a threshold. Equal to
    /// comparing [`Position::profit_ratio`], but only computed exactly when
    /// the answer is near.
    pub(super) fn profit_above(&self, rate: f64, threshold: f64) -> bool {
        let rough = self.rough_profit_ratio(rate) - threshold;
        if rough.abs() > 1e-7 {
            rough > 0.0
        } else {
            self.profit_ratio(rate) > threshold
        }
    }

    /// Whether the profit ratio at a rate is below a threshold.
    pub(super) fn profit_below(&self, rate: f64, threshold: f64) -> bool {
        let rough = self.rough_profit_ratio(rate) - threshold;
        if rough.abs() > 1e-7 {
            rough < 0.0
        } else {
            self.profit_ratio(rate) < threshold
        }
    }

    fn rough_profit_ratio(&self, rate: f64) -> f64 {
        let value = self.amount * rate;
        let share = if self.is_short() {
            (value * (1.0 + self.terms.fee) - self.funding) / self.open_value
        } else {
            (value * (1.0 - self.terms.fee) + self.funding) / self.open_value
        };
        let ratio = if self.is_short() {
            1.0 - share
        } else {
            share - 1.0
        };
        ratio * self.terms.leverage
    }

    /// A rate up to which (down to which, for a short) the profit ratio is
    /// certainly not above `target`; a little before [`Position::rate_for_profit`].
    pub(super) fn rate_surely_below_profit(&self, target: f64) -> f64 {
        let margin = (target - 2e-7) / self.terms.leverage;
        if self.is_short() {
            ((1.0 - margin) * self.open_value + self.funding)
                / (self.amount * (1.0 + self.terms.fee))
        } else {
            ((1.0 + margin) * self.open_value - self.funding)
                / (self.amount * (1.0 - self.terms.fee))
        }
    }

    /// The rate at which the profit ratio is exactly `target`.
    pub(super) fn rate_for_profit(&self, target: f64) -> f64 {
        let target = target / self.terms.leverage;
        let open_value = self.entry_value(self.amount, self.open_rate);
        let at_zero = self.close_value(0.0, self.amount);
        let per_unit = self.close_value(1.0, self.amount) - at_zero;
        let share = if self.is_short() {
            1.0 - target
        } else {
            1.0 + target
        };
        (share * open_value - at_zero) / per_unit
    }

    /// Moves the stop to `distance` from `rate`, only towards profit.
    pub(super) fn move_stop(&mut self, rate: f64, distance: f64) {
        let margin = (distance / self.terms.leverage).abs();
        let (raw, rounding) = match self.side {
            Side::Long => (rate * (1.0 - margin), Rounding::Up),
            Side::Short => (rate * (1.0 + margin), Rounding::Down),
        };
        if self.stop.settled && !self.may_move_stop(raw) {
            return;
        }
        let price = self.terms.price_step.stop(raw, rounding);
        if !self.stop.settled {
            self.stop.initial = self.terms.price_step.stop(price, rounding);
            self.stop.settled = true;
        } else if self.is_better_stop(price) {
            self.stop.trailing = true;
        } else {
            return;
        }
        self.stop.price = price;
        self.stop.ratio = -distance.abs();
    }

    fn is_better_stop(&self, price: f64) -> bool {
        match self.side {
            Side::Long => price > self.stop.price,
            Side::Short => price < self.stop.price,
        }
    }

    /// Whether a raw stop could be better once it is on its step, which moves
    /// it by less than one step.
    fn may_move_stop(&self, raw: f64) -> bool {
        let slack = raw.abs() * 1e-12 + self.terms.price_step.size();
        match self.side {
            Side::Long => raw + slack > self.stop.price,
            Side::Short => raw - slack < self.stop.price,
        }
    }

    /// Sets the first stop before the entry has filled.
    pub(super) fn init_stop(&mut self, risk: &Risk) {
        if self.stop.price == 0.0 {
            self.move_stop(self.open_rate, risk.stoploss);
        }
    }

    /// Takes over a filled order.
    pub(super) fn fill(&mut self, order: Pending, now: UnixMillis) {
        let is_entry = order.is_entry;
        if is_entry {
            self.open_rate = order.price;
        }
        let adds_fee = is_entry != self.is_short();
        let exact = Exact {
            price: Written::of(order.price),
            amount: Written::of(order.amount),
            value: value_with_fee(order.amount, order.price, self.terms.fee, adds_fee),
        };
        self.fills.push(Fill {
            time: now,
            is_entry,
            price: order.price,
            amount: order.amount,
            funding: std::mem::take(&mut self.funding_running),
            tag: order.tag,
            exact,
        });
        if is_entry {
            self.recompute(false);
            if self.entries() == 1 {
                (self.lowest, self.highest) = (self.open_rate, self.open_rate);
                self.stop.settled = false;
                self.stop.trailing = false;
            }
            self.move_stop(self.open_rate, self.stop.ratio);
        }
    }

    /// Rebuilds amount, rates, stake and realised profit from the fills.
    pub(super) fn recompute(&mut self, is_closing: bool) {
        let sums = self.sum_fills();
        self.max_stake = sums.max_stake.to_f64() / self.terms.leverage;
        if sums.last_ratio != 0.0 {
            self.realised = Realised {
                profit: sums.profit,
                ratio: sums.last_ratio,
            };
        }
        let amount = self.terms.amount_step.floor(sums.amount.to_f64());
        if amount > 0.0 {
            let average = self.average_entry(self.fills.len() - 1, &sums);
            self.open_rate = self.terms.price_step.nearest(average.to_f64());
            self.amount = amount;
            self.stake = sums.stake.to_f64() / self.terms.leverage;
            self.open_value = self.entry_value(self.amount, self.open_rate);
            self.trailed_from = None;
            if self.stop.ratio != 0.0 {
                self.move_stop(self.open_rate, self.stop.ratio);
            }
        } else if is_closing && sums.total_entry_value > 0.0 {
            let ratio = (sums.profit / sums.total_entry_value) * self.terms.leverage;
            self.realised = Realised {
                profit: sums.profit,
                ratio,
            };
        }
    }

    fn sum_fills(&mut self) -> Sums {
        let mut sums = Sums::default();
        let mut average = Dec::ZERO;
        let (mut funding, mut total_funding) = (0.0, 0.0);
        for index in 0..self.fills.len() {
            let fill = &self.fills[index];
            funding += fill.funding;
            total_funding += fill.funding;
            let value = fill.exact.value;
            let (amount, price) = (Dec::from(fill.exact.amount), Dec::from(fill.exact.price));
            if fill.is_entry {
                sums.amount = sums.amount.plus(amount);
                let cost = price.times(amount);
                sums.stake = sums.stake.plus(cost);
                sums.max_stake = sums.max_stake.plus(cost);
                if sums.amount.is_positive() {
                    average = self.average_entry(index, &sums);
                }
                sums.total_entry_value += value;
            } else {
                let amount_filled = fill.amount;
                sums.amount = sums.amount.minus(amount);
                sums.stake = sums.stake.minus(average.times(amount));
                // The exit settles the funding since the exit before it.
                self.funding = funding;
                let entered = self.entry_value(amount_filled, average.to_f64());
                sums.profit += self.exit_profit(value, entered);
                if sums.total_entry_value > 0.0 {
                    sums.last_ratio = (sums.profit / sums.total_entry_value) * self.terms.leverage;
                }
                funding = 0.0;
            }
        }
        self.funding = total_funding;
        sums
    }

    /// What is held after a fill over its amount. After a single entry that is
    /// its price.
    fn average_entry(&self, index: usize, sums: &Sums) -> Dec {
        let price = self.fills[index].exact.price;
        if index == 0 && price.survives_division() {
            price.into()
        } else {
            sums.stake.over(sums.amount)
        }
    }

    /// Profit of an exit whose amount was entered for `entered`.
    fn exit_profit(&self, value: f64, entered: f64) -> f64 {
        let close = self.with_funding(value);
        let profit = if self.is_short() {
            entered - close
        } else {
            close - entered
        };
        round_decimals(profit, 8)
    }

    /// Sets what funding has amounted to since the last fill.
    pub(super) fn set_running_funding(&mut self, running: f64) {
        self.funding_running = running;
        self.funding = self.filled_funding() + running;
        self.trailed_from = None;
    }

    /// Counts only the funding that fills have settled.
    pub(super) fn settle_funding(&mut self) {
        self.funding = self.filled_funding();
    }

    fn filled_funding(&self) -> f64 {
        compensated_sum(self.fills.iter().map(|fill| fill.funding))
    }

    /// The stake a further entry is a multiple of.
    pub(super) fn stake_of(&self, basis: StakeBasis) -> f64 {
        match basis {
            StakeBasis::Current => self.stake,
            StakeBasis::First => self.first_stake(),
        }
    }

    fn first_stake(&self) -> f64 {
        let Some(first) = self.fills.first() else {
            return self.stake;
        };
        let cost = Dec::of(first.amount).times(Dec::of(first.price));
        cost.over(Dec::of(self.terms.leverage)).to_f64()
    }

    /// The amount that takes off a fraction of the stake.
    pub(super) fn partial_amount(&self, fraction: f64) -> f64 {
        let part = Dec::of(self.stake * fraction).times(Dec::of(self.amount));
        self.terms
            .amount_step
            .floor(part.over(Dec::of(self.stake)).to_f64())
    }

    /// Whether the same order is waiting already; any other waiting order is
    /// withdrawn.
    pub(super) fn keeps_pending(&mut self, is_entry: bool, price: f64, amount: f64) -> bool {
        let is_same = self.pending.as_ref().is_some_and(|pending| {
            pending.is_entry == is_entry && pending.price == price && pending.amount == amount
        });
        if !is_same {
            self.pending = None;
        }
        is_same
    }
}

struct Sums {
    amount: Dec,
    stake: Dec,
    max_stake: Dec,
    total_entry_value: f64,
    profit: f64,
    last_ratio: f64,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            amount: Dec::ZERO,
            stake: Dec::ZERO,
            max_stake: Dec::ZERO,
            total_entry_value: 0.0,
            profit: 0.0,
            last_ratio: 0.0,
        }
    }
}
