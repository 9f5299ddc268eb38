//! From the body of a request to a wish.

use fondaco_app::analysis::submit::{Left, Wish};
use fondaco_app::runs::Overrides;
use fondaco_contract::http::AnalysisBody;
use fondaco_contract::v1alpha1::JobStrategy;
use fondaco_contract::v1alpha1::analysis::{AnalysisItem, AnalysisJob, LlmJob, QuantJob};
use fondaco_domain::Symbol;
use jiff::civil::Date;
use serde_json::json;

use crate::problem::Refusal;
use crate::routes::words::instant;
use crate::state::Analyses;

/// Reads a body.
pub(super) fn of(mut body: AnalysisBody, usual: &Analyses) -> Result<Wish, Refusal> {
    let deadline = body
        .deadline
        .as_deref()
        .map(|text| instant("deadline", text));
    let with = Overrides {
        queue: body.queue.take(),
        priority: body.priority.take(),
        tenant: body.tenant.take(),
        concurrency_key: body.concurrency_key.take(),
        deadline: deadline.transpose()?,
        parent: None,
    };
    body.deadline = None;
    let wish = match body.job.take() {
        Some(job) if body == AnalysisBody::default() => Wish::from(job),
        Some(_) => {
            return Err(Refusal::of_field(
                "job",
                "it says all; leave the names beside it out",
            ));
        }
        None => by_name(body, usual)?,
    };
    Ok(Wish { with, ..wish })
}

fn by_name(body: AnalysisBody, usual: &Analyses) -> Result<Wish, Refusal> {
    let items = body.items.unwrap_or_default();
    if items.is_empty() {
        return Err(Refusal::of_field(
            "items",
            "either `items` or `job` is wanted",
        ));
    }
    let dated = items.iter().filter(|it| it.date.or(body.date).is_some());
    let left_date = match dated.count() {
        0 => true,
        all if all == items.len() => false,
        _ => {
            return Err(Refusal::of_field(
                "items",
                "give all of them a date, or none",
            ));
        }
    };
    let items = items.into_iter().map(|item| {
        let date = item.date.or(body.date).unwrap_or(Date::ZERO);
        (item.ticker, date)
    });
    let mut wish = of_items(items, left_date);
    if body.quant == Some(false) && (body.strategy.is_some() || body.text.is_some()) {
        return Err(Refusal::of_field("quant", "a strategy is named for it"));
    }
    let (strategy, text) = match (body.strategy, body.text) {
        (Some(name), None) => {
            let Ok(wanted) = name.parse();
            (Some(wanted), String::new())
        }
        (None, Some(text)) => (None, text),
        (None, None) if body.params.is_none() => {
            let usual = usual.strategy.clone().filter(|_| body.quant != Some(false));
            (None, usual.unwrap_or_default())
        }
        (None, None) => return Err(Refusal::of_field("params", "a strategy is wanted for them")),
        (Some(_), Some(_)) => {
            return Err(Refusal::of_field(
                "strategy",
                "either `strategy` or `text` is wanted",
            ));
        }
    };
    if strategy.is_some() || !text.is_empty() {
        wish.job.quant = Some(quant(text, body.params.unwrap_or_default()));
    }
    wish.left.strategy = strategy;
    if body.llm == Some(false) {
        wish.job.llm = None;
    }
    if let Some(llm) = &mut wish.job.llm {
        wish.left.quick = body.quick.is_none();
        wish.left.deep = body.deep.is_none();
        llm.quick = body.quick.unwrap_or_default();
        llm.deep = body.deep.unwrap_or_default();
        llm.analysts = body.analysts.unwrap_or_else(|| llm.analysts.clone());
        llm.debate_rounds = body.debate_rounds.unwrap_or(llm.debate_rounds);
        llm.risk_rounds = body.risk_rounds.unwrap_or(llm.risk_rounds);
    }
    wish.left.portfolio = body.portfolio.is_none();
    wish.left.peers = body.peers.is_none();
    wish.job.portfolio = body.portfolio;
    wish.job.peers = body.peers;
    wish.job.budget_nano = body.budget_nano;
    wish.job.replay = body.replay;
    Ok(wish)
}

/// A wish with the usual for all that is not named: the llm lane with the usual
/// models and rounds, and what is known here of holdings and others.
pub(crate) fn of_items(items: impl IntoIterator<Item = (Symbol, Date)>, left_date: bool) -> Wish {
    let items = items
        .into_iter()
        .map(|(ticker, date)| AnalysisItem { ticker, date });
    Wish {
        job: job(items.collect()),
        left: Left {
            date: left_date,
            strategy: None,
            quick: true,
            deep: true,
            portfolio: true,
            peers: true,
        },
        with: Overrides::default(),
    }
}

/// A lane of a strategy by its text; empty where it is named.
pub(crate) fn quant(text: String, params: std::collections::BTreeMap<String, f64>) -> QuantJob {
    QuantJob {
        strategy: JobStrategy { text },
        params,
        confidence: fondaco_contract::v1alpha1::analysis::ConfidenceRule::default(),
    }
}

fn job(items: Vec<AnalysisItem>) -> AnalysisJob {
    // The defaults of the form are those of the document.
    let llm: LlmJob =
        serde_json::from_value(json!({"quick": "", "deep": ""})).expect("all else has a default");
    let job = json!({"kind": "analysis", "version": 1, "items": []});
    let job: AnalysisJob = serde_json::from_value(job).expect("all else has a default");
    AnalysisJob {
        items,
        llm: Some(llm),
        ..job
    }
}
