//! `/strategies`: what is registered, and whether it can be used.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::Method;
use fondaco_app::backtests::submit::{Chosen, Wish, prepare};
use fondaco_app::runs::Overrides;
use fondaco_app::strategies::{self, Registered, StrategyRef};
use serde::Serialize;
use serde_json::{Map, Value};

use super::detail::Detail;
use super::form::Form;
use super::overrides;
use crate::state::Shared;
use crate::table::{Route, Scope};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/strategies",
            ("s002_strategy_list", "The strategies."),
            list,
        ),
        Route::new(
            &Method::GET,
            "/strategies/{name}",
            ("s002_strategy_show", "A strategy with its versions."),
            show,
        ),
        Route::new(
            &Method::POST,
            "/strategies/{name}/validate",
            ("s002_strategy_validate", "Whether it can be used."),
            validate,
        )
        .scope(Scope::Read),
        Route::new(
            &Method::POST,
            "/strategies/{name}/merge",
            (
                "s002_strategy_merge",
                "The settings that a backtest would have.",
            ),
            merge,
        )
        .scope(Scope::Read),
    ]
}

/// A strategy in a list.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    version: String,
    strategy_version: String,
    description: String,
    timeframe: String,
    experiment_name: Option<String>,
    tags: std::collections::BTreeMap<String, String>,
    created_at: String,
}

impl Line {
    fn of(found: &Registered) -> Self {
        let content = &found.content;
        Self {
            name: found.name.clone(),
            version: found.version.to_string(),
            strategy_version: content.file_version.clone(),
            description: content.description.clone(),
            timeframe: content.timeframe.clone(),
            experiment_name: content.beside.experiment.clone(),
            tags: content.beside.tags.clone(),
            created_at: found.at.to_string(),
        }
    }
}

/// A strategy alone.
#[derive(Debug, Serialize)]
struct Whole {
    #[serde(flatten)]
    line: Line,
    config: Map<String, Value>,
    versions: Vec<Line>,
}

/// Whether a strategy can be used.
#[derive(Debug, Serialize)]
struct Validity {
    name: String,
    valid: bool,
    errors: Vec<String>,
    warnings: Vec<String>,
}

/// Settings of a backtest.
#[derive(Debug, Serialize)]
struct Merged {
    name: String,
    version: Option<String>,
    config: Value,
}

async fn list(State(platform): State<Shared>) -> Result<Json<Vec<Line>>, Detail> {
    let found = platform
        .blocking(|platform| Ok(strategies::registry(&*platform.store)))
        .await??;
    Ok(Json(found.iter().map(Line::of).collect()))
}

async fn show(
    State(platform): State<Shared>,
    Path(name): Path<String>,
) -> Result<Json<Whole>, Detail> {
    let found = platform
        .blocking(move |platform| Ok(strategies::versions(&*platform.store, &name)))
        .await??;
    let newest = found.first().map(|newest| Whole {
        line: Line::of(newest),
        config: newest.content.beside.config.clone(),
        versions: found.iter().map(Line::of).collect(),
    });
    newest.map(Json).ok_or_else(Detail::no_backtest)
}

async fn validate(
    State(platform): State<Shared>,
    Path(name): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Validity>, Detail> {
    let mut form = Form::read_any(body)?;
    let text = form.root().text("text");
    let text = form.done(text)?;
    let text = match text {
        Some(text) => text,
        None => newest(&platform, name.clone()).await?.content.text,
    };
    let mistakes = strategies::mistakes(&text);
    let errors = mistakes.iter().map(|mistake| {
        let at = mistake.at;
        format!(
            "line {}, column {}: {}",
            at.line, at.column, mistake.message
        )
    });
    let checked = strategies::check_all([(name.clone(), text)]);
    Ok(Json(Validity {
        name,
        valid: mistakes.is_empty(),
        errors: errors.collect(),
        warnings: checked.map_or_else(
            |_| Vec::new(),
            |checked| checked.into_iter().flat_map(|it| it.notes).collect(),
        ),
    }))
}

async fn merge(
    State(platform): State<Shared>,
    Path(name): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Merged>, Detail> {
    let mut form = Form::read_any(body)?;
    let given = form.root().names("config_overrides").unwrap_or_default();
    let given = form.done(given)?;
    let found = newest(&platform, name.clone()).await?;
    let overrides = overrides::layer(&given, &found.content.beside.config)?;
    let wish = Wish {
        strategy: Chosen::Registered(StrategyRef {
            name: name.clone(),
            version: Some(found.version.to_string()),
        }),
        experiment: None,
        overrides,
        config: Value::Object(Map::new()),
        fresh: false,
        with: Overrides::default(),
    };
    let prepared = platform
        .blocking(move |platform| Ok(prepare(&*platform.store, &wish)))
        .await??;
    Ok(Json(Merged {
        name,
        version: prepared.version.map(|version| version.to_string()),
        config: prepared.config,
    }))
}

async fn newest(platform: &Shared, name: String) -> Result<Registered, Detail> {
    let wanted = StrategyRef {
        name,
        version: None,
    };
    let found = platform
        .blocking(move |platform| Ok(strategies::find(&*platform.store, &wanted)))
        .await??;
    Ok(found)
}
