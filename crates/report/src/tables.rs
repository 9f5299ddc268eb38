//! The tables of a report.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fondaco_contract::v1alpha1::{BacktestResult, PeriodRow, TradeFigures};

use crate::data::LISTED_TRADES;
use crate::format::{Money, change, duration, number, percent, tone};
use crate::html::{Text, joined, section};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Returns by month, one line per year, shaded by size.
pub(crate) fn months(result: &BacktestResult) -> String {
    let mut years: BTreeMap<i16, [Option<&PeriodRow>; 12]> = BTreeMap::new();
    for row in &result.tables.by_month {
        let months = years.entry(row.year).or_default();
        if let Some(place) = row
            .month
            .and_then(|month| months.get_mut(usize::from(month) - 1))
        {
            *place = Some(row);
        }
    }
    let largest = result
        .tables
        .by_month
        .iter()
        .map(|row| row.total_return.abs())
        .fold(0.0, f64::max);
    let head = joined(
        MONTHS
            .iter()
            .map(|month| format!("<th scope=\"col\">{month}</th>")),
    );
    let mut lines = String::new();
    for (year, months) in &years {
        let cells = joined(months.iter().map(|row| month_cell(*row, largest)));
        let whole = result.tables.by_year.iter().find(|row| row.year == *year);
        let whole = whole.map_or_else(String::new, |row| change(row.total_return));
        let _ = writeln!(
            lines,
            "<tr><th scope=\"row\">{year}</th>{cells}<td class=\"whole\">{whole}</td></tr>"
        );
    }
    let body = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Monthly returns\"><table class=\"months\"><thead><tr><th scope=\"col\">Year</th>{head}<th scope=\"col\">Whole</th></tr></thead>\n<tbody>\n{lines}</tbody></table></div>\n"
    );
    section("months", "Monthly returns", &body)
}

fn month_cell(row: Option<&PeriodRow>, largest: f64) -> String {
    let Some(row) = row else {
        return "<td></td>".to_owned();
    };
    let share = if largest > 0.0 {
        row.total_return.abs() / largest
    } else {
        0.0
    };
    let held = row
        .benchmark_return
        .map(|held| format!(", holding {}", change(held)))
        .unwrap_or_default();
    format!(
        "<td class=\"heat {}\" style=\"--heat:{}%\" title=\"{} trades{held}, deepest fall {}\">{}</td>",
        tone(row.total_return),
        (8.0 + share * 52.0).round(),
        row.trades,
        percent(row.max_drawdown),
        change(row.total_return),
    )
}

/// The tables by pair, entry tag and exit reason.
pub(crate) fn groups(result: &BacktestResult) -> String {
    let tables = &result.tables;
    let pairs = tables.by_pair.iter().map(|row| {
        let market = row.market_change;
        (row.pair.clone(), row.figures, Some(market))
    });
    let tags = tables.by_tag.iter().map(|row| {
        let name = row.tag.clone().unwrap_or_else(|| "(no tag)".to_owned());
        (name, row.figures, None)
    });
    let reasons = tables
        .by_exit_reason
        .iter()
        .map(|row| (row.reason.clone(), row.figures, None));
    [
        group(
            result,
            "pairs",
            "By pair",
            "Pair",
            &pairs.collect::<Vec<_>>(),
        ),
        group(
            result,
            "tags",
            "By entry tag",
            "Tag",
            &tags.collect::<Vec<_>>(),
        ),
        group(
            result,
            "reasons",
            "By exit reason",
            "Reason",
            &reasons.collect::<Vec<_>>(),
        ),
    ]
    .concat()
}

/// A row of a group table: name, figures, and for pairs the market's change.
type GroupRow = (String, TradeFigures, Option<Option<f64>>);

fn group(
    result: &BacktestResult,
    id: &str,
    heading: &str,
    what: &str,
    rows: &[GroupRow],
) -> String {
    let money = Money::of(
        &result.settings.stake_currency,
        result.settings.starting_balance,
    );
    let with_market = rows.iter().any(|(_, _, market)| market.is_some());
    let market_head = if with_market {
        sort_head("Market")
    } else {
        String::new()
    };
    let head = [
        sort_head(what),
        sort_head("Trades"),
        sort_head(&format!("Profit {}", Text(&money.currency))),
        sort_head("Return"),
        sort_head("Mean"),
        sort_head("Win rate"),
        sort_head("Profit factor"),
        sort_head("Best"),
        sort_head("Worst"),
        sort_head("Mean time"),
        market_head,
    ]
    .concat();
    let lines = joined(rows.iter().map(|row| group_row(row, &money)));
    let body = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{heading}\"><table class=\"sortable\"><thead><tr>{head}</tr></thead>\n<tbody>\n{lines}</tbody></table></div>\n"
    );
    section(id, heading, &body)
}

fn group_row((name, figures, market): &GroupRow, money: &Money) -> String {
    let market = market.map_or_else(String::new, |market| cell(market, change, true));
    let cells = [
        cell(Some(f64::from(figures.trades)), |v| number(v, 0), false),
        cell(Some(figures.profit_abs), |v| money.change(v), true),
        cell(Some(figures.profit), change, true),
        cell(figures.mean, change, true),
        cell(figures.win_rate, percent, false),
        cell(figures.profit_factor, |v| number(v, 2), false),
        cell(figures.best, change, true),
        cell(figures.worst, change, true),
        cell(figures.mean_duration_s, duration, false),
        market,
    ]
    .concat();
    format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", Text(name))
}

/// A number with the value it is sorted by.
pub(crate) fn cell(value: Option<f64>, write: impl Fn(f64) -> String, toned: bool) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return "<td>–</td>".to_owned();
    };
    let class = if toned {
        format!(" class=\"{}\"", tone(value))
    } else {
        String::new()
    };
    format!("<td data-v=\"{value}\"{class}>{}</td>", write(value))
}

/// The head of a column that can be sorted; plain where no script runs.
fn sort_head(name: &str) -> String {
    format!("<th scope=\"col\"><button type=\"button\" class=\"sort\">{name}</button></th>")
}

/// The frame of the trade list, which the script fills and pages.
pub(crate) fn trades(result: &BacktestResult) -> String {
    let currency = Text(&result.settings.stake_currency);
    let total = result.trades.len();
    let note = if total > LISTED_TRADES {
        format!(
            "<p class=\"note\">The first {} of {} trades; all are in the result.</p>\n",
            number(LISTED_TRADES as f64, 0),
            number(total as f64, 0)
        )
    } else {
        String::new()
    };
    let columns = [
        ("pair", "Pair".to_owned()),
        ("side", "Side".to_owned()),
        ("open", "Opened".to_owned()),
        ("held", "Held".to_owned()),
        ("in", "Entry".to_owned()),
        ("out", "Exit".to_owned()),
        ("stake", format!("Stake {currency}")),
        ("profit", format!("Profit {currency}")),
        ("ratio", "Profit %".to_owned()),
        ("tag", "Tag".to_owned()),
        ("reason", "Reason".to_owned()),
    ];
    let head = joined(columns
        .iter()
        .map(|(key, name)| {
            format!("<th scope=\"col\"><button type=\"button\" class=\"sort\" data-key=\"{key}\">{name}</button></th>")
        }));
    let body = format!(
        "{note}<div class=\"tools\"><label>Find <input id=\"trade-find\" type=\"search\" placeholder=\"pair, tag or reason\" autocomplete=\"off\"></label>\
         <label>Result <select id=\"trade-result\"><option value=\"\">all</option><option value=\"won\">won</option><option value=\"lost\">lost</option><option value=\"left\">left open</option></select></label>\
         <span class=\"buttons\"><button type=\"button\" id=\"page-prev\" aria-label=\"Previous page\">‹</button><span id=\"page-now\" role=\"status\"></span><button type=\"button\" id=\"page-next\" aria-label=\"Next page\">›</button></span></div>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Trades\"><table id=\"trades\"><thead><tr>{head}</tr></thead>\n<tbody></tbody></table></div>\n\
         <noscript><p class=\"note\">The list needs scripts; the same trades are in the result as JSON and CSV.</p></noscript>\n"
    );
    section("trades-section", "Trades", &body)
}
