//! What the same money made without anybody's decisions.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{SimDate, SimulationJob};
use fondaco_domain::trade::Equity;
use fondaco_domain::{Symbol, TimeRange, UnixMillis};
use fondaco_engine::passive::{
    MissingCap, MomentumRules, PassiveError, at_stamps, equal_weight, hold, market_cap_weight,
    momentum,
};
use fondaco_engine::stats::PriceOf;
use rust_decimal::prelude::ToPrimitive;

use super::market::Market;
use crate::ports::Failure;
use crate::ports::research::{Horizon, ResearchStore};
use crate::runner::in_words;

/// A portfolio that nobody traded: fractional, without fees, bought at the open
/// of the first step and valued at opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// `equal_weight`, `market_cap_weight`, `momentum`, `hold AAPL`.
    pub name: String,
    /// Its values, one per step.
    pub equity: Equity,
}

/// Those there are, and what is to be known of those there are not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Baselines {
    /// In a fixed order.
    pub all: Vec<Baseline>,
    /// Why others are missing.
    pub missing: Vec<String>,
}

/// The baselines of a run over some of its steps.
pub fn baselines(
    job: &SimulationJob,
    market: &Market,
    research: &dyn ResearchStore,
    steps: &[SimDate],
) -> Result<Baselines, Failure> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
        return Ok(Baselines::default());
    };
    let Some(money) = job.account.initial_cash.to_f64() else {
        return Ok(Baselines::default());
    };
    let range = TimeRange {
        from: Some(first.open()),
        to: Some(last.open().plus(1)),
    };
    let names = market.pairs(&job.symbols);
    let at = PriceOf::Open;
    let mut made = Making {
        money,
        stamps: steps.iter().map(|step| step.open()).collect(),
        made: Baselines::default(),
    };
    made.take("equal_weight", equal_weight(&names, range, money, at));
    let caps = caps(job, market, research, *first)?;
    if caps.is_empty() {
        made.lacks("there is no baseline `market_cap_weight`", None);
    } else {
        // A name whose size nobody filed is not held, and is told.
        let policy = MissingCap::LeaveOut;
        let weighted = market_cap_weight(&names, &caps, policy, range, money, at);
        made.leaves_out(weighted.as_ref().map_or(&[], |it| &it.left_out));
        made.take("market_cap_weight", weighted.map(|it| it.equity));
    }
    let strongest = momentum(&names, MomentumRules::default(), range, money, at);
    made.take("momentum", strongest.map(|(equity, _)| equity));
    if let Some(symbol) = &job.benchmark {
        let known = market.pairs(std::slice::from_ref(symbol));
        let held = hold(&known, symbol, range, money, at);
        made.take(&format!("hold {symbol}"), held);
    }
    Ok(made.made)
}

/// Baselines on their way.
struct Making {
    money: f64,
    stamps: Vec<UnixMillis>,
    made: Baselines,
}

impl Making {
    fn take(&mut self, name: &str, equity: Result<Equity, PassiveError>) {
        match equity {
            Ok(equity) => self.made.all.push(Baseline {
                name: name.to_owned(),
                equity: Equity {
                    value: at_stamps(&equity, self.money, &self.stamps),
                    // All but what rounding leaves over.
                    invested: at_stamps(&equity, 0.0, &self.stamps),
                    time: self.stamps.clone(),
                },
            }),
            Err(error) => {
                let why = in_words(&error);
                self.made
                    .missing
                    .push(format!("there is no baseline `{name}`: {why}"));
            }
        }
    }

    fn leaves_out(&mut self, left_out: &[Symbol]) {
        if !left_out.is_empty() {
            let names: Vec<&str> = left_out.iter().map(Symbol::as_str).collect();
            self.lacks(
                "baseline `market_cap_weight` leaves out",
                Some(names.join(", ")),
            );
        }
    }

    fn lacks(&mut self, what: &str, names: Option<String>) {
        let names = names.map(|names| format!(" {names}")).unwrap_or_default();
        self.made.missing.push(format!(
            "{what}{names}: no filing that was known then says how many shares there are"
        ));
    }
}

/// Market capitalisation at the first step: shares as the newest filing known
/// then has them, times the open.
fn caps(
    job: &SimulationJob,
    market: &Market,
    research: &dyn ResearchStore,
    first: SimDate,
) -> Result<BTreeMap<Symbol, f64>, Failure> {
    let horizon = Horizon {
        known: first.open(),
        place: job.data.as_ref().map(|data| data.research),
    };
    let mut caps = BTreeMap::new();
    for symbol in &job.symbols {
        let filings = research.filings(symbol, horizon, 8)?;
        let shares = filings.iter().find_map(|filing| {
            let figures = filing.figures.iter();
            let mut shares = figures.filter(|(name, _)| SHARES.iter().any(|it| name.ends_with(it)));
            shares.next().map(|(_, figure)| figure.value)
        });
        if let (Some(shares), Some(bar)) = (shares, market.bar(symbol, first)) {
            caps.insert(symbol.clone(), shares * bar.open);
        }
    }
    Ok(caps)
}

/// What filings call the shares there are.
const SHARES: [&str; 3] = [
    "shares_outstanding",
    "basic_average_shares",
    "diluted_average_shares",
];
