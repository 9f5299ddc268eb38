//! Questions and their answers in a file of JSON lines, or only in memory.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::model::{Completion, ModelError, ModelRequest};
use serde::{Deserialize, Serialize};

use crate::difference::difference;

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
pub(crate) type Key = (String, u32, String);

/// Answers that are kept: a file of JSON lines, or only in memory.
#[derive(Debug, Default)]
pub struct Recording {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: BTreeMap<Key, Entry>,
    place: Place,
}

/// Where new answers go.
#[derive(Debug, Default)]
enum Place {
    /// Nowhere.
    #[default]
    Memory,
    /// To a file, each on the disk before it is given.
    Synced(File),
    /// To a file that is made with the first answer.
    Later(PathBuf),
    /// To a file: a crash of this program loses nothing, a power cut may.
    Written(File),
}

impl Recording {
    /// A new file. There must be none.
    pub fn create(path: &Path) -> Result<Self, ModelError> {
        let created = OpenOptions::new().append(true).create_new(true).open(path);
        let mut file = created.map_err(|source| failed("create", source))?;
        write_header(&mut file)
            .and_then(|()| file.sync_data())
            .map_err(|source| failed("write", source))?;
        Ok(Self::at(BTreeMap::new(), Place::Synced(file)))
    }

    /// The file of before, to go on with. A line that a crash cut off is taken
    /// away: its answer was never given to anybody.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let opened = OpenOptions::new().read(true).append(true).open(path);
        let file = opened.map_err(|source| failed("open", source))?;
        let (entries, whole) = read(BufReader::new(&file), OnDamage::Refuse)?;
        file.set_len(whole)
            .map_err(|source| failed("mend", source))?;
        Ok(Self::at(entries, Place::Synced(file)))
    }

    /// The answers of a node that a process of before may have got. A line that
    /// cannot be read any more is passed over: its question is asked again.
    pub fn journal(path: &Path) -> Result<Self, ModelError> {
        let opened = OpenOptions::new().read(true).append(true).open(path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self::at(BTreeMap::new(), Place::Later(path.to_owned())));
            }
            Err(source) => return Err(failed("open", source)),
        };
        let (entries, whole) = read(BufReader::new(&file), OnDamage::Skip)?;
        let mend = |file: &mut File| {
            file.set_len(whole)?;
            if whole == 0 {
                write_header(file)?;
            }
            Ok(())
        };
        mend(&mut file).map_err(|source: std::io::Error| failed("mend", source))?;
        Ok(Self::at(entries, Place::Written(file)))
    }

    /// A whole recording, to be replayed.
    pub fn parse(bytes: &[u8]) -> Result<Self, ModelError> {
        let (entries, whole) = read(bytes, OnDamage::Refuse)?;
        if whole == 0 || whole != bytes.len() as u64 {
            return Err(failed("read", CutOff));
        }
        Ok(Self::at(entries, Place::Memory))
    }

    /// Takes an answer in: that to the question of a node which is the how
    /// manyth, from 0.
    pub fn add(
        &self,
        node: &str,
        ordinal: u32,
        request: &ModelRequest,
        completion: &Completion,
    ) -> Result<(), ModelError> {
        self.keep(key(node, ordinal, request)?, request, completion)
    }

    /// All of it as a file: the same for the same answers.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let mut bytes = line(&Header { cassette: VERSION })?;
        for entry in self.kept().entries.values() {
            bytes.extend(line(entry)?);
        }
        Ok(bytes)
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.kept().entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn find(&self, key: &Key) -> Option<Completion> {
        let kept = self.kept();
        Some(kept.entries.get(key)?.completion.clone())
    }

    /// In its file before it returns.
    pub(crate) fn keep(
        &self,
        key: Key,
        request: &ModelRequest,
        completion: &Completion,
    ) -> Result<(), ModelError> {
        let entry = Entry {
            node: key.0.clone(),
            ordinal: key.1,
            request: request.clone(),
            completion: completion.clone(),
        };
        let mut kept = self.kept();
        kept.place.write(&entry)?;
        kept.entries.insert(key, entry);
        Ok(())
    }

    /// Why there is no answer: how the nearest question that was recorded
    /// differs from one that was not.
    pub(crate) fn missing(&self, (node, ordinal, _): &Key, request: &ModelRequest) -> ModelError {
        let kept = self.kept();
        let of_node = kept.entries.values().filter(|entry| entry.node == *node);
        let nearest = of_node.min_by_key(|entry| entry.ordinal.abs_diff(*ordinal));
        let nearest = match nearest {
            None => "nothing was recorded for this node".to_owned(),
            Some(entry) if entry.request == *request => {
                format!("the same question is #{}", entry.ordinal)
            }
            Some(entry) => format!(
                "#{} differs at {}",
                entry.ordinal,
                difference(&entry.request, request)
            ),
        };
        ModelError::NotRecorded {
            node: node.clone(),
            ordinal: *ordinal,
            nearest,
        }
    }

    fn at(entries: BTreeMap<Key, Entry>, place: Place) -> Self {
        Self {
            kept: Mutex::new(Kept { entries, place }),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn write(&mut self, entry: &Entry) -> Result<(), ModelError> {
        let text = line(entry)?;
        let written = match self {
            Self::Memory => Ok(()),
            Self::Synced(file) => file.write_all(&text).and_then(|()| file.sync_data()),
            Self::Written(file) => file.write_all(&text),
            Self::Later(path) => {
                let mut file = begin(path).map_err(|source| failed("create", source))?;
                let written = file.write_all(&text);
                *self = Self::Written(file);
                written
            }
        };
        written.map_err(|source| failed("write", source))
    }
}

/// The file of a journal. An attempt that is told to end may still have it.
fn begin(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    if file.metadata()?.len() == 0 {
        write_header(&mut file)?;
    }
    Ok(file)
}

fn write_header(file: &mut File) -> std::io::Result<()> {
    let header = line(&Header { cassette: VERSION }).map_err(std::io::Error::other)?;
    file.write_all(&header)
}

/// What becomes of a file with a line that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnDamage {
    /// It is not read at all.
    Refuse,
    /// That line is passed over.
    Skip,
}

/// The entries of a file, and how many of its bytes are whole lines.
fn read(
    mut lines: impl BufRead,
    on_damage: OnDamage,
) -> Result<(BTreeMap<Key, Entry>, u64), ModelError> {
    let mut line = Vec::new();
    let mut whole = 0;
    let mut entries = BTreeMap::new();
    loop {
        line.clear();
        let bytes = lines
            .read_until(b'\n', &mut line)
            .map_err(|source| failed("read", source))?;
        if !line.ends_with(b"\n") {
            return Ok((entries, whole));
        }
        let taken = if whole == 0 {
            parse(&line).and_then(|header| known(&header))
        } else {
            take(&line, &mut entries)
        };
        if on_damage == OnDamage::Refuse {
            taken?;
        }
        whole += bytes as u64;
    }
}

fn known(header: &Header) -> Result<(), ModelError> {
    if header.cassette == VERSION {
        return Ok(());
    }
    Err(failed("read", Newer(header.cassette)))
}

fn take(line: &[u8], entries: &mut BTreeMap<Key, Entry>) -> Result<(), ModelError> {
    let entry: Entry = parse(line)?;
    entries.insert(key(&entry.node, entry.ordinal, &entry.request)?, entry);
    Ok(())
}

/// Written by another program.
#[derive(Debug, thiserror::Error)]
#[error("it has form {0}; this program knows {VERSION}")]
struct Newer(u32);

/// Not whole.
#[derive(Debug, thiserror::Error)]
#[error("it is cut off")]
struct CutOff;

fn parse<T: for<'a> Deserialize<'a>>(line: &[u8]) -> Result<T, ModelError> {
    serde_json::from_slice(line).map_err(|source| failed("read", source))
}

fn line(content: &impl Serialize) -> Result<Vec<u8>, ModelError> {
    let mut text = serde_json::to_vec(content).map_err(|source| failed("write", source))?;
    text.push(b'\n');
    Ok(text)
}

pub(crate) fn key(node: &str, ordinal: u32, request: &ModelRequest) -> Result<Key, ModelError> {
    let canonical = request.canonical();
    let canonical = canonical.map_err(|source| failed("name a question of", source))?;
    Ok((node.to_owned(), ordinal, canonical.hash().to_string()))
}

pub(crate) fn failed(
    action: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> ModelError {
    ModelError::Recording {
        action,
        source: source.into(),
    }
}
