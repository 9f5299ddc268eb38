//! `/api/portfolio`: watchlist, accounts, positions, and an analysis of all
//! that is watched.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use fondaco_app::analysis::shown::names::About;
use fondaco_app::portfolio::{
    Account, NewPosition, Portfolio, PortfolioError, Position, Valued, Watched, Which, closes,
    to_csv, value,
};
use fondaco_domain::{Symbol, UnixMillis};
use serde::{Deserialize, Serialize};

use super::analysis::{begin, wish};
use super::detail::Detail;
use super::form::{Form, Words, date};
use super::told::version;
use crate::extract::Actor;
use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = lists();
    routes.extend(positions());
    routes
}

fn lists() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/api/portfolio/watchlist",
            ("s000_watchlist", "Instruments that are watched."),
            watchlist,
        ),
        Route::new(
            &Method::POST,
            "/api/portfolio/watchlist",
            ("s000_watchlist_add", "Watches an instrument."),
            watch,
        ),
        Route::new(
            &Method::DELETE,
            "/api/portfolio/watchlist/{ticker}",
            ("s000_watchlist_remove", "Watches an instrument no more."),
            unwatch,
        ),
        Route::new(
            &Method::GET,
            "/api/portfolio/accounts",
            ("s000_accounts", "Accounts that positions are noted under."),
            accounts,
        ),
        Route::new(
            &Method::POST,
            "/api/portfolio/accounts",
            ("s000_account_add", "Adds an account."),
            add_account,
        ),
        Route::new(
            &Method::DELETE,
            "/api/portfolio/accounts/{account_name}",
            (
                "s000_account_remove",
                "Removes an account without positions.",
            ),
            remove_account,
        ),
        Route::new(
            &Method::POST,
            "/api/portfolio/analyze",
            (
                "s000_portfolio_analyze",
                "Begins an analysis of all that is watched.",
            ),
            analyze,
        ),
    ]
}

fn positions() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/api/portfolio/positions",
            ("s000_positions", "Positions, and what they have come to."),
            list_positions,
        ),
        Route::new(
            &Method::POST,
            "/api/portfolio/positions",
            ("s000_position_add", "Notes a position."),
            add_position,
        ),
        Route::new(
            &Method::GET,
            "/api/portfolio/positions/export",
            ("s000_positions_export", "Positions as CSV."),
            export,
        ),
        Route::new(
            &Method::DELETE,
            "/api/portfolio/positions/{ticker}",
            ("s000_position_remove", "Removes a position."),
            remove_position,
        ),
    ]
}

/// A call of the use cases, off the threads that serve sockets.
async fn call<T: Send + 'static>(
    platform: &Shared,
    actor: String,
    work: impl FnOnce(&Portfolio<'_>) -> Result<T, PortfolioError> + Send + 'static,
) -> Result<T, Detail> {
    let done = platform.blocking(move |platform| Ok(work(&platform.portfolio(&actor))));
    Ok(done.await??)
}

fn watched(portfolio: &Portfolio<'_>) -> Result<Vec<Watched>, PortfolioError> {
    portfolio.watchlist()
}

fn all_accounts(portfolio: &Portfolio<'_>) -> Result<Vec<Account>, PortfolioError> {
    portfolio.accounts()
}

/// To `GET watchlist`.
#[derive(Debug, Serialize)]
struct Watchlist {
    watchlist: Vec<Watched>,
}

async fn watchlist(
    State(platform): State<Shared>,
    Actor(actor): Actor,
) -> Result<Json<Watchlist>, Detail> {
    let watchlist = call(&platform, actor, watched).await?;
    Ok(Json(Watchlist { watchlist }))
}

#[derive(Debug, Deserialize)]
struct NewWatched {
    ticker: String,
    name: Option<String>,
}

async fn watch(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Form(body): Form<NewWatched>,
) -> Result<Json<Watched>, Detail> {
    let name = body.name.filter(|name| !name.trim().is_empty());
    let watched = call(&platform, actor, move |portfolio| {
        portfolio.watch(&body.ticker, name.as_deref())
    });
    Ok(Json(watched.await?))
}

/// What was removed.
#[derive(Debug, Serialize)]
struct Gone {
    ok: bool,
}

const GONE: Json<Gone> = Json(Gone { ok: true });

async fn unwatch(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Path(ticker): Path<String>,
) -> Result<Json<Gone>, Detail> {
    call(&platform, actor, move |portfolio| {
        portfolio.unwatch(&ticker)
    })
    .await?;
    Ok(GONE)
}

/// To `GET accounts`.
#[derive(Debug, Serialize)]
struct Accounts {
    accounts: Vec<Account>,
}

async fn accounts(
    State(platform): State<Shared>,
    Actor(actor): Actor,
) -> Result<Json<Accounts>, Detail> {
    let accounts = call(&platform, actor, all_accounts).await?;
    Ok(Json(Accounts { accounts }))
}

#[derive(Debug, Deserialize)]
struct NewAccount {
    account_name: String,
}

async fn add_account(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Form(body): Form<NewAccount>,
) -> Result<Json<Account>, Detail> {
    let added = call(&platform, actor, move |portfolio| {
        portfolio.add_account(&body.account_name)
    });
    Ok(Json(added.await?))
}

async fn remove_account(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Path(account): Path<String>,
) -> Result<Json<Gone>, Detail> {
    call(&platform, actor, move |portfolio| {
        portfolio.remove_account(&account)
    })
    .await?;
    Ok(GONE)
}

#[derive(Debug, Deserialize)]
struct PositionsQuery {
    account: Option<String>,
}

/// To `GET positions`.
#[derive(Debug, Serialize)]
struct Positions {
    positions: Vec<PositionShown>,
}

/// A position at today's prices; what has no price has no profit either.
#[derive(Debug, Serialize)]
struct PositionShown {
    #[serde(flatten)]
    position: Position,
    current_price: Option<f64>,
    unrealized_pnl: Option<f64>,
    unrealized_pnl_pct: Option<f64>,
}

impl From<Valued> for PositionShown {
    fn from(valued: Valued) -> Self {
        Self {
            position: valued.position,
            current_price: valued.current_price,
            unrealized_pnl: valued.pnl,
            unrealized_pnl_pct: valued.pnl_pct,
        }
    }
}

async fn list_positions(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Words(query): Words<PositionsQuery>,
) -> Result<Json<Positions>, Detail> {
    let valued = valued(&platform, actor, query.account).await?;
    let positions = valued.into_iter().map(PositionShown::from).collect();
    Ok(Json(Positions { positions }))
}

async fn valued(
    platform: &Shared,
    actor: String,
    account: Option<String>,
) -> Result<Vec<Valued>, Detail> {
    let valued = platform.waiting(async move |platform: &Platform| {
        let positions = platform.portfolio(&actor).positions(account.as_deref())?;
        let symbols: BTreeSet<Symbol> = positions.iter().map(|one| one.ticker.clone()).collect();
        let now = UnixMillis(platform.machine.wall().0.div_euclid(1_000));
        let closes = closes::last_closes(&*platform.candles.bars, &symbols, now).await?;
        Ok(value(positions, &closes))
    });
    Ok(valued.await?)
}

async fn export(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Words(query): Words<PositionsQuery>,
) -> Result<Response, Detail> {
    let csv = to_csv(&valued(&platform, actor, query.account).await?);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"positions.csv\"",
        ),
    ];
    Ok((headers, csv).into_response())
}

#[derive(Debug, Deserialize)]
struct PositionBody {
    ticker: String,
    shares: f64,
    cost_price: f64,
    purchase_date: Option<String>,
    notes: Option<String>,
    account: Option<String>,
}

async fn add_position(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Form(body): Form<PositionBody>,
) -> Result<Json<Position>, Detail> {
    let purchase_date = body.purchase_date.filter(|text| !text.is_empty());
    let new = NewPosition {
        ticker: body.ticker,
        shares: body.shares,
        cost_price: body.cost_price,
        purchase_date: purchase_date.as_deref().map(date).transpose()?,
        notes: body.notes.unwrap_or_default(),
        account: body.account,
    };
    let added = call(&platform, actor, move |portfolio| {
        portfolio.add_position(new)
    });
    Ok(Json(added.await?))
}

#[derive(Debug, Deserialize)]
struct RemoveQuery {
    position_id: Option<String>,
    account: Option<String>,
}

async fn remove_position(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Path(ticker): Path<String>,
    Words(query): Words<RemoveQuery>,
) -> Result<Json<Gone>, Detail> {
    let which = Which {
        ticker: Some(ticker),
        position_id: query.position_id,
        account: query.account,
    };
    let removed = call(&platform, actor, move |portfolio| {
        portfolio.remove_position(&which)
    });
    removed.await?;
    Ok(GONE)
}

#[derive(Debug, Deserialize)]
struct Analyze {
    date: Option<String>,
}

/// To `POST analyze`.
#[derive(Debug, Serialize)]
struct Analyzed {
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_version: Option<&'static str>,
    task_id: String,
    total: usize,
    status: &'static str,
}

async fn analyze(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    headers: HeaderMap,
    Form(body): Form<Analyze>,
) -> Result<Json<Analyzed>, Detail> {
    let day = body.date.as_deref().map(date).transpose()?;
    let watched = call(&platform, actor.clone(), watched).await?;
    if watched.is_empty() {
        return Err(Detail::bad("Watchlist is empty"));
    }
    let total = watched.len();
    let tickers = watched.into_iter().map(|watched| watched.ticker).collect();
    let wish = wish(&platform, tickers, day);
    let begun = begin(&platform, actor, wish, (About::Portfolio, &headers)).await?;
    Ok(Json(Analyzed {
        contract_version: version(begun.shape),
        task_id: begun.task_id,
        total,
        status: "running",
    }))
}
