//! Every model-day: as a grid of steps and models, and in words what was not
//! done.

use std::collections::{BTreeMap, HashMap};

use fondaco_contract::v1alpha1::simulation::{DayLine, DayStatus, SimDate};

use super::Known;
use super::words::{change, count, ranges, status};
use crate::format::number;
use crate::html::{Text, joined};

/// Steps of one table, at most.
const COLUMNS: usize = 60;
/// Cells that are drawn, at most; the words below tell of all.
const CELLS: usize = 24_000;
/// Lines of what was not done, at most.
const LINES: usize = 200;

pub(super) fn section(known: &Known<'_>) -> String {
    let models = known.models();
    if known.steps.is_empty() || models.is_empty() {
        return String::new();
    }
    let lines = known.result.days.iter();
    let lines: HashMap<(SimDate, &str), &DayLine> = lines
        .map(|line| ((line.date, &*line.model), line))
        .collect();
    let drawn = (CELLS / models.len()).max(1).min(known.steps.len());
    let steps = &known.steps[known.steps.len() - drawn..];
    let tables = joined(blocks(steps).map(|steps| table(known, &lines, &models, steps)));
    let left = known.steps.len() - drawn;
    let note = if left > 0 {
        format!(
            "<p class=\"note\">The last {} steps; {} before them are in the words below and in the result.</p>\n",
            number(drawn as f64, 0),
            number(left as f64, 0)
        )
    } else {
        String::new()
    };
    let body = format!("{KEY}{note}{tables}{}", undone(known));
    crate::html::section("grid", "Every model-day", &body)
}

const KEY: &str = "<p class=\"note grid-key\"><span><b class=\"k g3\">+</b> rose</span> <span><b class=\"k l3\">−</b> fell</span> \
<span><b class=\"k z\">·</b> neither</span> <span><b class=\"k s\">A</b> already completed</span> \
<span><b class=\"k s\">I</b> incomplete price data</span> <span><b class=\"k s\">R</b> rate limited during download</span> \
<span><b class=\"k f\">F</b> failed</span> <span><b class=\"k p\">…</b> still to be done</span> \
<span>The darker, the larger. What a step's open made of what was held.</span></p>\n";

/// As many whole months (of hours: days) as one table holds; more than it holds
/// are cut.
fn blocks(steps: &[SimDate]) -> impl Iterator<Item = &[SimDate]> {
    let mut rest = steps;
    std::iter::from_fn(move || {
        let mut end = 0;
        for same in rest.chunk_by(|a, b| group(*a) == group(*b)) {
            if end > 0 && end + same.len() > COLUMNS {
                break;
            }
            end += same.len();
        }
        let (block, after) = rest.split_at(end.min(COLUMNS));
        rest = after;
        (!block.is_empty()).then_some(block)
    })
}

fn table(
    known: &Known<'_>,
    lines: &HashMap<(SimDate, &str), &DayLine>,
    models: &[&str],
    steps: &[SimDate],
) -> String {
    let groups = joined(steps.chunk_by(|a, b| group(*a) == group(*b)).map(|same| {
        format!(
            "<th scope=\"colgroup\" colspan=\"{}\">{}</th>",
            same.len(),
            group(same[0])
        )
    }));
    let heads = joined(
        steps
            .iter()
            .map(|step| format!("<th scope=\"col\" title=\"{step}\">{}</th>", short(*step))),
    );
    let rows = joined(models.iter().map(|model| {
        let cells = joined(steps.iter().map(|step| {
            let line = lines.get(&(*step, *model));
            cell(known, *step, model, line.copied())
        }));
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", Text(model))
    }));
    let (first, last) = (steps[0], steps[steps.len() - 1]);
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Model-days from {first} to {last}\"><table class=\"grid\">\
         <thead><tr><td></td>{groups}</tr><tr><th scope=\"col\">Model</th>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )
}

/// What columns have in common: the month of days, the day of hours.
fn group(step: SimDate) -> String {
    let text = step.to_string();
    if step.is_daily() {
        text[..7].to_owned()
    } else {
        text[..10].to_owned()
    }
}

fn short(step: SimDate) -> String {
    let text = step.to_string();
    if step.is_daily() {
        text[8..].to_owned()
    } else {
        text[11..16].to_owned()
    }
}

fn cell(known: &Known<'_>, step: SimDate, model: &str, line: Option<&DayLine>) -> String {
    let Some(line) = line else {
        return "<td></td>".to_owned();
    };
    if let (DayStatus::Completed, Some(day)) = (line.status, known.done.get(&(step, model))) {
        let pct = day.figures.return_pct;
        let (class, mark) = heat(pct);
        return format!(
            "<td class=\"k {class}\" title=\"{step} {}\">{mark}</td>",
            change(Some(pct))
        );
    }
    let (class, mark) = state(line);
    let why = line.error.as_ref().map(|why| format!(": {}", Text(why)));
    format!(
        "<td class=\"k {class}\" title=\"{step} {}{}\">{mark}</td>",
        status(line.status),
        why.unwrap_or_default()
    )
}

/// How dark a return is drawn, and its sign.
fn heat(pct: f64) -> (&'static str, &'static str) {
    let depth = match pct.abs() {
        size if size < 0.005 => return ("z", "·"),
        size if size < 0.3 => 0,
        size if size < 0.8 => 1,
        size if size < 2.0 => 2,
        _ => 3,
    };
    if pct > 0.0 {
        (["g1", "g2", "g3", "g4"][depth], "+")
    } else {
        (["l1", "l2", "l3", "l4"][depth], "−")
    }
}

fn state(line: &DayLine) -> (&'static str, &'static str) {
    match (line.status, line.error.as_deref()) {
        (DayStatus::Skipped, Some("Already completed")) => ("s", "A"),
        (DayStatus::Skipped, Some("Incomplete price data")) => ("s", "I"),
        (DayStatus::Skipped, Some("Rate limited during download")) => ("s", "R"),
        (DayStatus::Skipped, _) => ("s", "S"),
        (DayStatus::Failed, _) => ("f", "F"),
        (DayStatus::Completed, _) => ("z", "✓"),
        (DayStatus::Pending | DayStatus::Running, _) => ("p", "…"),
    }
}

/// What is not completed, in words: by state and reason, with its steps.
fn undone(known: &Known<'_>) -> String {
    let mut groups: BTreeMap<(&str, &str), BTreeMap<SimDate, Vec<&str>>> = BTreeMap::new();
    for line in &known.result.days {
        if line.status != DayStatus::Completed {
            let why = line.error.as_deref().unwrap_or_default();
            let group = groups.entry((status(line.status), why)).or_default();
            group.entry(line.date).or_default().push(&line.model);
        }
    }
    if groups.is_empty() {
        return "<p class=\"note\">Every model-day was completed.</p>\n".to_owned();
    }
    let all = known.models().len();
    let mut rows: Vec<String> = Vec::new();
    for ((state, why), steps) in &groups {
        // The steps of the same models stand together.
        let mut by_models: BTreeMap<&Vec<&str>, Vec<SimDate>> = BTreeMap::new();
        for (step, models) in steps {
            by_models.entry(models).or_default().push(*step);
        }
        for (models, steps) in by_models {
            let who = if models.len() == all && all > 1 {
                "all models".to_owned()
            } else {
                models.join(", ")
            };
            let days = (models.len() * steps.len()) as u64;
            rows.push(format!(
                "<tr><th scope=\"row\">{state}</th><td class=\"text wrap\">{}</td><td class=\"text wrap\">{}</td><td>{}</td><td class=\"text wrap\">{}</td></tr>\n",
                Text(why),
                Text(&who),
                number(days as f64, 0),
                ranges(&steps, &known.steps),
            ));
        }
    }
    let more = rows.len().saturating_sub(LINES);
    rows.truncate(LINES);
    let more = match more {
        0 => String::new(),
        more => format!(
            "<p class=\"note\">And {}; the result has all.</p>\n",
            count(more as u64, "more line", "more lines")
        ),
    };
    format!(
        "<h3>Not completed</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Model-days that are not completed\"><table>\
         <thead><tr><th scope=\"col\">State</th><th scope=\"col\" class=\"text\">Reason</th><th scope=\"col\" class=\"text\">Models</th>\
         <th scope=\"col\">Model-days</th><th scope=\"col\" class=\"text\">Steps</th></tr></thead>\n<tbody>\n{}</tbody></table></div>\n{more}",
        rows.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_stay_whole_where_they_fit() {
        let days = |month: u32, count: u32| -> Vec<SimDate> {
            (1..=count)
                .map(|day| format!("2025-{month:02}-{day:02}").parse().unwrap())
                .collect()
        };
        let lengths = |steps: &[SimDate]| blocks(steps).map(<[SimDate]>::len).collect::<Vec<_>>();
        let months = [days(3, 21), days(4, 21), days(5, 21), days(6, 20)].concat();
        assert_eq!(lengths(&months), [42, 41]);
        assert_eq!(lengths(&[]), [0; 0]);
        let hours: Vec<SimDate> = (0..70)
            .map(|no| {
                format!("2025-03-03 {:02}:{:02}:00", no / 4, no % 4 * 15)
                    .parse()
                    .unwrap()
            })
            .collect();
        assert_eq!(lengths(&hours), [60, 10], "more than one table holds");
    }
}
