//! The conversation so far, as the rules need it.

use std::collections::BTreeMap;

use fondaco_app::analysis::prompts::envelope::{self, Envelope};
use fondaco_app::ports::model::{Message, ModelRequest};
use fondaco_contract::v1alpha1::analysis::NodeRole;
use serde_json::Value;

use super::evidence::Point;

/// What is known when it is one's turn.
pub(super) struct Talk<'a> {
    pub(super) ticker: String,
    /// The day, as it was written; empty where it was not said.
    pub(super) date: String,
    pub(super) round: u64,
    /// What others said, in order.
    pub(super) reports: Vec<Report>,
    /// Who said nothing, though asked.
    pub(super) missing: Vec<String>,
    /// Whether holdings are known; none where they were not spoken of.
    pub(super) portfolio: Option<bool>,
    /// What tools said, by their names; an error as its words.
    answers: BTreeMap<String, Result<Value, String>>,
    request: &'a ModelRequest,
}

/// What somebody said.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) role: NodeRole,
    /// None where there was nothing to say; why.
    pub(super) document: Result<Value, String>,
}

impl<'a> Talk<'a> {
    /// Reads a question. `prefix` is what its key says of instrument and day.
    pub(super) fn read(prefix: &str, request: &'a ModelRequest) -> Self {
        let (ticker, date) = prefix.split_once('@').unwrap_or((prefix, ""));
        let mut talk = Self {
            ticker: ticker.to_owned(),
            date: date.to_owned(),
            round: 1,
            reports: Vec::new(),
            missing: Vec::new(),
            portfolio: None,
            answers: BTreeMap::new(),
            request,
        };
        // Others write into what tools answer: only the first question has
        // envelopes that count.
        if let Some(Message::User { text }) = request.messages.first() {
            for envelope in envelope::open_all(text) {
                talk.take(&envelope);
            }
        }
        talk.hear_tools();
        talk
    }

    /// One answer of one tool about one ticker.
    pub(super) fn about(
        ticker: &str,
        tool: &str,
        answer: Result<Value, String>,
        request: &'a ModelRequest,
    ) -> Self {
        Self {
            ticker: ticker.to_owned(),
            date: String::new(),
            round: 1,
            reports: Vec::new(),
            missing: Vec::new(),
            portfolio: None,
            answers: BTreeMap::from([(tool.to_owned(), answer)]),
            request,
        }
    }

    fn take(&mut self, envelope: &Envelope) {
        let Ok(document) = serde_json::from_str::<Value>(&envelope.body) else {
            return;
        };
        let said = |name: &str| envelope.attributes.get(name).cloned().unwrap_or_default();
        match envelope.tag.as_str() {
            "item" => {
                if let Some(ticker) = document["ticker"].as_str() {
                    ticker.clone_into(&mut self.ticker);
                }
                if let Some(date) = document["date"].as_str() {
                    date.clone_into(&mut self.date);
                }
                self.round = document["round"].as_u64().unwrap_or(1);
            }
            "report" => {
                let named = |role: &NodeRole| role.as_str() == said("role");
                let Some(role) = NodeRole::ALL.into_iter().find(named) else {
                    return;
                };
                let document = match document["abstained"].as_str() {
                    Some(why) => Err(why.to_owned()),
                    None => Ok(document),
                };
                self.reports.push(Report { role, document });
            }
            "missing" => self.missing.push(said("role")),
            "portfolio" => self.portfolio = document["known"].as_bool(),
            "tool" => {
                let answer = answer(&envelope.body);
                self.answers.insert(said("name"), answer);
            }
            _ => {}
        }
    }

    fn hear_tools(&mut self) {
        let mut wishes = BTreeMap::new();
        for message in &self.request.messages {
            match message {
                Message::Assistant { calls, .. } => {
                    wishes.extend(calls.iter().map(|call| (call.id.as_str(), &call.name)));
                }
                Message::Tool { call, text } => {
                    if let Some(name) = wishes.get(call.as_str()) {
                        self.answers.insert((*name).clone(), answer(text));
                    }
                }
                Message::User { .. } => {}
            }
        }
    }

    /// Whether a tool is there and was not asked yet.
    pub(super) fn may_ask(&self, tool: &str) -> bool {
        let there = self.request.tools.iter().any(|spec| spec.name == tool);
        there && !self.answers.contains_key(tool)
    }

    /// What a tool said; why there is nothing of it.
    pub(super) fn tool(&self, name: &str) -> Result<&Value, String> {
        match self.answers.get(name) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(format!("the tool {name} answered: {error}")),
            None => Err(format!("the tool {name} could not be asked")),
        }
    }

    /// What a role said last; nothing where it had nothing to say.
    pub(super) fn last(&self, role: NodeRole) -> Option<&Value> {
        self.reports.iter().rev().find_map(|report| {
            let document = report.document.as_ref().ok()?;
            (report.role == role).then_some(document)
        })
    }

    /// The points of a role in all its turns, each once.
    pub(super) fn points(&self, role: NodeRole) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for report in self.reports.iter().filter(|report| report.role == role) {
            for point in report
                .document
                .iter()
                .flat_map(|said| texts(said, "points"))
            {
                let point = Point::read(&point);
                if !points.contains(&point) {
                    points.push(point);
                }
            }
        }
        points
    }
}

/// A list of texts in a document.
pub(super) fn texts(document: &Value, name: &str) -> Vec<String> {
    let list = document[name].as_array();
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// What a tool said: JSON, bare or in an envelope. Anything else, and what
/// says that it is an error, is one.
fn answer(text: &str) -> Result<Value, String> {
    let text = text.trim();
    // Bare JSON may have what looks like an envelope in its strings.
    let sealed = if text.starts_with('<') {
        envelope::open_all(text).into_iter().next()
    } else {
        None
    };
    let bare = sealed.as_ref().map_or(text, |sealed| &sealed.body);
    let short = |text: &str| text.chars().take(200).collect::<String>();
    let document: Value = serde_json::from_str(bare).map_err(|_| short(text))?;
    match &document["error"] {
        Value::Null if document.is_object() => Ok(document),
        Value::Null => Err(short(text)),
        Value::String(error) => Err(short(error)),
        error => Err(short(error["message"].as_str().unwrap_or("an error"))),
    }
}
