//! What a setting may be, read from a file or from words.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use clap::ValueEnum;
use serde::Serialize;

/// As somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    /// A word of the environment: may stand for anything.
    Word(String),
    /// A text of the file.
    Text(String),
    /// A whole number of the file.
    Whole(i64),
    /// A truth of the file.
    Truth(bool),
    /// A list of texts of the file.
    List(Vec<String>),
    /// Anything else of the file, as it stands there.
    Other(String),
}

impl Raw {
    /// For people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Text(text) => format!("`{text}`"),
            Self::Whole(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::List(texts) => format!("[{}]", texts.join(", ")),
            Self::Other(text) => text.clone(),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A value of a setting.
pub(super) trait Value: Sized {
    /// It, unless it is something else.
    fn read(raw: &Raw) -> Option<Self>;
}

impl Value for String {
    fn read(raw: &Raw) -> Option<Self> {
        raw.text().map(str::to_owned)
    }
}

impl Value for SocketAddr {
    fn read(raw: &Raw) -> Option<Self> {
        let text = raw.text()?.trim();
        text.parse()
            .or_else(|_| text.replace("localhost", "127.0.0.1").parse())
            .ok()
    }
}

impl Value for u32 {
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Word(text) => text.trim().parse().ok(),
            Raw::Whole(number) => (*number).try_into().ok(),
            _ => None,
        }
    }
}

impl Value for u16 {
    fn read(raw: &Raw) -> Option<Self> {
        u32::read(raw)?.try_into().ok()
    }
}

impl Value for usize {
    fn read(raw: &Raw) -> Option<Self> {
        u32::read(raw)?.try_into().ok()
    }
}

impl Value for NonZeroUsize {
    fn read(raw: &Raw) -> Option<Self> {
        Self::new(usize::read(raw)?)
    }
}

impl Value for bool {
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Truth(truth) => Some(*truth),
            Raw::Word(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Value for Vec<String> {
    fn read(raw: &Raw) -> Option<Self> {
        let parts: Vec<String> = match raw {
            Raw::List(texts) => texts.clone(),
            Raw::Word(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            _ => return None,
        };
        (!parts.iter().any(String::is_empty)).then_some(parts)
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteCount(pub(crate) usize);

const UNITS: [(&str, usize); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("", 1),
];

impl ByteCount {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (digits, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
        let count: usize = digits.trim().parse().ok()?;
        count.checked_mul(factor).filter(|size| *size > 0).map(Self)
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, factor): &&(&str, usize)| self.0.is_multiple_of(*factor);
        let (unit, factor) = UNITS.iter().find(whole).unwrap_or(&("", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

impl Value for ByteCount {
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Word(text) | Raw::Text(text) => Self::parse(text),
            Raw::Whole(number) => usize::try_from(*number).ok().filter(|n| *n > 0).map(Self),
            _ => None,
        }
    }
}

/// Where attempts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ExecutorMode {
    /// Short built-in tasks on threads, the others in processes of their own.
    #[default]
    Auto,
    /// All on threads of this process.
    Inline,
    /// All in processes of their own.
    Local,
    /// Container tasks of a cloud: not served.
    #[value(hide = true)]
    Ecs,
    /// A queue of a cloud: not served.
    #[value(hide = true)]
    Sqs,
    /// State machines of a cloud: not served.
    #[value(hide = true)]
    Stepfunctions,
    /// A Temporal cluster: not served.
    #[value(hide = true)]
    Temporal,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogLevel {
    /// What failed.
    Error,
    /// And what somebody should look at.
    Warn,
    /// And what happens.
    #[default]
    Info,
    /// And every request.
    Debug,
    /// Everything.
    Trace,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON document a line.
    Json,
}

/// The words of a closed list are those of the command line.
fn word<T: ValueEnum>(raw: &Raw) -> Option<T> {
    T::from_str(raw.text()?.trim(), true).ok()
}

/// Such a word.
fn written(value: &impl ValueEnum) -> String {
    let word = value.to_possible_value();
    word.map_or_else(String::new, |word| word.get_name().to_owned())
}

impl Value for ExecutorMode {
    fn read(raw: &Raw) -> Option<Self> {
        word(raw)
    }
}

impl Value for LogLevel {
    fn read(raw: &Raw) -> Option<Self> {
        word(raw)
    }
}

impl Value for LogFormat {
    fn read(raw: &Raw) -> Option<Self> {
        word(raw)
    }
}

impl fmt::Display for ExecutorMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self))
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes) in [("4MiB", 4 << 20), ("512 KiB", 512 << 10), ("7", 7)] {
            let size = ByteCount::parse(text).unwrap();
            assert_eq!(size, ByteCount(bytes));
            assert_eq!(ByteCount::parse(&size.to_string()), Some(size));
        }
        for text in ["", "0", "-1", "4MB", "MiB", "99999999999999999GiB"] {
            assert_eq!(ByteCount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn words_stand_for_anything_and_texts_of_a_file_for_texts() {
        let word = |text: &str| Raw::Word(text.to_owned());
        assert_eq!(bool::read(&word("OFF")), Some(false));
        assert_eq!(bool::read(&Raw::Text("off".into())), None);
        assert_eq!(u16::read(&word(" 80 ")), Some(80));
        assert_eq!(u16::read(&Raw::Whole(65_536)), None);
        assert_eq!(NonZeroUsize::read(&Raw::Whole(0)), None);
        assert_eq!(
            Vec::<String>::read(&word("a, b")),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(Vec::<String>::read(&word("a,,b")), None);
        assert_eq!(ExecutorMode::read(&word("ECS")), Some(ExecutorMode::Ecs));
        assert_eq!(
            SocketAddr::read(&word("localhost:0")),
            Some(SocketAddr::from(([127, 0, 0, 1], 0)))
        );
    }
}
