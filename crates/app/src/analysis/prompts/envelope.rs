//! Marked envelopes: what stands inside is data, whoever wrote it.
//!
//! `<report node="AAPL/analysts/news">` … `</report>`, with JSON inside whose
//! angle brackets are escapes, so that nothing inside can close it.

use std::collections::BTreeMap;

use serde_json::Value;

/// An envelope in a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `report`, `item`, `tool` …
    pub tag: String,
    /// What is said about what is inside.
    pub attributes: BTreeMap<String, String>,
    /// What is inside.
    pub body: String,
}

/// A document in an envelope.
pub fn seal(tag: &str, attributes: &[(&str, &str)], document: &Value) -> String {
    seal_text(tag, attributes, &document.to_string())
}

/// What a tool answered, in an envelope. JSON stays JSON of the same meaning:
/// angle brackets stand in its strings only, where an escape says the same.
pub fn tool(name: &str, answer: &str) -> String {
    seal_text("tool", &[("name", name)], answer)
}

fn seal_text(tag: &str, attributes: &[(&str, &str)], text: &str) -> String {
    let said = attributes.iter().map(|(name, value)| {
        let value = value
            .replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace(['\n', '\r'], " ");
        format!(" {name}=\"{value}\"")
    });
    let said: String = said.collect();
    let body = text.replace('<', "\\u003c").replace('>', "\\u003e");
    format!("<{tag}{said}>\n{body}\n</{tag}>")
}

/// The envelopes in a text, in order. What looks like one and has no end is
/// none.
pub fn open_all(text: &str) -> Vec<Envelope> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some((envelope, after)) = open(rest) {
            found.push(envelope);
            rest = after;
        }
    }
    found
}

/// The envelope whose `<` was just read, and what follows it.
fn open(text: &str) -> Option<(Envelope, &str)> {
    let (head, inside) = text.split_once('>')?;
    let (tag, mut said) = head.split_once(' ').unwrap_or((head, ""));
    if tag.is_empty() || !tag.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let (body, after) = inside.split_once(&format!("</{tag}>"))?;
    let mut attributes = BTreeMap::new();
    while let Some((name, value)) = said.split_once("=\"") {
        let (value, next) = value.split_once('"')?;
        let value = value
            .replace("&gt;", ">")
            .replace("&lt;", "<")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        attributes.insert(name.trim().to_owned(), value);
        said = next;
    }
    let envelope = Envelope {
        tag: tag.to_owned(),
        attributes,
        body: body.trim_matches('\n').to_owned(),
    };
    Some((envelope, after))
}
