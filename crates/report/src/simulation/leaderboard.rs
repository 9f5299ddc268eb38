//! Who did how well: models and baselines in one table.

use fondaco_contract::v1alpha1::simulation::ModelLine;

use super::words::{change, dollars, float, percent};
use super::{Known, Repeated};
use crate::format::{NOTHING, number, or_nothing, tone};
use crate::html::{Text, joined};

pub(super) fn section(known: &Known<'_>) -> String {
    let rows = ranked(known);
    if rows.is_empty() {
        let none = "<p class=\"note\">No model-day has been completed.</p>\n";
        return crate::html::section("leaderboard", "Leaderboard", none);
    }
    let currency = Text(&known.money.currency);
    let heads = [
        "Model".to_owned(),
        "Rank".to_owned(),
        "Return".to_owned(),
        "Deepest fall".to_owned(),
        "Sharpe".to_owned(),
        "Days".to_owned(),
        "Trades".to_owned(),
        format!("Costs {currency}"),
        "Calls".to_owned(),
        "Tokens".to_owned(),
        "Dollars".to_owned(),
    ];
    let head = joined(heads.iter().map(|name| {
        format!("<th scope=\"col\"><button type=\"button\" class=\"sort\">{name}</button></th>")
    }));
    let body = joined(rows.iter().map(|(rank, line)| row(known, *rank, line)));
    let table = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Leaderboard\"><table class=\"sortable board\">\
         <thead><tr>{head}<th scope=\"col\" class=\"text\">Training cut-off</th></tr></thead>\n<tbody>\n{body}</tbody></table></div>\n\
         <p class=\"note\">Return from the first to the last value of a model, without the cost of its answers. \
         Sharpe: mean over sample deviation of the returns from step to step, times the root of the steps of a year; \
         without a riskless rate. Baselines decide nothing: what the same money came to.</p>\n"
    );
    crate::html::section("leaderboard", "Leaderboard", &table)
}

/// Models and baselines together, by return; equal ones share a rank.
fn ranked<'a>(known: &Known<'a>) -> Vec<(Option<usize>, &'a ModelLine)> {
    let result = known.result;
    let mut lines: Vec<&ModelLine> = result.models.iter().chain(&result.baselines).collect();
    let by = |line: &ModelLine| line.return_pct.filter(|it| it.is_finite());
    lines.sort_by(|a, b| match (by(a), by(b)) {
        (Some(one), Some(two)) => two.total_cmp(&one),
        (one, two) => two.is_some().cmp(&one.is_some()),
    });
    let rank = |line: &ModelLine| {
        let own = by(line)?;
        let better = lines
            .iter()
            .filter_map(|other| by(other))
            .filter(|other| *other > own);
        Some(better.count() + 1)
    };
    lines.iter().map(|line| (rank(line), *line)).collect()
}

fn row(known: &Known<'_>, rank: Option<usize>, line: &ModelLine) -> String {
    let is_baseline = line.model.is_none();
    let of = match &line.model {
        Some(model) if *model == line.name => String::new(),
        Some(model) => format!("<small>{}</small>", Text(model)),
        None => "<small>baseline</small>".to_owned(),
    };
    let days = known
        .days
        .iter()
        .filter(|day| day.model == line.name)
        .count();
    // What only those have that decide.
    let of_model = |value: f64, write: &dyn Fn(f64) -> String| {
        cell((!is_baseline).then_some(value), "", write)
    };
    let whole = |value: f64| number(value, 0);
    format!(
        "<tr{}><th scope=\"row\">{}{of}</th>{}{}{}{}{}{}{}{}{}{}<td class=\"text\">{}</td></tr>\n",
        if is_baseline {
            " class=\"baseline\""
        } else {
            ""
        },
        Text(&line.name),
        cell(rank.map(|rank| rank as f64), "", |rank| number(rank, 0)),
        cell(
            line.return_pct,
            tone(line.return_pct.unwrap_or(0.0)),
            |pct| change(Some(pct))
        ),
        cell(line.max_drawdown_pct, "", |pct| percent(Some(pct))),
        cell(line.sharpe_annualised, "", |value| number(value, 2)),
        of_model(days as f64, &whole),
        of_model(line.trades as f64, &whole),
        of_model(float(line.costs), &|value| known.money.amount(value)),
        of_model(line.calls as f64, &whole),
        of_model(line.tokens as f64, &whole),
        of_model(line.cost_nano as f64, &|nano| dollars(nano as i64)),
        cutoff(line),
    )
}

fn cell(value: Option<f64>, class: &str, write: impl Fn(f64) -> String) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return format!("<td>{NOTHING}</td>");
    };
    let class = if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    };
    format!("<td data-v=\"{value}\"{class}>{}</td>", write(value))
}

/// Whether the model can have read about the days when it learnt.
fn cutoff(line: &ModelLine) -> &'static str {
    match line.training_cutoff.as_deref() {
        Some("before_window") => "before the first day",
        Some("not_before_window") => "<strong>not before the first day</strong>",
        Some("not_trained") => "learnt from nothing",
        Some(_) => "not known",
        None => NOTHING,
    }
}

/// Models over several runs, with what can be said of the next one.
pub(super) fn repeats(repeats: &[Repeated]) -> String {
    if repeats.is_empty() {
        return String::new();
    }
    let rows = joined(repeats.iter().map(|one| {
        let interval = match &one.interval_pct {
            Ok([low, high]) => format!("{} to {}", change(Some(*low)), change(Some(*high))),
            Err(why) => Text(why).to_string(),
        };
        format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{interval}</td><td>{}</td></tr>\n",
            Text(&one.model),
            one.runs,
            change(one.mean_return_pct),
            or_nothing(Some(one.level), |level| format!("{}\u{a0}%", number(level * 100.0, 0))),
        )
    }));
    let body = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Models over several runs\"><table>\
         <thead><tr><th scope=\"col\">Model</th><th scope=\"col\">Runs</th><th scope=\"col\">Mean return</th>\
         <th scope=\"col\">The mean lies between</th><th scope=\"col\">With</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n\
         <p class=\"note\">Student's t interval around the mean of the runs. Intervals that overlap tell no model from another.</p>\n"
    );
    crate::html::section("repeats", "Over several runs", &body)
}
