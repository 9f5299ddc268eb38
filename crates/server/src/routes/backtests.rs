//! `/v1/backtests`: asked for by the name of a strategy, looked at, cancelled,
//! and what came of them.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fondaco_app::backtests::config::ConfigError;
use fondaco_app::backtests::shown::Shown;
use fondaco_app::backtests::submit::{Chosen, Market, SubmitError, Wish, submit};
use fondaco_app::data::CheckRules;
use fondaco_app::data::freshness::FreshnessRules;
use fondaco_app::ports::results::ResultFile;
use fondaco_app::ports::runs::{IdempotencyKey, RunQuery, Submitted};
use fondaco_app::runs::Overrides;
use fondaco_contract::http::{
    BacktestBody, BacktestView, CancelBody, FiguresView, Page, ProblemCode, ProgressView,
    SubmittedView, ToldView, words,
};
use fondaco_contract::v1alpha1::{BacktestResult, Equity, Trade};
use fondaco_domain::run::RunState;
use fondaco_domain::{RunId, Symbol};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::words::{accepted, id, instant, page_of, paged, word};
use crate::conditional::{Conditions, Etag};
use crate::extract::{Actor, Body, Idempotency, Named, Query, prefers};
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::Route;

const BACKTESTS: &str = "/v1/backtests";
const BACKTEST: &str = "/v1/backtests/{run_id}";

/// The report is a page of its own, with its script and its styles in it. It
/// may show itself, and nothing else: not even ask this server for something.
const REPORT_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                             img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                             sandbox allow-scripts allow-downloads";

pub(super) fn routes() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    let no_result = [
        ProblemCode::NotFound,
        ProblemCode::Conflict,
        ProblemCode::Corrupt,
    ];
    vec![
        Route::new(
            &Method::POST,
            BACKTESTS,
            ("backtest_submit", "Accepts a backtest of a strategy."),
            accept,
        )
        .key()
        .body::<BacktestBody>()
        .answers::<SubmittedView>(202)
        .problems(&[ProblemCode::NotFound, ProblemCode::NoData]),
        Route::new(
            &Method::GET,
            BACKTESTS,
            ("backtest_list", "Backtests, the newest first."),
            list,
        )
        .query::<ListQuery>()
        .answers::<Page<BacktestView>>(200),
        Route::new(
            &Method::GET,
            BACKTEST,
            ("backtest_show", "One backtest, and why it waits."),
            show,
        )
        .answers::<BacktestView>(200)
        .problems(&missing),
        Route::new(
            &Method::POST,
            "/v1/backtests/{run_id}/cancel",
            ("backtest_cancel", "Ends a backtest."),
            cancel,
        )
        .body::<CancelBody>()
        .answers::<BacktestView>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/backtests/{run_id}/result",
            ("backtest_result", "The whole result, in its contract."),
            result,
        )
        .answers::<BacktestResult>(200)
        .conditional()
        .problems(&no_result),
        Route::new(
            &Method::GET,
            "/v1/backtests/{run_id}/equity",
            (
                "backtest_equity",
                "The account over time, in columns of equal length.",
            ),
            equity,
        )
        .answers::<Equity>(200)
        .also("text/csv")
        .conditional()
        .problems(&no_result),
        Route::new(
            &Method::GET,
            "/v1/backtests/{run_id}/trades",
            (
                "backtest_trades",
                "The trades in the order of their closes; as CSV all of them.",
            ),
            trades,
        )
        .query::<TradesQuery>()
        .answers::<Page<Trade>>(200)
        .also("text/csv")
        .problems(&no_result),
        Route::new(
            &Method::GET,
            "/v1/backtests/{run_id}/report",
            ("backtest_report", "The result as a page."),
            report,
        )
        .streams("text/html")
        .conditional()
        .problems(&no_result),
    ]
}

async fn accept(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Idempotency(key): Idempotency,
    Body(body): Body<BacktestBody>,
) -> Result<(StatusCode, Json<SubmittedView>), Refusal> {
    let wish = wish(body)?;
    let submitted = ask(&platform, actor, wish, key).await?.map_err(refused)?;
    Ok(accepted(BACKTESTS, &submitted))
}

/// Accepts a wish on the candles there are now.
pub(crate) async fn ask(
    platform: &Shared,
    actor: String,
    wish: Wish,
    key: Option<IdempotencyKey>,
) -> Result<Result<Submitted, SubmitError>, Refusal> {
    let market = Market {
        listed: platform.candles.bars.list().await?,
        freshness: FreshnessRules {
            market: CheckRules {
                holidays: platform.candles.holidays.clone(),
                ..CheckRules::default()
            },
            grace: None,
        },
    };
    platform
        .blocking(move |platform| Ok(submit(&platform.runs(&actor), &wish, market, key)))
        .await
}

fn wish(body: BacktestBody) -> Result<Wish, Refusal> {
    let strategy = match (body.strategy, body.text) {
        (Some(name), None) => {
            let Ok(wanted) = name.parse();
            Chosen::Registered(wanted)
        }
        (None, Some(text)) => Chosen::Text(text),
        _ => {
            return Err(Refusal::of_field(
                "strategy",
                "either `strategy` or `text` is wanted",
            ));
        }
    };
    let deadline = body
        .deadline
        .as_deref()
        .map(|text| instant("deadline", text));
    let config: Map<String, Value> = [
        ("params", body.params.map(Value::from_iter)),
        (
            "pairs",
            body.pairs
                .map(|pairs| pairs.iter().map(Symbol::as_str).collect()),
        ),
        ("timeframe", body.timeframe.map(|it| it.to_string().into())),
        ("timerange", body.timerange.map(Value::from)),
        ("account", body.account.map(Value::Object)),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
    .collect();
    Ok(Wish {
        strategy,
        experiment: body.experiment,
        overrides: Value::Object(body.overrides.unwrap_or_default()),
        config: Value::Object(config),
        fresh: body.fresh,
        with: Overrides {
            queue: body.queue,
            priority: body.priority,
            tenant: body.tenant,
            concurrency_key: body.concurrency_key,
            deadline: deadline.transpose()?,
            parent: None,
        },
    })
}

fn refused(error: SubmitError) -> Refusal {
    match error {
        SubmitError::Config(error) => misfit(&error),
        other => other.into(),
    }
}

/// A setting that cannot be, with its place in the body.
pub(crate) fn misfit(error: &ConfigError) -> Refusal {
    let place = error.place();
    let cause = std::error::Error::source(error).map(ToString::to_string);
    Refusal::of_field(
        place.strip_prefix("config.").unwrap_or(&place),
        cause.unwrap_or_else(|| error.to_string()),
    )
}

/// Which backtests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only in this state.
    #[serde(default)]
    #[schemars(schema_with = "words::run_state")]
    state: Option<String>,
    /// Only of this strategy.
    strategy: Option<String>,
    /// Only on behalf of this tenant.
    tenant: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    #[schemars(schema_with = "words::id")]
    cursor: Option<String>,
}

async fn list(
    State(platform): State<Shared>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<BacktestView>>, Refusal> {
    let limit = page_of(query.limit, platform.limits)?;
    let query = RunQuery {
        states: word("state", query.state.as_deref(), RunState::parse)?
            .into_iter()
            .collect(),
        strategy: query.strategy,
        tenant: query.tenant,
        before: id("cursor", query.cursor.as_deref())?,
        limit: Some(limit + 1),
        ..RunQuery::default()
    };
    let found = platform
        .blocking(move |platform| Ok(platform.backtests("http").list(&query)?))
        .await?;
    Ok(paged(found, limit, |it| it.run.id.to_string(), view))
}

async fn show(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
) -> Result<Json<BacktestView>, Refusal> {
    let shown = platform
        .blocking(move |platform| Ok(platform.backtests("http").show(run)?))
        .await?;
    Ok(Json(view(shown)))
}

async fn cancel(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(run): Named<RunId>,
    Body(body): Body<CancelBody>,
) -> Result<Json<BacktestView>, Refusal> {
    let shown = platform
        .blocking(move |platform| Ok(platform.backtests(&actor).cancel(run, &body.reason)?))
        .await?;
    Ok(Json(view(shown)))
}

async fn result(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    conditions: Conditions,
) -> Result<Response, Refusal> {
    let bytes = file(&platform, run, ResultFile::Result).await?;
    Ok(tagged(&conditions, "application/json", bytes))
}

async fn equity(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    conditions: Conditions,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if prefers(&headers, "text/csv") {
        let bytes = file(&platform, run, ResultFile::EquityCsv).await?;
        return Ok(tagged(&conditions, "text/csv; charset=utf-8", bytes));
    }
    let bytes = platform
        .blocking(move |platform| {
            let result = platform.backtests("http").result(run)?;
            serde_json::to_vec(&result.equity)
                .map_err(|error| Refusal::new(ProblemCode::Internal, error.to_string()))
        })
        .await?;
    Ok(tagged(&conditions, "application/json", bytes))
}

/// Which trades.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TradesQuery {
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<usize>,
}

async fn trades(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    Query(query): Query<TradesQuery>,
    conditions: Conditions,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if prefers(&headers, "text/csv") {
        let bytes = file(&platform, run, ResultFile::TradesCsv).await?;
        return Ok(tagged(&conditions, "text/csv; charset=utf-8", bytes));
    }
    let limit = page_of(query.limit, platform.limits)?;
    let from = query.cursor.unwrap_or(0);
    let page = platform
        .blocking(move |platform| {
            let all = platform.backtests("http").result(run)?.trades;
            let until = from.saturating_add(limit);
            let next = (until < all.len()).then(|| until.to_string());
            let items: Vec<Trade> = all.into_iter().skip(from).take(limit).collect();
            Ok(Page { items, next })
        })
        .await?;
    Ok(Json(page).into_response())
}

async fn report(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    conditions: Conditions,
) -> Result<Response, Refusal> {
    let bytes = file(&platform, run, ResultFile::Report).await?;
    let mut answer = tagged(&conditions, "text/html; charset=utf-8", bytes);
    answer.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(REPORT_POLICY),
    );
    Ok(answer)
}

async fn file(platform: &Shared, run: RunId, file: ResultFile) -> Result<Vec<u8>, Refusal> {
    platform
        .blocking(move |platform| Ok(platform.backtests("http").file(run, file)?))
        .await
}

/// Bytes under their own name, or only word that they have not changed.
fn tagged(conditions: &Conditions, media_type: &'static str, bytes: Vec<u8>) -> Response {
    let etag = Etag::of_bytes(&bytes);
    let tag = [
        (header::ETAG, etag.to_string()),
        (header::VARY, "accept".to_owned()),
    ];
    if conditions.has(&etag) {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    let kind = [(header::CONTENT_TYPE, media_type)];
    (tag, kind, bytes).into_response()
}

fn view(shown: Shown) -> BacktestView {
    let Shown {
        run,
        origin,
        listing,
        error,
        step,
        waits,
    } = shown;
    BacktestView {
        run_id: run.id.to_string(),
        state: run.state.as_str().to_owned(),
        reason: run.reason,
        strategy: run.new.strategy,
        strategy_version: origin.as_ref().and_then(|origin| origin.strategy_version),
        experiment: origin.and_then(|origin| origin.experiment),
        spec: run.new.spec.to_string(),
        created_at: run.created_at.to_string(),
        started_at: run.started_at.map(|at| at.to_string()),
        finished_at: run.finished_at.map(|at| at.to_string()),
        waits: waits.map(|why| why.to_string()),
        progress: step.map(|step| ProgressView {
            stage: step.stage,
            done: step.done,
            of: step.of,
            what: step.what,
        }),
        error: error.map(|told| told_view(&told)),
        result: listing.as_ref().map(FiguresView::from),
    }
}

fn told_view(told: &fondaco_app::backtests::told::Told) -> ToldView {
    use fondaco_domain::Hint;
    let causes = std::iter::successors(std::error::Error::source(told), |cause| cause.source());
    ToldView {
        kind: told.kind(),
        message: told.to_string(),
        hint: told.hint(),
        causes: causes.map(ToString::to_string).collect(),
    }
}
