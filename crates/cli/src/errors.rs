//! How a failure leaves the program: an exit code by its kind, a message with
//! its causes, and a hint.
//!
//! Every error a command returns says its kind and what to do about it
//! ([`Hint`]): `?` turns any such error into a [`Failure`], and nothing else
//! compiles. Standard output stays as it was; the failure goes to standard
//! error, as text or as JSON.

use std::fmt::Write as _;
use std::process::ExitCode;

use fondaco_app::backtests::told::Told;
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;

use crate::cli::OutputMode;
use crate::output::{self, OutputError};

/// Any error that knows its kind.
#[derive(Debug)]
pub(crate) struct Failure(Box<dyn Hint + Send + Sync>);

impl<E: Hint + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl Failure {
    /// As it is told in another process.
    pub(crate) fn told(&self) -> Told {
        Told::of(&*self.0)
    }

    /// What went wrong, on one line.
    pub(crate) fn in_words(&self) -> String {
        in_words(&*self.0)
    }

    /// Its kind, which decides the exit code.
    pub(crate) fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// Whether the reader of standard output has gone, which is its right.
    fn is_broken_pipe(&self) -> bool {
        let error: &(dyn std::error::Error + 'static) = &*self.0;
        error
            .downcast_ref::<OutputError>()
            .is_some_and(OutputError::is_broken_pipe)
    }
}

/// An error with its causes, on one line.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Prints a failure and gives its exit code.
pub(crate) fn report(failure: &Failure, mode: OutputMode) -> ExitCode {
    if failure.is_broken_pipe() {
        return ExitCode::SUCCESS;
    }
    let document = ErrorDocument::of(&*failure.0);
    output::to_stderr(&document.render(mode));
    ExitCode::from(failure.0.kind().exit_code())
}

/// Prints what the argument parser has to say: help and the version on
/// standard output, a refusal on standard error.
pub(crate) fn usage(refusal: &clap::Error, mode: OutputMode) -> ExitCode {
    if refusal.use_stderr() && mode == OutputMode::Json {
        output::to_stderr(&ErrorDocument::usage(refusal).render(mode));
    } else if refusal.print().is_err() {
        // The reader has gone: nobody is left to be told.
        return ExitCode::SUCCESS;
    }
    if refusal.use_stderr() {
        ExitCode::from(ErrorKind::Invalid.exit_code())
    } else {
        ExitCode::SUCCESS
    }
}

/// `{"error": {"kind", "message", "hint", "causes"}}`.
#[derive(Debug, Serialize)]
struct ErrorDocument {
    error: ErrorBody,
}

#[derive(Debug, Serialize)]
struct ErrorBody {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    causes: Vec<String>,
}

impl ErrorDocument {
    fn of(error: &(dyn Hint + Send + Sync)) -> Self {
        let causes = std::iter::successors(error.source(), |cause| cause.source())
            .map(ToString::to_string)
            .collect();
        Self {
            error: ErrorBody {
                kind: error.kind(),
                message: error.to_string(),
                hint: error.hint(),
                causes,
            },
        }
    }

    fn usage(refusal: &clap::Error) -> Self {
        let text = refusal.to_string();
        let message = text.lines().next().unwrap_or_default();
        Self {
            error: ErrorBody {
                kind: ErrorKind::Invalid,
                message: message.trim_start_matches("error: ").to_owned(),
                hint: Some("see --help".to_owned()),
                causes: Vec::new(),
            },
        }
    }

    fn render(&self, mode: OutputMode) -> String {
        match mode {
            OutputMode::Json => output::json_text(self),
            OutputMode::Text => self.text(),
        }
    }

    fn text(&self) -> String {
        let body = &self.error;
        let mut text = format!("error: {}\n", body.message);
        for cause in &body.causes {
            let _ = writeln!(text, "  because: {cause}");
        }
        if let Some(hint) = &body.hint {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read prices.csv")]
    struct Outer(#[source] std::io::Error);

    impl Hint for Outer {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Corrupt
        }

        fn hint(&self) -> Option<String> {
            Some("export it again".to_owned())
        }
    }

    fn document() -> ErrorDocument {
        ErrorDocument::of(&Outer(std::io::Error::other("line 3 is cut off")))
    }

    #[test]
    fn people_read_causes_and_a_hint() {
        insta::assert_snapshot!(document().render(OutputMode::Text), @r"
        error: cannot read prices.csv
          because: line 3 is cut off
        hint: export it again
        ");
    }

    #[test]
    fn programs_read_one_document() {
        insta::assert_snapshot!(document().render(OutputMode::Json), @r#"
        {
          "error": {
            "kind": "corrupt",
            "message": "cannot read prices.csv",
            "hint": "export it again",
            "causes": [
              "line 3 is cut off"
            ]
          }
        }
        "#);
    }
}
