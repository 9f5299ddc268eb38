//! All models and baselines over time.

use fondaco_contract::v1alpha1::simulation::ModelLine;
use serde_json::{Value, json};

use super::Known;
use super::words::{change, float};
use crate::data::{deltas, round};
use crate::figures::lines_chart;
use crate::html::Text;
use crate::thin;

/// Stretches a line is thinned to; a screen has fewer columns.
const BUCKETS: usize = 800;
/// Colours that can be told apart.
const COLOURS: usize = 10;
/// How the lines of baselines are broken.
const DASHES: [&[u8]; 4] = [&[7, 4], &[2, 3], &[9, 3, 2, 3], &[14, 4]];

pub(super) fn section(known: &Known<'_>) -> String {
    let lines = lines(known);
    if lines.is_empty() {
        return String::new();
    }
    let told: Vec<String> = lines
        .iter()
        .map(|(line, _)| format!("{} {}", line.name, change(line.return_pct)))
        .collect();
    let told = format!("Value since the first step: {}.", told.join("; "));
    lines_chart("Value of every account", &Text(&told).to_string())
}

/// What the script draws.
pub(super) fn series(known: &Known<'_>) -> Vec<Value> {
    let lines = lines(known);
    lines
        .iter()
        .map(|(line, place)| one(line, *place))
        .collect()
}

/// Those with at least one value, and how many of their kind stand before.
fn lines<'a>(known: &Known<'a>) -> Vec<(&'a ModelLine, usize)> {
    let result = known.result;
    let models = result.models.iter().enumerate();
    let baselines = result.baselines.iter().enumerate();
    let all = models.chain(baselines).map(|(place, line)| (line, place));
    all.filter(|(line, _)| {
        line.values
            .first()
            .is_some_and(|point| !point.value.is_zero())
    })
    .collect()
}

fn one(line: &ModelLine, place: usize) -> Value {
    let values: Vec<f64> = line.values.iter().map(|point| float(point.value)).collect();
    let rows = thin::rows(&values, BUCKETS);
    let seconds = rows
        .iter()
        .map(|&row| line.values[row].date.open().0 / 1000);
    let points = json!({
        "t": deltas(seconds),
        "v": rows.iter().map(|&row| round(values[row], 8)).collect::<Vec<_>>(),
    });
    let (color, dash) = match line.model {
        Some(_) => (format!("s{}", place % COLOURS), &[] as &[u8]),
        None => (
            format!("b{}", place % DASHES.len()),
            DASHES[place % DASHES.len()],
        ),
    };
    json!({ "name": line.name, "start": values[0], "points": points, "color": color, "dash": dash })
}
