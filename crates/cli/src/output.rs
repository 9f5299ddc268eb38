//! The only place that prints.
//!
//! A command makes a [`View`] of its result and hands it to
//! [`Output::print`]: text for people, or the same result as one JSON
//! document. Results go to standard output, everything else to standard error.

use std::io::Write;

use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use thiserror::Error;

use crate::cli::OutputMode;

/// A result in its two forms: its fields are the JSON document, `text` is what
/// people read.
pub(crate) trait View: Serialize {
    /// Lines for people, ending with a line feed unless empty.
    fn text(&self, style: Style) -> String;
}

/// Standard output, in the form asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    mode: OutputMode,
    style: Style,
}

/// Standard output could not be written.
#[derive(Debug, Error)]
#[error("cannot write the result to standard output")]
pub(crate) struct OutputError(#[source] std::io::Error);

impl OutputError {
    /// Whether the reader closed its end.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.0.kind() == std::io::ErrorKind::BrokenPipe
    }
}

impl Hint for OutputError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }
}

impl Output {
    /// Printing in one form.
    pub(crate) fn new(mode: OutputMode, style: Style) -> Self {
        Self { mode, style }
    }

    /// The form asked for.
    pub(crate) fn mode(self) -> OutputMode {
        self.mode
    }

    /// Prints one of several results: text, or a document on one line.
    pub(crate) fn print_line(self, view: &impl View) -> Result<(), OutputError> {
        match self.mode {
            OutputMode::Text => write_raw(view.text(self.style).as_bytes()),
            OutputMode::Json => write_raw(json_line(view).as_bytes()),
        }
    }

    /// Prints a result in the form asked for.
    pub(crate) fn print(self, view: &impl View) -> Result<(), OutputError> {
        match self.mode {
            OutputMode::Text => write_raw(view.text(self.style).as_bytes()),
            OutputMode::Json => write_raw(json_text(view).as_bytes()),
        }
    }
}

/// Writes bytes to standard output as they are: for exports that go to a pipe.
pub(crate) fn write_raw(bytes: &[u8]) -> Result<(), OutputError> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(OutputError)
}

/// A document as indented JSON with a line feed at its end.
pub(crate) fn json_text(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document)
        .expect("documents are structs with text keys, which always serialise");
    text + "\n"
}

/// A document on one line, with a line feed at its end.
pub(crate) fn json_line(document: &impl Serialize) -> String {
    let text = serde_json::to_string(document)
        .expect("documents are structs with text keys, which always serialise");
    text + "\n"
}

/// Writes to standard error. A closed standard error loses the text: nobody is
/// left to be told.
pub(crate) fn to_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Marks for the terminal, or nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    color: bool,
}

impl Style {
    /// With or without colour.
    pub(crate) fn new(color: bool) -> Self {
        Self { color }
    }

    /// A heading.
    pub(crate) fn bold(self, text: &str) -> String {
        self.mark("1", text)
    }

    /// Less important.
    pub(crate) fn dim(self, text: &str) -> String {
        self.mark("2", text)
    }

    /// Good news.
    pub(crate) fn good(self, text: &str) -> String {
        self.mark("32", text)
    }

    /// Bad news.
    pub(crate) fn bad(self, text: &str) -> String {
        self.mark("31", text)
    }

    fn mark(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
