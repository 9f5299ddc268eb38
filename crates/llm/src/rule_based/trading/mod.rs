//! Days of a simulation: what is held and a few others are looked at, the
//! worst is sold, the best is bought, and the day ends.
//!
//! Four answers at most: look, sell, buy, finish. What was decided follows
//! from the question and what tools said alone.

mod manner;
mod marks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fondaco_app::ports::model::ToolCall;
use serde_json::json;

use super::{RuleBased, words};
use crate::session::{BUY, SELL, Session, call, order};
pub(super) use manner::Manner;
use manner::Rule;
use marks::Mark;

/// What is asked about a symbol.
const LOOK: &str = "indicators";

/// Cash that a purchase may take beyond its price at the open, as a part of
/// it: fees, and an open that is higher where it is filled later.
pub(super) const SLACK: f64 = 0.01;

/// The next answer: what is said, and what is called.
pub(super) fn turn(model: RuleBased, session: &Session<'_>) -> (String, Vec<ToolCall>) {
    let desk = Desk {
        model,
        manner: Manner::of(model.0),
        session,
    };
    if !session.is_over() {
        let looks = desk.looks();
        if !looks.is_empty() {
            return (desk.opening(&looks), looks.iter().map(look).collect());
        }
        let marks = desk.marks();
        for orders in [desk.sales(&marks), desk.purchases(&marks)] {
            if !orders.is_empty() {
                let texts: Vec<&str> = orders.iter().map(|order| order.why.as_str()).collect();
                let calls = orders.iter().map(Order::call);
                return (texts.join("\n"), calls.collect());
            }
        }
    }
    session.end(&desk.summary())
}

fn look(symbol: &String) -> ToolCall {
    call(LOOK, symbol, json!({ "symbol": symbol }))
}

/// Somebody with an account and a manner.
struct Desk<'a> {
    model: RuleBased,
    manner: Manner,
    session: &'a Session<'a>,
}

/// What is ordered, and why.
struct Order<'a> {
    tool: &'static str,
    symbol: &'a str,
    amount: f64,
    why: String,
}

impl Order<'_> {
    fn call(&self) -> ToolCall {
        order(self.tool, self.symbol, self.amount)
    }
}

impl<'a> Desk<'a> {
    /// What is held, and the next few of the ring: those that have a price and
    /// were not looked at yet. Nothing once orders were given.
    fn looks(&self) -> Vec<String> {
        let session = self.session;
        if !session.has(LOOK) || session.has_called(LOOK) || session.trades().next().is_some() {
            return Vec::new();
        }
        let few = self.manner.looks;
        let next = session.ring(session.step().wrapping_mul(few as i64), few);
        let held = session.positions.keys().take(2 * self.manner.places);
        let mut looks: Vec<String> = Vec::new();
        for symbol in held.map(String::as_str).chain(next) {
            if session.prices.contains_key(symbol) && !looks.iter().any(|it| it == symbol) {
                looks.push(symbol.to_owned());
            }
        }
        looks
    }

    fn opening(&self, looks: &[String]) -> String {
        let session = self.session;
        format!(
            "{}. I hold {} and {} in cash. I look at {}.",
            session.date,
            words::count(session.positions.len() as u64, "position", "positions"),
            words::price(session.cash),
            looks.join(", "),
        )
    }

    /// Everything that was looked at and says something.
    fn marks(&self) -> BTreeMap<&'a str, Mark> {
        let looked = self.session.calls.iter().filter(|call| call.name == LOOK);
        let mark = looked.filter_map(|call| {
            let answer = call.answer.as_ref()?.as_ref().ok()?;
            Some((call.symbol, Mark::of(&self.manner, answer)?))
        });
        mark.collect()
    }

    /// Nothing that was not looked at is sold, and nothing twice.
    fn sales(&self, marks: &BTreeMap<&'a str, Mark>) -> Vec<Order<'a>> {
        let session = self.session;
        if !session.has(SELL) || session.trades().next().is_some() {
            return Vec::new();
        }
        let mut sales: Vec<(f64, Order<'a>)> = Vec::new();
        for (&symbol, mark) in marks {
            let Some(held) = session.positions.get(symbol) else {
                continue;
            };
            let units = self.whole(*held);
            let why = mark
                .broken
                .clone()
                .or_else(|| (mark.value <= self.manner.sells_to).then(|| mark.reasons(2, false)));
            if let (Some(why), true) = (why, units > 0.0) {
                let why = format!(
                    "Sell {units} {symbol}: mark {:+.2}, sold from {:+.2} down. {}",
                    mark.value,
                    self.manner.sells_to,
                    words::sentence(&why),
                );
                let order = Order {
                    tool: SELL,
                    symbol,
                    amount: units,
                    why,
                };
                sales.push((mark.value, order));
            }
        }
        sales.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let worst = sales.into_iter().take(self.manner.orders);
        worst.map(|(_, order)| order).collect()
    }

    /// The best first, as long as there is cash beyond the reserve.
    fn purchases(&self, marks: &BTreeMap<&'a str, Mark>) -> Vec<Order<'a>> {
        let session = self.session;
        if !session.has(BUY) || session.has_called(BUY) {
            return Vec::new();
        }
        let value = self.value();
        let mut left = session.cash_now() - self.manner.reserve * value;
        let free = self.manner.places.saturating_sub(session.positions.len());
        let mut good: Vec<(&str, &Mark)> = marks
            .iter()
            .filter(|(symbol, mark)| self.is_bought(symbol, mark))
            .map(|(symbol, mark)| (*symbol, mark))
            .collect();
        good.sort_by(|(_, a), (_, b)| b.value.total_cmp(&a.value));
        let mut purchases = Vec::new();
        for (symbol, mark) in good {
            if purchases.len() == free.min(self.manner.orders) {
                break;
            }
            let price = session.prices[symbol] * (1.0 + SLACK);
            let units = self.units((self.manner.weight * value).min(left) / price);
            if units > 0.0 {
                left -= units * price;
                purchases.push(self.purchase(symbol, mark, units));
            }
        }
        purchases
    }

    fn is_bought(&self, symbol: &str, mark: &Mark) -> bool {
        let session = self.session;
        mark.value >= self.manner.buys_from
            && mark.barred.is_none()
            && !session.positions.contains_key(symbol)
            && session.prices.contains_key(symbol)
    }

    fn purchase(&self, symbol: &'a str, mark: &Mark, units: f64) -> Order<'a> {
        let price = self.session.prices[symbol];
        Order {
            tool: BUY,
            symbol,
            amount: units,
            why: format!(
                "Buy {units} {symbol} at about {}: mark {:+.2}, bought from {:+.2} up. {}",
                words::price(price),
                mark.value,
                self.manner.buys_from,
                words::sentence(&mark.reasons(2, true)),
            ),
        }
    }

    /// Cash, and what is held at its prices.
    fn value(&self) -> f64 {
        let session = self.session;
        let held = session.positions.iter();
        let worth = held.filter_map(|(symbol, units)| Some(units * session.prices.get(symbol)?));
        session.cash + worth.sum::<f64>()
    }

    /// As many whole lots as there are in an amount.
    fn units(&self, amount: f64) -> f64 {
        let lot = self.session.lot;
        let units = (amount.max(0.0) / lot).floor() * lot;
        // Lots of a coin have no exact form in binary, and eight digits at
        // most in decimal.
        (units * 1e8).round() / 1e8
    }

    /// All that is held, as far as it can be sold.
    fn whole(&self, held: f64) -> f64 {
        if self.session.lot < 1.0 {
            held
        } else {
            self.units(held)
        }
    }

    /// The day in a few sentences.
    fn summary(&self) -> String {
        let marks = self.marks();
        let rule = match self.manner.rule {
            Rule::Trend => "It follows trends",
            Rule::Dip => "It buys falls within a long rise and sells recoveries",
        };
        let looked = words::count(marks.len() as u64, "symbol", "symbols");
        let text = format!(
            "{rule}. {}. {} {}{}",
            match (marks.len(), best_and_worst(&marks)) {
                (0, _) | (_, None) => "No symbol had indicators to go by".to_owned(),
                (_, Some(ends)) => format!("Of {looked}, {ends}"),
            },
            self.done(),
            self.let_be(&marks),
            self.refusals(),
        );
        self.model.signed(&text)
    }

    fn done(&self) -> String {
        let taken: Vec<String> = self
            .session
            .trades()
            .filter(|call| matches!(call.answer, Some(Ok(_))))
            .map(|call| format!("{} {}", call.name, call.symbol))
            .collect();
        if taken.is_empty() {
            "Nothing was traded.".to_owned()
        } else {
            format!("Orders taken: {}.", taken.join(", "))
        }
    }

    /// Why the best was not bought, where the manner forbids it.
    fn let_be(&self, marks: &BTreeMap<&str, Mark>) -> String {
        let barred = marks.iter().filter_map(|(symbol, mark)| {
            let why = mark.barred.as_ref()?;
            (mark.value >= self.manner.buys_from).then_some((symbol, mark.value, why))
        });
        let best = barred.max_by(|(_, a, _), (_, b, _)| a.total_cmp(b));
        best.map_or_else(String::new, |(symbol, _, why)| {
            format!("{symbol} was left alone: {} ", words::sentence(why))
        })
    }

    fn refusals(&self) -> String {
        let refused = self.session.refused();
        let told = refused.map(|(tool, symbol, why)| {
            format!("Refused: {tool} {symbol}, {}. ", words::quoted(why, 120))
        });
        told.collect()
    }
}

/// `AAPL looks best (+0.40) and KO worst (-0.10)`.
fn best_and_worst(marks: &BTreeMap<&str, Mark>) -> Option<String> {
    let by_mark = |a: &(&&str, &Mark), b: &(&&str, &Mark)| a.1.value.total_cmp(&b.1.value);
    let (best, high) = marks.iter().max_by(by_mark)?;
    let (worst, low) = marks.iter().min_by(by_mark)?;
    if best == worst {
        return Some(format!("{best} has a mark of {:+.2}", high.value));
    }
    Some(format!(
        "{best} looks best ({:+.2}) and {worst} worst ({:+.2})",
        high.value, low.value
    ))
}
