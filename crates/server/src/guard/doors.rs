//! Which route needs what.

use std::collections::HashMap;

use axum::http::Method;
use fondaco_domain::access::Scope;

use crate::table::Route;

/// What a route needs of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing: it says nothing that matters and changes nothing.
    Open,
    /// A key that allows this, where keys are needed.
    Needs(Scope),
}

/// In whose words a refusal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Dialect {
    /// Problem details.
    #[default]
    Native,
    /// `{"detail": …}`, as the compatible routes have it.
    Detail,
}

/// A route, for those who hold all of them against a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRoute {
    /// The method.
    pub method: Method,
    /// With `{name}` for a variable word.
    pub path: &'static str,
    /// Its name.
    pub id: &'static str,
    /// What a key must allow; nothing where it needs none, ever.
    pub needs: Option<Scope>,
}

impl From<&Route> for ListedRoute {
    fn from(route: &Route) -> Self {
        Self {
            method: route.method.clone(),
            path: route.path,
            id: route.id,
            needs: match route.access() {
                Access::Open => None,
                Access::Needs(scope) => Some(scope),
            },
        }
    }
}

/// The routes of a role by method and path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doors(HashMap<&'static str, Vec<(Method, Access, Dialect)>>);

impl Doors {
    /// Of a table.
    pub(crate) fn of<'a>(routes: impl IntoIterator<Item = &'a Route>) -> Self {
        let mut doors = Self::default();
        for route in routes {
            let methods = doors.0.entry(route.path).or_default();
            methods.push((route.method.clone(), route.access(), route.dialect));
        }
        doors
    }

    /// With paths that anybody may look at.
    pub(crate) fn with_open(mut self, paths: &[&'static str]) -> Self {
        for path in paths {
            let door = (Method::GET, Access::Open, Dialect::Native);
            self.0.entry(path).or_default().push(door);
        }
        self
    }

    /// What a request needs. One that leads nowhere needs a key all the same,
    /// and a route that is in no table the strictest one where it is unsafe.
    pub(crate) fn of_request(&self, method: &Method, path: Option<&str>) -> (Access, Dialect) {
        // A HEAD is answered by the route of the GET.
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let unlisted = if method.is_safe() {
            Access::Needs(Scope::Read)
        } else {
            Access::Needs(Scope::Admin)
        };
        let Some(methods) = path.and_then(|path| self.0.get(path)) else {
            return (unlisted, Dialect::Native);
        };
        let dialect = methods.first().map(|(_, _, dialect)| *dialect);
        let door = methods.iter().find(|(known, ..)| known == method);
        match door {
            Some((_, access, dialect)) => (*access, *dialect),
            None => (Access::Needs(Scope::Read), dialect.unwrap_or_default()),
        }
    }
}
