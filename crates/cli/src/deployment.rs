//! Production, or a place to try things: where nothing costs money and nothing
//! real is touched.

use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};

use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use crate::env;
use crate::process::state::FOLDER;

/// How the program was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Deployment {
    /// Whether it is a place to try things: its home is another one, and
    /// models that are triggered are played by `fondaco/mock-trader`.
    pub(crate) is_dev: bool,
    /// Whether what was there at the last start is kept.
    pub(crate) preserves: bool,
}

/// A deployment that cannot be.
#[derive(Debug, Error)]
pub(crate) enum DeploymentError {
    /// A word that means nothing.
    #[error("{} holds `{text}`", env::DEPLOYMENT_MODE)]
    Mode {
        /// As it stands there.
        text: String,
    },
    /// A folder that was not made by this program.
    #[error("{} is not emptied: it has no file `{MARK}`", .0.display())]
    NotOurs(PathBuf),
    /// The folder cannot be emptied or made.
    #[error("cannot make {} anew", .place.display())]
    Folder {
        /// Which.
        place: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Hint for DeploymentError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Mode { .. } => ErrorKind::Invalid,
            Self::NotOurs(_) => ErrorKind::Conflict,
            Self::Folder { .. } => ErrorKind::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Mode { .. } => Some("it is PROD or DEV".to_owned()),
            Self::NotOurs(_) => Some(format!(
                "move it away, or keep what is in it with {}=true",
                env::PRESERVE_DEV_DATA
            )),
            Self::Folder { .. } => None,
        }
    }
}

/// Says that a folder may be emptied.
const MARK: &str = ".fondaco-dev";

impl Deployment {
    /// As the environment says.
    pub(crate) fn resolve() -> Result<Self, DeploymentError> {
        let said = |name: &str| std::env::var(name).ok().filter(|it| !it.trim().is_empty());
        let is_dev = match said(env::DEPLOYMENT_MODE) {
            None => false,
            Some(mode) if mode.eq_ignore_ascii_case("prod") => false,
            Some(mode) if mode.eq_ignore_ascii_case("dev") => true,
            Some(text) => return Err(DeploymentError::Mode { text }),
        };
        let preserves = said(env::PRESERVE_DEV_DATA);
        Ok(Self {
            is_dev,
            preserves: preserves.is_some_and(|it| it.eq_ignore_ascii_case("true") || it == "1"),
        })
    }

    /// The home it works in: in a place to try things, the one beside it.
    pub(crate) fn home(self, home: PathBuf) -> PathBuf {
        let mut name = home.file_name().unwrap_or_default().to_owned();
        // A process that was started by another one is told that other's home.
        if !self.is_dev || name.to_string_lossy().ends_with("_dev") {
            return home;
        }
        name.push("_dev");
        home.with_file_name(name)
    }

    /// Begins anew, where nothing is to be kept. Only a folder that was made
    /// here is ever emptied.
    pub(crate) fn begin(self, home: &Path) -> Result<(), DeploymentError> {
        if !self.is_dev {
            return Ok(());
        }
        let failed = |source| DeploymentError::Folder {
            place: home.to_owned(),
            source,
        };
        std::fs::create_dir_all(home).map_err(failed)?;
        let mark = home.join(MARK);
        // Who runs here holds a lock in that folder.
        let own = |entry: &DirEntry| entry.file_name() == FOLDER || entry.path() == mark;
        let entries = std::fs::read_dir(home).map_err(failed)?;
        let entries: Vec<DirEntry> = entries.collect::<io::Result<_>>().map_err(failed)?;
        let others: Vec<&DirEntry> = entries.iter().filter(|entry| !own(entry)).collect();
        if !self.preserves {
            if !others.is_empty() && !mark.exists() {
                return Err(DeploymentError::NotOurs(home.to_owned()));
            }
            others.into_iter().try_for_each(remove).map_err(failed)?;
        }
        std::fs::write(mark, "").map_err(failed)
    }
}

fn remove(entry: &DirEntry) -> io::Result<()> {
    if entry.file_type()?.is_dir() {
        std::fs::remove_dir_all(entry.path())
    } else {
        std::fs::remove_file(entry.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEV: Deployment = Deployment {
        is_dev: true,
        preserves: false,
    };

    #[test]
    fn only_what_was_made_here_is_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let home = DEV.home(folder.path().join("fondaco"));
        assert_eq!(home, folder.path().join("fondaco_dev"));
        DEV.begin(&home).unwrap();
        std::fs::write(home.join("runs.db"), "old").unwrap();
        let keeps = Deployment {
            preserves: true,
            ..DEV
        };
        keeps.begin(&home).unwrap();
        assert!(home.join("runs.db").exists());
        DEV.begin(&home).unwrap();
        assert!(!home.join("runs.db").exists());

        let others = folder.path().join("photos_dev");
        std::fs::create_dir(&others).unwrap();
        std::fs::write(others.join("cat.jpg"), "").unwrap();
        assert!(matches!(
            DEV.begin(&others),
            Err(DeploymentError::NotOurs(_))
        ));
        assert!(others.join("cat.jpg").exists());
    }

    #[test]
    fn production_touches_nothing() {
        let home = PathBuf::from("/nowhere/at/all");
        assert_eq!(Deployment::default().home(home.clone()), home);
        Deployment::default().begin(&home).unwrap();
        assert!(!home.exists());
    }
}
