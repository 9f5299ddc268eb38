//! Documents of members as answers: what a schema cannot say is checked here.

use std::collections::BTreeSet;

use fondaco_contract::v1alpha1::analysis::Abstention;
use fondaco_contract::v1alpha1::simulation::{
    Outlook, Prediction, RoomAction, RoomAnswer, RoomDecision, RoomOutcome,
};
use fondaco_domain::Symbol;
use fondaco_domain::ledger::{self, Prices};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::analysis::ask::Reader;
use crate::simulation::room::keys::Node;

/// As a turn is answered. Nothing in free text is an opinion: only the values
/// of fields count.
pub(in crate::simulation::room) struct OfTurn<'a> {
    pub(in crate::simulation::room) node: Node,
    /// What may be spoken of.
    pub(in crate::simulation::room) symbols: &'a [Symbol],
    /// What can be traded at the step.
    pub(in crate::simulation::room) opens: &'a Prices,
}

impl Reader for OfTurn<'_> {
    type Answer = RoomOutcome;

    fn read(&self, document: &Value) -> Result<RoomOutcome, String> {
        let answer = match self.node {
            Node::Analysis(_) => return self.analysis(document),
            Node::Risk => RoomAnswer {
                text: text(document, "summary")?,
                points: texts(document, "warnings")?,
                ..RoomAnswer::default()
            },
            Node::Speech(..) => RoomAnswer {
                text: text(document, "message")?,
                ..RoomAnswer::default()
            },
            Node::Summary => RoomAnswer {
                text: text(document, "summary")?,
                points: texts(document, "points")?,
                ..RoomAnswer::default()
            },
            Node::Prediction(_) => RoomAnswer {
                text: text(document, "reasoning")?,
                predictions: self.on_all(document, "predictions", prediction)?,
                ..RoomAnswer::default()
            },
            Node::Decision => RoomAnswer {
                text: text(document, "summary")?,
                decisions: self.on_all(document, "decisions", decision)?,
                ..RoomAnswer::default()
            },
            Node::Day => return Err("nobody is asked for the day itself".to_owned()),
        };
        Ok(RoomOutcome::Answered(answer))
    }
}

impl OfTurn<'_> {
    fn analysis(&self, document: &Value) -> Result<RoomOutcome, String> {
        let views = self.on_each(document, "views", |view, ticker| {
            let reason = format!("{ticker}: {}", text(view, "reason")?);
            Ok((prediction(view, ticker)?, reason))
        })?;
        if let Some(why) = document["abstain"].as_str() {
            if !views.is_empty() {
                return Err(
                    "`abstain` says that there is nothing to say, and `views` says it".into(),
                );
            }
            let why = Some(why.trim()).filter(|why| !why.is_empty());
            let why = why.ok_or("`abstain` is empty: say why, or leave it null")?;
            return Ok(RoomOutcome::Abstained(Abstention {
                why: why.to_owned(),
            }));
        }
        let (predictions, points) = views.into_iter().map(|(_, view)| view).unzip();
        Ok(RoomOutcome::Answered(RoomAnswer {
            text: text(document, "summary")?,
            points,
            predictions,
            decisions: Vec::new(),
        }))
    }

    /// One entry for everything that is traded, and for nothing else, in the
    /// order of the answer.
    fn on_all<T>(
        &self,
        document: &Value,
        name: &str,
        read: impl Fn(&Value, &Symbol) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let entries = self.on_each(document, name, read)?;
        let said: BTreeSet<&Symbol> = entries.iter().map(|(ticker, _)| ticker).collect();
        let mut traded = self.symbols.iter().filter(|it| self.opens.contains_key(it));
        if let Some(missing) = traded.find(|it| !said.contains(it)) {
            return Err(format!("`{name}` says nothing of {missing}"));
        }
        if let Some(other) = said.into_iter().find(|it| !self.opens.contains_key(it)) {
            return Err(format!(
                "`{name}` names {other}, which has no open at this step"
            ));
        }
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The entries of a list, none twice.
    fn on_each<T>(
        &self,
        document: &Value,
        name: &str,
        read: impl Fn(&Value, &Symbol) -> Result<T, String>,
    ) -> Result<Vec<(Symbol, T)>, String> {
        let list = document[name].as_array();
        let list = list.ok_or_else(|| format!("`{name}` is no list"))?;
        let mut entries: Vec<(Symbol, T)> = Vec::new();
        for entry in list {
            let said = entry["ticker"].as_str().unwrap_or_default();
            let mut known = self.symbols.iter().filter(|symbol| symbol.as_str() == said);
            let ticker = known
                .next()
                .ok_or_else(|| format!("`{name}` names `{said}`, which is none of the tickers"))?;
            if entries.iter().any(|(other, _)| other == ticker) {
                return Err(format!("`{name}` names {ticker} twice"));
            }
            let at = |problem| format!("`{name}` of {ticker}: {problem}");
            entries.push((ticker.clone(), read(entry, ticker).map_err(at)?));
        }
        Ok(entries)
    }
}

fn prediction(entry: &Value, ticker: &Symbol) -> Result<Prediction, String> {
    let said = entry["outlook"].as_str().unwrap_or_default();
    let all = [Outlook::Up, Outlook::Down, Outlook::Neutral];
    let mut named = all.into_iter().filter(|outlook| outlook.as_str() == said);
    Ok(Prediction {
        ticker: ticker.clone(),
        outlook: named
            .next()
            .ok_or_else(|| format!("`outlook` is `{said}`: UP, DOWN or NEUTRAL can be"))?,
        confidence: confidence(entry)?,
    })
}

fn decision(entry: &Value, ticker: &Symbol) -> Result<RoomDecision, String> {
    let said = entry["action"].as_str().unwrap_or_default();
    let all = [RoomAction::Long, RoomAction::Short, RoomAction::Hold];
    let mut named = all.into_iter().filter(|action| action.as_str() == said);
    let action = named
        .next()
        .ok_or_else(|| format!("`action` is `{said}`: long, short or hold can be"))?;
    let quantity = quantity(entry)?;
    match (action, quantity.is_zero()) {
        (RoomAction::Hold, false) => return Err("with hold, `quantity` is 0".to_owned()),
        (RoomAction::Long | RoomAction::Short, true) => {
            return Err(format!(
                "`quantity` is 0 and `action` is {said}: hold is that"
            ));
        }
        _ => {}
    }
    Ok(RoomDecision {
        ticker: ticker.clone(),
        action,
        quantity,
        confidence: confidence(entry)?,
        reasoning: text(entry, "reasoning")?,
    })
}

fn quantity(entry: &Value) -> Result<Decimal, String> {
    let said = &entry["quantity"];
    let number = said.as_f64().and_then(|it| ledger::decimal(it).ok());
    let number = number.ok_or_else(|| format!("`quantity` is {said}, which is no number"))?;
    if number < Decimal::ZERO {
        return Err(format!("`quantity` is {number}: 0 or more can be"));
    }
    Ok(number.normalize())
}

fn confidence(entry: &Value) -> Result<u8, String> {
    let said = entry["confidence"].as_f64().unwrap_or(f64::NAN);
    if !(0.0..=100.0).contains(&said) {
        return Err(format!(
            "`confidence` is {}: 0 to 100 can be",
            entry["confidence"]
        ));
    }
    Ok(said.round() as u8)
}

fn text(document: &Value, name: &str) -> Result<String, String> {
    let text = document[name].as_str().unwrap_or_default().trim();
    if text.is_empty() {
        return Err(format!("`{name}` is empty: it needs words"));
    }
    Ok(text.to_owned())
}

fn texts(document: &Value, name: &str) -> Result<Vec<String>, String> {
    let list = document[name].as_array();
    let list = list.ok_or_else(|| format!("`{name}` is no list of texts"))?;
    let text = |entry: &Value| {
        let text = entry.as_str().unwrap_or_default().trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let texts: Option<Vec<String>> = list.iter().map(text).collect();
    texts.ok_or_else(|| format!("`{name}` has an empty entry: leave it out or fill it"))
}
