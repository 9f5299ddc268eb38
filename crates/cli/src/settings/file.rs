//! The configuration file: TOML, each value with its line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::error::SettingsError;
use super::keys;
use super::models::{self, ModelSettings};
use super::values::Raw;

/// What a file says.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    /// Where it is; none where there is no file.
    pub(super) path: Option<PathBuf>,
    /// What it says of models and their providers.
    pub(super) models: ModelSettings,
    said: BTreeMap<String, (Raw, usize)>,
}

impl File {
    /// Reads the file that somebody named.
    pub(super) fn named(path: &Path) -> Result<Self, SettingsError> {
        Self::in_home(path)?.ok_or_else(|| SettingsError::Missing {
            path: path.to_owned(),
        })
    }

    /// Reads a file that need not be there.
    pub(super) fn in_home(path: &Path) -> Result<Option<Self>, SettingsError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SettingsError::Unreadable {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// A value, and the line it stands on.
    pub(super) fn get(&self, name: &str) -> Option<&(Raw, usize)> {
        self.said.get(name)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let document = DeTable::parse(text).map_err(|error| SettingsError::Syntax {
            path: path.to_owned(),
            line: line(text, error.span().unwrap_or(0..0)),
            problem: error.message().to_owned(),
        })?;
        let mut file = Self {
            path: Some(path.to_owned()),
            models: ModelSettings::parse(path, text)?,
            said: BTreeMap::new(),
        };
        file.take(text, "", document.get_ref())?;
        Ok(file)
    }

    /// Takes what stands in a section, and in those below it.
    fn take(
        &mut self,
        text: &str,
        section: &str,
        table: &DeTable<'_>,
    ) -> Result<(), SettingsError> {
        for (word, value) in table {
            let name = format!("{section}{}", word.get_ref());
            let below = format!("{name}.");
            let known = keys::ALL.iter().any(|key| key.name == name);
            let is_section = keys::ALL.iter().any(|key| key.name.starts_with(&below));
            match value.get_ref() {
                DeValue::Table(_) if section.is_empty() && models::SECTIONS.contains(&&*name) => {}
                DeValue::Table(inner) if is_section => self.take(text, &below, inner)?,
                found if known => {
                    let at = line(text, word.span());
                    self.said.insert(name, (raw(text, found, value.span()), at));
                }
                _ => {
                    return Err(SettingsError::Unknown {
                        path: self.path.clone().unwrap_or_default(),
                        line: line(text, word.span()),
                        allowed: allowed(if is_section { &below } else { section }),
                        name,
                    });
                }
            }
        }
        Ok(())
    }
}

/// What may stand in a section; everything where there is none of that name.
fn allowed(section: &str) -> Vec<&'static str> {
    let names = keys::ALL.iter().map(|key| key.name);
    names.filter(|name| name.starts_with(section)).collect()
}

fn raw(text: &str, value: &DeValue<'_>, span: Range<usize>) -> Raw {
    let other = || Raw::Other(text.get(span).unwrap_or_default().to_owned());
    match value {
        DeValue::String(text) => Raw::Text(text.clone().into_owned()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            number.map_or_else(|_| other(), Raw::Whole)
        }
        DeValue::Boolean(truth) => Raw::Truth(*truth),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect();
            texts.map_or_else(other, Raw::List)
        }
        DeValue::Table(_) => Raw::Other("a section".to_owned()),
        DeValue::Float(_) | DeValue::Datetime(_) => other(),
    }
}

/// The line of a place in the text, from 1.
pub(super) fn line(text: &str, span: Range<usize>) -> usize {
    let before = text.get(..span.start).unwrap_or(text);
    1 + before.matches('\n').count()
}
