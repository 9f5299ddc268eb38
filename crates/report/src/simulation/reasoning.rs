//! Why: what models said of their days, and what was said on them.

use std::collections::HashMap;
use std::fmt::Write as _;

use fondaco_contract::v1alpha1::simulation::{Message, MessageRole, ModelDay};

use super::Known;
use super::trades::told;
use super::words::{beginning, change, count};
use crate::format::{number, tone};
use crate::html::{Text, joined};

/// Model-days that are told of, at most.
const DAYS: usize = 1_500;
/// Bytes of all conversations together, at most, before they are escaped.
const TALK: usize = 1_000_000;
/// Bytes of all summaries together.
const SUMMARIES: usize = 600_000;
/// Bytes of a message at most, whatever there is room for, and at least.
const LONGEST: usize = 6_000;
const SHORTEST: usize = 80;
/// Actions that are told in a line.
const ACTIONS: usize = 8;

pub(super) fn section(known: &Known<'_>) -> String {
    if known.days.is_empty() {
        return String::new();
    }
    let (days, left) = chosen(known);
    let room = Room {
        talk: TALK / days.len(),
        summary: (SUMMARIES / days.len()).clamp(SHORTEST, LONGEST),
    };
    let mut cut = false;
    let mut met: HashMap<&str, &str> = HashMap::new();
    let items = joined(days.iter().map(|day| {
        // Instructions repeat from day to day: they are told once a model.
        let rules = day
            .session
            .conversation
            .first()
            .map_or("", |said| &*said.text);
        let again = met.insert(&*day.model, rules) == Some(rules);
        let (item, was_cut) = item(&room, day, again);
        cut |= was_cut;
        item
    }));
    let models = joined(
        known
            .models()
            .iter()
            .map(|model| format!("<option>{}</option>", Text(model))),
    );
    let body = format!(
        "{}<div class=\"tools\"><label>Model <select id=\"reason-model\"><option value=\"\">all</option>{models}</select></label>\
         <label>Find <input id=\"reason-find\" type=\"search\" placeholder=\"date, symbol or word\" autocomplete=\"off\"></label>\
         <span class=\"buttons\"><span id=\"reason-now\" class=\"page-now\" role=\"status\"></span></span></div>\n\
         <div class=\"days\" id=\"reason-days\" tabindex=\"0\" role=\"region\" aria-label=\"Reasoning by day\">\n{items}</div>\n",
        notes(known, days.len(), left, cut),
    );
    crate::html::section("reasoning", "Reasoning by day", &body)
}

/// The days that are told of: the last ones of each model where there are too
/// many.
fn chosen<'a>(known: &Known<'a>) -> (Vec<&'a ModelDay>, usize) {
    let each = (DAYS / known.models().len().max(1)).max(1);
    let first = known.steps.len().saturating_sub(each);
    let from = known.steps.get(first);
    let days: Vec<&ModelDay> = known
        .days
        .iter()
        .filter(|day| from.is_none_or(|from| day.date >= *from))
        .collect();
    if days.is_empty() {
        // All that was completed lies before: the last of it.
        let from = known.days.len().saturating_sub(DAYS);
        return (known.days[from..].iter().collect(), from);
    }
    let left = known.days.len() - days.len();
    (days, left)
}

fn notes(known: &Known<'_>, shown: usize, left: usize, cut: bool) -> String {
    let mut notes = String::new();
    if left > 0 {
        let _ = write!(
            notes,
            "The last {} are told of; {} before them are left out. ",
            count(shown as u64, "model-day", "model-days"),
            number(left as f64, 0)
        );
    }
    if cut {
        notes.push_str("Long texts are cut, and say how much is missing. ");
    }
    if notes.is_empty() {
        return notes;
    }
    format!(
        "<p class=\"note\">{notes}All of a day: <code>fondaco simulate show {} --date DATE --model MODEL --conversation</code>.</p>\n",
        Text(&known.result.run)
    )
}

/// How much there is room for on a day.
struct Room {
    talk: usize,
    summary: usize,
}

fn item(room: &Room, day: &ModelDay, again: bool) -> (String, bool) {
    let pct = day.figures.return_pct;
    let (summary, summary_cut) = match &day.session.summary {
        Some(text) => {
            let (text, more) = part(text, room.summary);
            (format!("<p class=\"said\" dir=\"auto\">{text}</p>\n"), more)
        }
        None => (
            "<p class=\"note\">Nothing was said of this day.</p>\n".to_owned(),
            false,
        ),
    };
    let (talk, talk_cut) = talk(room, day, again);
    let item = format!(
        "<details class=\"day\" data-model=\"{}\"><summary><time>{}</time> <b>{}</b> <span class=\"{}\">{}</span> <span class=\"did\">{}</span></summary>\n{summary}{}{talk}</details>\n",
        Text(&day.model),
        day.date,
        Text(&day.model),
        tone(pct),
        change(Some(pct)),
        Text(&done(day)),
        refused(day),
    );
    (item, summary_cut || talk_cut)
}

/// What was done that day, in a line.
fn done(day: &ModelDay) -> String {
    let mut parts: Vec<String> = day.actions.iter().take(ACTIONS).map(told).collect();
    let more = day.actions.len().saturating_sub(ACTIONS);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    if parts.is_empty() {
        parts.push("nothing".to_owned());
    }
    parts.join(", ")
}

fn refused(day: &ModelDay) -> String {
    use fondaco_contract::v1alpha1::simulation::ActionState;
    let refused = day.actions.iter().filter_map(|action| match &action.state {
        ActionState::Refused { reason } => Some(format!(
            "<li>{}: {}</li>",
            Text(&told(action)),
            Text(reason)
        )),
        _ => None,
    });
    let items = joined(refused);
    if items.is_empty() {
        String::new()
    } else {
        format!("<ul class=\"prose\">{items}</ul>\n")
    }
}

fn talk(room: &Room, day: &ModelDay, again: bool) -> (String, bool) {
    let said = &day.session.conversation;
    if said.is_empty() {
        return (String::new(), false);
    }
    let most = (room.talk / SHORTEST).max(1).min(said.len());
    let each = (room.talk / most).clamp(SHORTEST, LONGEST);
    let mut cut = most < said.len();
    let mut messages = String::new();
    for message in &said[..most] {
        if message.role == MessageRole::System && again {
            messages.push_str("<li class=\"system\"><b>Instructions</b> as the day before</li>\n");
            continue;
        }
        let (text, was_cut) = one(message, each);
        cut |= was_cut;
        messages.push_str(&text);
    }
    if most < said.len() {
        let more = count((said.len() - most) as u64, "more message", "more messages");
        let _ = writeln!(messages, "<li class=\"note\">{more}</li>");
    }
    let session = &day.session;
    let talk = format!(
        "<details class=\"talk\"><summary>{}, {}, {} tokens, ended: {}</summary><ol>\n{messages}</ol></details>\n",
        count(said.len() as u64, "message", "messages"),
        count(u64::from(session.calls), "call", "calls"),
        number((session.tokens.input + session.tokens.output) as f64, 0),
        Text(&session.ended),
    );
    (talk, cut)
}

fn one(message: &Message, bytes: usize) -> (String, bool) {
    let (text, mut cut) = part(&message.text, bytes);
    let who = match (&message.tool, message.role) {
        (Some(tool), _) => {
            let input = message
                .input
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let (input, more) = part(&input, bytes.min(400));
            cut |= more;
            format!("{} <code>{input}</code>", Text(tool))
        }
        (None, MessageRole::System) => "Instructions".to_owned(),
        (None, MessageRole::User) => "Question".to_owned(),
        (None, MessageRole::Assistant) => "Answer".to_owned(),
        (None, MessageRole::Tool) => "Tool".to_owned(),
    };
    let text = if message.text.is_empty() {
        String::new()
    } else {
        format!("<p dir=\"auto\">{text}</p>")
    };
    (
        format!(
            "<li class=\"{}\"><b>{who}</b>{text}</li>\n",
            message.role.as_str()
        ),
        cut,
    )
}

/// The beginning of a text, escaped, with what is missing.
fn part(text: &str, bytes: usize) -> (String, bool) {
    let (start, missing) = beginning(text.trim(), bytes);
    if missing == 0 {
        return (Text(start).to_string(), false);
    }
    let more = count(missing as u64, "character", "characters");
    (
        format!("{}<span class=\"cut\">… {more} more</span>", Text(start)),
        true,
    )
}
