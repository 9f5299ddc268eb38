//! The file that stops everything when nothing else answers.

use std::path::{Path, PathBuf};

use fondaco_app::runner::EmergencyStop;

/// Its name in the home.
pub(crate) const FILE: &str = "HALT";

/// A file named `HALT` in the home: while it is there nothing starts, and what
/// runs is stopped. Its text is the reason.
#[derive(Debug)]
pub(crate) struct HaltFile(PathBuf);

impl HaltFile {
    pub(crate) fn of(home: &Path) -> Self {
        Self(home.join(FILE))
    }
}

impl EmergencyStop for HaltFile {
    /// A file that is there and cannot be read stops everything, too.
    fn seen(&self) -> Option<String> {
        match std::fs::read(&self.0) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).trim().to_owned();
                Some(if text.is_empty() { no_reason() } else { text })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => Some(format!("the file {FILE} cannot be read: {error}")),
        }
    }
}

fn no_reason() -> String {
    format!("the file {FILE} gives no reason")
}
