//! Rows of an action log, whatever program wrote it.
//!
//! Two forms are read, both one JSON object a line, after each action the
//! positions it left:
//!
//! ```text
//! {"at": "2025-11-02", "id": 1, "action": "buy_crypto", "symbol": "BTC-USDT", "amount": 0.2, "positions": {"BTC-USDT": 0.2, "CASH": 27989.55}}
//! {"date": "2025-10-02", "id": 1, "this_action": {"action": "buy", "symbol": "NVDA", "amount": 10}, "positions": {"NVDA": 10, "CASH": 8104.0}}
//! ```

use std::collections::BTreeMap;

use fondaco_domain::ledger::Session;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::error::LineProblem;

/// The name money goes by among positions.
const CASH: &str = "CASH";

/// One line of a log.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// From 1.
    pub(super) line: usize,
    /// When, by the clock of the exchange.
    pub(super) at: Session,
    /// Its number, where it has one.
    pub(super) id: Option<i64>,
    /// What was done.
    pub(super) deed: Deed,
    /// What it left, by its own words.
    pub(super) stated: Option<Stated>,
}

/// What a row does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    /// Nothing: no action, or a word for none.
    Nothing,
    /// A trade.
    Trade(Wish),
    /// A word nobody knows.
    Unknown(String),
}

/// A trade as it stands in a log.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    /// The word itself.
    pub(super) word: String,
    /// In which direction.
    pub(super) kind: Kind,
    /// Of what, where it says so.
    pub(super) symbol: Option<String>,
    /// How much, where it says so.
    pub(super) amount: Option<Decimal>,
}

/// Directions of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Buy,
    Sell,
    Short,
    Cover,
}

impl Kind {
    /// The change of a position per unit.
    pub(super) fn sign(self) -> Decimal {
        match self {
            Self::Buy | Self::Cover => Decimal::ONE,
            Self::Sell | Self::Short => Decimal::NEGATIVE_ONE,
        }
    }
}

/// Cash and positions as a log states them; none of zero among them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Stated {
    /// `None` where the row states none.
    pub(super) cash: Option<Decimal>,
    pub(super) held: BTreeMap<String, Decimal>,
}

/// A log, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Log {
    /// In the order of the file.
    pub(super) rows: Vec<Row>,
    /// Lines that are none.
    pub(super) broken: Vec<(usize, LineProblem)>,
}

/// Reads every line. Stamps with an offset are brought to the zone.
pub(super) fn read(text: &str, zone: &TimeZone) -> Log {
    let mut log = Log::default();
    let text = text.trim_start_matches('\u{feff}');
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match row(index + 1, line, zone) {
            Ok(row) => log.rows.push(row),
            Err(problem) => log.broken.push((index + 1, problem)),
        }
    }
    log
}

fn row(line: usize, text: &str, zone: &TimeZone) -> Result<Row, LineProblem> {
    let value: Value =
        serde_json::from_str(text).map_err(|cause| LineProblem::NotJson(cause.to_string()))?;
    let Value::Object(object) = value else {
        return Err(LineProblem::NotAnObject);
    };
    let at = match object.get("at").or_else(|| object.get("date")) {
        Some(Value::String(text)) => {
            session(text, zone).ok_or_else(|| LineProblem::Time(text.clone()))?
        }
        None | Some(Value::Null) => return Err(LineProblem::NoTime),
        Some(other) => return Err(LineProblem::Time(other.to_string())),
    };
    let deed = match object.get("this_action") {
        Some(Value::Object(action)) => deed(action)?,
        None => deed(&object)?,
        Some(Value::Null) => Deed::Nothing,
        Some(_) => {
            return Err(LineProblem::Text {
                field: "this_action",
            });
        }
    };
    Ok(Row {
        line,
        at,
        id: object.get("id").and_then(Value::as_i64),
        deed,
        stated: stated(object.get("positions"))?,
    })
}

/// The words of all programs whose logs are known.
fn deed(object: &Map<String, Value>) -> Result<Deed, LineProblem> {
    let text = |field: &'static str| match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|it| !it.is_empty())),
        Some(_) => Err(LineProblem::Text { field }),
    };
    let Some(word) = text("action")? else {
        return Ok(Deed::Nothing);
    };
    let kind = match word.to_ascii_lowercase().as_str() {
        "buy" | "buy_crypto" | "buy_stock" | "long" => Kind::Buy,
        "sell" | "sell_crypto" | "sell_stock" => Kind::Sell,
        "short" => Kind::Short,
        "cover" => Kind::Cover,
        "no_trade" | "hold" | "none" | "no_trade_crypto" => return Ok(Deed::Nothing),
        _ => return Ok(Deed::Unknown(word)),
    };
    Ok(Deed::Trade(Wish {
        word,
        kind,
        symbol: text("symbol")?,
        amount: number("amount", object.get("amount"))?,
    }))
}

fn stated(value: Option<&Value>) -> Result<Option<Stated>, LineProblem> {
    let positions = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(positions)) => positions,
        Some(_) => return Err(LineProblem::Positions),
    };
    let mut stated = Stated::default();
    for (name, value) in positions {
        let amount = number(name, Some(value))?;
        if name == CASH {
            stated.cash = amount;
        } else if let Some(amount) = amount.filter(|amount| !amount.is_zero()) {
            stated.held.insert(name.clone(), amount);
        }
    }
    Ok(Some(stated))
}

/// A number, or a number in text with separators of thousands.
fn number(field: &str, value: Option<&Value>) -> Result<Option<Decimal>, LineProblem> {
    let wrong = |value: &Value| LineProblem::Number {
        field: field.to_owned(),
        value: value.to_string(),
    };
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value @ Value::Number(number)) => {
            // The digits as they stand in the file, not those of a double.
            exact(&number.to_string())
                .map(Some)
                .ok_or_else(|| wrong(value))
        }
        Some(value @ Value::String(text)) => match text.trim() {
            "" => Ok(None),
            text => plain(text)
                .and_then(|plain| exact(&plain))
                .map(Some)
                .ok_or_else(|| wrong(value)),
        },
        Some(other) => Err(wrong(other)),
    }
}

fn exact(text: &str) -> Option<Decimal> {
    fondaco_domain::ledger::parse(text).ok()
}

/// `1,433.33` without its separators, where they stand between thousands.
fn plain(text: &str) -> Option<String> {
    if !text.contains(',') {
        return Some(text.to_owned());
    }
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text, None), |(w, f)| (w, Some(f)));
    let mut groups = whole.trim_start_matches(['-', '+']).split(',');
    let first_fits = groups.next().is_some_and(|it| (1..=3).contains(&it.len()));
    if !first_fits || !groups.all(|group| group.len() == 3) {
        return None;
    }
    let whole = whole.replace(',', "");
    Some(fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}")))
}

/// A day, or a time of a day on the clock of the exchange.
pub(super) fn session(text: &str, zone: &TimeZone) -> Option<Session> {
    let text = text.trim();
    if let Ok(date) = text.parse::<Date>()
        && text.len() <= 10
    {
        return Some(Session::day(date));
    }
    let has_offset =
        text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|time| time.contains(['+', '-']));
    if has_offset {
        let instant: jiff::Timestamp = text.parse().ok()?;
        return Some(Session::at(instant.to_zoned(zone.clone()).datetime()));
    }
    text.parse::<DateTime>().ok().map(Session::at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_utc(text: &str) -> Log {
        read(text, &TimeZone::UTC)
    }

    fn amount(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn both_forms_say_the_same() {
        let flat = read_utc(
            r#"{"at": "2025-10-02", "id": 1, "action": "buy", "symbol": "NVDA", "amount": 10, "positions": {"NVDA": 10, "AMD": 0.0, "CASH": 8104.5}}"#,
        );
        let nested = read_utc(
            r#"{"date": "2025-10-02", "id": 1, "this_action": {"action": "buy", "symbol": "NVDA", "amount": "10"}, "positions": {"NVDA": 10.0, "CASH": "8,104.50"}}"#,
        );
        assert_eq!(flat, nested);
        let row = &flat.rows[0];
        assert_eq!((row.line, row.id), (1, Some(1)));
        let stated = row.stated.as_ref().unwrap();
        assert_eq!(stated.cash, Some(amount("8104.5")));
        assert_eq!(stated.held.len(), 1);
    }

    #[test]
    fn every_word_is_known_or_said_to_be_unknown() {
        let deed = |fields: &str| {
            let log = read_utc(&format!(r#"{{"at": "2025-10-02"{fields}}}"#));
            assert_eq!(log.broken, []);
            log.rows[0].deed.clone()
        };
        for nothing in [
            "",
            r#", "action": null"#,
            r#", "action": """#,
            r#", "action": "no_trade", "amount": 0"#,
            r#", "action": "HOLD""#,
            r#", "this_action": null"#,
        ] {
            assert_eq!(deed(nothing), Deed::Nothing, "{nothing}");
        }
        for (word, kind) in [
            ("buy", Kind::Buy),
            ("BUY", Kind::Buy),
            ("buy_crypto", Kind::Buy),
            ("sell", Kind::Sell),
            ("sell_crypto", Kind::Sell),
            ("short", Kind::Short),
            ("cover", Kind::Cover),
        ] {
            let Deed::Trade(wish) = deed(&format!(r#", "action": "{word}""#)) else {
                panic!("{word}");
            };
            assert_eq!((wish.kind, wish.amount, wish.symbol), (kind, None, None));
        }
        assert_eq!(
            deed(r#", "action": "deposit""#),
            Deed::Unknown("deposit".to_owned())
        );
    }

    #[test]
    fn a_broken_line_has_a_number_and_a_reason() {
        let log = read_utc(
            "\u{feff}{\"at\": \"2025-10-02\"}\n\n[1]\n{\"at\": \"2025-10-0\n{\"id\": 1}\n{\"at\": 5}\n\
             {\"at\": \"soon\"}\n{\"at\": \"2025-10-02\", \"positions\": [1]}\n\
             {\"at\": \"2025-10-02\", \"positions\": {\"CASH\": \"14,35.1\"}}\n\
             {\"at\": \"2025-10-02\", \"action\": \"buy\", \"amount\": NaN}\n\
             {\"at\": \"2025-10-02\", \"action\": 5}\n",
        );
        assert_eq!(log.rows.len(), 1);
        let told: Vec<String> = log
            .broken
            .iter()
            .map(|(line, problem)| format!("{line}: {problem}"))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        3: not an object
        4: not JSON: EOF while parsing a string at line 1 column 17
        5: neither `at` nor `date` says when it was
        6: `5` is not a time such as 2025-10-01 or 2025-10-01 10:00:00
        7: `soon` is not a time such as 2025-10-01 or 2025-10-01 10:00:00
        8: `positions` is not an object of amounts by name
        9: `CASH` is "14,35.1", which is not a number
        10: not JSON: expected value at line 1 column 49
        11: `action` is not a text
        "#);
    }

    #[test]
    fn stamps_are_days_or_times_of_the_exchange() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (text, expected) in [
            ("2025-10-01", "2025-10-01"),
            ("2025-10-01 10:00:00", "2025-10-01 10:00:00"),
            ("2025-10-01T10:00", "2025-10-01 10:00:00"),
            ("2025-10-01T14:00:00Z", "2025-10-01 10:00:00"),
            ("2025-10-01 14:00:00+00:00", "2025-10-01 10:00:00"),
        ] {
            assert_eq!(
                session(text, &zone).unwrap().to_string(),
                expected,
                "{text}"
            );
        }
        for text in ["", "soon", "2025-13-01", "2025-10-01 25:00:00", "1"] {
            assert_eq!(session(text, &zone), None, "{text}");
        }
    }
}
