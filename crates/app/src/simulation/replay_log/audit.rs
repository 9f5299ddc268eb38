//! What a log says of itself, held against our ledger row by row.
//!
//! A row follows when some row before it and its own action give the positions
//! it states: mostly the row above, and in a log that was taken up again from
//! an earlier day the row whose number is one less. Its fill is booked in our
//! ledger at the price its cash implies, and that price is held against the
//! candle of the row. A row that follows from none is taken as stated, by an
//! account opened anew, and told.

use std::collections::BTreeMap;

use fondaco_domain::Symbol;
use fondaco_domain::ledger::{
    Account, Action, Ledger, LedgerState, Order, Quote, Session, Shorting, decimal,
};
use rust_decimal::Decimal;

use super::log::{Deed, Kind, Row, Stated, Wish};
use super::prices::Prices;
use super::report::{Audit, Difference, Fills, Lies, What};

/// Cash may differ by so much: logs keep doubles, rounded to cents or less.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// What a portfolio holds after a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Holdings {
    pub(super) cash: Decimal,
    pub(super) held: BTreeMap<String, Decimal>,
    /// Of each name the last price it was filled at, by the log.
    pub(super) filled_at: BTreeMap<String, Decimal>,
}

/// A log held against the ledger.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Audited {
    /// After each row, in order.
    pub(super) holdings: Vec<Holdings>,
    pub(super) audit: Audit,
}

/// Walks all rows, which are in order of their stamps.
pub(super) fn audit(rows: &[Row], capital: Decimal, prices: &Prices, daily: bool) -> Audited {
    let mut walk = Walk {
        rows,
        prices,
        daily,
        books: Vec::with_capacity(rows.len()),
        audit: Audit::default(),
    };
    for index in 0..rows.len() {
        let book = walk.row(index, capital);
        walk.books.push(book);
    }
    Audited {
        holdings: walk.books.into_iter().map(|book| book.holdings).collect(),
        audit: walk.audit,
    }
}

/// The account after a row.
#[derive(Debug, Clone)]
struct Book {
    /// What it holds by the words of the log.
    holdings: Holdings,
    /// The same in our ledger, where it can hold it.
    ledger: Option<LedgerState>,
}

impl Book {
    /// What the ledger holds, where it holds it: the words of a log are only
    /// what it is held against.
    fn by_ledger(mut self) -> Self {
        if let Some(state) = &self.ledger {
            self.holdings.cash = state.cash();
            self.holdings.held = held(state);
        }
        self
    }
}

/// Positions by name; negative where short.
pub(super) fn held(state: &LedgerState) -> BTreeMap<String, Decimal> {
    let positions = state.positions().iter();
    positions
        .map(|(symbol, position)| (symbol.to_string(), position.signed()))
        .collect()
}

/// What a row follows from.
enum Base {
    /// The money at the start.
    Start,
    /// An earlier row.
    Row(usize),
}

struct Walk<'a> {
    rows: &'a [Row],
    prices: &'a Prices,
    daily: bool,
    books: Vec<Book>,
    audit: Audit,
}

impl Walk<'_> {
    fn row(&mut self, index: usize, capital: Decimal) -> Book {
        let row = &self.rows[index];
        let opening = Book {
            holdings: Holdings {
                cash: capital,
                held: BTreeMap::new(),
                filled_at: BTreeMap::new(),
            },
            ledger: open(row.at, capital),
        };
        let Some(stated) = &row.stated else {
            return self.says_nothing(index, opening);
        };
        if stated.cash.is_none() {
            self.differs(row, What::NoCash);
        }
        match self.base(index, stated, &opening.holdings) {
            Some(Base::Row(base)) => self.follow(index, Some(base), stated, &opening),
            Some(Base::Start) => self.follow(index, None, stated, &opening),
            None => self.adopt(index, stated, &opening),
        }
    }

    /// What this row follows from, where it follows from anything.
    fn base(&self, index: usize, stated: &Stated, opening: &Holdings) -> Option<Base> {
        let row = &self.rows[index];
        let follows = |before: &Holdings| follows(before, row, stated);
        let Some(above) = index.checked_sub(1) else {
            return follows(opening).then_some(Base::Start);
        };
        let at = |base: usize| follows(&self.books[base].holdings).then_some(Base::Row(base));
        let numbered = |id: i64| {
            let mut earlier = (0..above).rev();
            earlier.find(|&it| self.rows[it].id == Some(id))
        };
        at(above)
            .or_else(|| at(numbered(row.id?.checked_sub(1)?)?))
            .or_else(|| (0..above).rev().find_map(at))
    }

    fn follow(
        &mut self,
        index: usize,
        base: Option<usize>,
        stated: &Stated,
        opening: &Book,
    ) -> Book {
        let row = &self.rows[index];
        let before = base.map_or(opening, |base| &self.books[base]).clone();
        match base {
            Some(base) if base + 1 < index => {
                self.audit.follows_earlier += 1;
                let what = What::GoesBack {
                    to_line: self.rows[base].line,
                    undone: index - base - 1,
                };
                self.differs(row, what);
            }
            _ => self.audit.follows += 1,
        }
        let ledger = before.ledger.and_then(|state| go_on(state, row.at));
        let mut book = Book {
            holdings: Holdings {
                cash: stated.cash.unwrap_or(before.holdings.cash),
                held: stated.held.clone(),
                filled_at: before.holdings.filled_at,
            },
            ledger,
        };
        if let Some((wish, name, amount)) = trade(row) {
            let implied = |cash| (before.holdings.cash - cash) / (wish.kind.sign() * amount);
            let price = stated.cash.map(implied).or_else(|| self.open(name, row.at));
            if let Some(price) = price.filter(|price| *price > Decimal::ZERO) {
                book.holdings.filled_at.insert(name.to_owned(), price);
                self.place(row, name, amount, price);
                self.book(row, &mut book, (wish.kind, name, amount, price));
            }
        }
        book.by_ledger()
    }

    /// Books a fill; an account that cannot is opened anew with what is
    /// stated.
    fn book(&mut self, row: &Row, book: &mut Book, fill: (Kind, &str, Decimal, Decimal)) {
        let Some(state) = book.ledger.take() else {
            return;
        };
        match booked(state, fill) {
            Ok(state) => book.ledger = Some(state),
            Err(because) => {
                self.differs(row, What::NotBookable { because });
                book.ledger = restate(&book.holdings, row.at);
            }
        }
    }

    fn open(&self, name: &str, at: Session) -> Option<Decimal> {
        let candle = self.prices.candle(name, at, self.daily)?;
        decimal(candle.open?).ok()
    }

    /// Takes what is stated, and tells how it differs from the row above.
    fn adopt(&mut self, index: usize, stated: &Stated, opening: &Book) -> Book {
        let row = &self.rows[index];
        let before = index
            .checked_sub(1)
            .map_or(opening, |above| &self.books[above])
            .holdings
            .clone();
        self.audit.taken_as_stated += 1;
        let expected = expected(&before, row);
        let names: std::collections::BTreeSet<&String> =
            expected.keys().chain(stated.held.keys()).collect();
        for name in names {
            let of = |held: &BTreeMap<String, Decimal>| held.get(name).copied().unwrap_or_default();
            let (expected, stated) = (of(&expected), of(&stated.held));
            if !same_quantity(expected, stated) {
                self.differs(
                    row,
                    What::Position {
                        symbol: name.clone(),
                        expected,
                        stated,
                    },
                );
            }
        }
        let cash = stated.cash.unwrap_or(before.cash);
        if trade(row).is_none() && (cash - before.cash).abs() > CENT {
            self.differs(
                row,
                What::Cash {
                    expected: before.cash,
                    stated: cash,
                },
            );
        }
        let holdings = Holdings {
            cash,
            held: stated.held.clone(),
            filled_at: before.filled_at,
        };
        Book {
            ledger: restate(&holdings, row.at),
            holdings,
        }
        .by_ledger()
    }

    /// A row without positions: its action at the open of its candle, which is
    /// all there is to go by.
    fn says_nothing(&mut self, index: usize, opening: Book) -> Book {
        let row = &self.rows[index];
        self.audit.states_nothing += 1;
        let mut book_before = index
            .checked_sub(1)
            .map_or(opening, |above| self.books[above].clone());
        book_before.ledger = book_before.ledger.and_then(|state| go_on(state, row.at));
        let fill = trade(row).and_then(|(wish, name, amount)| {
            Some((wish.kind, name, amount, self.open(name, row.at)?))
        });
        if let Some(fill) = fill {
            book_before
                .holdings
                .filled_at
                .insert(fill.1.to_owned(), fill.3);
            self.book(row, &mut book_before, fill);
        }
        book_before.by_ledger()
    }

    /// Where the implied price lies.
    fn place(&mut self, row: &Row, name: &str, amount: Decimal, price: Decimal) {
        let candle = self.prices.candle(name, row.at, self.daily);
        let at = |known: Option<f64>| {
            known
                .and_then(|known| decimal(known).ok())
                .is_some_and(|known| ((known - price) * amount).abs() <= CENT)
        };
        let beyond = |low: f64, high: f64| {
            let (Ok(low), Ok(high)) = (decimal(low), decimal(high)) else {
                return true;
            };
            price < low || price > high
        };
        let lies = match candle {
            Some(candle) if at(candle.open) => Lies::AtOpen,
            _ if at(self.prices.open_of_day(name, row.at)) => Lies::AtDayOpen,
            None => Lies::NoCandle,
            Some(candle) if at(candle.close) => Lies::AtClose,
            Some(candle) => match (candle.low, candle.high) {
                (Some(low), Some(high)) if !beyond(low, high) => Lies::Inside,
                _ => Lies::Outside,
            },
        };
        let Fills {
            at_open,
            at_day_open,
            at_close,
            inside,
            outside,
            no_candle,
        } = &mut self.audit.fills;
        *match lies {
            Lies::AtOpen => at_open,
            Lies::AtDayOpen => at_day_open,
            Lies::AtClose => at_close,
            Lies::Inside => inside,
            Lies::Outside => outside,
            Lies::NoCandle => no_candle,
        } += 1;
        if !matches!(lies, Lies::AtOpen | Lies::AtDayOpen) {
            let what = What::FillPrice {
                symbol: name.to_owned(),
                price: price.round_dp(8).normalize(),
                lies,
                open: candle.and_then(|it| it.open),
                low: candle.and_then(|it| it.low),
                high: candle.and_then(|it| it.high),
            };
            self.differs(row, what);
        }
    }

    fn differs(&mut self, row: &Row, what: What) {
        self.audit.differences.push(Difference {
            line: row.line,
            at: row.at.to_string(),
            id: row.id,
            what,
        });
    }
}

/// The trade of a row that can change something.
pub(super) fn trade(row: &Row) -> Option<(&Wish, &str, Decimal)> {
    let Deed::Trade(wish) = &row.deed else {
        return None;
    };
    let amount = wish.amount.filter(|amount| *amount > Decimal::ZERO)?;
    Some((wish, wish.symbol.as_deref()?, amount))
}

/// Positions after the action.
fn expected(before: &Holdings, row: &Row) -> BTreeMap<String, Decimal> {
    let mut held = before.held.clone();
    if let Some((wish, name, amount)) = trade(row) {
        *held.entry(name.to_owned()).or_default() += wish.kind.sign() * amount;
    }
    held
}

/// Whether a state and the action of a row give what the row states: its
/// positions, and cash that moved the way of the action, or not at all.
fn follows(before: &Holdings, row: &Row, stated: &Stated) -> bool {
    let expected = expected(before, row);
    let names = expected.keys().chain(stated.held.keys());
    let of = |held: &BTreeMap<String, Decimal>, name: &String| {
        held.get(name).copied().unwrap_or_default()
    };
    let positions = names
        .into_iter()
        .all(|name| same_quantity(of(&expected, name), of(&stated.held, name)));
    let moved = stated.cash.map_or(Decimal::ZERO, |cash| cash - before.cash);
    let cash = match trade(row) {
        None => moved.abs() <= CENT,
        Some((wish, ..)) => (moved * wish.kind.sign()) < Decimal::ZERO,
    };
    positions && (cash || stated.cash.is_none())
}

/// Equal but for the noise of doubles.
fn same_quantity(one: Decimal, other: Decimal) -> bool {
    let noise = Decimal::new(1, 6);
    let scale = one.abs().max(other.abs()).max(Decimal::ONE);
    (one - other).abs() <= noise * scale
}

/// An account that books whatever a log did.
fn unruled() -> Account {
    Account {
        quantity_step: None,
        shorting: Shorting::requiring(Decimal::ZERO),
        ..Account::us_equity()
    }
}

fn open(at: Session, cash: Decimal) -> Option<LedgerState> {
    let ledger = Ledger::open(unruled(), at, cash).ok()?;
    Some(ledger.into_parts().0)
}

/// The same account at a later row.
fn go_on(state: LedgerState, at: Session) -> Option<LedgerState> {
    if at <= state.session() {
        return Some(state);
    }
    let mut ledger = Ledger::resume(unruled(), state).ok()?;
    ledger.begin(at, &[]).ok()?;
    Some(ledger.into_parts().0)
}

fn booked(
    state: LedgerState,
    (kind, name, amount, price): (Kind, &str, Decimal, Decimal),
) -> Result<LedgerState, String> {
    let symbol = name.parse::<Symbol>().map_err(|error| error.to_string())?;
    let mut ledger = Ledger::resume(unruled(), state).map_err(|error| error.to_string())?;
    let order = Order {
        symbol,
        action: action(kind),
        quantity: amount,
    };
    ledger
        .order(&order, Quote::at(price))
        .map_err(|refusal| refusal.to_string())?;
    Ok(ledger.into_parts().0)
}

/// An account opened with what is stated: every name at the price of its last
/// fill, or at one where there was none; what it is worth is told by prices.
fn restate(holdings: &Holdings, at: Session) -> Option<LedgerState> {
    let priced: Vec<(Symbol, Decimal, Decimal)> = holdings
        .held
        .iter()
        .map(|(name, &quantity)| {
            let price = holdings
                .filled_at
                .get(name)
                .copied()
                .unwrap_or(Decimal::ONE);
            Some((name.parse().ok()?, quantity, price))
        })
        .collect::<Option<_>>()?;
    let bought = priced
        .iter()
        .filter(|(_, quantity, _)| *quantity > Decimal::ZERO);
    let spent: Decimal = bought.map(|(_, quantity, price)| quantity * price).sum();
    let mut ledger = Ledger::open(unruled(), at, holdings.cash + spent).ok()?;
    for (symbol, quantity, price) in &priced {
        let action = if quantity.is_sign_negative() {
            Action::Short
        } else {
            Action::Buy
        };
        let order = Order {
            symbol: symbol.clone(),
            action,
            quantity: quantity.abs(),
        };
        ledger.order(&order, Quote::at(*price)).ok()?;
    }
    Some(ledger.into_parts().0)
}

pub(super) fn action(kind: Kind) -> Action {
    match kind {
        Kind::Buy => Action::Buy,
        Kind::Sell => Action::Sell,
        Kind::Short => Action::Short,
        Kind::Cover => Action::Cover,
    }
}
