//! `/v1/halts`: set at once, cleared with a second thought.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use fondaco_app::confirm::{self, ConfirmError};
use fondaco_app::halts;
use fondaco_contract::http::{
    HaltClearBody, HaltConfirmBody, HaltConfirmationView, HaltSetBody, HaltsView, ProblemCode,
};
use fondaco_domain::halt::{HaltMode, Scope as HaltScope};

use crate::extract::{Actor, Body};
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::{Route, Scope};

const HALTS: &str = "/v1/halts";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            HALTS,
            ("halt_status", "Every latch, and who has acknowledged it."),
            status,
        )
        .answers::<HaltsView>(200),
        Route::new(
            &Method::POST,
            HALTS,
            (
                "halt_set",
                "Stops what a scope covers. Nothing that it forbids starts once this is answered.",
            ),
            set,
        )
        .scope(Scope::Halt)
        .body::<HaltSetBody>()
        .answers::<HaltsView>(200)
        .problems(&[ProblemCode::Conflict]),
        Route::new(
            &Method::POST,
            "/v1/halts/confirmations",
            (
                "halt_confirm",
                "Gives the confirmation that clearing a halt takes. It counts for three minutes at most, \
                 once, for the halt as it is now, and for who asked.",
            ),
            confirm,
        )
        .scope(Scope::Halt)
        .body::<HaltConfirmBody>()
        .answers::<HaltConfirmationView>(201)
        .problems(&[ProblemCode::Conflict]),
        Route::new(
            &Method::POST,
            "/v1/halts/clear",
            (
                "halt_clear",
                "Allows everything again, with a confirmation. Halted runs wait until each is resumed.",
            ),
            clear,
        )
        .scope(Scope::Halt)
        .body::<HaltClearBody>()
        .answers::<HaltsView>(200)
        .problems(&[
            ProblemCode::NotFound,
            ProblemCode::Conflict,
            ProblemCode::PreconditionFailed,
        ]),
    ]
}

async fn status(State(platform): State<Shared>) -> Result<Json<HaltsView>, Refusal> {
    let status = platform
        .blocking(|platform| Ok(halts::status(&*platform.store)?))
        .await?;
    Ok(Json(HaltsView::from(&status)))
}

async fn set(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Body(body): Body<HaltSetBody>,
) -> Result<Json<HaltsView>, Refusal> {
    let scope = scope_of(&body.scope)?;
    let mode = HaltMode::parse(&body.mode)
        .filter(|mode| *mode != HaltMode::Active)
        .ok_or_else(|| Refusal::of_field("mode", "reducing, drain, halted or killed is wanted"))?;
    let status = platform
        .blocking(move |platform| {
            let order = (scope, mode, body.reason);
            halts::set(&*platform.store, &*platform.machine, &actor, order)?;
            Ok(halts::status(&*platform.store)?)
        })
        .await?;
    Ok(Json(HaltsView::from(&status)))
}

async fn confirm(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Body(body): Body<HaltConfirmBody>,
) -> Result<(StatusCode, Json<HaltConfirmationView>), Refusal> {
    let scope = scope_of(&body.scope)?;
    let given = platform
        .blocking(move |platform| {
            let (store, machine) = (&*platform.store, &*platform.machine);
            Ok(confirm::ask(store, machine, &actor, &scope, &body.reason)?)
        })
        .await?;
    let view = HaltConfirmationView {
        confirmation: given.id,
        scope: given.scope.to_string(),
        epoch: given.epoch.0,
        expires_at: given.expires_at.to_string(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

async fn clear(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Body(body): Body<HaltClearBody>,
) -> Result<Json<HaltsView>, Refusal> {
    let order = (scope_of(&body.scope)?, body.reason);
    let status = platform
        .blocking(move |platform| {
            let (store, machine) = (&*platform.store, &*platform.machine);
            confirm::clear(store, machine, &actor, order, &body.confirmation)
                .map_err(not_cleared)?;
            Ok(halts::status(store)?)
        })
        .await?;
    Ok(Json(HaltsView::from(&status)))
}

fn scope_of(text: &str) -> Result<HaltScope, Refusal> {
    HaltScope::parse(text)
        .ok_or_else(|| Refusal::of_field("scope", "`global`, `run:<id>`, … is wanted"))
}

/// What was true when it was confirmed and is not any more is a condition that
/// does not hold; the other refusals contradict the confirmation itself.
fn not_cleared(error: ConfirmError) -> Refusal {
    match error {
        ConfirmError::Late(_) | ConfirmError::Changed { .. } => {
            Refusal::of(ProblemCode::PreconditionFailed, error)
        }
        error => error.into(),
    }
}
