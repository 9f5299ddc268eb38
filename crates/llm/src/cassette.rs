//! Answers that are kept, and given again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::model::{CallContext, Completion, Model, ModelError, ModelRequest};
use serde::{Deserialize, Serialize};

use crate::difference::difference;

/// What becomes of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It is asked, and nothing is kept.
    Live,
    /// It is asked, and the answer is kept in place of the one there is.
    Record,
    /// It is answered as it was; what was never asked is asked, and kept.
    Replay,
    /// It is answered as it was; what was never asked is an error.
    ReplayOrFail,
}

impl Mode {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Record => "record",
            Self::Replay => "replay",
            Self::ReplayOrFail => "replay-or-fail",
        }
    }

    /// The mode of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Live, Self::Record, Self::Replay, Self::ReplayOrFail]
            .into_iter()
            .find(|mode| mode.as_str() == word)
    }
}

/// The first line of a file of answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// Version of the form.
    cassette: u32,
}

/// The one that this program writes.
const VERSION: u32 = 1;

/// A question and its answer: a line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Who asked.
    node: String,
    /// The how manyth question of that node.
    ordinal: u32,
    /// The question.
    request: ModelRequest,
    /// The answer.
    completion: Completion,
}

/// Node and ordinal, and the hash of the question in its canonical form: two
/// that ask the same are two.
type Key = (String, u32, String);

/// Answers that are kept: a file of JSON lines, or only in memory.
#[derive(Debug, Default)]
pub struct Recording {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: BTreeMap<Key, Entry>,
    file: Option<File>,
}

impl Recording {
    /// A new file. There must be none.
    pub fn create(path: &Path) -> Result<Self, ModelError> {
        let created = OpenOptions::new().append(true).create_new(true).open(path);
        let mut file = created.map_err(|source| failed("create", source))?;
        write_line(&mut file, &Header { cassette: VERSION })?;
        Ok(Self {
            kept: Mutex::new(Kept {
                file: Some(file),
                ..Kept::default()
            }),
        })
    }

    /// The file of before, to go on with. A line that a crash cut off is taken
    /// away: its answer was never given to anybody.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let opened = OpenOptions::new().read(true).append(true).open(path);
        let file = opened.map_err(|source| failed("open", source))?;
        let (entries, whole) = read(&file)?;
        file.set_len(whole)
            .map_err(|source| failed("mend", source))?;
        Ok(Self {
            kept: Mutex::new(Kept {
                entries,
                file: Some(file),
            }),
        })
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.kept().entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&self, key: &Key) -> Option<Completion> {
        let kept = self.kept();
        Some(kept.entries.get(key)?.completion.clone())
    }

    /// On the disk before it returns.
    fn keep(&self, key: Key, entry: Entry) -> Result<(), ModelError> {
        let mut kept = self.kept();
        if let Some(file) = &mut kept.file {
            write_line(file, &entry)?;
        }
        kept.entries.insert(key, entry);
        Ok(())
    }

    /// How the nearest question that was recorded differs from one that was
    /// not.
    fn nearest(&self, (node, ordinal, _): &Key, request: &ModelRequest) -> String {
        let kept = self.kept();
        let of_node = kept.entries.values().filter(|entry| entry.node == *node);
        let nearest = of_node.min_by_key(|entry| entry.ordinal.abs_diff(*ordinal));
        match nearest {
            None => "nothing was recorded for this node".to_owned(),
            Some(entry) if entry.request == *request => {
                format!("the same question is #{}", entry.ordinal)
            }
            Some(entry) => format!(
                "#{} differs at {}",
                entry.ordinal,
                difference(&entry.request, request)
            ),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entries of a file, and how many of its bytes are whole lines.
fn read(file: &File) -> Result<(BTreeMap<Key, Entry>, u64), ModelError> {
    let mut lines = BufReader::new(file);
    let mut line = String::new();
    let mut whole = 0;
    let mut entries = BTreeMap::new();
    loop {
        line.clear();
        let bytes = lines
            .read_line(&mut line)
            .map_err(|source| failed("read", source))?;
        if !line.ends_with('\n') {
            return Ok((entries, whole));
        }
        if whole == 0 {
            let header: Header = parse(&line)?;
            if header.cassette != VERSION {
                return Err(failed("read", Newer(header.cassette)));
            }
        } else {
            let entry: Entry = parse(&line)?;
            entries.insert(key(&entry.node, entry.ordinal, &entry.request)?, entry);
        }
        whole += bytes as u64;
    }
}

/// Written by another program.
#[derive(Debug, thiserror::Error)]
#[error("it has form {0}; this program knows {VERSION}")]
struct Newer(u32);

fn parse<T: for<'a> Deserialize<'a>>(line: &str) -> Result<T, ModelError> {
    serde_json::from_str(line).map_err(|source| failed("read", source))
}

fn write_line(file: &mut File, line: &impl Serialize) -> Result<(), ModelError> {
    let mut text = serde_json::to_string(line).map_err(|source| failed("write", source))?;
    text.push('\n');
    let written = file.write_all(text.as_bytes());
    let written = written.and_then(|()| file.sync_data());
    written.map_err(|source| failed("write", source))
}

fn key(node: &str, ordinal: u32, request: &ModelRequest) -> Result<Key, ModelError> {
    let canonical = request.canonical();
    let canonical = canonical.map_err(|source| failed("name a question of", source))?;
    Ok((node.to_owned(), ordinal, canonical.hash().to_string()))
}

fn failed(
    action: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> ModelError {
    ModelError::Recording {
        action,
        source: source.into(),
    }
}

/// A model whose answers are kept, or given again.
#[derive(Debug)]
pub struct Cassette<'a, M> {
    model: M,
    recording: &'a Recording,
    mode: Mode,
}

impl<'a, M> Cassette<'a, M> {
    /// Around a model.
    pub fn new(model: M, recording: &'a Recording, mode: Mode) -> Self {
        Self {
            model,
            recording,
            mode,
        }
    }
}

impl<M: Model> Model for Cassette<'_, M> {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        if self.mode == Mode::Live {
            return self.model.complete(request, context);
        }
        let key = key(context.node, context.ordinal, request)?;
        if self.mode != Mode::Record {
            if let Some(completion) = self.recording.find(&key) {
                return Ok(completion);
            }
            if self.mode == Mode::ReplayOrFail {
                return Err(ModelError::NotRecorded {
                    node: context.node.to_owned(),
                    ordinal: context.ordinal,
                    nearest: self.recording.nearest(&key, request),
                });
            }
        }
        let completion = self.model.complete(request, context)?;
        let entry = Entry {
            node: context.node.to_owned(),
            ordinal: context.ordinal,
            request: request.clone(),
            completion: completion.clone(),
        };
        self.recording.keep(key, entry)?;
        Ok(completion)
    }
}
