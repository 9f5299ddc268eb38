//! How the analysis was made.

use fondaco_contract::v1alpha1::analysis::{
    ConfidenceRule, LlmJob, PeerView, PortfolioContext, PositionContext,
};

use super::Analysis;
use super::words::{dollars, policy, sure};
use crate::format::number;
use crate::html::{Text, joined};

pub(super) fn section(analysis: &Analysis<'_>) -> String {
    let rows = joined(
        all(analysis)
            .into_iter()
            .map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>\n", Text(&name), Text(&value))),
    );
    let body = format!("<dl class=\"facts-list\">\n{rows}</dl>\n");
    crate::html::section("settings", "How it was made", &body)
}

/// Names and values, in order.
pub(super) fn all(analysis: &Analysis<'_>) -> Vec<(String, String)> {
    let job = analysis.job;
    let merge = &job.merge;
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    fact(
        "Merge",
        format!(
            "{}; caps: quant {}, llm {}; alone: quant × {}, llm × {}; degraded research × {}",
            policy(merge.policy),
            sure(merge.quant_weight_cap.get()),
            sure(merge.llm_weight_cap.get()),
            sure(merge.quant_solo_penalty.get()),
            sure(merge.llm_solo_penalty.get()),
            sure(job.research_degraded_factor.get())
        ),
    );
    fact("Confidence of the quant lane", quant(analysis));
    if let Some(llm) = &job.llm {
        models(llm, &mut fact);
    }
    fact(
        "Budget of the run",
        job.budget_nano
            .map_or_else(|| "no limit".to_owned(), dollars),
    );
    fact("Holdings", holdings(job.portfolio.as_ref()));
    fact(
        "Views of others",
        job.peers.as_ref().map_or_else(
            || "not asked for".to_owned(),
            |peers| {
                let all = [&peers.bullish, &peers.bearish, &peers.neutral];
                let told: Vec<String> = all.into_iter().flatten().map(peer).collect();
                match told.as_slice() {
                    [] => "none of that day".to_owned(),
                    _ => format!("{} (not normalised by industry)", told.join("; ")),
                }
            },
        ),
    );
    facts
}

fn quant(analysis: &Analysis<'_>) -> String {
    match analysis.job.quant.as_ref().map(|quant| &quant.confidence) {
        None => "no quant lane was asked for".to_owned(),
        Some(ConfidenceRule::Record) => {
            "from what the strategy's own signals came to before, in the same regime".to_owned()
        }
        Some(ConfidenceRule::Table { sharpe, best }) => format!(
            "Sharpe {} over the best of a table, {}: a property of the table, not of the day",
            number(*sharpe, 2),
            number(*best, 2)
        ),
    }
}

fn models(llm: &LlmJob, fact: &mut impl FnMut(&str, String)) {
    fact("Model of analysts, debate and risk", llm.quick.clone());
    fact("Model of the managers", llm.deep.clone());
    fact(
        "Rounds",
        format!(
            "{} of debate, {} of risk",
            llm.debate_rounds, llm.risk_rounds
        ),
    );
    fact(
        "Limits of a node",
        format!(
            "{} s for analysts, {} s for others, {} turns with tools, {} tokens of an answer",
            llm.analyst_seconds, llm.research_seconds, llm.tool_turns, llm.max_tokens
        ),
    );
    if let Some(prompts) = &llm.prompts {
        fact("Prompts", prompts.chars().take(12).collect());
    }
}

fn holdings(portfolio: Option<&PortfolioContext>) -> String {
    let Some(portfolio) = portfolio else {
        return "not known, which is not the same as none".to_owned();
    };
    if portfolio.positions == 0 {
        return "known: none".to_owned();
    }
    let held: Vec<String> = portfolio.held.iter().map(position).collect();
    let held = match held.as_slice() {
        [] => "none of them in what is analysed".to_owned(),
        _ => format!("of what is analysed {}", held.join("; ")),
    };
    format!("{} positions, {held}", portfolio.positions)
}

fn position(one: &PositionContext) -> String {
    let gain = one.return_pct.map_or_else(
        || "no price".to_owned(),
        |gain| format!("{}\u{a0}%", crate::format::signed(gain, 2)),
    );
    format!(
        "{} {} at {} ({gain})",
        one.shares, one.ticker, one.cost_price
    )
}

fn peer(view: &PeerView) -> String {
    format!(
        "{} {} {}",
        view.ticker,
        view.rating,
        sure(view.confidence.get())
    )
}
