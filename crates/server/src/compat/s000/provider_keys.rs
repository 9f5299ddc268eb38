//! Keys of providers of models that were saved from the dashboard: one file in
//! the home that nobody else may read.
//!
//! A line is `NAME=key`, with the name of the variable of the environment that
//! it stands in for. Nothing of it is ever told again.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

const FILE: &str = "provider-keys.env";

/// Letters of a key at most.
const LONGEST: usize = 4_096;

/// Why a key was not saved, or the saved ones cannot be read.
#[derive(Debug, Error)]
pub(super) enum KeysError {
    /// The file failed.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// Not the name of a provider.
    #[error("Invalid provider: letters, digits, `-` and `_` are wanted")]
    Provider,
    /// Not a key.
    #[error("Invalid API key: one line of printable characters is wanted")]
    Key,
}

impl Hint for KeysError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::File { .. } => ErrorKind::Storage,
            Self::Provider | Self::Key => ErrorKind::Invalid,
        }
    }
}

/// The saved key that stands in for a variable of the environment.
pub fn saved_key(home: &Path, variable: &str) -> Option<String> {
    let lines = read(home).ok()?;
    let found = lines.into_iter().find(|(name, _)| name == variable);
    found.map(|(_, key)| key)
}

/// The variable that holds the key of a provider.
pub(super) fn variable(provider: &str) -> Result<String, KeysError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if provider.is_empty() || provider.len() > 60 || !provider.bytes().all(fits) {
        return Err(KeysError::Provider);
    }
    let name = provider.replace('-', "_").to_ascii_uppercase();
    Ok(format!("{name}_API_KEY"))
}

/// The variables that a key was saved for.
pub(super) fn saved(home: &Path) -> Result<Vec<String>, KeysError> {
    Ok(read(home)?.into_iter().map(|(name, _)| name).collect())
}

/// Saves a key, in place of the one of before. The file is whole at any time.
pub(super) fn save(home: &Path, provider: &str, key: &str) -> Result<String, KeysError> {
    let variable = variable(provider)?;
    let key = key.trim();
    let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > LONGEST || !is_plain {
        return Err(KeysError::Key);
    }
    let mut lines = read(home)?;
    lines.retain(|(name, _)| *name != variable);
    lines.push((variable.clone(), key.to_owned()));
    lines.sort();
    let text: String = lines
        .iter()
        .flat_map(|(name, key)| [name.as_str(), "=", key, "\n"])
        .collect();
    replace(home, &text)?;
    Ok(variable)
}

fn read(home: &Path) -> Result<Vec<(String, String)>, KeysError> {
    let path = home.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            let what = "read";
            return Err(KeysError::File { what, path, source });
        }
    };
    let pair = |line: &str| {
        let (name, key) = line.split_once('=')?;
        Some((name.to_owned(), key.to_owned()))
    };
    Ok(text.lines().filter_map(pair).collect())
}

fn replace(home: &Path, text: &str) -> Result<(), KeysError> {
    let place = home.join(FILE);
    let beside = home.join(format!(".{FILE}.{}", std::process::id()));
    let failed = |what: &'static str| {
        let path = place.clone();
        move |source| KeysError::File { what, path, source }
    };
    let written = (|| {
        // One that a crash left lying may have been readable.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    })();
    written.map_err(failed("write"))?;
    fs::rename(&beside, &place).map_err(failed("replace"))?;
    let folder = fs::File::open(home).and_then(|folder| folder.sync_all());
    folder.map_err(failed("keep"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_for_its_provider_and_nobody_else_may_read_it() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        assert_eq!(saved_key(home, "OPENAI_API_KEY"), None);
        save(home, "openai", " sk-one\n").unwrap();
        save(home, "open-router", "sk-two=").unwrap();
        save(home, "openai", "sk-three").unwrap();
        assert_eq!(saved_key(home, "OPENAI_API_KEY").unwrap(), "sk-three");
        assert_eq!(saved_key(home, "OPEN_ROUTER_API_KEY").unwrap(), "sk-two=");
        let mode = fs::metadata(home.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(home).unwrap().count(), 1);
    }

    #[test]
    fn what_would_break_the_file_is_refused() {
        let home = tempfile::tempdir().unwrap();
        for (provider, key) in [
            ("openai", ""),
            ("openai", "two\nlines"),
            ("openai", "ä"),
            ("", "sk"),
            ("a=b", "sk"),
            ("../x", "sk"),
        ] {
            save(home.path(), provider, key).unwrap_err();
        }
        assert_eq!(saved(home.path()).unwrap(), Vec::<String>::new());
    }
}
