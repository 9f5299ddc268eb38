//! Runs the program in a home of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder in which nothing has happened yet.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The working folder of every command.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program, ready to run here: nothing of the environment reaches it.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fondaco"));
        command
            .args(words)
            .current_dir(self.path())
            .env_clear()
            .env("FONDACO_HOME", self.path().join("home"))
            .env("FONDACO_NOW", "2025-01-31T12:00:00Z")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        finish(&mut self.command(words))
    }

    /// Runs a command that must succeed and gives its standard output.
    #[track_caller]
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.stderr);
        ran.stdout
    }

    /// Runs a command that must succeed and reads what it prints.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> serde_json::Value {
        let words = [words, &["--output", "json"]].concat();
        let stdout = self.ok(&words);
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{words:?}: {error}: {stdout}"))
    }

    /// Runs a command that must fail: its code and the error it prints as
    /// JSON. Nothing may stand on standard output.
    #[track_caller]
    pub(crate) fn refused(&self, words: &[&str]) -> (i32, serde_json::Value) {
        let words = [words, &["--output", "json"]].concat();
        let ran = self.run(&words);
        assert_eq!(ran.stdout, "", "{words:?}");
        let error = serde_json::from_str(&ran.stderr)
            .unwrap_or_else(|error| panic!("{words:?}: {error}: {}", ran.stderr));
        (ran.code, error)
    }
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().expect("not ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}
