//! Signals from columns that somebody else computed.

use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use super::{Signals, TagId, Tags};

/// The cells of a column, as the file has them.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells<'a> {
    /// Texts, as in CSV.
    Text(Vec<&'a str>),
    /// Numbers; NaN is empty.
    Numbers(Vec<f64>),
    /// Truths.
    Truths(Vec<bool>),
}

/// Columns that cannot be signals.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SignalError {
    /// None of the columns enters.
    #[error("there is neither a column `enter_long` nor `enter_short`")]
    NoEntry,
    /// A column that stands twice.
    #[error("the column `{column}` stands twice")]
    Twice {
        /// The column.
        column: &'static str,
    },
    /// A column of another length than the candles.
    #[error("the column `{column}` has {found} rows where there are {expected} candles")]
    Length {
        /// The column.
        column: &'static str,
        /// Its rows.
        found: usize,
        /// Rows of the candles.
        expected: usize,
    },
    /// A cell that is neither set nor unset.
    #[error("row {row} of `{column}` is `{value}`, which is neither 1 nor 0")]
    Flag {
        /// The column.
        column: &'static str,
        /// Zero-based row.
        row: usize,
        /// What the cell holds.
        value: String,
    },
    /// A tag column of numbers.
    #[error("row {row} of `{column}` is the number {value}, not a tag")]
    Tag {
        /// The column.
        column: &'static str,
        /// Zero-based row.
        row: usize,
        /// What the cell holds.
        value: String,
    },
}

impl Hint for SignalError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoEntry => ErrorKind::Invalid,
            _ => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoEntry => Some(
                "name the columns enter_long, exit_long, enter_short, exit_short, enter_tag, exit_tag"
                    .to_owned(),
            ),
            Self::Flag { .. } => {
                Some("write 1, 1.0 or true for a signal; 0, 0.0, false or nothing for none".to_owned())
            }
            Self::Tag { .. } => Some("write tags as texts".to_owned()),
            _ => None,
        }
    }
}

impl Signals {
    /// Signals of `rows` candles from columns by name; an absent column is
    /// empty, a column of another name is left alone.
    pub fn from_columns<'a>(
        rows: usize,
        columns: impl IntoIterator<Item = (&'a str, Cells<'a>)>,
    ) -> Result<Self, SignalError> {
        let mut signals = Self::none(rows);
        let mut seen: Vec<&'static str> = Vec::new();
        for (name, cells) in columns {
            let Some(column) = NAMES.into_iter().find(|known| *known == name) else {
                continue;
            };
            if seen.contains(&column) {
                return Err(SignalError::Twice { column });
            }
            seen.push(column);
            if cells.len() != rows {
                return Err(SignalError::Length {
                    column,
                    found: cells.len(),
                    expected: rows,
                });
            }
            match column {
                "enter_long" => signals.enter_long = flags(column, &cells)?,
                "exit_long" => signals.exit_long = flags(column, &cells)?,
                "enter_short" => signals.enter_short = flags(column, &cells)?,
                "exit_short" => signals.exit_short = flags(column, &cells)?,
                "enter_tag" => signals.enter_tag = tags(column, &cells, &mut signals.tags)?,
                _ => signals.exit_tag = tags(column, &cells, &mut signals.tags)?,
            }
        }
        if seen
            .iter()
            .any(|column| ["enter_long", "enter_short"].contains(column))
        {
            Ok(signals)
        } else {
            Err(SignalError::NoEntry)
        }
    }
}

const NAMES: [&str; 6] = [
    "enter_long",
    "exit_long",
    "enter_short",
    "exit_short",
    "enter_tag",
    "exit_tag",
];

impl Cells<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Text(cells) => cells.len(),
            Self::Numbers(cells) => cells.len(),
            Self::Truths(cells) => cells.len(),
        }
    }
}

fn flags(column: &'static str, cells: &Cells<'_>) -> Result<Vec<bool>, SignalError> {
    let flag = |row: usize, value: &dyn ToString, flag: Option<bool>| {
        flag.ok_or_else(|| SignalError::Flag {
            column,
            row,
            value: value.to_string(),
        })
    };
    match cells {
        Cells::Truths(cells) => Ok(cells.clone()),
        Cells::Numbers(cells) => {
            let rows = cells.iter().enumerate();
            rows.map(|(row, &number)| flag(row, &number, number_flag(number)))
                .collect()
        }
        Cells::Text(cells) => {
            let rows = cells.iter().enumerate();
            rows.map(|(row, text)| flag(row, text, text_flag(text)))
                .collect()
        }
    }
}

fn number_flag(number: f64) -> Option<bool> {
    match number {
        1.0 => Some(true),
        0.0 => Some(false),
        _ => number.is_nan().then_some(false),
    }
}

fn text_flag(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("false") {
        return Some(false);
    }
    if text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    number_flag(text.parse().ok()?)
}

fn tags(
    column: &'static str,
    cells: &Cells<'_>,
    known: &mut Tags,
) -> Result<Vec<TagId>, SignalError> {
    let numbers: Vec<f64> = match cells {
        Cells::Text(cells) => {
            let tags = cells.iter().map(|text| known.intern(text.trim()));
            return Ok(tags.collect());
        }
        Cells::Numbers(cells) => cells.clone(),
        Cells::Truths(cells) => cells
            .iter()
            .map(|&cell| f64::from(u8::from(cell)))
            .collect(),
    };
    // A column without a single tag is often stored as numbers, all of them
    // missing.
    match numbers.iter().position(|number| !number.is_nan()) {
        None => Ok(vec![TagId::NONE; numbers.len()]),
        Some(row) => Err(SignalError::Tag {
            column,
            row,
            value: numbers[row].to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(cells: &[&'a str]) -> Cells<'a> {
        Cells::Text(cells.to_vec())
    }

    #[test]
    fn cells_in_every_spelling() {
        let flags = ["1", "1.0", "true", "True", "", "0", "0.0", "false", "nan"];
        let signals = Signals::from_columns(
            9,
            [
                ("enter_long", text(&flags)),
                (
                    "exit_long",
                    Cells::Numbers(vec![1.0, 0.0, f64::NAN, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
                ),
                ("enter_tag", text(&["a", "b", "a", "", "", "", "", "", ""])),
                ("exit_tag", Cells::Numbers(vec![f64::NAN; 9])),
                ("rsi", Cells::Numbers(vec![50.0])),
            ],
        )
        .unwrap();
        assert_eq!(
            signals.enter_long,
            [true, true, true, true, false, false, false, false, false]
        );
        assert_eq!(signals.exit_long[..4], [true, false, false, true]);
        assert_eq!(signals.enter_short, [false; 9]);
        assert_eq!(signals.enter_tag[0], signals.enter_tag[2]);
        assert_eq!(signals.tags.text(signals.enter_tag[1]), Some("b"));
        assert_eq!(signals.tags.text(signals.enter_tag[3]), None);
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        let error = |columns: Vec<(&'static str, Cells<'static>)>| {
            Signals::from_columns(2, columns).unwrap_err().to_string()
        };
        insta::assert_snapshot!(error(vec![("enter_long", text(&["1"]))]), @"the column `enter_long` has 1 rows where there are 2 candles");
        insta::assert_snapshot!(error(vec![("enter_long", text(&["0", "2"]))]), @"row 1 of `enter_long` is `2`, which is neither 1 nor 0");
        insta::assert_snapshot!(error(vec![("exit_long", text(&["0", "1"]))]), @"there is neither a column `enter_long` nor `enter_short`");
        insta::assert_snapshot!(
            error(vec![("enter_long", text(&["", ""])), ("enter_long", text(&["", ""]))]), @"the column `enter_long` stands twice"
        );
        insta::assert_snapshot!(
            error(vec![("enter_long", text(&["", ""])), ("enter_tag", Cells::Numbers(vec![1.0, 2.0]))]), @"row 0 of `enter_tag` is the number 1, not a tag"
        );
    }
}
