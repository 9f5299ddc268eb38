//! The same of a simulation: the days of one model, of whichever style. A point
//! a step: what it was worth at its open.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{
    Action, ActionKind, ActionState, CallResult, ModelDay, Outlook, RoomMember, ScoredCall,
    SimDate, SimulationJob, SimulationModel, Standing,
};
use fondaco_domain::Symbol;
use fondaco_domain::ledger::LedgerState;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::{
    Account, BullBear, CASH, Dashboard, Holding, Portfolio, Position, Stats, Summary, Tally, Trade,
    points,
};

/// Signals that an entry of the leaderboard lists, the newest first.
const SIGNALS: usize = 100;

/// Steps whose prices are told.
const PRICES: usize = 60;

impl Dashboard {
    /// Of the days that a model completed, in order; nothing without one.
    pub(in crate::projections) fn of_days(
        job: &SimulationJob,
        model: &SimulationModel,
        days: &[ModelDay],
    ) -> Option<Self> {
        let last = days.last()?;
        let start = number(job.account.initial_cash);
        let (value, cash) = (number(last.end.value), number(last.end.cash));
        let holdings = holdings(last);
        let trades = trades(days);
        let percent = percent(start, value);
        let positions = holdings.iter().filter(|holding| holding.ticker != CASH);
        let account = Account {
            total_asset_value: value,
            total_return: percent,
            cash_position: cash,
            ticker_weights: positions
                .map(|holding| (holding.ticker.clone(), holding.weight))
                .collect(),
            total_trades: trades.len(),
            pnl_pct: percent,
        };
        let room = last.room.as_ref();
        let manager = room.and_then(|room| {
            let mut standings = room.standings.iter();
            standings.find(|it| it.member == RoomMember::PortfolioManager)
        });
        let portfolio = portfolio(job, last);
        Some(Self {
            summary: Summary {
                account: account.clone(),
                balance: value,
                equity: series(days, start, |day| Some(number(day.end.value))),
                baseline: baseline(days, start, "equal_weight"),
                baseline_vw: baseline(days, start, "market_cap_weight"),
                momentum: baseline(days, start, "momentum"),
            },
            stats: Stats {
                account,
                win_rate: manager.and_then(Standing::win_rate),
                bull_bear: manager.map(bull_bear).unwrap_or_default(),
            },
            leaderboard: room.map_or(Vec::new(), |room| leaderboard(model, days, &room.standings)),
            prices: room.map_or(BTreeMap::new(), |room| {
                let opens = room.opens.iter();
                let price = |(symbol, open): (&Symbol, &Decimal)| {
                    (symbol.to_string(), json!(number(*open)))
                };
                opens.map(price).collect()
            }),
            days: days.iter().map(|day| day.date.to_string()).collect(),
            planned: Some(job.dates.len()),
            internal: Some(internal(days, start, &portfolio, &trades)),
            holdings,
            trades,
            portfolio,
        })
    }
}

fn number(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or(0.0)
}

fn percent(start: f64, value: f64) -> f64 {
    if start == 0.0 {
        return 0.0;
    }
    (value / start - 1.0) * 100.0
}

/// What is held, and the cash.
fn holdings(day: &ModelDay) -> Vec<Holding> {
    let value = number(day.end.value);
    let weight = |part: f64| {
        if value == 0.0 {
            0.0
        } else {
            part.abs() / value
        }
    };
    let held = day.end.holdings.iter().map(|held| {
        let quantity = number(held.quantity);
        let current_price = held.price.map_or(0.0, number);
        let market_value = quantity * current_price;
        Holding {
            ticker: held.symbol.to_string(),
            quantity,
            current_price,
            market_value,
            weight: weight(market_value),
        }
    });
    let cash = number(day.end.cash);
    let cash = Holding {
        ticker: CASH.to_owned(),
        quantity: cash,
        current_price: 1.0,
        market_value: cash,
        weight: weight(cash),
    };
    held.chain([cash]).collect()
}

/// Every fill, the newest first. Numbered in the order of time.
fn trades(days: &[ModelDay]) -> Vec<Trade> {
    let mut trades = Vec::new();
    for day in days {
        let mut counts: BTreeMap<&Symbol, usize> = BTreeMap::new();
        for action in &day.actions {
            let Some((symbol, side, price)) = fill(action) else {
                continue;
            };
            let count = counts.entry(symbol).or_default();
            let date = day.date.day().to_string();
            let id = format!("t_{}_{symbol}_{count}", stamp(day.date));
            *count += 1;
            trades.push(Trade {
                id,
                timestamp: day.date.open().0,
                trading_date: date,
                side,
                ticker: symbol.to_string(),
                qty: number(action.quantity),
                price: number(price),
            });
        }
    }
    trades.reverse();
    trades
}

/// `20250131`, and `20250131T1000` of an hour.
fn stamp(date: SimDate) -> String {
    let day = date.day().to_string().replace('-', "");
    match date.to_string().split_once(' ') {
        Some((_, time)) => format!("{day}T{}", &time.replace(':', "")[..4]),
        None => day,
    }
}

/// What was bought or sold, and for how much.
fn fill(action: &Action) -> Option<(&Symbol, &'static str, Decimal)> {
    let side = match action.kind {
        ActionKind::Buy | ActionKind::Cover => "LONG",
        ActionKind::Sell | ActionKind::Short => "SHORT",
        ActionKind::Hold | ActionKind::Corporate => return None,
    };
    match (&action.symbol, &action.state) {
        (Some(symbol), ActionState::Filled { price, .. }) => Some((symbol, side, *price)),
        _ => None,
    }
}

fn series(
    days: &[ModelDay],
    start: f64,
    of: impl Fn(&ModelDay) -> Option<f64>,
) -> Vec<super::Point> {
    let known = days
        .iter()
        .filter_map(|day| Some((day.date.open().0, of(day)?)));
    let (times, values): (Vec<i64>, Vec<f64>) = known.unzip();
    points(&times, &values, start)
}

/// Empty where there is no such baseline: a market value that nobody knows is
/// not guessed.
fn baseline(days: &[ModelDay], start: f64, name: &str) -> Vec<super::Point> {
    series(days, start, |day| {
        let mut all = day.room.as_ref()?.baselines.iter();
        Some(number(all.find(|it| it.name == name)?.value))
    })
}

fn bull_bear(standing: &Standing) -> BullBear {
    let tally = |it: fondaco_contract::v1alpha1::simulation::CallTally| Tally {
        n: it.n as usize,
        win: it.win as usize,
    };
    BullBear {
        bull: tally(standing.bull),
        bear: tally(standing.bear),
    }
}

/// From the ledger; without positions where it does not read.
fn portfolio(job: &SimulationJob, day: &ModelDay) -> Portfolio {
    let mut portfolio = Portfolio {
        cash: Some(number(day.end.cash)),
        positions: BTreeMap::new(),
        margin_used: number(day.end.margin),
        margin_requirement: job.account.margin_requirement.map_or(0.0, number),
    };
    let Ok(ledger) = serde_json::from_value::<LedgerState>(day.ledger.clone()) else {
        return portfolio;
    };
    for (symbol, held) in ledger.positions() {
        let quantity = number(held.signed());
        let basis = number(held.average_cost());
        let position = if quantity < 0.0 {
            Position {
                short: -quantity,
                short_cost_basis: basis,
                ..Position::default()
            }
        } else {
            Position {
                long: quantity,
                long_cost_basis: basis,
                ..Position::default()
            }
        };
        portfolio.positions.insert(symbol.to_string(), position);
    }
    portfolio
}

/// The analysts by how often they were right; those of whom nothing is known
/// come last, in their order. Behind them, and without a rank, who decides.
fn leaderboard(model: &SimulationModel, days: &[ModelDay], standings: &[Standing]) -> Vec<Value> {
    let of = |member| {
        let known = standings.iter().find(|standing| standing.member == member);
        known.copied().unwrap_or(Standing::new(member))
    };
    let mut analysts = RoomMember::ANALYSTS.map(of).to_vec();
    // Stable, and total where there is no rate: nothing is compared with what
    // is not there.
    analysts.sort_by(|a, b| {
        let rate = |standing: &Standing| standing.win_rate().unwrap_or(-1.0);
        rate(b).total_cmp(&rate(a))
    });
    let ranked = analysts
        .into_iter()
        .zip(1..)
        .map(|(it, rank)| (it, Some(rank)));
    let all = ranked.chain([(of(RoomMember::PortfolioManager), None)]);
    all.map(|(standing, rank)| entry(model, days, standing, rank))
        .collect()
}

fn entry(
    model: &SimulationModel,
    days: &[ModelDay],
    standing: Standing,
    rank: Option<u32>,
) -> Value {
    let member = standing.member;
    let named = model.model.split_once('/');
    let (provider, name) = named.unwrap_or(("", &model.model));
    json!({
        "agentId": member.as_str(),
        "name": member.title(),
        "role": member.title(),
        "avatar": member.word(),
        "rank": rank,
        "winRate": standing.win_rate(),
        "bull": standing.bull,
        "bear": standing.bear,
        "logs": [],
        "signals": signals(days, member),
        "modelName": name,
        "modelProvider": provider,
    })
}

/// The newest calls of a member, with what became of them.
fn signals(days: &[ModelDay], member: RoomMember) -> Vec<Value> {
    let rooms = || days.iter().filter_map(|day| day.room.as_ref());
    let scored = rooms().flat_map(|room| &room.scored);
    let known: BTreeMap<(SimDate, &Symbol), &ScoredCall> = scored
        .filter(|call| call.member == member)
        .map(|call| ((call.date, &call.ticker), call))
        .collect();
    let signal = |date: SimDate, ticker: &Symbol, outlook: Outlook| {
        let is_correct = match known.get(&(date, ticker)).map(|call| call.result) {
            Some(CallResult::Right) => json!(true),
            Some(CallResult::Wrong) => json!(false),
            Some(CallResult::Unknown) => json!("unknown"),
            // Not known yet, or nothing that is scored.
            None => Value::Null,
        };
        json!({
            "ticker": ticker,
            "signal": match outlook {
                Outlook::Up => "bull",
                Outlook::Down => "bear",
                Outlook::Neutral => "neutral",
            },
            "date": date.to_string(),
            "is_correct": is_correct,
        })
    };
    let mut signals = Vec::new();
    for day in days.iter().rev() {
        let Some(room) = &day.room else { continue };
        if member == RoomMember::PortfolioManager {
            let decided = room.decisions.iter();
            signals.extend(decided.map(|it| signal(day.date, &it.ticker, it.action.outlook())));
        }
        let of_member = room.predictions.iter().filter(|of| of.member == member);
        let said = of_member.flat_map(|of| &of.predictions);
        signals.extend(said.map(|it| signal(day.date, &it.ticker, it.outlook)));
        if signals.len() >= SIGNALS {
            break;
        }
    }
    signals.truncate(SIGNALS);
    signals
}

/// `_internal_state.json`. What baselines hold is not kept: they are worked out
/// anew from the prices.
fn internal(days: &[ModelDay], start: f64, portfolio: &Portfolio, trades: &[Trade]) -> Value {
    let state = |history: &[super::Point]| {
        json!({"positions": {}, "cash": 0.0, "initialized": !history.is_empty(),
            "last_rebalance_date": null})
    };
    let equal = baseline(days, start, "equal_weight");
    let by_cap = baseline(days, start, "market_cap_weight");
    let momentum = baseline(days, start, "momentum");
    let newest = days.len().saturating_sub(PRICES);
    let mut prices: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for day in &days[newest..] {
        for (symbol, open) in day.room.iter().flat_map(|room| &room.opens) {
            let history = prices.entry(symbol.to_string()).or_default();
            history.push(json!({"date": day.date.to_string(), "open": number(*open)}));
        }
    }
    json!({
        "baseline_state": state(&equal),
        "baseline_vw_state": state(&by_cap),
        "momentum_state": state(&momentum),
        "equity_history": series(days, start, |day| Some(number(day.end.value))),
        "baseline_history": equal,
        "baseline_vw_history": by_cap,
        "momentum_history": momentum,
        "price_history": prices,
        "portfolio_state": portfolio,
        "all_trades": trades,
        "last_update_date": days.last().map(|day| day.date.to_string()),
    })
}

#[cfg(test)]
mod tests;
