//! A slow, obvious account: a list of everything that happened, and every
//! figure counted anew from the first line each time it is asked for. Whole
//! numbers only: money in 10^-10, quantities in 10^-18, prices in 10^-10.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// One unit of money, or of a price.
pub(super) const MONEY: i128 = 10_000_000_000;
/// One unit of a quantity.
pub(super) const UNIT: i128 = 1_000_000_000_000_000_000;

/// The rules, in the same whole numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) step: i128,
    pub(super) whole_steps: bool,
    pub(super) lot: Option<i128>,
    pub(super) next_day: bool,
    pub(super) commission_bp: i128,
    pub(super) commission_min: i128,
    pub(super) duty_bp: i128,
    pub(super) transfer_bp: i128,
    pub(super) cent: i128,
    pub(super) slippage_bp: i128,
    /// Of a symbol, in per cent.
    pub(super) limit: Option<fn(&str) -> i128>,
    /// Requirement and maintenance, in per cent.
    pub(super) margin: Option<(i128, i128)>,
}

/// What happened.
#[derive(Debug, Clone)]
pub(super) enum Line {
    Day(Date),
    Hour,
    Deposit(i128),
    /// Positive: bought. The price is after slippage.
    Trade {
        symbol: String,
        quantity: i128,
        quote: i128,
        price: i128,
    },
    Fees([i128; 3]),
    Split {
        symbol: String,
        from: i128,
        to: i128,
    },
    /// So much less of a position, for so much a unit.
    Gone {
        symbol: String,
        quantity: i128,
        price: i128,
    },
    Dividend {
        symbol: String,
        per_share: i128,
        pay: Date,
    },
    /// Dividends that are due are paid.
    Paid,
    Renamed {
        symbol: String,
        to: String,
    },
    Price {
        symbol: String,
        price: i128,
    },
}

/// Part of a position; below 0 where it is short.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) symbol: String,
    pub(super) quantity: i128,
    pub(super) cost: i128,
    pub(super) since: usize,
    pub(super) day: Date,
}

/// Everything that can be counted.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub(super) today: Date,
    pub(super) moment: usize,
    pub(super) cash: i128,
    pub(super) parts: Vec<Part>,
    pub(super) basis: BTreeMap<String, i128>,
    pub(super) margin: BTreeMap<String, i128>,
    pub(super) seen: BTreeMap<String, (i128, usize)>,
    pub(super) owed: Vec<(Date, i128)>,
    pub(super) realised: i128,
    pub(super) dividends: i128,
    pub(super) fees: [i128; 3],
    pub(super) slippage: i128,
    pub(super) deposits: i128,
}

/// `n / d` to the nearest, half to even.
pub(super) fn nearest(n: i128, d: i128) -> i128 {
    let (floor, rest) = (n.div_euclid(d), n.rem_euclid(d));
    match (rest * 2).cmp(&d) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Greater => floor + 1,
        std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
    }
}

/// `n / d` of what is not below 0, half up.
pub(super) fn half_up(n: i128, d: i128) -> i128 {
    (2 * n + d).div_euclid(2 * d)
}

pub(super) fn worth(quantity: i128, price: i128) -> i128 {
    let product = quantity
        .checked_mul(price)
        .expect("within the sizes of the test");
    nearest(product, UNIT)
}

pub(super) fn part(whole: i128, of: i128, all: i128) -> i128 {
    if of == all {
        return whole;
    }
    nearest(
        whole.checked_mul(of).expect("within the sizes of the test"),
        all,
    )
}

impl Figures {
    /// Counts everything from the first line.
    pub(super) fn count(rules: &Rules, lines: &[Line]) -> Self {
        let Some(Line::Day(first)) = lines.first() else {
            panic!("a book begins with a day");
        };
        let mut all = Self {
            today: *first,
            moment: 0,
            cash: 0,
            parts: Vec::new(),
            basis: BTreeMap::new(),
            margin: BTreeMap::new(),
            seen: BTreeMap::new(),
            owed: Vec::new(),
            realised: 0,
            dividends: 0,
            fees: [0; 3],
            slippage: 0,
            deposits: 0,
        };
        for line in &lines[1..] {
            all.add(rules, line);
        }
        all
    }

    pub(super) fn held(&self, symbol: &str) -> i128 {
        let of = self.parts.iter().filter(|part| part.symbol == symbol);
        of.map(|part| part.quantity).sum()
    }

    pub(super) fn margin_held(&self) -> i128 {
        self.margin.values().sum()
    }

    pub(super) fn symbols(&self) -> Vec<String> {
        let mut names: Vec<_> = self.parts.iter().map(|part| part.symbol.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// What everything is worth at prices, or at those seen last.
    pub(super) fn value(&self, prices: &BTreeMap<String, i128>) -> i128 {
        let positions = self.symbols().into_iter().map(|symbol| {
            let price = prices.get(&symbol).copied();
            worth(
                self.held(&symbol),
                price.unwrap_or_else(|| self.seen[&symbol].0),
            )
        });
        let owed: i128 = self.owed.iter().map(|(_, amount)| amount).sum();
        self.cash + self.margin_held() + owed + positions.sum::<i128>()
    }

    /// Market value of what is short, at the prices seen last.
    pub(super) fn shorts(&self) -> i128 {
        let symbols = self.symbols().into_iter();
        let short = symbols.filter(|symbol| self.held(symbol) < 0);
        short
            .map(|symbol| -worth(self.held(&symbol), self.seen[&symbol].0))
            .sum()
    }

    fn add(&mut self, rules: &Rules, line: &Line) {
        match line {
            Line::Day(day) => {
                self.today = *day;
                self.moment += 1;
            }
            Line::Hour => self.moment += 1,
            Line::Deposit(amount) => {
                self.cash += amount;
                self.deposits += amount;
            }
            Line::Trade {
                symbol,
                quantity,
                quote,
                price,
            } => self.trade(rules, symbol, *quantity, *quote, *price),
            Line::Fees(fees) => {
                for (sum, fee) in self.fees.iter_mut().zip(fees) {
                    *sum += fee;
                    self.cash -= fee;
                }
            }
            Line::Split { symbol, from, to } => self.split(symbol, *from, *to),
            Line::Gone {
                symbol,
                quantity,
                price,
            } => self.reduce(symbol, *quantity, *price),
            Line::Dividend {
                symbol,
                per_share,
                pay,
            } => {
                let amount = worth(self.held(symbol), *per_share);
                self.dividends += amount;
                self.owed.push((*pay, amount));
            }
            Line::Paid => {
                let today = self.today;
                for (_, amount) in self.owed.extract_if(.., |(pay, _)| *pay <= today) {
                    self.cash += amount;
                }
            }
            Line::Renamed { symbol, to } => self.rename(symbol, to),
            Line::Price { symbol, price } => {
                self.seen.insert(symbol.clone(), (*price, self.moment));
            }
        }
    }

    fn trade(&mut self, rules: &Rules, symbol: &str, quantity: i128, quote: i128, price: i128) {
        let held = self.held(symbol);
        let against = held != 0 && (held < 0) != (quantity < 0);
        let closed = if against {
            held.abs().min(quantity.abs())
        } else {
            0
        };
        let opened = quantity.abs() - closed;
        for amount in [closed, opened] {
            self.slippage += worth(amount, (price - quote).abs());
        }
        if closed > 0 {
            self.reduce(symbol, closed, price);
        }
        if opened > 0 {
            let value = worth(opened, price);
            let sign = quantity.signum();
            self.cash -= sign * value;
            self.parts.push(Part {
                symbol: symbol.to_owned(),
                quantity: sign * opened,
                cost: value,
                since: self.moment,
                day: self.today,
            });
            *self.basis.entry(symbol.to_owned()).or_default() += value;
            if sign < 0 {
                let (requirement, _) = rules.margin.expect("only with margin");
                let margin = nearest(value * requirement, 100);
                self.cash -= margin;
                *self.margin.entry(symbol.to_owned()).or_default() += margin;
            }
        }
        if self.held(symbol) != 0 {
            self.seen.insert(symbol.to_owned(), (quote, self.moment));
        }
    }

    /// The first parts go first.
    fn reduce(&mut self, symbol: &str, quantity: i128, price: i128) {
        let held = self.held(symbol);
        let sign = held.signum();
        let basis = self.basis.get_mut(symbol).expect("a position");
        *basis -= part(*basis, quantity, held.abs());
        if let Some(margin) = self.margin.get_mut(symbol) {
            let freed = part(*margin, quantity, held.abs());
            *margin -= freed;
            self.cash += freed;
        }
        let (mut left, mut cost) = (quantity, 0);
        for at in self.parts.iter_mut().filter(|part| part.symbol == symbol) {
            let taken = left.min(at.quantity.abs());
            let share = part(at.cost, taken, at.quantity.abs());
            cost += share;
            at.cost -= share;
            at.quantity -= sign * taken;
            left -= taken;
        }
        self.parts.retain(|part| part.quantity != 0);
        let value = worth(quantity, price);
        self.cash += sign * value;
        self.realised += sign * (value - cost);
        if self.held(symbol) == 0 {
            self.basis.remove(symbol);
            self.margin.remove(symbol);
            self.seen.remove(symbol);
        }
    }

    fn split(&mut self, symbol: &str, from: i128, to: i128) {
        let (mut old, mut new) = (0, 0);
        for at in self.parts.iter_mut().filter(|part| part.symbol == symbol) {
            old += at.quantity.abs();
            let end = old * to / from;
            at.quantity = at.quantity.signum() * (end - new);
            new = end;
        }
        let (price, _) = self.seen.get_mut(symbol).expect("a position has a price");
        assert_eq!(*price * from % to, 0, "prices of the test have the digits");
        *price = *price * from / to;
    }

    fn rename(&mut self, symbol: &str, to: &str) {
        // What came first goes first, whatever its name was; of one moment,
        // what had the name already.
        let named = |name: &str| {
            let of = self.parts.iter().filter(|part| part.symbol == name);
            of.cloned().collect::<Vec<_>>()
        };
        let mut both = named(to);
        both.extend(named(symbol));
        both.sort_by_key(|part| part.since);
        for at in &mut both {
            to.clone_into(&mut at.symbol);
        }
        self.parts
            .retain(|part| part.symbol != symbol && part.symbol != to);
        self.parts.extend(both);
        for map in [&mut self.basis, &mut self.margin] {
            if let Some(amount) = map.remove(symbol) {
                *map.entry(to.to_owned()).or_default() += amount;
            }
        }
        if let Some(seen) = self.seen.remove(symbol) {
            self.seen.entry(to.to_owned()).or_insert(seen);
        }
    }
}
