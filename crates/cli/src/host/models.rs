//! The models of this program: what is built in, with what the settings say.

use std::path::PathBuf;
use std::sync::Arc;

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::records::RecordStore;
use fondaco_app::spending::Spending;
use fondaco_llm::{Catalog, Desk, Library};
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;

/// Who notes what calls cost.
const ACTOR: &str = "models";

/// Where models are asked for. What calls of a run cost is noted in the store.
pub(crate) fn models(
    context: &Context,
    store: Arc<dyn RecordStore>,
    machine: Arc<dyn Machine>,
) -> Result<Desk, Failure> {
    let spending = Spending::new(store, machine, ACTOR);
    Ok(Desk::new(
        catalog(context)?,
        library(context),
        spending,
        |name| key(context, name).map(|(key, _)| key),
    ))
}

/// Which models there are.
pub(crate) fn catalog(context: &Context) -> Result<Catalog, Failure> {
    let said = context.sources().models();
    Ok(Catalog::new(&said.providers, &said.models)?)
}

/// Recordings that are replayed, and journals of runs under way.
pub(crate) fn library(context: &Context) -> Library {
    let below = |name: &str| -> PathBuf { context.home().join(name) };
    Library::new(below("cassettes"), below("runs-calls"))
}

/// Where a key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyOrigin {
    /// The variable of the environment.
    Environment,
    /// It was saved over HTTP, and stands in for the variable.
    Saved,
}

/// The key that a variable of that name holds, and where it comes from.
pub(crate) fn key(context: &Context, variable: &str) -> Option<(String, KeyOrigin)> {
    let set = self::variable(variable);
    set.map(|key| (key, KeyOrigin::Environment)).or_else(|| {
        let saved = fondaco_server::saved_key(context.home(), variable)?;
        Some((saved, KeyOrigin::Saved))
    })
}

/// A variable with a key in it.
fn variable(name: &str) -> Option<String> {
    let key = std::env::var(name).ok();
    key.filter(|key| !key.trim().is_empty())
}
