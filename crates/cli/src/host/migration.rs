//! Both stores of analyses, as a process finds them.

use std::sync::Arc;

use fondaco_app::flags::{Environment, FlagsError};
use fondaco_app::migration::Migration;
use fondaco_store::LegacyFolder;

use super::Client;
use crate::context::Context;
use crate::errors::Failure;
use crate::settings::without_password;

/// The store of a client and the legacy folder of the home, with what the
/// environment says of flags.
pub(crate) fn migration(client: &Client, context: &Context) -> Result<Arc<Migration>, Failure> {
    let folder = context.sources().legacy_folder(context.home())?.value;
    let vitals = client.store().vitals()?;
    let files = LegacyFolder::at(folder, without_password(&vitals.place));
    Ok(Arc::new(Migration::new(
        Arc::clone(&client.opened.store),
        Arc::new(files),
        client.machine.clone(),
        environment()?,
    )))
}

/// What the environment says of flags.
pub(crate) fn environment() -> Result<Environment, Failure> {
    let read = Environment::read(|name| std::env::var(name).ok());
    Ok(read.map_err(FlagsError::from)?)
}
