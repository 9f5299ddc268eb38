//! News as lines of JSON.

use fondaco_domain::{ContentHash, Symbol, UnixMillis, time};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Document, PART, Refused, ResearchImportError, sum};
use crate::ports::Progress;
use crate::ports::research::{ResearchStore, Story, Taken};

/// Digits of the name of a story.
const NAME: usize = 24;

/// What was published: a story's name is the hash of it, the same wherever it
/// is read.
#[derive(Debug, Clone, Copy)]
pub struct StoryText<'a> {
    /// When.
    pub published_at: UnixMillis,
    /// Headline.
    pub title: &'a str,
    /// First words.
    pub summary: &'a str,
    /// By whom.
    pub source: &'a str,
    /// Where.
    pub url: Option<&'a str>,
}

impl StoryText<'_> {
    /// The name of the story.
    pub fn id(&self) -> String {
        let at = self.published_at.0.to_string();
        let texts = [&at, self.title, self.summary, self.source];
        let texts = texts.into_iter().chain(self.url).map(str::as_bytes);
        ContentHash::of_parts(texts).as_str()[..NAME].to_owned()
    }
}

/// What an import of news came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NewsReport {
    /// Files read.
    pub files: u64,
    /// Lines read, empty ones left out.
    pub lines: u64,
    /// New and known stories, and the place after the import.
    #[serde(flatten)]
    pub taken: Taken,
    /// Lines that hold no dated story.
    pub bad: Refused,
}

impl NewsReport {
    /// Fails where something was left out.
    pub fn whole(&self) -> Result<(), ResearchImportError> {
        match self.bad.first.first() {
            None => Ok(()),
            Some(first) => Err(ResearchImportError::Incomplete {
                count: self.bad.count,
                all: self.lines,
                first: first.clone(),
            }),
        }
    }
}

/// Reads all files, then adds their stories, in parts that are whole or not
/// there. Lines that hold no dated story are left out and told
/// ([`NewsReport::bad`]).
pub fn import_news(
    files: &[Document],
    store: &dyn ResearchStore,
    progress: &dyn Progress,
) -> Result<NewsReport, ResearchImportError> {
    if files.is_empty() {
        return Err(ResearchImportError::NoFiles);
    }
    let mut report = NewsReport::default();
    let mut stories = Vec::new();
    progress.begin("reading", files.len() as u64);
    for file in files {
        let (read, bad) = read_news(file);
        report.files += 1;
        report.lines += read.len() as u64 + bad.count;
        report.bad.take(bad);
        stories.extend(read);
        progress.advance(1, &file.name);
    }
    progress.end();
    match (stories.is_empty(), report.bad.first.first()) {
        (true, None) => return Err(ResearchImportError::Nothing { files: files.len() }),
        (true, Some(first)) => {
            return Err(ResearchImportError::AllBad {
                count: report.bad.count,
                first: first.clone(),
            });
        }
        (false, _) => {}
    }
    progress.begin("storing", stories.len() as u64);
    for part in stories.chunks(PART) {
        sum(&mut report.taken, store.add_stories(part)?);
        progress.advance(part.len() as u64, "stories");
    }
    progress.end();
    Ok(report)
}

/// The stories of a file, and the lines that hold none.
pub fn read_news(file: &Document) -> (Vec<Story>, Refused) {
    let (mut stories, mut bad) = (Vec::new(), Refused::default());
    let bytes = file
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&file.bytes);
    for (line, no) in bytes.split(|byte| *byte == b'\n').zip(1..) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match story(line) {
            Ok(story) => stories.push(story),
            Err(problem) => bad.note(&file.name, no, problem),
        }
    }
    (stories, bad)
}

/// A line as it is written; what else it says is passed over.
#[derive(Deserialize)]
struct Line {
    published_at: Option<Value>,
    known_at: Option<Value>,
    title: Option<String>,
    summary: Option<String>,
    source: Option<String>,
    url: Option<String>,
    symbols: Option<Vec<String>>,
}

fn story(line: &[u8]) -> Result<Story, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let published = line.published_at.as_ref().filter(|value| !value.is_null());
    let published = stamp(
        published.ok_or("`published_at` is missing")?,
        "published_at",
    )?;
    let later = line.known_at.as_ref().filter(|value| !value.is_null());
    let later = later.map(|value| stamp(value, "known_at")).transpose()?;
    if later.is_some_and(|later| later.known < published.at) {
        return Err("`known_at` is before `published_at`".to_owned());
    }
    let title = line.title.unwrap_or_default();
    if title.trim().is_empty() {
        return Err("`title` is missing".to_owned());
    }
    let text = StoryText {
        published_at: published.at,
        title: &title,
        summary: line.summary.as_deref().unwrap_or_default(),
        source: line.source.as_deref().unwrap_or_default(),
        url: line.url.as_deref(),
    };
    Ok(Story {
        id: text.id(),
        published_at: published.at,
        known_at: later.map_or(published.known, |later| later.known.max(published.known)),
        symbols: symbols(&line.symbols.unwrap_or_default())?,
        summary: text.summary.to_owned(),
        source: text.source.to_owned(),
        url: line.url,
        title,
    })
}

/// An instant, and from when on what carries it was surely known.
#[derive(Clone, Copy)]
struct Stamp {
    at: UnixMillis,
    known: UnixMillis,
}

/// An instant with a zone or in UTC, or seconds or milliseconds; a bare date is
/// known from its end on.
fn stamp(value: &Value, field: &str) -> Result<Stamp, String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Err(format!("`{field}` is no time")),
    };
    let at = time::parse_stamp(&text).map_err(|error| format!("`{field}`: {error}"))?;
    let date = text.len() <= 10 && text.parse::<Date>().is_ok();
    Ok(Stamp {
        at,
        known: if date { end_of(at.date()) } else { at },
    })
}

/// The first instant after a day in UTC.
pub(super) fn end_of(day: Date) -> UnixMillis {
    day.checked_add(1.day())
        .map_or(UnixMillis(i64::MAX), UnixMillis::midnight)
}

fn symbols(names: &[String]) -> Result<Vec<Symbol>, String> {
    let parsed: Result<Vec<Symbol>, _> = names.iter().map(|name| name.trim().parse()).collect();
    let mut symbols = parsed.map_err(|error| error.to_string())?;
    symbols.sort();
    symbols.dedup();
    Ok(symbols)
}
