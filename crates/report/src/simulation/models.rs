//! What models and their answers took.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::ModelDay;

use super::Known;
use super::words::{dollars, float};
use crate::format::{NOTHING, number};
use crate::html::{Text, joined};

#[derive(Default, Clone, Copy)]
struct Took {
    days: u64,
    calls: u64,
    input: u64,
    cached: u64,
    output: u64,
    nano: i64,
}

impl Took {
    fn add(&mut self, day: &ModelDay) {
        let session = &day.session;
        self.days += 1;
        self.calls += u64::from(session.calls);
        self.input += session.tokens.input;
        self.cached += session.tokens.cached;
        self.output += session.tokens.output;
        self.nano += session.cost_nano;
    }
}

pub(super) fn section(known: &Known<'_>) -> String {
    let mut by_model: BTreeMap<&str, Took> = BTreeMap::new();
    let mut all = Took::default();
    for day in known.days {
        by_model.entry(&day.model).or_default().add(day);
        all.add(day);
    }
    if all.days == 0 {
        return String::new();
    }
    let rows = joined(known.models().iter().filter_map(|model| {
        let took = by_model.get(model)?;
        Some(row("th scope=\"row\"", model, took))
    }));
    let total = if by_model.len() > 1 {
        format!(
            "<tfoot>{}</tfoot>",
            row("th scope=\"row\"", "All models", &all)
        )
    } else {
        String::new()
    };
    let budget = match known.job.budget_nano {
        Some(limit) => format!("The run may cost {} at most.", dollars(limit)),
        None => "The run has no budget.".to_owned(),
    };
    let lines = known.result.models.iter();
    let costs: rust_decimal::Decimal = lines.map(|line| line.costs).sum();
    let body = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Cost of models\"><table>\
         <thead><tr><th scope=\"col\">Model</th><th scope=\"col\">Days</th><th scope=\"col\">Calls</th><th scope=\"col\">Tokens asked</th>\
         <th scope=\"col\">of them kept</th><th scope=\"col\">Tokens answered</th><th scope=\"col\">Dollars</th><th scope=\"col\">Dollars a day</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>{total}</table></div>\n\
         <p class=\"note\">Completed days only: what a failed day cost stands in the record of the run. {budget} \
         Costs of trading (fees, duties, slippage), apart from these: {} {}.</p>\n",
        known.money.amount(float(costs)),
        Text(&known.money.currency),
    );
    crate::html::section("cost", "Cost of models", &body)
}

fn row(head: &str, name: &str, took: &Took) -> String {
    let whole = |value: u64| number(value as f64, 0);
    let a_day = match took.days {
        0 => NOTHING.to_owned(),
        days => dollars(took.nano / days as i64),
    };
    format!(
        "<tr><{head}>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{a_day}</td></tr>\n",
        Text(name),
        whole(took.days),
        whole(took.calls),
        whole(took.input),
        whole(took.cached),
        whole(took.output),
        dollars(took.nano),
    )
}
