//! Files by the names of what they hold, replaced whole.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use fondaco_app::migration::legacy::LegacyProblem;

use super::LegacyError;

/// What begins a name beside which the file itself will be. No task, day or
/// ticker begins so: see [`file_name`].
const BESIDE: &str = ".new-";

/// A name as one of a file: what is more than letters, digits and `.-_^=` is
/// written as `%` and its bytes, and so is a point at the beginning. No name
/// leads out of its folder.
pub(super) fn file_name(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-_^=".contains(&byte);
        if plain || byte == b'.' && at > 0 {
            safe.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

/// The name that a file has its name from; nothing where that is none of
/// ours.
fn name_of(file: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(file.len());
    let mut rest = file;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = after.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

/// The names in a folder, in order: of its files that end so, or of its
/// folders. None where there is no such folder.
pub(super) fn names(folder: &Path, end: Option<&str>) -> Result<Vec<String>, LegacyError> {
    let failed = |source| LegacyError::Read {
        path: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let is_folder = entry.file_type().map_err(failed)?.is_dir();
        let file = entry.file_name().to_string_lossy().into_owned();
        // What is being written is no name yet.
        if is_folder == end.is_some() || file.starts_with('.') {
            continue;
        }
        let stem = match end {
            Some(end) => file.strip_suffix(end),
            None => Some(file.as_str()),
        };
        names.extend(stem.and_then(name_of));
    }
    names.sort_unstable();
    Ok(names)
}

/// The text of a file; nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, LegacyError> {
    match fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(LegacyError::Broken {
                path: path.to_owned(),
                source: LegacyProblem::Json(error.utf8_error().to_string()),
            }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LegacyError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Replaces a file; one that says the same already is left alone. Says whether
/// it was another.
pub(super) fn replace_unless_same(path: &Path, bytes: &[u8]) -> Result<bool, LegacyError> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(false);
    }
    replace(path, bytes).map_err(|source| LegacyError::Write {
        path: path.to_owned(),
        source,
    })?;
    Ok(true)
}

/// Writes beside the place, makes sure of it, and moves it there; makes sure
/// of the folder, too.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Two threads, or two processes, never write the same file beside.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().unwrap_or(path);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let beside = folder.join(format!("{BESIDE}{}-{number}", std::process::id()));
    fs::create_dir_all(folder)?;
    let written = File::create(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()
        })
        .and_then(|()| fs::rename(&beside, path))
        .and_then(|()| File::open(folder)?.sync_all());
    if written.is_err() {
        // Nothing is left of what did not come to be.
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_folder_and_each_leads_back() {
        for (name, file) in [
            ("AAPL_20250304_153000_1a2b3c", "AAPL_20250304_153000_1a2b3c"),
            ("600519.SS", "600519.SS"),
            ("^GSPC", "^GSPC"),
            ("BTC/USDT", "BTC%2FUSDT"),
            ("..", "%2E."),
            (".new-1", "%2Enew-1"),
            ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
            ("a%b", "a%25b"),
            ("茅台", "%E8%8C%85%E5%8F%B0"),
        ] {
            assert_eq!(file_name(name), file);
            assert_eq!(name_of(file).as_deref(), Some(name));
        }
        for strange in ["a%", "a%2", "a%zz", "%ff"] {
            assert_eq!(name_of(strange), None, "{strange}");
        }
    }
}
