//! Every indicator against the columns of `fixtures/indicators`.

mod golden;
mod laws;
mod reference;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use fondaco_engine::indicators::registry::{self, Agreement, Indicator, Input};

/// Named columns of one length.
type Frame = BTreeMap<String, Vec<f64>>;

#[test]
fn walk_agrees_with_the_references() {
    agrees("walk");
}

#[test]
fn dust_agrees_with_the_references() {
    agrees("dust");
}

#[test]
fn shapes_agree_with_the_references() {
    agrees("shapes");
}

#[test]
fn every_indicator_has_a_fixture() {
    let expected = fixture("expected_walk");
    let called = |indicator: &Indicator| {
        let call = format!("{}(", indicator.name);
        expected.keys().any(|header| header.contains(&call))
    };
    let missing: Vec<&str> = registry::all()
        .filter(|indicator| !called(indicator))
        .map(|indicator| indicator.name)
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

fn agrees(set: &str) {
    let candles = with_typical(fixture(&format!("candles_{set}")));
    let expected = fixture(&format!("expected_{set}"));
    let mut odd = Vec::new();
    for (header, expected) in &expected {
        let Some((indicator, found)) = evaluate(header, &candles) else {
            odd.push(format!("{header}: no such indicator"));
            continue;
        };
        if let Err(difference) = compare(&found, expected, indicator.source.agreement) {
            odd.push(format!("{header}: {difference}"));
        }
    }
    assert!(odd.is_empty(), "{set}:\n{}", odd.join("\n"));
}

/// The column a header's call gives: `name(args)` or `name(args).output`,
/// where arguments are columns, calls and numbers.
fn evaluate(header: &str, candles: &Frame) -> Option<(&'static Indicator, Vec<f64>)> {
    let open = header.find('(')?;
    let close = header.rfind(')')?;
    let indicator = registry::lookup(&header[..open])?;
    let mut series = Vec::new();
    let mut numbers = Vec::new();
    for argument in arguments(&header[open + 1..close]) {
        if let Ok(number) = argument.parse() {
            numbers.push(number);
        } else if let Some(column) = candles.get(argument) {
            series.push(column.clone());
        } else {
            series.push(evaluate(argument, candles)?.1);
        }
    }
    let mut series = series.into_iter();
    let inputs: Vec<Vec<f64>> = indicator
        .inputs
        .iter()
        .map(|input| match input {
            Input::Series(_) => series.next().expect("a series for every series input"),
            Input::Time => candles["time"].clone(),
            Input::Open => candles["open"].clone(),
            Input::High => candles["high"].clone(),
            Input::Low => candles["low"].clone(),
            Input::Close => candles["close"].clone(),
            Input::Volume => candles["volume"].clone(),
        })
        .collect();
    let slices: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
    let params = indicator.params(&numbers).expect("params in range");
    let mut outputs = (indicator.compute)(&slices, &params);
    let output = header[close + 1..].strip_prefix('.').unwrap_or("value");
    let position = indicator.output(output)?;
    Some((indicator, outputs.swap_remove(position)))
}

/// Splits at the commas outside parentheses.
fn arguments(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let parts = text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// What differs, and by how much.
fn compare(found: &[f64], expected: &[f64], agreement: Agreement) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{} rows, not {}", found.len(), expected.len()));
    }
    let typical = median_magnitude(expected);
    let same = |a: f64, b: f64| match agreement {
        _ if a.is_nan() || b.is_nan() => a.is_nan() && b.is_nan(),
        Agreement::Exact => a == b,
        Agreement::Within(part) => (a - b).abs() <= part * a.abs().max(b.abs()).max(typical),
    };
    let differing: Vec<usize> = (0..found.len())
        .filter(|&row| !same(found[row], expected[row]))
        .collect();
    let Some(&first) = differing.first() else {
        return Ok(());
    };
    let worst = differing
        .iter()
        .map(|&row| (found[row] - expected[row]).abs() / expected[row].abs().max(typical))
        .fold(0.0, f64::max);
    Err(format!(
        "{} rows differ, first {first}: {} instead of {}, worst {worst:.1e} relative",
        differing.len(),
        found[first],
        expected[first],
    ))
}

fn median_magnitude(column: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = column
        .iter()
        .map(|value| value.abs())
        .filter(|value| value.is_finite())
        .collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

fn with_typical(mut candles: Frame) -> Frame {
    let rows = candles["close"].len();
    let typical = (0..rows)
        .map(|row| (candles["high"][row] + candles["low"][row] + candles["close"][row]) / 3.0)
        .collect();
    candles.insert("typical".to_owned(), typical);
    candles
}

fn fixture(name: &str) -> Frame {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/indicators");
    frame(&folder.join(format!("{name}.csv.gz")))
}

/// A gzipped CSV file of numbers; an empty cell is NaN.
fn frame(path: &Path) -> Frame {
    let number = |cell: String| cell.parse().unwrap_or(f64::NAN);
    cells(path)
        .into_iter()
        .map(|(name, column)| (name, column.into_iter().map(number).collect()))
        .collect()
}

/// The columns of a gzipped CSV file.
#[expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn cells(path: &Path) -> BTreeMap<String, Vec<String>> {
    let file =
        std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("gzipped text");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let mut columns = vec![Vec::new(); headers.len()];
    for record in reader.records() {
        for (column, cell) in columns.iter_mut().zip(&record.expect("a full row")) {
            column.push(cell.to_owned());
        }
    }
    headers.iter().map(str::to_owned).zip(columns).collect()
}
