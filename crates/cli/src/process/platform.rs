//! What the routes of every role stand on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use fondaco_app::roles::Role;
use fondaco_app::simulation::trigger::{Rules, SeedConfig};
use fondaco_domain::{ErrorKind, Hint};
use fondaco_server::{
    Addresses, Analyses, Guard, GuardSettings, Limits, Platform, RateLimit, Simulations, Stop,
};
use fondaco_store::days::SqliteDays;
use fondaco_store::research::SqliteResearch;
use thiserror::Error;
use tracing::warn;

use crate::commands::backtest;
use crate::commands::data::prices;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, ThesePages, candles, environment, migration, models, planners};
use crate::settings::Settings;

/// The platform of a process: one for all its roles.
pub(super) fn platform(
    client: &Client,
    context: &Context,
    settings: &Settings,
    (known, exposed): (BTreeMap<Role, SocketAddr>, bool),
    stop: Stop,
) -> Result<Arc<Platform>, Failure> {
    let store = Arc::clone(&client.opened.store);
    let http = &settings.http;
    let guard = GuardSettings {
        exposed,
        origins: http.cors_origins.value.clone(),
        rate: RateLimit::per_second(http.rate_limit.value),
    };
    let mut addresses = Addresses::default();
    for (role, address) in known {
        addresses = addresses.with(role, address);
    }
    Ok(Arc::new(Platform {
        guard: Guard::new(Arc::clone(&store), client.machine.clone(), guard),
        analyses: analyses(client, context)?,
        simulations: simulations(client, context, settings)?,
        migration: migration(client, context)?,
        environment: environment()?,
        store,
        planners: planners(),
        machine: client.machine.clone(),
        candles: candles(context)?,
        results: Arc::new(backtest::results(context)),
        home: context.home().to_owned(),
        addresses,
        runtime: std::sync::OnceLock::new(),
        feed: Arc::default(),
        telemetry: Arc::default(),
        stop,
        limits: Limits {
            body: http.body_limit.value.0,
            ..Limits::default()
        },
    }))
}

/// The strategy of those who name none: that of `fondaco analyze`.
const STRATEGY: &str = include_str!("../../../../strategies/bollinger-20-2.toml");

/// What analyses begin with.
fn analyses(client: &Client, context: &Context) -> Result<Analyses, Failure> {
    let research = SqliteResearch::open(&context.home().join(SqliteResearch::FILE))?;
    let catalog = models::catalog(context)?;
    let has_key = |provider: &&fondaco_llm::catalog::Provider| {
        let variable = provider.key_env.as_deref();
        variable.is_some_and(|name| models::key(context, name).is_some())
    };
    let providers = catalog.providers().filter(has_key);
    let mut analyses = Analyses::over(Arc::clone(&client.opened.store));
    analyses.research = Some(Arc::new(research));
    analyses.strategy = Some(STRATEGY.to_owned());
    analyses.pages = Some(Arc::new(ThesePages::of(context)));
    analyses.providers = providers.map(|provider| provider.name.clone()).collect();
    if context.deployment().is_dev && !analyses.providers.is_empty() {
        let named = analyses.providers.join(", ");
        warn!(name: "real_keys", "DEV, and keys of {named} are set: triggered simulations do not use them");
    }
    Ok(analyses)
}

/// What simulations begin with.
fn simulations(
    client: &Client,
    context: &Context,
    settings: &Settings,
) -> Result<Simulations, Failure> {
    let days = SqliteDays::open(&context.home().join(SqliteDays::FILE))?;
    let mut simulations = Simulations::over(Arc::new(days));
    let store = client.opened.store.clone();
    simulations.models = Some(Arc::new(models::models(
        context,
        store,
        client.machine.clone(),
    )?));
    let deployment = context.deployment();
    simulations.deployment = fondaco_server::Deployment {
        is_dev: deployment.is_dev,
        preserve_dev_data: deployment.preserves,
    };
    simulations.rules = rules(context, settings)?;
    simulations.lookback_days = settings.simulate.lookback_days.value;
    Ok(simulations)
}

/// The configuration of those who name none.
const USUAL: &str = r#"{
    "models": [{"name": "Rules", "basemodel": "fondaco/rule-based", "signature": "rule-based", "enabled": true}],
    "agent_config": {"max_steps": 30, "initial_cash": 10000}
}"#;

/// What holds for simulations that are triggered. A file that is not there is
/// said to whoever asks for one; one that is wrong keeps the process from
/// beginning.
fn rules(context: &Context, settings: &Settings) -> Result<Result<Rules, String>, Failure> {
    let said = &settings.simulate;
    let config = match &said.config.value {
        None => SeedConfig::parse(USUAL)?,
        Some(path) => match std::fs::read_to_string(path) {
            Ok(own) => SeedConfig::over(USUAL, &own)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Err(path.clone()));
            }
            Err(source) => {
                let path = path.clone();
                return Err(Unreadable { path, source }.into());
            }
        },
    };
    let mut rules = Rules::of(config, &said.symbols.value)?;
    rules.max_days = said.max_days.value;
    rules.is_dev = context.deployment().is_dev;
    // Without a key there is nobody to ask: days that lack prices are skipped.
    let has_source = || prices::source(context, None).is_ok();
    if settings.prices.auto_download.value && has_source() {
        rules.download = Some(prices::ALPHA_VANTAGE.to_owned());
    }
    Ok(Ok(rules))
}

/// A configuration that cannot be read.
#[derive(Debug, Error)]
#[error("cannot read the simulation configuration {path}")]
struct Unreadable {
    path: String,
    #[source]
    source: std::io::Error,
}

impl Hint for Unreadable {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }

    fn hint(&self) -> Option<String> {
        Some("check its permissions, and that it is a file".to_owned())
    }
}
