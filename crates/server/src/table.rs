//! A route as data: the router and the `OpenAPI` document are made of it.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use fondaco_contract::http::ProblemCode;
pub(crate) use fondaco_domain::access::Scope;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::guard::{Access, Dialect};
use crate::problem::Refusal;
use crate::state::Shared;

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// JSON, of bodies and answers.
pub(crate) const JSON: &str = "application/json";

/// One operation.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// With `{name}` for a variable word.
    pub(crate) path: &'static str,
    /// As the command line says it: `run_cancel`.
    pub(crate) id: &'static str,
    /// One sentence.
    pub(crate) summary: &'static str,
    /// What a key must allow.
    pub(crate) scope: Scope,
    /// Whether it needs no key, ever.
    pub(crate) is_open: bool,
    /// In whose words the guard refuses.
    pub(crate) dialect: Dialect,
    pub(crate) query: Option<SchemaOf>,
    pub(crate) body: Option<SchemaOf>,
    /// In what form the body comes.
    pub(crate) body_type: &'static str,
    pub(crate) takes_key: bool,
    pub(crate) answer: (u16, &'static str, Option<SchemaOf>),
    /// The same answer as text in another form, where `Accept` asks for it.
    pub(crate) also: Option<&'static str>,
    /// Another status with the same kind of answer.
    pub(crate) or_status: Option<u16>,
    /// Whether it heeds `If-None-Match` (looking) or `If-Match` (changing).
    pub(crate) conditional: bool,
    /// Words of paths that fields of the answer are, and their JSON pointers.
    pub(crate) gives: &'static [(&'static str, &'static str)],
    /// A body that is understood.
    pub(crate) example: Option<fn() -> serde_json::Value>,
    /// Beside those that every route has.
    pub(crate) problems: Vec<ProblemCode>,
    handler: MethodRouter<Shared>,
}

impl Route {
    pub(crate) fn new<H, T>(
        method: &Method,
        path: &'static str,
        (id, summary): (&'static str, &'static str),
        handler: H,
    ) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        // Every method used in the table is one that the filter knows.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Self {
            scope: if *method == Method::GET {
                Scope::Read
            } else {
                Scope::Run
            },
            is_open: false,
            dialect: Dialect::Native,
            method: method.clone(),
            path,
            id,
            summary,
            query: None,
            body: None,
            body_type: JSON,
            takes_key: false,
            answer: (200, JSON, None),
            also: None,
            or_status: None,
            conditional: false,
            gives: &[],
            example: None,
            problems: Vec::new(),
            handler: on(filter, handler),
        }
    }

    pub(crate) fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Needs no key, ever: it says nothing that matters and changes nothing.
    pub(crate) fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Refused by the guard in the words of another system.
    pub(crate) fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// What it needs of who asks.
    pub(crate) fn access(&self) -> Access {
        if self.is_open {
            Access::Open
        } else {
            Access::Needs(self.scope)
        }
    }

    pub(crate) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(|schemas| T::json_schema(schemas));
        self
    }

    pub(crate) fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(SchemaGenerator::subschema_for::<T>);
        self.problems
            .extend([ProblemCode::TooLarge, ProblemCode::UnsupportedMediaType]);
        self
    }

    pub(crate) fn key(mut self) -> Self {
        self.takes_key = true;
        self.problems.push(ProblemCode::Conflict);
        self
    }

    pub(crate) fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answer = (status, JSON, Some(SchemaGenerator::subschema_for::<T>));
        self
    }

    /// Answers with nothing but a status.
    pub(crate) fn answers_nothing(mut self) -> Self {
        self.answer = (204, JSON, None);
        self
    }

    /// The same answer as text in another form.
    pub(crate) fn also(mut self, media_type: &'static str) -> Self {
        self.also = Some(media_type);
        self
    }

    /// The same kind of answer under another status.
    pub(crate) fn or_status(mut self, status: u16) -> Self {
        self.or_status = Some(status);
        self
    }

    /// Heeds `If-None-Match` where it looks, and `If-Match` where it changes.
    pub(crate) fn conditional(mut self) -> Self {
        self.conditional = true;
        if self.method != Method::GET {
            self.problems.push(ProblemCode::PreconditionFailed);
        }
        self
    }

    /// Its answer names something that other paths are about.
    pub(crate) fn gives(mut self, words: &'static [(&'static str, &'static str)]) -> Self {
        self.gives = words;
        self
    }

    /// A body that is understood, for those who read the document.
    pub(crate) fn example(mut self, body: fn() -> serde_json::Value) -> Self {
        self.example = Some(body);
        self
    }

    /// A body of bytes.
    pub(crate) fn body_of(mut self, media_type: &'static str) -> Self {
        self.body = Some(|_| schemars::json_schema!({}));
        self.body_type = media_type;
        self.problems
            .extend([ProblemCode::TooLarge, ProblemCode::UnsupportedMediaType]);
        self
    }

    pub(crate) fn streams(mut self, media_type: &'static str) -> Self {
        self.answer = (200, media_type, None);
        self
    }

    pub(crate) fn problems(mut self, codes: &[ProblemCode]) -> Self {
        self.problems.extend(codes);
        self
    }
}

/// The routes as a router: unknown paths and methods are problems, too.
pub(crate) fn router(routes: Vec<Route>) -> Router<Shared> {
    routes
        .into_iter()
        .fold(Router::new(), |router, route| {
            router.route(route.path, route.handler)
        })
        .fallback(async || Refusal::new(ProblemCode::NotFound, "there is nothing at this path"))
        .method_not_allowed_fallback(async || {
            Refusal::new(
                ProblemCode::MethodNotAllowed,
                "this path does not know the method",
            )
        })
}
