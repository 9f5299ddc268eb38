//! A failure that is told in another process than the one it happened in.

use std::fmt;

use fondaco_domain::{ErrorKind, Hint};
use serde::{Deserialize, Serialize};

/// All that a person or a program is shown of a failure: what comes out where
/// it is reported is what would have come out where it happened.
///
/// Travels as `{"kind", "message", "hint", "causes"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Document", into = "Document")]
pub struct Told {
    kind: ErrorKind,
    said: Said,
    hint: Option<String>,
}

/// A sentence, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    message: String,
    cause: Option<Box<Said>>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    causes: Vec<String>,
}

impl Told {
    /// Of a failure here.
    pub fn of(error: &dyn Hint) -> Self {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        Document {
            kind: error.kind(),
            message: error.to_string(),
            hint: error.hint(),
            causes: causes.map(ToString::to_string).collect(),
        }
        .into()
    }

    /// A sentence of a kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            hint: None,
            said: Said {
                message,
                cause: None,
            },
        }
    }

    /// As it travels in the failure of a task. Texts always serialise; if they
    /// did not, the sentence itself would travel.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| self.to_string())
    }

    /// Reads [`Told::to_json`]; another text is none.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl From<Document> for Told {
    fn from(document: Document) -> Self {
        let cause = document
            .causes
            .into_iter()
            .rev()
            .fold(None, |cause, message| {
                Some(Box::new(Said { message, cause }))
            });
        Self {
            kind: document.kind,
            hint: document.hint,
            said: Said {
                message: document.message,
                cause,
            },
        }
    }
}

impl From<Told> for Document {
    fn from(told: Told) -> Self {
        let causes =
            std::iter::successors(told.said.cause.as_deref(), |said| said.cause.as_deref());
        Self {
            kind: told.kind,
            hint: told.hint.clone(),
            causes: causes.map(|said| said.message.clone()).collect(),
            message: told.said.message,
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)
    }
}

impl std::error::Error for Told {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.said.source()
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Said {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl Hint for Told {
    fn kind(&self) -> ErrorKind {
        self.kind
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot load candles of AAPL")]
    struct Outer(#[source] std::io::Error);

    impl Hint for Outer {
        fn kind(&self) -> ErrorKind {
            ErrorKind::NotFound
        }

        fn hint(&self) -> Option<String> {
            Some("import them".to_owned())
        }
    }

    #[test]
    fn a_failure_is_the_same_at_the_other_end() {
        let here = Outer(std::io::Error::other("no such file"));
        let there = Told::from_json(&Told::of(&here).to_json()).unwrap();
        assert_eq!(there.to_string(), here.to_string());
        assert_eq!((there.kind(), there.hint()), (here.kind(), here.hint()));
        let causes = std::iter::successors(std::error::Error::source(&there), |it| it.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        assert_eq!(causes, ["no such file"]);
        assert_eq!(Told::from_json("its worker was lost"), None);
    }
}
