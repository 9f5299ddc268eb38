//! From rows as they lie in a file to candles fit to be stored.

use std::path::Path;

use fondaco_app::data::{CandleKind, FileSeries, Keep, Note, RawSeries, Repair};
use fondaco_domain::bars::Columns;
use fondaco_domain::{Bar, Bars};

use crate::error::{CellProblem, ReadError};

/// Sorts, drops repeated rows, and refuses what is no candle unless `repair`
/// says what to do with it.
pub(crate) fn clean(path: &Path, raw: RawSeries, repair: Repair) -> Result<FileSeries, ReadError> {
    let RawSeries {
        venue,
        symbol,
        timeframe,
        kind,
        mut rows,
        mut lines,
        mut notes,
    } = raw;
    if kind == CandleKind::FundingRate {
        only_rates(&mut rows);
    }
    let mut kept = sound_rows(path, &rows, &lines, kind, repair, &mut notes)?;
    sort(&rows, &mut kept, &mut notes);
    let kept = unique(path, &rows, &lines, kept, repair, &mut notes)?;
    if kept.is_empty() {
        return Err(ReadError::Empty { path: path.into() });
    }
    if kept.len() < rows.time.len() || kept.windows(2).any(|pair| pair[0] > pair[1]) {
        rows = pick(&rows, &kept);
        lines.clear();
    }
    let bars = Bars::new(rows).map_err(|cause| ReadError::Bars {
        path: path.into(),
        cause,
    })?;
    Ok(FileSeries {
        venue,
        symbol,
        timeframe,
        kind,
        bars,
        notes,
    })
}

/// The rate stands in `open`; whatever the other columns hold is not a price.
fn only_rates(rows: &mut Columns) {
    for column in [
        &mut rows.high,
        &mut rows.low,
        &mut rows.close,
        &mut rows.volume,
    ] {
        column.fill(0.0);
    }
}

/// The rows that can be candles.
fn sound_rows(
    path: &Path,
    rows: &Columns,
    lines: &[usize],
    kind: CandleKind,
    repair: Repair,
    notes: &mut Vec<Note>,
) -> Result<Vec<usize>, ReadError> {
    let mut kept = Vec::with_capacity(rows.time.len());
    let mut dropped = Vec::new();
    let mut begun = 0;
    let newest = rows.time.iter().max();
    for (row, &line) in lines.iter().enumerate() {
        if Some(&rows.time[row]) == newest && only_opened(&bar(rows, row)) {
            begun += 1;
            continue;
        }
        match flaw(path, &bar(rows, row), line, kind) {
            None => kept.push(row),
            Some(_) if repair.drop_bad_rows => dropped.push(line),
            Some(flaw) => return Err(flaw),
        }
    }
    if begun > 0 {
        notes.push(Note::OnlyOpened { rows: begun });
    }
    if !dropped.is_empty() {
        notes.push(Note::BadRowsDropped {
            rows: dropped.len(),
            lines: dropped.into_iter().take(10).collect(),
        });
    }
    Ok(kept)
}

/// A candle that has only begun, as a reader of such files leaves it.
fn only_opened(bar: &Bar) -> bool {
    bar.open.is_finite() && [bar.high, bar.low, bar.close].iter().all(|it| it.is_nan())
}

fn flaw(path: &Path, bar: &Bar, line: usize, kind: CandleKind) -> Option<ReadError> {
    let numbers = [
        ("open", bar.open),
        ("high", bar.high),
        ("low", bar.low),
        ("close", bar.close),
        ("volume", bar.volume),
    ];
    let may_be_negative = kind == CandleKind::FundingRate;
    for (column, value) in numbers {
        let problem = if !value.is_finite() {
            CellProblem::NotFinite
        } else if value < 0.0 && !may_be_negative {
            CellProblem::Negative
        } else {
            continue;
        };
        return Some(ReadError::Cell {
            path: path.into(),
            line,
            column: column.to_owned(),
            value: value.to_string(),
            problem,
        });
    }
    (bar.high < bar.low).then(|| ReadError::HighBelowLow {
        path: path.into(),
        line,
        high: bar.high,
        low: bar.low,
    })
}

fn sort(rows: &Columns, kept: &mut [usize], notes: &mut Vec<Note>) {
    let late = kept
        .windows(2)
        .filter(|pair| rows.time[pair[1]] < rows.time[pair[0]])
        .count();
    if late > 0 {
        kept.sort_by_key(|&row| rows.time[row]);
        notes.push(Note::Sorted { rows: late });
    }
}

/// One row for each stamp.
fn unique(
    path: &Path,
    rows: &Columns,
    lines: &[usize],
    kept: Vec<usize>,
    repair: Repair,
    notes: &mut Vec<Note>,
) -> Result<Vec<usize>, ReadError> {
    let mut single: Vec<usize> = Vec::with_capacity(kept.len());
    let (mut repeated, mut contradicting) = (0, 0);
    for row in kept {
        let Some(last) = single
            .last_mut()
            .filter(|last| rows.time[**last] == rows.time[row])
        else {
            single.push(row);
            continue;
        };
        if bar(rows, *last) == bar(rows, row) {
            repeated += 1;
            continue;
        }
        match repair.conflicts {
            Some(Keep::First) => {}
            Some(Keep::Last) => *last = row,
            None => {
                return Err(ReadError::Contradiction {
                    path: path.into(),
                    line: lines[row],
                    before: lines[*last],
                    at: rows.time[row],
                });
            }
        }
        contradicting += 1;
    }
    if repeated > 0 {
        notes.push(Note::DuplicatesDropped { rows: repeated });
    }
    if contradicting > 0 {
        notes.push(Note::ConflictsDropped {
            rows: contradicting,
        });
    }
    Ok(single)
}

fn bar(rows: &Columns, row: usize) -> Bar {
    Bar {
        time: rows.time[row],
        open: rows.open[row],
        high: rows.high[row],
        low: rows.low[row],
        close: rows.close[row],
        volume: rows.volume[row],
    }
}

fn pick(rows: &Columns, kept: &[usize]) -> Columns {
    let column = |values: &[f64]| kept.iter().map(|&row| values[row]).collect();
    Columns {
        time: kept.iter().map(|&row| rows.time[row]).collect(),
        open: column(&rows.open),
        high: column(&rows.high),
        low: column(&rows.low),
        close: column(&rows.close),
        volume: column(&rows.volume),
    }
}
