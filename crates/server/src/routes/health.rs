//! `/health`, `/ready`: for those who start and stop processes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use fondaco_app::readiness::{self, Dependency};
use fondaco_app::roles::Role;
use fondaco_app::runner::Stand;
use fondaco_contract::http::{
    BreakerView, BreakerWord, DatabaseWord, DependencyState, DependencyView, DependencyWord,
    DeploymentWord, HealthView, HealthWord, OldChecks, ReadyView, ReadyWord,
};

use crate::probe::{self, Found};
use crate::state::Shared;
use crate::table::Route;

/// Of a role: each answers for itself.
pub(super) fn routes(role: Role) -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/health",
            ("health", "Whether the process lives, and what it is."),
            async move |State(platform): State<Shared>| health(role, &platform).await,
        )
        .open()
        .answers::<HealthView>(200),
        Route::new(
            &Method::GET,
            "/ready",
            (
                "ready",
                "Whether work can be given to it, and how each thing is that it needs.",
            ),
            async move |State(platform): State<Shared>| ready(role, &platform).await,
        )
        .open()
        .answers::<ReadyView>(200)
        .or_status(503),
    ]
}

async fn health(role: Role, platform: &Shared) -> Json<HealthView> {
    let (store, _) = probe::store(platform).await;
    let deployment = platform.simulations.deployment;
    Json(HealthView {
        status: if store.is_up {
            HealthWord::Healthy
        } else {
            HealthWord::Unhealthy
        },
        service: service(role).to_owned(),
        database: if store.is_up {
            DatabaseWord::Connected
        } else {
            DatabaseWord::Disconnected
        },
        timestamp: platform.machine.wall().to_string(),
        deployment_mode: if deployment.is_dev {
            DeploymentWord::Dev
        } else {
            DeploymentWord::Prod
        },
        is_dev_mode: deployment.is_dev,
        preserve_dev_data: deployment.preserve_dev_data,
        role: role.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_seconds: platform.telemetry.uptime().as_secs(),
    })
}

/// The names that clients of the systems before this one look for.
fn service(role: Role) -> &'static str {
    match role {
        Role::Control => "backend-api",
        Role::Trading => "trading_service",
        Role::News => "news_service",
        Role::Runtime => "runtime_service",
        Role::Gateway => "gateway",
        Role::Worker => "worker",
    }
}

async fn ready(role: Role, platform: &Shared) -> (StatusCode, Json<ReadyView>) {
    let store = probe::store(platform).await;
    let mut found = BTreeMap::new();
    let mut dependencies = Vec::new();
    for (dependency, required) in readiness::needs(role) {
        let seen = probe::look(*dependency, platform, &store).await;
        let name = word(*dependency);
        found.insert(name.as_str(), (seen.is_up, *required));
        dependencies.push(view(name, *required, seen));
    }
    let is_ready = found.values().all(|(is_up, required)| *is_up || !required);
    let is_up = |word: DependencyWord| found.get(word.as_str()).is_none_or(|(is_up, _)| *is_up);
    let view = ReadyView {
        status: if is_ready {
            ReadyWord::Ready
        } else {
            ReadyWord::NotReady
        },
        checks: OldChecks {
            // Results are kept as files in the home.
            mlflow: is_up(DependencyWord::Disk),
            data_collection: is_up(DependencyWord::Candles),
            dynamodb: is_up(DependencyWord::Store),
        },
        dependencies,
        breakers: breakers(platform),
    };
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(view))
}

fn word(dependency: Dependency) -> DependencyWord {
    match dependency {
        Dependency::Store => DependencyWord::Store,
        Dependency::Candles => DependencyWord::Candles,
        Dependency::Disk => DependencyWord::Disk,
        Dependency::Workers => DependencyWord::Workers,
        Dependency::Gateway => DependencyWord::Gateway,
    }
}

fn view(name: DependencyWord, required: bool, found: Found) -> DependencyView {
    DependencyView {
        name,
        state: if found.is_up {
            DependencyState::Up
        } else {
            DependencyState::Down
        },
        required,
        detail: found.detail,
        took_ms: u64::try_from(found.took.as_millis()).unwrap_or(u64::MAX),
    }
}

fn breakers(platform: &Shared) -> Vec<BreakerView> {
    let worker = platform.telemetry.worker();
    let stands = worker.map(|worker| worker.breakers()).unwrap_or_default();
    let shown = |(executor, stand): (&str, Stand)| {
        let (state, failures) = of_stand(stand);
        BreakerView {
            executor: executor.to_owned(),
            state,
            failures,
        }
    };
    stands.into_iter().map(shown).collect()
}

/// Where a breaker stands, and the failures that count by now.
pub(super) fn of_stand(stand: Stand) -> (BreakerWord, usize) {
    match stand {
        Stand::Closed { failures } => (BreakerWord::Closed, failures),
        Stand::Open => (BreakerWord::Open, 0),
        Stand::HalfOpen => (BreakerWord::HalfOpen, 0),
    }
}
