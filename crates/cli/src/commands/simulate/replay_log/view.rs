//! What people see of a replay.

use std::fmt::Write as _;

use fondaco_app::simulation::replay_log::{
    Audit, Cadence, Difference, Finding, Lies, LogFigures, LogReport, ReplayReport, RowFigures,
    Unpricedness, What,
};
use serde::Serialize;

use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Lines of a list people are shown; documents hold all.
const SHOWN: usize = 5;

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Report(pub(super) ReplayReport);

impl View for Report {
    fn text(&self, style: Style) -> String {
        let mut text = table(&self.0.logs).render(style);
        for log in &self.0.logs {
            text.push('\n');
            told(log, style, &mut text);
        }
        text
    }
}

fn table(logs: &[LogReport]) -> Table {
    let mut table = Table::new([
        ("Log", Align::Left),
        ("Values", Align::Left),
        ("Number", Align::Right),
        ("Return", Align::Right),
        ("Volatility", Align::Right),
        ("Sharpe", Align::Right),
        ("Sortino", Align::Right),
        ("Largest fall", Align::Right),
        ("Final value", Align::Right),
    ]);
    for log in logs {
        account(&mut table, &log.log, log.figures.as_ref(), log.final_value);
        account(
            &mut table,
            "  by its actions alone",
            log.own.figures.as_ref(),
            log.own.final_value,
        );
    }
    table
}

fn account(table: &mut Table, name: &str, figures: Option<&LogFigures>, value: Option<f64>) {
    let Some(figures) = figures else {
        table.row([Cell::from(name), Cell::bad("no price")]);
        return;
    };
    for (place, (kind, row)) in [
        ("rows", &figures.rows),
        ("last per timestamp", &figures.last_per_timestamp),
        ("per day", &figures.per_day),
    ]
    .into_iter()
    .enumerate()
    {
        let (name, value) = match place {
            0 => (name, value.map_or_else(dash, |value| format!("{value:.2}"))),
            _ => ("", String::new()),
        };
        table.row(figures_of(name, kind, row, value));
    }
}

fn figures_of(name: &str, kind: &str, row: &RowFigures, value: String) -> [Cell; 9] {
    let percent = |value: Option<f64>| {
        value.map_or_else(
            || Cell::from(dash()),
            |value| Cell::signed(format!("{value:.2} %"), value),
        )
    };
    let plain = |value: Option<f64>| Cell::from(value.map_or_else(dash, |it| format!("{it:.2}")));
    let share =
        |value: Option<f64>| Cell::from(value.map_or_else(dash, |value| format!("{value:.2} %")));
    [
        name.into(),
        kind.into(),
        row.values.to_string().into(),
        percent(row.return_pct),
        share(row.volatility_pct),
        plain(row.sharpe),
        plain(row.sortino),
        percent(row.max_drawdown_pct),
        value.into(),
    ]
}

fn told(log: &LogReport, style: Style, text: &mut String) {
    let cadence = match log.cadence {
        Cadence::Daily => "daily".to_owned(),
        Cadence::Minutes(minutes) => format!("every {minutes} minutes"),
    };
    let _ = writeln!(
        text,
        "{}: {}, {cadence}, {} from {} to {}, capital {}, {} periods a year",
        style.bold(&log.log),
        log.market.as_str(),
        rows(log.rows),
        log.first,
        log.last,
        log.capital,
        log.periods_per_year,
    );
    for name in &log.unpriced {
        let _ = writeln!(
            text,
            "  {} {} is held from line {} on ({}) and has no price",
            style.bad("no figures:"),
            name.symbol,
            name.line,
            rows(name.rows)
        );
    }
    let _ = writeln!(text, "  {}", followed(&log.audit));
    let _ = writeln!(text, "  {}", filled(&log.audit));
    listed(text, &log.audit.differences, difference);
    let own = &log.own;
    let _ = writeln!(
        text,
        "  by its actions alone: filled {}, refused {}, holdings that end elsewhere {}",
        own.filled,
        own.refused.len(),
        own.ends.len()
    );
    listed(text, &own.refused, |it| {
        format!(
            "line {} ({}), {}{}{}: {}",
            it.line,
            it.at,
            it.action,
            it.amount
                .map_or_else(String::new, |amount| format!(" {amount}")),
            it.symbol
                .as_ref()
                .map_or_else(String::new, |name| format!(" {name}")),
            it.text
        )
    });
    listed(text, &own.ends, |it| {
        format!(
            "{} ends at {}, the log says {}",
            it.symbol, it.own, it.stated
        )
    });
    for finding in &log.findings {
        let _ = writeln!(text, "  {} {}", style.dim("note:"), found(finding));
    }
}

fn listed<T>(text: &mut String, all: &[T], line: impl Fn(&T) -> String) {
    for it in all.iter().take(SHOWN) {
        let _ = writeln!(text, "    {}", line(it));
    }
    if all.len() > SHOWN {
        let _ = writeln!(
            text,
            "    … and {} more: see --output json",
            all.len() - SHOWN
        );
    }
}

fn followed(audit: &Audit) -> String {
    let mut parts = vec![format!("{} from the row above", rows(audit.follows))];
    for (count, words) in [
        (audit.follows_earlier, "from an earlier row"),
        (audit.taken_as_stated, "from none, taken as stated"),
        (audit.states_nothing, "without positions"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {words}"));
        }
    }
    parts.join(", ")
}

fn filled(audit: &Audit) -> String {
    let fills = &audit.fills;
    let parts: Vec<String> = [
        (fills.at_open, "at the open of their candle"),
        (fills.at_day_open, "at the open of their day"),
        (fills.at_close, "at the close"),
        (fills.inside, "inside the candle"),
        (fills.outside, "outside the candle"),
        (fills.no_candle, "without a candle"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, words)| format!("{count} {words}"))
    .collect();
    if parts.is_empty() {
        "no fills".to_owned()
    } else {
        format!("fills by its cash: {}", parts.join(", "))
    }
}

fn difference(it: &Difference) -> String {
    let what = match &it.what {
        What::GoesBack { to_line, undone } => {
            format!(
                "goes on from line {to_line}, which undoes {}",
                rows(*undone)
            )
        }
        What::Position {
            symbol,
            expected,
            stated,
        } => format!("{symbol} is {stated}, not {expected}"),
        What::Cash { expected, stated } => format!("cash is {stated}, not {expected}"),
        What::NotBookable { because } => format!("our ledger does not book it: {because}"),
        What::NoCash => "states no CASH".to_owned(),
        What::FillPrice {
            symbol,
            price,
            lies,
            open,
            low,
            high,
        } => {
            let number = |value: &Option<f64>| value.map_or_else(dash, |it| it.to_string());
            match lies {
                Lies::NoCandle => format!("{symbol} at {price}: there is no candle"),
                _ => format!(
                    "{symbol} at {price}: the candle opens at {} and is within {} and {}",
                    number(open),
                    number(low),
                    number(high)
                ),
            }
        }
    };
    format!("line {} ({}): {what}", it.line, it.at)
}

fn found(finding: &Finding) -> String {
    let lines = |lines: &[usize]| {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        lines.join(", ")
    };
    match finding {
        Finding::BrokenLines { count, lines: at } => {
            format!("broken lines left out: {count} (line {})", lines(at))
        }
        Finding::RepeatedIds { count, ids } => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!("ids that several rows have: {count} ({})", ids.join(", "))
        }
        Finding::OutOfOrder { count, lines: at } => format!(
            "sorted, because earlier than the row above: {} (line {})",
            rows(*count),
            lines(at)
        ),
        Finding::OtherCapital { stated } => {
            format!("the log itself starts with {stated}; its actions alone with --capital")
        }
        Finding::NoOpening => {
            "the first row does not say what the log started with: state it with --capital"
                .to_owned()
        }
        Finding::OldPrices { symbol, days, last } => {
            format!("{symbol} was valued at a close {days} days old (of {last})")
        }
        Finding::DailyPrices => {
            "rows have times and prices only days: a row is valued at the close of its day"
                .to_owned()
        }
        Finding::OtherSpelling { symbol, prices } => {
            format!("{symbol} is valued at the prices of {prices}")
        }
        Finding::UnpricedCounted { symbols, rule } => {
            let counts = match rule {
                Unpricedness::Zero => "nothing",
                Unpricedness::LastFill | Unpricedness::Refuse => "their last fill",
            };
            format!("{} have no price and count {counts}", symbols.join(", "))
        }
        Finding::OutsideWindow { rows: count } => format!("outside the window: {}", rows(*count)),
    }
}

fn rows(count: usize) -> String {
    match count {
        1 => "1 row".to_owned(),
        _ => format!("{count} rows"),
    }
}

fn dash() -> String {
    "–".to_owned()
}
