//! Everything that was ordered, and what became of it.

use std::collections::HashMap;

use fondaco_contract::v1alpha1::simulation::{Action, ActionKind, ActionState, ModelDay};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Known;
use super::words::{float, price, quantity};
use crate::format::number;
use crate::html::{Text, joined, section as framed};

/// Actions in the list; all of them are in the result.
const LISTED: usize = 12_000;

/// The frame of the list, which the script fills and pages.
pub(super) fn section(known: &Known<'_>) -> String {
    let total = actions(known).count();
    if total == 0 {
        return framed(
            "trades-section",
            "Trades",
            "<p class=\"note\">Nothing was traded.</p>\n",
        );
    }
    let note = if total > LISTED {
        format!(
            "<p class=\"note\">The first {} of {} actions; all are in the result.</p>\n",
            number(LISTED as f64, 0),
            number(total as f64, 0)
        )
    } else {
        String::new()
    };
    let currency = Text(&known.money.currency);
    let columns = [
        ("date", "Step".to_owned(), true),
        ("model", "Model".to_owned(), true),
        ("kind", "What".to_owned(), true),
        ("symbol", "Symbol".to_owned(), true),
        ("quantity", "Quantity".to_owned(), false),
        ("price", "Price".to_owned(), false),
        ("amount", format!("Value {currency}"), false),
        ("costs", "Costs".to_owned(), false),
        ("cash", "Cash after".to_owned(), false),
        ("state", "What became of it".to_owned(), true),
    ];
    let head = joined(columns.iter().map(|(key, name, text)| {
        let class = if *text { " class=\"text\"" } else { "" };
        format!("<th scope=\"col\"{class}><button type=\"button\" class=\"sort\" data-key=\"{key}\">{name}</button></th>")
    }));
    let models = joined(
        known
            .models()
            .iter()
            .map(|model| format!("<option>{}</option>", Text(model))),
    );
    let body = format!(
        "{note}<div class=\"tools\"><label>Find <input id=\"action-find\" type=\"search\" placeholder=\"symbol, date or reason\" autocomplete=\"off\"></label>\
         <label>Model <select id=\"action-model\"><option value=\"\">all</option>{models}</select></label>\
         <label>State <select id=\"action-state\"><option value=\"\">all</option><option>filled</option><option>waiting</option><option>refused</option><option>booked</option></select></label>\
         <span class=\"buttons\"><button type=\"button\" id=\"action-prev\" aria-label=\"Previous page\">‹</button><span id=\"action-now\" class=\"page-now\" role=\"status\"></span><button type=\"button\" id=\"action-next\" aria-label=\"Next page\">›</button></span></div>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Trades\"><table id=\"actions\"><thead><tr>{head}</tr></thead>\n<tbody></tbody></table></div>\n\
         <noscript><p class=\"note\">The list needs scripts; the same trades are in the result.</p></noscript>\n"
    );
    framed("trades-section", "Trades", &body)
}

/// What was done; a day on which nothing was done says so elsewhere.
fn actions<'a>(known: &Known<'a>) -> impl Iterator<Item = (&'a ModelDay, &'a Action)> {
    let all = known
        .days
        .iter()
        .flat_map(|day| day.actions.iter().map(move |action| (day, action)));
    all.filter(|(_, action)| action.kind != ActionKind::Hold)
}

/// The list in columns; texts as places in a list.
pub(super) fn data(known: &Known<'_>) -> Value {
    let mut names = Names::default();
    let rows: Vec<Value> = actions(known)
        .take(LISTED)
        .map(|(day, action)| row(&mut names, day, action))
        .collect();
    json!({ "names": names.list, "rows": rows })
}

fn row(names: &mut Names, day: &ModelDay, action: &Action) -> Value {
    let symbol = action.symbol.as_ref().map_or("", |symbol| symbol.as_str());
    let ordered = match action.ordered {
        _ if action.forced => ", a margin call".to_owned(),
        Some(step) => format!(", ordered {step}"),
        None => String::new(),
    };
    let (state, told, paid) = match &action.state {
        ActionState::Filled {
            price,
            costs,
            cash_after,
            ..
        } => (
            "filled",
            format!("filled{ordered}"),
            Some((*price, *costs, *cash_after)),
        ),
        ActionState::Booked { amount, .. } => (
            "booked",
            format!("booked, cash {}", quantity(*amount)),
            None,
        ),
        ActionState::Waiting => ("waiting", format!("waits for the next open{ordered}"), None),
        ActionState::Refused { reason } => ("refused", format!("refused{ordered}: {reason}"), None),
    };
    let paid = paid.map(|(price, costs, cash)| {
        let value = price.checked_mul(action.quantity).unwrap_or(Decimal::ZERO);
        [price, value, costs, cash].map(float)
    });
    json!([
        names.id(&day.date.to_string()),
        names.id(&day.model),
        names.id(action.kind.as_str()),
        names.id(symbol),
        float(action.quantity),
        names.id(state),
        names.id(&told),
        paid,
    ])
}

/// Texts that repeat, each once.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    ids: HashMap<String, usize>,
}

impl Names {
    fn id(&mut self, name: &str) -> usize {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        self.ids.insert(name.to_owned(), self.list.len());
        self.list.push(name.to_owned());
        self.list.len() - 1
    }
}

/// An action in words: `bought 12 AAPL at 182.10`.
pub(super) fn told(action: &Action) -> String {
    let symbol = action.symbol.as_ref().map_or("", |symbol| symbol.as_str());
    let units = quantity(action.quantity);
    let (done, wish) = match action.kind {
        ActionKind::Buy => ("bought", "buy"),
        ActionKind::Sell => ("sold", "sell"),
        ActionKind::Short => ("sold short", "sell short"),
        ActionKind::Cover => ("bought back", "buy back"),
        ActionKind::Hold => return "nothing".to_owned(),
        ActionKind::Corporate => return format!("corporate action of {symbol}"),
    };
    match &action.state {
        ActionState::Filled { price: at, .. } => {
            format!("{done} {units} {symbol} at {}", price(*at))
        }
        ActionState::Booked { .. } => format!("booked {units} {symbol}"),
        ActionState::Waiting => format!("{wish} {units} {symbol} at the next open"),
        ActionState::Refused { .. } => format!("{wish} {units} {symbol} refused"),
    }
}
