//! The report as Markdown. No clock and no name of a run is in it: the same
//! result from the same answers gives the same bytes.

use std::fmt::{self, Write as _};

use fondaco_contract::v1alpha1::analysis::{NodeOutcome, NodeReport};
use fondaco_domain::signal::Source;

use super::arithmetic::{steps, sum};
use super::debate::{grounds, leaning, round};
use super::timeline::took;
use super::words::{direction, dollars, lane, outcome, role, status, sure};
use super::{Analysis, data, facts, head};
use crate::format::number;

/// The report as Markdown.
pub fn markdown(analysis: &Analysis<'_>) -> String {
    let parts = [
        title(analysis),
        warnings(analysis),
        lanes(analysis),
        voices(analysis),
        nodes(analysis),
        read(analysis),
        made(analysis),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn title(analysis: &Analysis<'_>) -> String {
    let result = analysis.result;
    let mut text = format!("# {} on {}\n\n", Plain(result.ticker.as_str()), result.date);
    match (result.decision, result.confidence, &result.signals.merged) {
        (Some(rating), Some(confidence), Some(merged)) => {
            let (word, _) = direction(merged.direction);
            let _ = writeln!(
                text,
                "**{}**: {word}, with a confidence of {}. {}.",
                rating.as_str(),
                sure(confidence.get()),
                capital(status(result.status)),
            );
        }
        _ => {
            let _ = writeln!(
                text,
                "**No decision.** {}. This is not a recommendation to hold.",
                capital(status(result.status))
            );
        }
    }
    text
}

fn warnings(analysis: &Analysis<'_>) -> String {
    let told = head::told(analysis);
    if told.is_empty() {
        return String::new();
    }
    told.iter().fold(
        "## Before you rely on it\n\n".to_owned(),
        |mut text, (name, what)| {
            let _ = writeln!(text, "- **{}:** {}", Plain(name), Plain(&one_line(what)));
            text
        },
    )
}

fn lanes(analysis: &Analysis<'_>) -> String {
    let result = analysis.result;
    let signals = &result.signals;
    let mut text = "## Two lanes, one decision\n\n\
                    | Lane | Points | Says | Counts | How |\n| --- | --- | ---: | ---: | --- |\n"
        .to_owned();
    for (source, said) in [(Source::Quant, &signals.quant), (Source::Llm, &signals.llm)] {
        let counted = signals.merged.as_ref().and_then(|merged| {
            let one = merged.counted.iter().find(|one| one.source == source)?;
            Some((one, merged))
        });
        let name = lane(source);
        let _ = match (said.direction, counted) {
            (Some(to), Some((one, merged))) => writeln!(
                text,
                "| {name} | {} | {} | {} | {} |",
                direction(to).0,
                sure(one.stated.get()),
                sure(one.counted.get()),
                steps(one, merged)
            ),
            _ => writeln!(text, "| {name} | absent | – | – | – |"),
        };
    }
    if let Some(merged) = &signals.merged {
        let _ = writeln!(text, "\n{}", sum(result, merged));
    }
    text
}

/// Everybody who spoke, in the order of the graph; where the outputs of nodes
/// are gone, what the result kept of them.
fn voices(analysis: &Analysis<'_>) -> String {
    let reports: Vec<(&str, &NodeReport)> = analysis
        .nodes
        .iter()
        .filter_map(|node| Some((node.name, node.report?)))
        .collect();
    let mut text = "## Who said what\n".to_owned();
    for (name, report) in &reports {
        let round = round(name).map_or_else(String::new, |round| format!(", round {round}"));
        let _ = write!(text, "\n### {}{round}\n\n", role(report.role));
        voice(&mut text, report);
    }
    if reports.is_empty() {
        for one in &analysis.result.evidence {
            let _ = write!(
                text,
                "\n### {} ({})\n\n{}\n",
                role(one.role),
                Plain(&one.outcome),
                Plain(&one.text)
            );
        }
    }
    if reports.is_empty() && analysis.result.evidence.is_empty() {
        return String::new();
    }
    text
}

fn voice(text: &mut String, report: &NodeReport) {
    let _ = match &report.outcome {
        NodeOutcome::Answered(answer) => {
            if let Some(leaning) = leaning(answer) {
                let _ = write!(text, "*{leaning}*\n\n");
            }
            let _ = writeln!(text, "{}", Plain(answer.text.trim()));
            if !answer.points.is_empty() {
                text.push('\n');
            }
            for point in &answer.points {
                let _ = writeln!(text, "- {}", Plain(&one_line(point)));
            }
            writeln!(text, "\n{}", Plain(&grounds(report, answer)))
        }
        NodeOutcome::Abstained(abstention) => {
            writeln!(text, "Abstains: {}", Plain(&one_line(&abstention.why)))
        }
        NodeOutcome::Degraded(degraded) => writeln!(
            text,
            "No usable answer: {}. {}",
            Plain(&degraded.reason),
            Plain(&one_line(&degraded.detail))
        ),
    };
}

fn nodes(analysis: &Analysis<'_>) -> String {
    if analysis.nodes.is_empty() {
        return String::new();
    }
    let mut text =
        "## Nodes\n\n| Node | Model | Outcome | Calls | Tokens in | kept | out | Cost |\n\
                    | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for node in analysis.nodes {
        let report = node.report;
        let (tokens, cost) = took(node);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            Plain(node.name),
            Plain(
                report
                    .and_then(|report| report.model.as_deref())
                    .unwrap_or("–")
            ),
            Plain(&report.map_or_else(|| node.state.to_owned(), outcome)),
            report.map_or(0, |report| report.calls.len()),
            number(tokens.input as f64, 0),
            number(tokens.cached as f64, 0),
            number(tokens.output as f64, 0),
            dollars(cost)
        );
    }
    let budget = &analysis.result.budget;
    let _ = writeln!(
        text,
        "| Together | | | {} | {} | {} | {} | {} |",
        budget.calls,
        number(budget.input_tokens as f64, 0),
        number(budget.cached_tokens as f64, 0),
        number(budget.output_tokens as f64, 0),
        dollars(budget.cost_nano)
    );
    text
}

fn read(analysis: &Analysis<'_>) -> String {
    let mut text = "## What was read\n\n".to_owned();
    let mut rows = data::all(analysis).peekable();
    let any = rows.peek().is_some();
    if any {
        text += "| Node | Read | Of | From | Until | Rows | Hash |\n\
                 | --- | --- | --- | --- | --- | ---: | --- |\n";
    }
    for (node, read) in rows {
        let at = |at: &Option<String>| at.clone().unwrap_or_else(|| "–".to_owned());
        let hash: String = read.hash.chars().take(12).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            Plain(node),
            Plain(&read.tool),
            Plain(&read.source),
            Plain(&at(&read.from)),
            Plain(&at(&read.until)),
            read.rows,
            Plain(&hash)
        );
    }
    if any {
        text.push('\n');
    }
    for limit in data::limits(analysis) {
        let _ = writeln!(text, "- {}", Plain(&limit));
    }
    text
}

fn made(analysis: &Analysis<'_>) -> String {
    let facts = facts::all(analysis).into_iter();
    facts.fold(
        "## How it was made\n\n".to_owned(),
        |mut text, (name, value)| {
            let _ = writeln!(text, "- {}: {}", Plain(&name), Plain(&one_line(&value)));
            text
        },
    )
}

/// Text with everything escaped that Markdown, or HTML in it, could read as
/// markup: no image of it is fetched, and no line of it becomes a heading.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, line) in self.0.lines().map(str::trim).enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            escaped(line, f)?;
        }
        Ok(())
    }
}

fn escaped(line: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    for (at, character) in line.char_indices() {
        let markup = match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' => true,
            '#' | '+' | '-' | '=' | ':' => at == 0,
            // `1.` and `1)` begin a list.
            '.' | ')' => digits > 0 && at == digits,
            _ => false,
        };
        if markup {
            f.write_str("\\")?;
        }
        match character {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_str("\u{fffd}")?,
            c if c.is_control() && c != '\t' => f.write_str("\u{fffd}")?,
            c => write!(f, "{c}")?,
        }
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
