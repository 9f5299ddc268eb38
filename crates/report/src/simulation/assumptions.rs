//! On what terms it was traded, and what it was asked with.

use fondaco_contract::v1alpha1::simulation::{Completeness, Execution, MarketName, Style};
use fondaco_domain::ledger::Settlement;

use super::Known;
use super::words::{dollars, float, quantity};
use crate::format::number;
use crate::html::{Text, joined};

pub(super) fn section(known: &Known<'_>) -> String {
    let told = [
        fills(known),
        units(known),
        fees(known),
        prices(known),
        figures(known),
    ];
    let items = joined(
        told.into_iter()
            .flatten()
            .map(|text| format!("<li>{}</li>\n", Text(&text))),
    );
    let body = format!("<ul class=\"prose\">\n{items}</ul>\n");
    crate::html::section("assumptions", "Assumptions", &body)
}

fn fills(known: &Known<'_>) -> Vec<String> {
    let execution = match known.job.execution {
        Execution::Open => {
            "Execution open: an order is filled at the open of its step, the price the model saw when it decided."
        }
        Execution::NextOpen => {
            "Execution next_open: an order waits and is filled at the open of the next step, before anybody looks. \
             What is ordered at the last step is never filled."
        }
        Execution::Vwap => {
            "Execution vwap: an order is filled after the decision at a third of the sum of high, low and close of its step."
        }
    };
    vec![
        execution.to_owned(),
        "Orders are filled whole, whatever the volume, or refused; they move no price.".to_owned(),
    ]
}

fn units(known: &Known<'_>) -> Vec<String> {
    let account = known.simulation.account;
    let mut told = Vec::new();
    told.push(match (account.lot, account.quantity_step) {
        (Some(lot), _) => format!("Bought in lots of {}.", quantity(lot)),
        (None, Some(step)) if account.is_fractional() => {
            format!("Quantities are multiples of {}.", quantity(step))
        }
        (None, Some(step)) => format!("Whole units only, in steps of {}.", quantity(step)),
        (None, None) => "Any part of a unit can be traded.".to_owned(),
    });
    if account.settlement == Settlement::NextSession {
        told.push("What was bought can be sold from the next day on (T+1).".to_owned());
    }
    if let Some(limit) = &account.price_limit {
        let pct = number(float(limit.fraction) * 100.0, 0);
        told.push(format!("Nothing is bought at its upper or sold at its lower price limit: {pct} % from the close before, more on some boards."));
    }
    told.push(match account.margin() {
        None => "Nothing is sold short.".to_owned(),
        Some((requirement, maintenance)) => format!(
            "Short positions hold {} % of their value as margin; below equity of {} % of it they are bought back.",
            number(float(requirement) * 100.0, 0),
            number(float(maintenance) * 100.0, 0),
        ),
    });
    told
}

fn fees(known: &Known<'_>) -> Vec<String> {
    let account = known.simulation.account;
    let fees = &account.fees;
    let rates = [
        (fees.commission_bp, "commission"),
        (fees.transfer_bp, "transfer fee"),
        (fees.stamp_duty_bp, "stamp duty on sales"),
        (account.slippage_bp, "slippage"),
    ];
    let mut parts: Vec<String> = rates
        .iter()
        .filter(|(rate, _)| !rate.is_zero())
        .map(|(rate, name)| format!("{name} {} bp", quantity(*rate)))
        .collect();
    if !fees.commission_min.is_zero() {
        let least = quantity(fees.commission_min);
        parts.push(format!(
            "at least {least} {} of commission for an order",
            account.currency
        ));
    }
    vec![if parts.is_empty() {
        "No fees, no duties, no slippage: the account is better than a real one.".to_owned()
    } else {
        format!(
            "Of the value of a fill (1 bp is 0.01 %): {}.",
            parts.join(", ")
        )
    }]
}

fn prices(known: &Known<'_>) -> Vec<String> {
    let complete = match known.job.completeness {
        Completeness::AllSymbols => {
            "Completeness all_symbols: a step at which any symbol has no candle is skipped by every model."
        }
        Completeness::HeldAndRequested => {
            "Completeness held_and_requested: what has no candle at a step cannot be traded, and what is held of it keeps its last price."
        }
    };
    let corporate = if known.job.account.corporate_actions {
        "Imported dividends and splits are booked: right for prices as they were traded."
    } else {
        "Dividends and splits are not booked: right for adjusted prices, too low a return for others."
    };
    vec![
        complete.to_owned(),
        corporate.to_owned(),
        "A model sees candles that had closed, and of the running one its open only.".to_owned(),
    ]
}

fn figures(known: &Known<'_>) -> Vec<String> {
    let mut told = vec![
        "Value of a step: cash and holdings at its opens, after its trades. Profit of a step: from the value before to \
         the same holdings at its open, so that a step's own trades never change it."
            .to_owned(),
        "Return, deepest fall and Sharpe are computed from those values alone, step by step, without the cost of answers."
            .to_owned(),
    ];
    if let Some(benchmark) = &known.job.benchmark {
        told.push(format!("Compared with {benchmark}."));
    }
    told
}

pub(super) fn settings(known: &Known<'_>) -> String {
    let job = known.job;
    let currency = &known.simulation.account.currency;
    let style = match &job.style {
        Style::Agent(agent) => format!(
            "one agent: {} answers, {} tokens an answer, {} s a day at most",
            agent.max_steps, agent.max_tokens, agent.day_seconds
        ),
        Style::Room(room) => format!(
            "a room: {} rounds of its conference, {} turns with tools, {} tokens an answer",
            room.cycles, room.tool_turns, room.max_tokens
        ),
    };
    let market = match job.account.market {
        MarketName::UsEquity => "American shares",
        MarketName::AShare => "Chinese shares",
        MarketName::Crypto => "coins",
    };
    let models = job.models.iter().map(|model| {
        let cutoff = model
            .training_cutoff
            .map_or(String::new(), |day| format!(", learnt until {day}"));
        format!("{} ({}{cutoff})", model.name, model.model)
    });
    let symbols: Vec<String> = job.symbols.iter().map(ToString::to_string).collect();
    let mut rows = vec![
        (
            "Initial cash",
            format!(
                "{} {currency} each",
                known.money.amount(float(job.account.initial_cash))
            ),
        ),
        ("Market", market.to_owned()),
        ("Style", style),
        ("Models", models.collect::<Vec<_>>().join("; ")),
        ("Symbols", symbols.join(", ")),
        ("Steps", number(known.steps.len() as f64, 0)),
    ];
    if let Some(book) = &job.book {
        let again = if job.replace_existing {
            ", days done again"
        } else {
            ""
        };
        rows.push(("Book", format!("{book}{again}")));
    }
    if let Some(limit) = job.budget_nano {
        rows.push(("Budget", dollars(limit)));
    }
    if let Some(data) = &job.data {
        let candles: Vec<String> = data
            .candles
            .iter()
            .map(|set| {
                let version: String = set.version.chars().take(12).collect();
                format!("{} {} {} {version}", set.venue, set.symbol, set.timeframe)
            })
            .collect();
        rows.push(("Candles", candles.join(", ")));
        rows.push((
            "News and filings",
            format!("as imported up to place {}", data.research),
        ));
    }
    if let Some(prompts) = &job.prompts {
        rows.push(("Prompts", prompts.chars().take(12).collect()));
    }
    let rows = joined(
        rows.iter()
            .map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", Text(value))),
    );
    let body = format!("<dl class=\"facts-list\">\n{rows}</dl>\n");
    crate::html::section("settings", "Settings", &body)
}
