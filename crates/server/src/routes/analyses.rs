//! `/v1/analyses`: accepted, looked at, and what was said in them.

mod view;
mod wish;

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use fondaco_app::analysis::submit::{Known, SubmitError, Wish, submit};
use fondaco_app::portfolio::{closes, context};
use fondaco_app::ports::runs::{IdempotencyKey, Submitted};
use fondaco_app::recommendations::RecommendationQuery;
use fondaco_contract::http::{
    AnalysisBody, AnalysisNodeView, AnalysisView, Page, ProblemCode, SubmittedView, TranscriptView,
};
use fondaco_contract::v1alpha1::analysis::{
    AnalysisResult, NodeReport, PeerContext, PortfolioContext,
};
use fondaco_domain::{RunId, Symbol, UnixMillis};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use wish::{of_items, quant};

use super::words::{ListQuery, accepted, paged};
use crate::extract::{Actor, Body, Idempotency, Named, Query};
use crate::problem::Refusal;
use crate::state::{Platform, Shared};
use crate::table::Route;

const ANALYSES: &str = "/v1/analyses";
const ANALYSIS: &str = "/v1/analyses/{run_id}";

pub(super) fn routes() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    vec![
        Route::new(
            &Method::POST,
            ANALYSES,
            (
                "analysis_submit",
                "Accepts an analysis. What it may read is fixed when it is accepted.",
            ),
            accept,
        )
        .key()
        .body::<AnalysisBody>()
        .answers::<SubmittedView>(202)
        .gives(&[("run_id", "/run_id")])
        .example(example)
        .problems(&missing),
        Route::new(
            &Method::GET,
            ANALYSES,
            ("analysis_list", "Analyses, the newest first."),
            list,
        )
        .query::<ListQuery>()
        .answers::<Page<AnalysisView>>(200),
        Route::new(
            &Method::GET,
            ANALYSIS,
            (
                "analysis_show",
                "One analysis: each item with its stages, and what it took.",
            ),
            show,
        )
        .answers::<AnalysisView>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/analyses/{run_id}/result",
            (
                "analysis_result",
                "What came of an item: a decision, or why there is none.",
            ),
            result,
        )
        .query::<ResultQuery>()
        .answers::<AnalysisResult>(200)
        .problems(&[ProblemCode::NotFound, ProblemCode::Conflict]),
        Route::new(
            &Method::GET,
            "/v1/analyses/{run_id}/nodes",
            (
                "analysis_nodes",
                "The nodes of an analysis, in the order of the graph.",
            ),
            nodes,
        )
        .answers::<Page<AnalysisNodeView>>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/analyses/{run_id}/nodes/{key}",
            (
                "analysis_node",
                "All that a node left: what it answered, what it read and every call. \
                 The key is written with `%2F` for its slashes.",
            ),
            node,
        )
        .answers::<NodeReport>(200)
        .problems(&[ProblemCode::NotFound, ProblemCode::Conflict]),
        Route::new(
            &Method::GET,
            "/v1/analyses/{run_id}/transcript",
            (
                "analysis_transcript",
                "What was said so far, in the order of the graph.",
            ),
            transcript,
        )
        .answers::<TranscriptView>(200)
        .problems(&missing),
    ]
}

fn example() -> Value {
    json!({
        "items": [{"ticker": "AAPL", "date": "2025-03-04"}],
        "quick": "fondaco/rule-based", "deep": "fondaco/rule-based",
    })
}

async fn accept(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Idempotency(key): Idempotency,
    Body(body): Body<AnalysisBody>,
) -> Result<(StatusCode, Json<SubmittedView>), Refusal> {
    let wish = wish::of(body, &platform.analyses)?;
    let submitted = ask(&platform, actor, wish, key).await??;
    Ok(accepted(ANALYSES, &submitted))
}

/// Accepts a wish on what is known now.
pub(crate) async fn ask(
    platform: &Shared,
    actor: String,
    wish: Wish,
    key: Option<IdempotencyKey>,
) -> Result<Result<Submitted, SubmitError>, Refusal> {
    platform
        .waiting(async move |platform| {
            let known = known(platform, &actor, &wish).await?;
            Ok(submit(&platform.runs(&actor), &wish, known, key))
        })
        .await
}

/// What is known now, of all that the wish leaves open.
async fn known(platform: &Platform, actor: &str, wish: &Wish) -> Result<Known, Refusal> {
    let analyses = &platform.analyses;
    let research = match &analyses.research {
        Some(research) => research.place()?,
        None => 0,
    };
    Ok(Known {
        listed: platform.candles.bars.list().await?,
        research,
        models: analyses.models.clone(),
        portfolio: if wish.left.portfolio {
            held(platform, actor, wish).await?
        } else {
            None
        },
        peers: if wish.left.peers {
            peers(platform, wish)?
        } else {
            None
        },
    })
}

/// The first day of a wish: what all of its items may be told.
fn day(platform: &Platform, wish: &Wish) -> (jiff::civil::Date, UnixMillis) {
    let now = UnixMillis(platform.machine.wall().0.div_euclid(1_000));
    let said = context::day(&wish.job.items).filter(|_| !wish.left.date);
    (said.unwrap_or_else(|| now.date()), now)
}

async fn held(
    platform: &Platform,
    actor: &str,
    wish: &Wish,
) -> Result<Option<PortfolioContext>, Refusal> {
    let Some(positions) = platform.portfolio(actor).known_positions()? else {
        return Ok(None);
    };
    let (day, now) = day(platform, wish);
    let symbols: BTreeSet<Symbol> = positions.iter().map(|one| one.ticker.clone()).collect();
    let clock = context::clock(day, now);
    let closes = closes::last_closes(&*platform.candles.bars, &symbols, clock).await?;
    let targets = wish.job.items.iter().map(|item| item.ticker.clone());
    let targets = targets.collect();
    Ok(Some(context::portfolio(&positions, &closes, &targets, day)))
}

fn peers(platform: &Platform, wish: &Wish) -> Result<Option<PeerContext>, Refusal> {
    let (day, _) = day(platform, wish);
    let query = RecommendationQuery {
        date: Some(day),
        ..RecommendationQuery::default()
    };
    let page = platform.analyses.recommendations.list(&query)?;
    let alone = match wish.job.items.as_slice() {
        [item] => Some(&item.ticker),
        _ => None,
    };
    Ok(Some(context::peers(&page.recommendations, alone)))
}

async fn list(
    State(platform): State<Shared>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<AnalysisView>>, Refusal> {
    let (query, limit) = query.read(platform.limits)?;
    let found = platform
        .blocking(move |platform| Ok(platform.shown_analyses("http").list(&query)?))
        .await?;
    Ok(paged(found, limit, |it| it.run.id.to_string(), view::of))
}

async fn show(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
) -> Result<Json<AnalysisView>, Refusal> {
    let shown = platform
        .blocking(move |platform| Ok(platform.shown_analyses("http").show(run)?))
        .await?;
    Ok(Json(view::of(shown)))
}

/// Which item.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResultQuery {
    /// Its `key`: the ticker, or `TICKER@DATE` where a ticker has several
    /// days. Only needed where there are several items.
    item: Option<String>,
}

async fn result(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    Query(query): Query<ResultQuery>,
) -> Result<Json<AnalysisResult>, Refusal> {
    let result = platform
        .blocking(move |platform| {
            let analyses = platform.shown_analyses("http");
            Ok(analyses.result(run, query.item.as_deref())?)
        })
        .await?;
    Ok(Json(result))
}

async fn nodes(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
) -> Result<Json<Page<AnalysisNodeView>>, Refusal> {
    let nodes = platform
        .blocking(move |platform| Ok(platform.shown_analyses("http").nodes(run)?))
        .await?;
    let items = nodes.iter().map(view::node).collect();
    Ok(Json(Page { items, next: None }))
}

async fn node(
    State(platform): State<Shared>,
    Path((run, key)): Path<(String, String)>,
) -> Result<Json<NodeReport>, Refusal> {
    let run: RunId = run
        .parse()
        .map_err(|_| Refusal::new(ProblemCode::NotFound, format!("there is no analysis {run}")))?;
    let found = platform
        .blocking(move |platform| Ok(platform.shown_analyses("http").node(run, &key)?))
        .await?;
    let state = found.task.state;
    found.report.map(Json).ok_or_else(|| {
        let problem = format!(
            "{} is {}: it left no report",
            found.task.plan.key,
            state.as_str()
        );
        Refusal::new(ProblemCode::Conflict, problem)
    })
}

async fn transcript(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
) -> Result<Json<TranscriptView>, Refusal> {
    let nodes = platform
        .blocking(move |platform| Ok(platform.shown_analyses("http").nodes(run)?))
        .await?;
    let said = nodes.into_iter().filter_map(|node| node.report);
    Ok(Json(TranscriptView {
        run_id: run.to_string(),
        said: said.map(view::said).collect(),
    }))
}
