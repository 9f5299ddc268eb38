//! What the slow account says to a wish: yes, and a line for it, or the name
//! of the refusal.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::reference::{Figures, Line, MONEY, Rules, half_up, nearest, worth};

/// A list of lines and the rules they follow.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) rules: Rules,
    pub(super) lines: Vec<Line>,
}

/// Which way, and how far it may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// Any quantity is bought.
    Buy,
    /// Only what is short is bought back.
    Cover,
    /// Only what is held is sold.
    Sell,
    /// Any quantity is sold.
    Short,
}

/// What happens in the night before a session.
#[derive(Debug, Clone)]
pub(super) enum Night {
    Split { from: i128, to: i128, in_lieu: i128 },
    Dividend { per_share: i128, pay: Option<Date> },
    Renamed(String),
    Delisted(Option<i128>),
}

impl Book {
    pub(super) fn open(rules: Rules, day: Date, cash: i128) -> Self {
        let lines = vec![Line::Day(day), Line::Deposit(cash)];
        Self { rules, lines }
    }

    pub(super) fn figures(&self) -> Figures {
        Figures::count(&self.rules, &self.lines)
    }

    pub(super) fn deposit(&mut self, amount: i128) -> Result<(), &'static str> {
        if amount <= 0 {
            return Err("bad_amount");
        }
        self.lines.push(Line::Deposit(amount));
        Ok(())
    }

    pub(super) fn hour(&mut self) {
        self.lines.push(Line::Hour);
        self.lines.push(Line::Paid);
    }

    pub(super) fn see(&mut self, prices: &BTreeMap<String, i128>) {
        for symbol in self.figures().symbols() {
            if let Some(price) = prices.get(&symbol) {
                let price = *price;
                self.lines.push(Line::Price { symbol, price });
            }
        }
    }

    /// A new day, after what happened in the nights before, in order.
    pub(super) fn day(&mut self, day: Date, nights: &[(String, Night)]) {
        self.lines.push(Line::Day(day));
        for (symbol, night) in nights {
            self.night(day, symbol, night);
        }
        self.lines.push(Line::Paid);
    }

    fn night(&mut self, day: Date, symbol: &str, night: &Night) {
        let symbol = symbol.to_owned();
        let held = self.figures().held(&symbol);
        if held == 0 {
            return;
        }
        match night {
            Night::Split { from, to, in_lieu } => {
                self.lines.push(Line::Split {
                    symbol: symbol.clone(),
                    from: *from,
                    to: *to,
                });
                let now = self.figures().held(&symbol).abs();
                let quantity = now % self.rules.step;
                if quantity != 0 && self.rules.whole_steps {
                    let price = *in_lieu;
                    self.lines.push(Line::Gone {
                        symbol,
                        quantity,
                        price,
                    });
                }
            }
            Night::Dividend { per_share, pay } => {
                let (per_share, pay) = (*per_share, pay.unwrap_or(day));
                self.lines.push(Line::Dividend {
                    symbol,
                    per_share,
                    pay,
                });
            }
            Night::Renamed(to) if *to == symbol => {}
            Night::Renamed(to) => {
                let (to, there) = (to.clone(), self.figures().held(to));
                let against = there != 0 && (there < 0) != (held < 0);
                let both = there.abs().min(held.abs());
                // What is against each other is gone, at any price.
                for name in [&symbol, &to].into_iter().filter(|_| against) {
                    self.lines.push(Line::Gone {
                        symbol: name.clone(),
                        quantity: both,
                        price: 7 * MONEY,
                    });
                }
                if self.figures().held(&symbol) != 0 {
                    self.lines.push(Line::Renamed { symbol, to });
                }
            }
            Night::Delisted(price) => self.lines.push(Line::Gone {
                symbol,
                quantity: held.abs(),
                price: price.unwrap_or(0),
            }),
        }
    }

    /// An order.
    pub(super) fn order(
        &mut self,
        way: Way,
        symbol: &str,
        quantity: i128,
        price: i128,
        close: Option<i128>,
    ) -> Result<(), &'static str> {
        let (rules, now) = (self.rules, self.figures());
        if quantity <= 0 {
            return Err("quantity_not_positive");
        }
        if quantity % rules.step != 0 {
            return Err("off_step");
        }
        let held = now.held(symbol);
        let buying = matches!(way, Way::Buy | Way::Cover);
        let there = if buying { (-held).max(0) } else { held.max(0) };
        if matches!(way, Way::Sell | Way::Cover) && there == 0 {
            return Err("no_position");
        }
        if matches!(way, Way::Sell | Way::Cover) && there < quantity {
            return Err("insufficient_shares");
        }
        let old = quantity.min(there);
        let new = quantity - old;
        if way == Way::Short && new > 0 && rules.margin.is_none() {
            return Err("shorting_forbidden");
        }
        if let Some(lot) = rules.lot
            && old % lot != 0
            && (there - old) % lot != 0
        {
            return Err("off_lot");
        }
        if rules.next_day && !buying && old > 0 {
            let parts = now.parts.iter().filter(|part| part.symbol == symbol);
            let settled = parts.filter(|part| part.day < now.today);
            if old > settled.map(|part| part.quantity).sum() {
                return Err("not_settled");
            }
        }
        if rules.lot.is_some_and(|lot| new % lot != 0) {
            return Err("off_lot");
        }
        let paid = self.price(symbol, price, close, buying)?;
        if [old, new]
            .into_iter()
            .any(|leg| leg > 0 && worth(leg, paid) == 0)
        {
            return Err("too_small");
        }
        let fees = self.fees(worth(old, paid) + worth(new, paid), buying);
        let value = worth(new, paid);
        let held_for_new = match rules.margin {
            Some((requirement, _)) if !buying => nearest(value * requirement, 100),
            _ => value,
        };
        let needed = held_for_new + fees.iter().sum::<i128>();
        self.afford(&now, symbol, old, paid, needed)?;

        let before = self.lines.len();
        self.lines.push(Line::Trade {
            symbol: symbol.to_owned(),
            quantity: if buying { quantity } else { -quantity },
            quote: price,
            price: paid,
        });
        self.lines.push(Line::Fees(fees));
        let then = self.figures();
        if let Some((_, maintenance)) = rules.margin
            && !buying
            && new > 0
            && then.value(&BTreeMap::new()) < nearest(then.shorts() * maintenance, 100)
        {
            self.lines.truncate(before);
            return Err("insufficient_margin");
        }
        Ok(())
    }

    fn price(
        &self,
        symbol: &str,
        price: i128,
        close: Option<i128>,
        buying: bool,
    ) -> Result<i128, &'static str> {
        if price <= 0 {
            return Err("price_not_positive");
        }
        let slip = self.rules.slippage_bp * if buying { 1 } else { -1 };
        let slipped = price * (10_000 + slip) / 10_000;
        let Some(percent) = self.rules.limit.map(|of| of(symbol)) else {
            return Ok(slipped);
        };
        let close = close.ok_or("no_previous_close")?;
        let cent = MONEY / 100;
        let low = half_up(close * (100 - percent), 100 * cent) * cent;
        let high = half_up(close * (100 + percent), 100 * cent) * cent;
        match buying {
            true if price >= high => Err("limit_up"),
            false if price <= low => Err("limit_down"),
            true => Ok(slipped.min(high)),
            false => Ok(slipped.max(low)),
        }
    }

    fn fees(&self, value: i128, buying: bool) -> [i128; 3] {
        let rules = &self.rules;
        let of = |bp: i128| half_up(value * bp, 10_000 * rules.cent) * rules.cent;
        let duty = if buying { 0 } else { of(rules.duty_bp) };
        [
            of(rules.commission_bp).max(rules.commission_min),
            duty,
            of(rules.transfer_bp),
        ]
    }

    /// Cash may not fall below 0, or further below it; what a short brings in
    /// is not counted.
    fn afford(
        &self,
        now: &Figures,
        symbol: &str,
        old: i128,
        price: i128,
        needed_of_new: i128,
    ) -> Result<(), &'static str> {
        let mut after = now.cash - needed_of_new;
        if old > 0 {
            let mut trial = self.clone();
            let against = -now.held(symbol).signum();
            trial.lines.push(Line::Trade {
                symbol: symbol.to_owned(),
                quantity: against * old,
                quote: price,
                price,
            });
            after += trial.figures().cash - now.cash;
        }
        if after < now.cash.min(0) {
            return Err("insufficient_cash");
        }
        Ok(())
    }
}
