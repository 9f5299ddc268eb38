//! `/v1/strategies`: files by name, in versions.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use fondaco_app::ports::records::{RecordKind, RecordStore};
use fondaco_app::strategies::{
    self, Beside, Checked, Registered, RegistryError, StrategyFile, StrategyRef,
};
use fondaco_contract::http::{
    MistakeView, Page, ProblemCode, StrategyPutBody, StrategyValidateBody, StrategyValidityView,
    StrategyView,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::conditional::{Conditions, Etag, Tagged};
use crate::extract::{Actor, Body, Named, Query};
use crate::problem::Refusal;
use crate::state::{Platform, Shared};
use crate::table::Route;

const STRATEGIES: &str = "/v1/strategies";
const STRATEGY: &str = "/v1/strategies/{name}";

pub(super) fn routes() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    vec![
        Route::new(
            &Method::GET,
            STRATEGIES,
            (
                "strategy_list",
                "The newest version of every strategy, by name.",
            ),
            list,
        )
        .answers::<Page<StrategyView>>(200),
        Route::new(
            &Method::GET,
            STRATEGY,
            (
                "strategy_show",
                "One version of a strategy with its text: the newest, or another one.",
            ),
            show,
        )
        .query::<VersionQuery>()
        .answers::<StrategyView>(200)
        .conditional()
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/strategies/{name}/versions",
            (
                "strategy_versions",
                "Every version of a strategy, the newest first.",
            ),
            versions,
        )
        .answers::<Page<StrategyView>>(200)
        .problems(&missing),
        Route::new(
            &Method::PUT,
            STRATEGY,
            (
                "strategy_put",
                "Puts a version of a strategy; the same as the newest again changes nothing.",
            ),
            put,
        )
        .body::<StrategyPutBody>()
        .answers::<StrategyView>(201)
        .or_status(200)
        .conditional()
        .problems(&[ProblemCode::Conflict]),
        Route::new(
            &Method::POST,
            "/v1/strategies/{name}/validate",
            (
                "strategy_validate",
                "What is wrong with a strategy file, or with the newest version.",
            ),
            validate,
        )
        .scope(crate::table::Scope::Read)
        .body::<StrategyValidateBody>()
        .answers::<StrategyValidityView>(200)
        .problems(&missing),
    ]
}

async fn list(State(platform): State<Shared>) -> Result<Json<Page<StrategyView>>, Refusal> {
    let found = platform
        .blocking(|platform| Ok(strategies::registry(&*platform.store)?))
        .await?;
    Ok(Json(page(&found)))
}

/// Which version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VersionQuery {
    /// Its number, or what its file says; otherwise the newest.
    version: Option<String>,
}

async fn show(
    State(platform): State<Shared>,
    Named(name): Named<String>,
    Query(query): Query<VersionQuery>,
    conditions: Conditions,
) -> Result<Tagged, Refusal> {
    let version = query.version;
    let found = platform
        .blocking(move |platform| {
            Ok(strategies::find(
                &*platform.store,
                &StrategyRef { name, version },
            )?)
        })
        .await?;
    Tagged::named(
        &conditions,
        &Etag::of_version(found.version),
        &whole(&found),
    )
}

async fn versions(
    State(platform): State<Shared>,
    Named(name): Named<String>,
) -> Result<Json<Page<StrategyView>>, Refusal> {
    let found = platform
        .blocking(move |platform| Ok(strategies::versions(&*platform.store, &name)?))
        .await?;
    Ok(Json(page(&found)))
}

async fn put(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(name): Named<String>,
    conditions: Conditions,
    Body(body): Body<StrategyPutBody>,
) -> Result<Response, Refusal> {
    let put = platform
        .blocking(move |platform| {
            let over = required(&*platform.store, &name, &conditions)?;
            let by = platform.asked(actor);
            let beside = Beside {
                experiment: body.experiment,
                config: body.config.unwrap_or_default(),
                tags: body.tags,
            };
            strategies::put(&*platform.store, &name, &body.text, beside, over, &by).map_err(refused)
        })
        .await?;
    let status = if put.fresh {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let tag = [("etag", Etag::of_version(put.version.version).to_string())];
    Ok((status, tag, Json(whole(&put.version))).into_response())
}

/// The version that must be replaced, where the request has a condition: the
/// one there is, if it is the one that the writer knows.
fn required(
    store: &dyn RecordStore,
    name: &str,
    conditions: &Conditions,
) -> Result<Option<u32>, Refusal> {
    if !conditions.is_any() {
        return Ok(None);
    }
    let newest = store.record(RecordKind::Strategy, name)?;
    let version = newest.map(|record| record.version);
    conditions.require(version.map(Etag::of_version).as_ref())?;
    Ok(Some(version.unwrap_or(0)))
}

async fn validate(
    State(platform): State<Shared>,
    Named(name): Named<String>,
    Body(body): Body<StrategyValidateBody>,
) -> Result<Json<StrategyValidityView>, Refusal> {
    let view = platform
        .blocking(move |platform| validity(platform, &name, body.text))
        .await?;
    Ok(Json(view))
}

fn validity(
    platform: &Platform,
    name: &str,
    text: Option<String>,
) -> Result<StrategyValidityView, Refusal> {
    let newest = || -> Result<String, RegistryError> {
        let wanted = StrategyRef {
            name: name.to_owned(),
            version: None,
        };
        Ok(strategies::find(&*platform.store, &wanted)?.content.text)
    };
    let text = text.map_or_else(newest, Ok)?;
    let mistakes = strategies::mistakes(&text);
    let checked = StrategyFile::read(name, text).and_then(|file| Checked::of(&file));
    Ok(StrategyValidityView {
        valid: checked.is_ok(),
        startup_candles: checked.as_ref().ok().map(|checked| checked.startup_candles),
        notes: checked.map(|checked| checked.notes).unwrap_or_default(),
        mistakes: mistakes
            .into_iter()
            .map(|mistake| MistakeView {
                line: mistake.at.line,
                column: mistake.at.column,
                length: mistake.at.length,
                message: mistake.message,
                hint: mistake.hint,
            })
            .collect(),
    })
}

/// What is wrong with the settings is said with its place in the body.
fn refused(error: RegistryError) -> Refusal {
    match error {
        RegistryError::Config(error) => super::backtests::misfit(&error),
        other => other.into(),
    }
}

fn page(found: &[Registered]) -> Page<StrategyView> {
    Page {
        items: found.iter().map(view).collect(),
        next: None,
    }
}

fn whole(found: &Registered) -> StrategyView {
    StrategyView {
        text: Some(found.content.text.clone()),
        ..view(found)
    }
}

fn view(found: &Registered) -> StrategyView {
    let content = &found.content;
    StrategyView {
        name: found.name.clone(),
        version: found.version,
        file_version: content.file_version.clone(),
        description: content.description.clone(),
        timeframe: content.timeframe.clone(),
        hash: content.hash.to_string(),
        experiment: content.beside.experiment.clone(),
        config: content.beside.config.clone(),
        tags: content.beside.tags.clone(),
        at: found.at.to_string(),
        actor: found.actor.clone(),
        text: None,
    }
}
