//! What parent and child tell each other: two JSON documents, each with the
//! number of its form. A reader takes every form up to its own.

use fondaco_app::ports::exec::{Assignment, Outcome};
use fondaco_domain::task::TaskKind;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Limits;

/// The form this program writes.
pub(crate) const FORM: u32 = 1;

/// `assignment.json`: all a child needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    form: u32,
    pub(crate) assignment: Assignment,
    #[serde(default)]
    pub(crate) limits: Limits,
}

/// `outcome.json`: how the attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    form: u32,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// A document that is not one.
#[derive(Debug, Error)]
pub(crate) enum DocumentError {
    #[error("its form {0} is newer than this program")]
    Newer(u32),
    #[error("it asks for a task of kind `{0}`, which this program does not know")]
    Kind(String),
    #[error("it is damaged")]
    Damaged(#[from] serde_json::Error),
}

impl Order {
    pub(crate) fn new(assignment: Assignment, limits: Limits) -> Self {
        Self {
            form: FORM,
            assignment,
            limits,
        }
    }

    /// Says of a newer form, or of a kind of task that came later, that it is
    /// newer and not that it is damaged.
    pub(crate) fn read(text: &[u8]) -> Result<Self, DocumentError> {
        #[derive(Deserialize)]
        struct Sketch {
            assignment: Kind,
        }
        #[derive(Deserialize)]
        struct Kind {
            kind: String,
        }
        check_form(text)?;
        let Sketch { assignment } = serde_json::from_slice(text)?;
        if TaskKind::parse(&assignment.kind).is_none() {
            return Err(DocumentError::Kind(assignment.kind));
        }
        Ok(serde_json::from_slice(text)?)
    }
}

impl End {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self {
            form: FORM,
            outcome,
        }
    }

    pub(crate) fn read(text: &[u8]) -> Result<Self, DocumentError> {
        check_form(text)?;
        Ok(serde_json::from_slice(text)?)
    }
}

fn check_form(text: &[u8]) -> Result<(), DocumentError> {
    #[derive(Deserialize)]
    struct Form {
        form: u32,
    }
    let Form { form } = serde_json::from_slice(text)?;
    if form > FORM {
        return Err(DocumentError::Newer(form));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fondaco_app::ports::exec::AttemptId;
    use fondaco_domain::RunId;
    use fondaco_domain::retry::ErrorClass;
    use fondaco_domain::task::{Fence, TaskNo};

    use super::*;

    /// Documents of form 1 as they lie on disks: they must be read for ever.
    const ORDER: &str = r#"{"form":1,"assignment":{"id":{"run":"018bcfe5-6800-7000-8000-000000000000","task":3,"fence":7},"attempt":2,"kind":"sleep","key":"a","spec":"{}","input":"{\"ms\":5}"},"limits":{"address_space":null,"cpu_seconds":60,"open_files":null,"file_size":null}}"#;
    const ENDS: [&str; 3] = [
        r#"{"form":1,"outcome":"completed","output":"{}"}"#,
        r#"{"form":1,"outcome":"failed","class":"transient","error":"no"}"#,
        r#"{"form":1,"outcome":"stopped"}"#,
    ];

    #[test]
    fn the_first_form_is_read_and_written() {
        let order = Order::new(
            Assignment {
                id: AttemptId {
                    run: RunId::new(1_700_000_000_000, [0; 10]),
                    task: TaskNo(3),
                    fence: Fence(7),
                },
                attempt: 2,
                kind: TaskKind::Sleep,
                key: "a".into(),
                spec: "{}".into(),
                input: Some(r#"{"ms":5}"#.into()),
                needs: Vec::new(),
            },
            Limits {
                cpu_seconds: Some(60),
                ..Limits::default()
            },
        );
        assert_eq!(Order::read(ORDER.as_bytes()).unwrap(), order);
        assert_eq!(serde_json::to_string(&order).unwrap(), ORDER);

        let outcomes = [
            Outcome::Completed {
                output: Some("{}".into()),
            },
            Outcome::Failed {
                class: ErrorClass::Transient,
                error: "no".into(),
            },
            Outcome::Stopped,
        ];
        for (text, outcome) in ENDS.into_iter().zip(outcomes) {
            let end = End::new(outcome);
            assert_eq!(End::read(text.as_bytes()).unwrap(), end);
            assert_eq!(serde_json::to_string(&end).unwrap(), text);
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let cases = [
            (
                r#"{"form":2,"whatever":true}"#,
                "its form 2 is newer than this program",
            ),
            (
                r#"{"form":1,"assignment":{"kind":"hyperopt"}}"#,
                "it asks for a task of kind `hyperopt`, which this program does not know",
            ),
            (&ORDER[..40], "it is damaged"),
            ("", "it is damaged"),
            ("[]", "it is damaged"),
        ];
        for (text, expected) in cases {
            let error = Order::read(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), expected, "{text}");
        }
        assert!(matches!(
            End::read(&ENDS[1].as_bytes()[..30]),
            Err(DocumentError::Damaged(_))
        ));
    }
}
