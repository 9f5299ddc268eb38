//! A route as data: the router and the `OpenAPI` document are made of it.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use fondaco_contract::http::ProblemCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::problem::Refusal;
use crate::state::Shared;

/// What a key must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// Looking.
    Read,
    /// Submitting and changing runs.
    Run,
    /// Halting.
    Halt,
}

impl Scope {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Halt => "halt",
        }
    }
}

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One operation.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// With `{name}` for a variable word.
    pub(crate) path: &'static str,
    /// As the command line says it: `run_cancel`.
    pub(crate) id: &'static str,
    /// One sentence.
    pub(crate) summary: &'static str,
    pub(crate) scope: Scope,
    pub(crate) query: Option<SchemaOf>,
    pub(crate) body: Option<SchemaOf>,
    pub(crate) takes_key: bool,
    pub(crate) answer: (u16, &'static str, Option<SchemaOf>),
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
            method: method.clone(),
            path,
            id,
            summary,
            query: None,
            body: None,
            takes_key: false,
            answer: (200, "application/json", None),
            problems: Vec::new(),
            handler: on(filter, handler),
        }
    }

    pub(crate) fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
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
        self.answer = (
            status,
            "application/json",
            Some(SchemaGenerator::subschema_for::<T>),
        );
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
