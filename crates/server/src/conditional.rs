//! Conditional requests (RFC 9110, 13): an answer that has not changed is not
//! sent again, and what has changed meanwhile is not overwritten.

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fondaco_contract::http::ProblemCode;
use fondaco_domain::ContentHash;
use serde::Serialize;

use crate::problem::Refusal;
use crate::table::JSON;

/// Digits of a hash that name an answer.
const DIGITS: usize = 32;

/// The state of a thing, in a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Etag(String);

impl Etag {
    /// Of a thing that has numbered versions.
    pub(crate) fn of_version(version: u32) -> Self {
        Self(version.to_string())
    }

    /// Of an answer, by its bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let hash = ContentHash::of(bytes).to_string();
        Self(hash.chars().take(DIGITS).collect())
    }

    fn header(&self) -> HeaderValue {
        // Digits and letters in quotation marks are a header.
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static("\"\""))
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// What `If-Match` or `If-None-Match` names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// `*`: anything that is there.
    Any,
    /// These states. What is no name in quotation marks is none of them.
    These(Vec<String>),
}

impl Named {
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let values: Vec<&str> = headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect();
        if values.is_empty() {
            return None;
        }
        let mut names = Vec::new();
        for word in values.iter().flat_map(|value| value.split(',')) {
            let word = word.trim();
            if word == "*" {
                return Some(Self::Any);
            }
            let strong = word.strip_prefix("W/").unwrap_or(word);
            let plain = strong
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            names.extend(plain.map(str::to_owned));
        }
        Some(Self::These(names))
    }

    fn names(&self, etag: &Etag) -> bool {
        match self {
            Self::Any => true,
            Self::These(names) => names.contains(&etag.0),
        }
    }
}

/// The conditions of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conditions {
    matches: Option<Named>,
    matches_none: Option<Named>,
}

impl<S: Send + Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Conditions {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            matches: Named::of(headers, &header::IF_MATCH),
            matches_none: Named::of(headers, &header::IF_NONE_MATCH),
        }
    }

    /// Of a request that states none.
    pub(crate) fn none() -> Self {
        Self {
            matches: None,
            matches_none: None,
        }
    }

    /// Whether there is one at all.
    pub(crate) fn any(&self) -> bool {
        self.matches.is_some() || self.matches_none.is_some()
    }

    /// Whether the request has any.
    pub(crate) fn is_any(&self) -> bool {
        self.matches.is_some() || self.matches_none.is_some()
    }

    /// Whether the reader has this state already.
    pub(crate) fn has(&self, etag: &Etag) -> bool {
        self.matches_none
            .as_ref()
            .is_some_and(|named| named.names(etag))
    }

    /// Refuses where the thing is not, or not any more, in the state that the
    /// writer knows; `None` where there is no such thing.
    pub(crate) fn require(&self, present: Option<&Etag>) -> Result<(), Refusal> {
        let holds = match (&self.matches, present) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(named), Some(etag)) => named.names(etag),
        };
        let absent = match (&self.matches_none, present) {
            (None, _) | (_, None) => true,
            (Some(named), Some(etag)) => !named.names(etag),
        };
        if holds && absent {
            return Ok(());
        }
        let found = present.map_or_else(
            || "there is none".to_owned(),
            |etag| format!("it is {etag} by now"),
        );
        Err(Refusal::new(ProblemCode::PreconditionFailed, found))
    }
}

/// An answer under its own name, or only word that it has not changed.
pub(crate) struct Tagged(Response);

impl Tagged {
    /// Named after its bytes.
    pub(crate) fn of<T: Serialize>(conditions: &Conditions, view: &T) -> Result<Self, Refusal> {
        let bytes = bytes(view)?;
        let etag = Etag::of_bytes(&bytes);
        Ok(Self::bytes(conditions, &etag, JSON, bytes))
    }

    /// Named after the version of what it shows.
    pub(crate) fn named<T: Serialize>(
        conditions: &Conditions,
        etag: &Etag,
        view: &T,
    ) -> Result<Self, Refusal> {
        Ok(Self::bytes(conditions, etag, JSON, bytes(view)?))
    }

    /// In another form than JSON.
    pub(crate) fn bytes(
        conditions: &Conditions,
        etag: &Etag,
        form: &'static str,
        bytes: Vec<u8>,
    ) -> Self {
        let tag = [(header::ETAG, etag.header())];
        if conditions.has(etag) {
            return Self((StatusCode::NOT_MODIFIED, tag).into_response());
        }
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(form))];
        Self((tag, kind, bytes).into_response())
    }
}

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        self.0
    }
}

fn bytes<T: Serialize>(view: &T) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(view).map_err(|error| Refusal::new(ProblemCode::Internal, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(name: &HeaderName, values: &[&'static str]) -> Conditions {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_static(value));
        }
        Conditions::of(&headers)
    }

    #[test]
    fn a_reader_has_what_it_names() {
        let etag = Etag::of_version(7);
        for (values, expected) in [
            (&[][..], false),
            (&["\"7\""], true),
            (&["W/\"7\""], true),
            (&["\"6\", \"7\""], true),
            (&["\"6\"", "\"7\""], true),
            (&["*"], true),
            (&["\"70\""], false),
            (&["7"], false),
            (&["\"7"], false),
            (&[""], false),
        ] {
            let named = conditions(&header::IF_NONE_MATCH, values);
            assert_eq!(named.has(&etag), expected, "{values:?}");
        }
    }

    #[test]
    fn a_writer_is_refused_where_it_knows_another_state() {
        let seven = Etag::of_version(7);
        for (name, values, present, expected) in [
            (header::IF_MATCH, &[][..], None, true),
            (header::IF_MATCH, &["\"7\""], Some(&seven), true),
            (header::IF_MATCH, &["\"6\""], Some(&seven), false),
            (header::IF_MATCH, &["\"7\""], None, false),
            (header::IF_MATCH, &["*"], Some(&seven), true),
            (header::IF_MATCH, &["*"], None, false),
            (header::IF_MATCH, &["seven"], Some(&seven), false),
            (header::IF_NONE_MATCH, &["*"], None, true),
            (header::IF_NONE_MATCH, &["*"], Some(&seven), false),
        ] {
            let allowed = conditions(&name, values).require(present).is_ok();
            assert_eq!(allowed, expected, "{name}: {values:?} of {present:?}");
        }
    }

    #[test]
    fn equal_answers_have_equal_names() {
        assert_eq!(Etag::of_bytes(b"a"), Etag::of_bytes(b"a"));
        assert_ne!(Etag::of_bytes(b"a"), Etag::of_bytes(b"b"));
    }
}
