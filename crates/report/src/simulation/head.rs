//! The head of the page, what is to be known first, and the key figures.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::simulation::{Execution, ModelLine, Style};

use super::Known;
use super::words::{change, count, dollars, float, minute};
use crate::format::{NOTHING, number, tone};
use crate::html::Text;

pub(super) fn title(known: &Known<'_>) -> String {
    let models = known.models();
    let who = match models.as_slice() {
        [one] => (*one).to_owned(),
        many => format!("{} models", many.len()),
    };
    match (known.steps.first(), known.steps.last()) {
        (Some(first), Some(last)) if first == last => format!("{who}, {first}"),
        (Some(first), Some(last)) => format!("{who}, {first} to {last}"),
        _ => who,
    }
}

pub(super) fn header(known: &Known<'_>) -> String {
    let job = known.job;
    let style = match job.style {
        Style::Agent(_) => "one agent with tools",
        Style::Room(_) => "a room of analysts",
    };
    let execution = match job.execution {
        Execution::Open => "orders filled at the open the model saw",
        Execution::NextOpen => "orders filled at the next open",
        Execution::Vwap => "orders filled at a middle price of the day",
    };
    let book = job
        .book
        .as_ref()
        .map(|book| format!("<span>Book {}</span>", Text(book)));
    let symbols = match job.symbols.as_slice() {
        [one] => Text(one.as_str()).to_string(),
        many => format!("{} symbols", many.len()),
    };
    crate::figures::head(
        &format!(
            "<h1>{}</h1>\n<p class=\"facts\"><span>{}</span><span>{symbols}</span><span>{style}</span>\
             <span>{execution}</span>{}<span>Run <code>{}</code></span><span>asked for at {} UTC</span></p>\n",
            Text(&title(known)),
            Text(&sentence_case(&known.result.status)),
            book.unwrap_or_default(),
            Text(&known.result.run),
            Text(&minute(known.simulation.asked_at)),
        ),
        "Simulation",
    )
}

fn sentence_case(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// What the reader must know before any figure.
pub(super) fn warnings(known: &Known<'_>) -> String {
    let mut items = String::new();
    for (name, text) in told(known) {
        let _ = writeln!(items, "<li><strong>{name}:</strong> {}</li>", Text(&text));
    }
    for warning in &known.result.warnings {
        let _ = writeln!(items, "<li>{}</li>", Text(warning));
    }
    if items.is_empty() {
        return String::new();
    }
    format!(
        "<aside class=\"warnings\" aria-labelledby=\"warnings-h\">\n<h2 id=\"warnings-h\">Before you rely on it</h2>\n<ul>\n{items}</ul>\n</aside>\n"
    )
}

fn told(known: &Known<'_>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let progress = &known.result.progress;
    if progress.failed > 0 {
        let days = count(progress.failed, "model-day", "model-days");
        all.push((
            "Not whole",
            format!(
                "{days} failed; the days after them go on from the last one that was completed."
            ),
        ));
    }
    if progress.pending + progress.running > 0 {
        let days = count(
            progress.pending + progress.running,
            "model-day is",
            "model-days are",
        );
        all.push((
            "Not at its end",
            format!("{days} still to be done. Figures are those so far."),
        ));
    }
    if known.job.execution == Execution::Open {
        all.push((
            "Optimistic fills",
            "models traded at the very open they saw when they decided. Nobody can.".to_owned(),
        ));
    }
    let of = |verdict: &str| -> Vec<&str> {
        let lines = known.result.models.iter();
        let lines = lines.filter(|line| line.training_cutoff.as_deref() == Some(verdict));
        lines.map(|line| &*line.name).collect()
    };
    let seen = of("not_before_window");
    if !seen.is_empty() {
        let names = seen.join(", ");
        all.push((
            "Training cut-off",
            format!("what {names} learnt from is not all older than the first day: its return may be memory."),
        ));
    }
    let unknown = of("unknown");
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        all.push((
            "Training cut-off",
            format!(
                "nobody said until when {names} learnt: whether it knew these days is not known."
            ),
        ));
    }
    if let Some(hash) = &known.job.replay {
        let short: String = hash.chars().take(12).collect();
        all.push((
            "Given again",
            format!("answers of models are those of the recording {short}."),
        ));
    }
    all
}

/// The figures read first.
pub(super) fn cards(known: &Known<'_>) -> String {
    let result = known.result;
    let progress = &result.progress;
    let (trades, costs) = result
        .models
        .iter()
        .fold((0, rust_decimal::Decimal::ZERO), |sum, line| {
            (sum.0 + line.trades, sum.1 + line.costs)
        });
    let (calls, tokens, nano) = result.models.iter().fold((0, 0, 0), |sum, line| {
        (
            sum.0 + line.calls,
            sum.1 + line.tokens,
            sum.2 + line.cost_nano,
        )
    });
    let cards = [
        card(
            "Model-days",
            &format!(
                "{} <small>of {}</small>",
                number(progress.completed as f64, 0),
                number(progress.total_model_days as f64, 0)
            ),
            &format!(
                "completed; {} skipped, {} failed",
                progress.skipped, progress.failed
            ),
            "plain",
        ),
        best("Best model", result.models.first()),
        best("Best baseline", result.baselines.first()),
        card(
            "Trades",
            &number(trades as f64, 0),
            &format!(
                "costs {} {}",
                known.money.amount(float(costs)),
                Text(&known.money.currency)
            ),
            "plain",
        ),
        card(
            "Tokens",
            &number(tokens as f64, 0),
            &count(calls, "call", "calls"),
            "plain",
        ),
        card(
            "Cost of models",
            &dollars(nano),
            "US dollars, all models",
            "plain",
        ),
    ];
    format!(
        "<dl class=\"cards six\" aria-label=\"Key figures\">\n{}</dl>\n",
        cards.concat()
    )
}

fn best(name: &str, line: Option<&ModelLine>) -> String {
    match line {
        Some(line) => card(
            name,
            &change(line.return_pct),
            &Text(&line.name).to_string(),
            tone(line.return_pct.unwrap_or(0.0)),
        ),
        None => card(name, NOTHING, "there is none", "plain"),
    }
}

fn card(name: &str, value: &str, note: &str, tone: &str) -> String {
    format!(
        "<div><dt>{name}</dt><dd class=\"{tone}\">{value}</dd><dd class=\"sub\">{note}</dd></div>\n"
    )
}
