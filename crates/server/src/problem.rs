//! Errors to problem details.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fondaco_contract::http::{Problem, ProblemCode};
use fondaco_domain::Hint;

/// A problem on its way out. Any error that knows its kind becomes one by `?`.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Problem>);

impl<E: Hint> From<E> for Refusal {
    fn from(error: E) -> Self {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        Self(Box::new(Problem {
            hint: error.hint(),
            causes: causes.map(ToString::to_string).collect(),
            ..Problem::new(ProblemCode::from(error.kind()), error.to_string())
        }))
    }
}

impl Refusal {
    /// As it is.
    pub(crate) fn told(problem: Problem) -> Self {
        Self(Box::new(problem))
    }

    /// What is wrong.
    pub(crate) fn into_problem(self) -> Problem {
        *self.0
    }

    /// An error with a code of its own.
    pub(crate) fn of(code: ProblemCode, error: impl Hint) -> Self {
        let Self(problem) = Self::from(error);
        Self(Box::new(Problem {
            hint: problem.hint,
            causes: problem.causes,
            ..Problem::new(code, problem.detail)
        }))
    }

    /// Of a code, in words.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail)))
    }

    /// The request says something that is not understood.
    pub(crate) fn of_field(at: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        let mut refusal = Problem::new(ProblemCode::Invalid, format!("`{at}`: {problem}"));
        refusal.fields.push(fondaco_contract::http::FieldProblem {
            at: at.to_owned(),
            problem,
        });
        Self(Box::new(refusal))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem is texts and numbers: it cannot fail to be JSON.
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

/// A body that is not the document wanted.
pub(crate) fn of_body(rejection: &JsonRejection) -> Refusal {
    let code = match rejection.status().as_u16() {
        413 => ProblemCode::TooLarge,
        415 => ProblemCode::UnsupportedMediaType,
        _ => ProblemCode::Invalid,
    };
    Refusal::new(code, rejection.body_text())
}

/// Words after the question mark that are not those wanted.
pub(crate) fn of_query(rejection: &QueryRejection) -> Refusal {
    Refusal::new(ProblemCode::Invalid, rejection.body_text())
}
