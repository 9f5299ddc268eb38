//! Whatever is changed over HTTP leaves a fact: who, what and when.

use axum::body::Body;
use axum::http::{Method, Request};
use fondaco_app::ports::records::TrailQuery;
use fondaco_app::roles::Role;
use fondaco_domain::access::Scope;
use fondaco_server::listed;
use serde_json::{Value, json};

use crate::client::{Client, wish};
use crate::workshop::CROSS;

/// What a route is asked, and whether it changes something by that.
enum Order {
    Changes(String, Vec<u8>),
    Looks(String, Vec<u8>),
}

fn changes(path: &str, body: &Value) -> Order {
    Order::Changes(path.to_owned(), body.to_string().into_bytes())
}

fn looks(path: &str, body: &Value) -> Order {
    Order::Looks(path.to_owned(), body.to_string().into_bytes())
}

/// Candles of two days.
const CANDLES: &str =
    "date,open,high,low,close,volume\n2024-01-01,1,2,1,2,5\n2024-01-02,2,3,2,3,5\n";

/// Brings about what the route is for, and says how to ask it.
async fn order(client: &Client, route: &str) -> Order {
    let reason = json!({"reason": "drill"});
    match route {
        "run_submit" => changes("/v1/runs", &wish(1)),
        "run_cancel" => {
            let run = client.submit(1).await;
            changes(&format!("/v1/runs/{run}/cancel"), &reason)
        }
        "run_resume" => {
            let run = client.submit(1).await;
            halt(client, &format!("run:{run}")).await;
            clear(client, &format!("run:{run}")).await;
            changes(&format!("/v1/runs/{run}/resume"), &json!({}))
        }
        "run_retry" | "run_replay" => {
            let run = client.submit(1).await;
            let cancel = format!("/v1/runs/{run}/cancel");
            client.post(&cancel, &reason).await;
            let verb = route.trim_start_matches("run_");
            changes(&format!("/v1/runs/{run}/{verb}"), &json!({}))
        }
        "backtest_submit" => {
            ready(client).await;
            changes("/v1/backtests", &json!({"strategy": "cross"}))
        }
        "backtest_cancel" => {
            let run = backtest(client).await;
            changes(&format!("/v1/backtests/{run}/cancel"), &reason)
        }
        "s002_backtest_submit" => {
            ready(client).await;
            changes("/backtest", &json!({"strategy_name": "cross"}))
        }
        "s002_backtest_cancel" => {
            let run = backtest(client).await;
            changes(&format!("/backtest/{run}/cancel"), &json!({}))
        }
        "analysis_submit" => changes("/v1/analyses", &json!({"items": [{"ticker": "AAPL"}]})),
        "halt_set" | "halt_confirm" | "halt_clear" => halt_order(client, route).await,
        route if route.starts_with("s000_") => dashboard_order(client, route).await,
        route if route.contains("simulat") => simulation_order(client, route).await,
        route => other_order(client, route).await,
    }
}

async fn other_order(client: &Client, route: &str) -> Order {
    match route {
        "strategy_put" => changes("/v1/strategies/cross", &json!({"text": CROSS})),
        "strategy_validate" => looks("/v1/strategies/cross/validate", &json!({"text": CROSS})),
        "s002_strategy_validate" => {
            client.cross().await;
            looks("/strategies/cross/validate", &json!({}))
        }
        "s002_strategy_merge" => {
            client.cross().await;
            looks("/strategies/cross/merge", &json!({}))
        }
        "data_import" => {
            let path = "/v1/data/import?filename=AAPL-1d.csv&venue=test&symbol=AAPL&timeframe=1d";
            Order::Changes(path.to_owned(), CANDLES.as_bytes().to_vec())
        }
        "s002_data_freshness" => {
            ready(client).await;
            looks(
                "/data/freshness",
                &json!({"symbols": ["BTC/USDT"], "timeframe": "1d"}),
            )
        }
        "s002_data_validate" => {
            ready(client).await;
            looks(
                "/data/validate",
                &json!({"symbols": ["BTC/USDT"], "timeframe": "1d"}),
            )
        }
        "key_revoke" => {
            // Another one, so that nobody needs a key afterwards.
            client.add_key("desk", &[Scope::Admin]);
            changes("/v1/keys/desk/revoke", &json!({}))
        }
        "flag_set" => changes(
            "/v1/flags/dashboard_compat_exports",
            &json!({"value": false}),
        ),
        "flag_unset" => {
            let path = "/v1/flags/dashboard_compat_exports";
            client.put(path, &[], &json!({"value": false})).await;
            changes(path, &json!({}))
        }
        "schedule_add" => changes("/v1/schedules", &nightly()),
        "schedule_pause" => {
            client.post("/v1/schedules", &nightly()).await;
            changes("/v1/schedules/nightly/pause", &json!({}))
        }
        "schedule_resume" => {
            client.post("/v1/schedules", &nightly()).await;
            client.post("/v1/schedules/nightly/pause", &json!({})).await;
            changes("/v1/schedules/nightly/resume", &json!({}))
        }
        "schedule_remove" => {
            client.post("/v1/schedules", &nightly()).await;
            changes("/v1/schedules/nightly", &json!({}))
        }
        other => panic!("say here how `{other}` is asked, and whether it changes something"),
    }
}

async fn simulation_order(client: &Client, route: &str) -> Order {
    client.candles("AAPL", 20_000).await;
    let day = json!({"start_date": "2024-10-01", "end_date": "2024-10-01"});
    let wish = json!({"request": {
        "start": "2024-10-01", "end": "2024-10-02", "models": [{"model": "fondaco/rule-based"}],
    }});
    match route {
        "simulation_submit" => changes("/v1/simulations", &wish),
        "simulation_cancel" => {
            let begun = client.post("/v1/simulations", &wish).await.json();
            let run = begun["run_id"].as_str().unwrap();
            let reason = json!({"reason": "drill"});
            changes(&format!("/v1/simulations/{run}/cancel"), &reason)
        }
        "s004_simulate_trigger" => changes("/simulate/trigger", &day),
        "s004_simulate_cancel" => {
            let begun = client.post("/simulate/trigger", &day).await.json();
            let job = begun["job_id"].as_str().unwrap();
            changes(&format!("/simulate/cancel/{job}"), &json!({}))
        }
        other => panic!("say here how `{other}` is asked"),
    }
}

async fn dashboard_order(client: &Client, route: &str) -> Order {
    let watched = json!({"ticker": "AAPL"});
    let account = json!({"account_name": "Ibkr"});
    let position = json!({"ticker": "AAPL", "shares": 1, "cost_price": 2});
    let (list, accounts) = ("/api/portfolio/watchlist", "/api/portfolio/accounts");
    let positions = "/api/portfolio/positions";
    match route {
        "s000_analysis_start" => changes("/api/analysis/start", &watched),
        "s000_analysis_cancel" => {
            let begun = client.post("/api/analysis/start", &watched).await.json();
            let task = begun["task_id"].as_str().unwrap();
            changes(&format!("/api/analysis/cancel/{task}"), &json!({}))
        }
        "s000_config_apikey" => changes("/api/config/apikey", &json!({"api_key": "sk"})),
        "s000_watchlist_add" => changes(list, &watched),
        "s000_watchlist_remove" => {
            client.post(list, &watched).await;
            changes(&format!("{list}/AAPL"), &json!({}))
        }
        "s000_portfolio_analyze" => {
            client.post(list, &watched).await;
            changes("/api/portfolio/analyze", &json!({}))
        }
        "s000_account_add" => changes(accounts, &account),
        "s000_account_remove" => {
            client.post(accounts, &account).await;
            changes(&format!("{accounts}/Ibkr"), &json!({}))
        }
        "s000_position_add" => changes(positions, &position),
        "s000_position_remove" => {
            client.post(positions, &position).await;
            changes(&format!("{positions}/AAPL"), &json!({}))
        }
        other => panic!("say here how `{other}` is asked"),
    }
}

async fn halt_order(client: &Client, route: &str) -> Order {
    match route {
        "halt_set" => changes(
            "/v1/halts",
            &json!({"scope": "global", "mode": "halted", "reason": "drill"}),
        ),
        "halt_confirm" => {
            halt(client, "global").await;
            changes(
                "/v1/halts/confirmations",
                &json!({"scope": "global", "reason": "over"}),
            )
        }
        _ => {
            halt(client, "global").await;
            let confirmation = confirm(client, "global").await;
            changes(
                "/v1/halts/clear",
                &json!({"scope": "global", "reason": "over", "confirmation": confirmation}),
            )
        }
    }
}

async fn ready(client: &Client) {
    client.cross().await;
    client.candles("BTC/USDT", 20_000).await;
}

async fn backtest(client: &Client) -> String {
    ready(client).await;
    let wish = json!({"strategy": "cross"});
    Client::accepted(&client.post("/v1/backtests", &wish).await)
}

async fn halt(client: &Client, scope: &str) {
    let order = json!({"scope": scope, "mode": "halted", "reason": "drill"});
    assert_eq!(client.post("/v1/halts", &order).await.status.as_u16(), 200);
}

async fn confirm(client: &Client, scope: &str) -> String {
    let wish = json!({"scope": scope, "reason": "over"});
    let given = client.post("/v1/halts/confirmations", &wish).await.json();
    given["confirmation"].as_str().unwrap().to_owned()
}

async fn clear(client: &Client, scope: &str) {
    let confirmation = confirm(client, scope).await;
    let order = json!({"scope": scope, "reason": "over", "confirmation": confirmation});
    let cleared = client.post("/v1/halts/clear", &order).await;
    assert_eq!(cleared.status.as_u16(), 200, "{}", cleared.text);
}

fn nightly() -> Value {
    let spec = wish(1)["spec"].clone();
    let trigger = json!({"type": "cron", "expression": "0 6 * * *", "zone": "UTC"});
    json!({"name": "nightly", "trigger": trigger, "spec": spec})
}

/// Who wrote each fact that there is: changes of records, and events of runs.
fn facts(client: &Client) -> Vec<String> {
    let store = &client.platform.store;
    let mut changes = store.trail(&TrailQuery::default()).unwrap();
    changes.reverse();
    let events = store.feed(0, 10_000).unwrap();
    let changes = changes.into_iter().map(|change| change.actor);
    let events = events.into_iter().map(|row| row.event.actor);
    changes.chain(events).collect()
}

#[tokio::test]
async fn every_order_leaves_a_fact_with_its_actor() {
    let orders = listed(Role::Control);
    let orders = orders.iter().filter(|route| route.method != Method::GET);
    let mut wrong = Vec::new();
    for route in orders {
        let client = Client::new();
        let order = order(&client, route.id).await;
        let before = facts(&client);
        let (path, body, is_change) = match order {
            Order::Changes(path, body) => (path, body, true),
            Order::Looks(path, body) => (path, body, false),
        };
        let by_key = route.id == "key_revoke";
        let form = if route.id == "data_import" {
            "application/octet-stream"
        } else {
            "application/json"
        };
        let mut request = Request::builder()
            .method(&route.method)
            .uri(&path)
            .header("content-type", form);
        if by_key {
            let key = client.add_key("other", &[Scope::Admin]);
            request = request.header("x-api-key", key);
        }
        let answer = client.send(request.body(Body::from(body)).unwrap()).await;
        let about = format!("{} {path}: {}", route.id, answer.text);
        let after = facts(&client);
        let actor = if by_key { "key:other" } else { "http:local" };
        let by = |facts: &[String]| facts.iter().filter(|fact| *fact == actor).count();
        let has_changed = by(&after) > by(&before);
        if !answer.status.is_success() || has_changed != is_change {
            wrong.push(format!("{} {about}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
