//! `/api/config`: whether there is a key of a provider of models, and saving
//! one.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{Method, StatusCode};
use axum::{Extension, Json};
use fondaco_app::ports::records::{Change, RecordKind};
use fondaco_domain::access::Scope;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::detail::Detail;
use super::form::Form;
use super::provider_keys::{save, saved};
use crate::extract::Actor;
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/api/config/check",
            (
                "s000_config_check",
                "Whether there is a key of a provider of models.",
            ),
            check,
        ),
        Route::new(
            &Method::POST,
            "/api/config/apikey",
            ("s000_config_apikey", "Saves a key of a provider of models."),
            save_key,
        )
        .scope(Scope::Admin),
    ]
}

/// To `GET check`. Which providers, and nothing of their keys.
#[derive(Debug, Serialize)]
struct Checked {
    configured: bool,
    providers: Vec<String>,
}

async fn check(State(platform): State<Shared>) -> Result<Json<Checked>, Detail> {
    let names = platform
        .blocking(|platform| Ok(saved(&platform.home)?))
        .await?;
    let provider = |name: String| name.trim_end_matches("_API_KEY").to_lowercase();
    let mut providers: Vec<String> = names.into_iter().map(provider).collect();
    providers.extend(platform.analyses.providers.iter().cloned());
    providers.sort();
    providers.dedup();
    Ok(Json(Checked {
        configured: !providers.is_empty(),
        providers,
    }))
}

#[derive(Deserialize)]
struct NewKey {
    api_key: Option<String>,
    provider: Option<String>,
}

/// To `POST apikey`.
#[derive(Debug, Serialize)]
struct Saved {
    status: &'static str,
    provider: String,
    /// Keys are looked up when the program starts.
    restart_required: bool,
}

/// Who names no provider means that of the original.
const PROVIDER: &str = "anthropic";

async fn save_key(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    Form(body): Form<NewKey>,
) -> Result<Json<Saved>, Detail> {
    if peer.is_some_and(|Extension(ConnectInfo(peer))| !peer.ip().to_canonical().is_loopback()) {
        let problem = "API keys can only be set from localhost";
        return Err(Detail::new(StatusCode::FORBIDDEN, problem));
    }
    let key = body.api_key.unwrap_or_default();
    if key.trim().is_empty() {
        return Err(Detail::bad("api_key is required"));
    }
    let provider = body.provider.unwrap_or_else(|| PROVIDER.to_owned());
    let saved = Saved {
        status: "saved",
        provider: provider.clone(),
        restart_required: true,
    };
    platform
        .blocking(move |platform| -> Result<(), Refusal> {
            let variable = save(&platform.home, &provider, &key)?;
            let fact = json!({"variable": variable});
            let change = Change::write(RecordKind::ProviderKey, &provider, None, &fact);
            platform.store.put_record(change, platform.asked(actor))?;
            Ok(())
        })
        .await?;
    Ok(Json(saved))
}
