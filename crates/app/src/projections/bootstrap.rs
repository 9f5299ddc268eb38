//! `BOOTSTRAP.md`: what a run was asked to be, for machines and for people.

use std::fmt::Write as _;

use fondaco_domain::run::Run;
use serde_json::Value;

/// Front matter in YAML, then the spec. It says nothing of how the run went,
/// so that it never changes.
pub(super) fn text(run: &Run, spec: &str) -> String {
    let mut text = String::from("---\n");
    let new = &run.new;
    line(&mut text, "run_id", Some(&run.id.to_string()));
    line(&mut text, "kind", Some(new.kind.as_str()));
    line(&mut text, "spec_hash", Some(&new.spec.to_string()));
    line(&mut text, "strategy", new.strategy.as_deref());
    line(&mut text, "tenant", Some(&new.tenant));
    line(&mut text, "queue", Some(&new.queue));
    let _ = writeln!(text, "priority: {}", new.priority);
    line(&mut text, "concurrency_key", new.concurrency_key.as_deref());
    let deadline = new.deadline.map(|at| at.to_string());
    line(&mut text, "deadline", deadline.as_deref());
    let parent = new.parent.map(|id| id.to_string());
    line(&mut text, "parent", parent.as_deref());
    line(&mut text, "created_at", Some(&run.created_at.to_string()));
    text.push_str("---\n\n");
    let of = new.strategy.as_deref().map_or(String::new(), |strategy| {
        format!(" of {}", strategy.replace('\n', " ").trim())
    });
    let _ = writeln!(text, "# {}{of}\n", capital(new.kind.as_str()));
    body(&mut text, spec);
    text
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

/// A text in double quotes reads the same in YAML as in JSON.
fn line(text: &mut String, name: &str, value: Option<&str>) {
    let value = value.map_or(Value::Null, Value::from);
    let _ = writeln!(text, "{name}: {value}");
}

/// The strategy as the file it was, and the rest of the spec below it.
fn body(text: &mut String, spec: &str) {
    let Ok(mut document) = serde_json::from_str::<Value>(spec) else {
        return fenced(text, "", spec);
    };
    let strategy = document.get_mut("strategy").and_then(|strategy| {
        let text = strategy.get("text")?.as_str()?.to_owned();
        *strategy = Value::from("as above");
        Some(text)
    });
    if let Some(strategy) = strategy {
        text.push_str("The strategy:\n\n");
        fenced(text, "toml", &strategy);
        text.push_str("\nThe rest of what was asked for:\n\n");
    }
    let pretty = serde_json::to_string_pretty(&document).unwrap_or_default();
    fenced(text, "json", &pretty);
}

/// Between marks that do not occur in it.
fn fenced(text: &mut String, language: &str, inside: &str) {
    let longest = inside
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let end = if inside.ends_with('\n') { "" } else { "\n" };
    let _ = write!(text, "{fence}{language}\n{inside}{end}{fence}\n");
}
