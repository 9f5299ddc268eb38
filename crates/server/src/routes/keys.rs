//! `/v1/keys`: who may ask. Added on the command line only, where the secret
//! is told once and crosses no network.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use fondaco_app::keys::{self, Key};
use fondaco_contract::http::{KeyView, ProblemCode};
use fondaco_domain::UnixMicros;

use crate::extract::{Actor, Named};
use crate::guard::SafeName;
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::{Route, Scope};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/v1/keys",
            ("key_list", "Every key, without its secret."),
            list,
        )
        .scope(Scope::Admin)
        .answers::<Vec<KeyView>>(200),
        Route::new(
            &Method::POST,
            "/v1/keys/{name}/revoke",
            (
                "key_revoke",
                "Ends a key: it opens nothing a second from now.",
            ),
            revoke,
        )
        .scope(Scope::Admin)
        .answers::<KeyView>(200)
        .problems(&[ProblemCode::NotFound]),
    ]
}

async fn list(State(platform): State<Shared>) -> Result<Json<Vec<KeyView>>, Refusal> {
    let now = platform.machine.wall();
    let keys = platform
        .blocking(|platform| Ok(keys::list(&*platform.store)?))
        .await?;
    Ok(Json(keys.iter().map(|key| view(key, now)).collect()))
}

async fn revoke(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(name): Named<SafeName>,
) -> Result<Json<KeyView>, Refusal> {
    let key = platform
        .blocking(move |platform| {
            let (store, machine) = (&*platform.store, &*platform.machine);
            Ok(keys::revoke(store, machine, &actor, name.as_str())?)
        })
        .await?;
    platform.guard.expect_change();
    Ok(Json(view(&key, platform.machine.wall())))
}

fn view(key: &Key, now: UnixMicros) -> KeyView {
    let revoked = key.revoked.as_ref();
    KeyView {
        name: key.name.clone(),
        id: key.id.clone(),
        scopes: key
            .scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        state: key.state(now).to_owned(),
        created_at: key.created_at.to_string(),
        created_by: key.created_by.clone(),
        expires_at: key.expires_at.map(|at| at.to_string()),
        revoked_at: revoked.map(|revoked| revoked.at.to_string()),
        revoked_by: revoked.map(|revoked| revoked.by.clone()),
    }
}
