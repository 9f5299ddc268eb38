//! The backtest platform: requests and what is answered, pair by pair, field by
//! field.

mod data;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::client::Client;
use crate::workshop::CROSS;

/// With a strategy, and candles of two instruments.
async fn ready() -> Client {
    let client = Client::new();
    client.cross().await;
    client.candles("BTC/USDT", 20_000).await;
    client.candles("AAPL", 20_000).await;
    client
}

/// What is answered: the status and the whole document, with ids and times
/// masked.
async fn pair(client: &Client, method: Method, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json");
    let answer = client
        .send(request.body(Body::from(body.to_owned())).unwrap())
        .await;
    assert_eq!(answer.headers["content-type"], "application/json", "{path}");
    assert!(answer.headers.contains_key("x-correlation-id"), "{path}");
    (answer.status.as_u16(), masked(answer.json()))
}

async fn get(client: &Client, path: &str) -> (u16, Value) {
    pair(client, Method::GET, path, "").await
}

async fn post(client: &Client, path: &str, body: &Value) -> (u16, Value) {
    pair(client, Method::POST, path, &body.to_string()).await
}

/// Ids and times in place of themselves; whatever else differs, differs.
fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| {
                let mask = match (key.as_str(), &value) {
                    ("run_id", Value::String(_)) => Some("<id>"),
                    ("created_at" | "updated_at", Value::String(_)) => Some("<time>"),
                    _ => None,
                };
                let value = mask.map_or_else(|| masked(value), Value::from);
                (key, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        other => other,
    }
}

/// The id of a backtest that must be accepted.
async fn accepted(client: &Client, body: Value) -> String {
    let answer = client.post("/backtest", &body).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()["run_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_backtest_is_accepted_at_once_and_polled() {
    let client = ready().await;
    let body = json!({
        "strategy_name": "cross", "strategy_version": "1", "experiment_name": "autumn",
        "config": {"strategy": "cross", "timeframe": "1d", "start_date": "2024-09-25",
                   "end_date": "2024-10-05", "symbols": ["BTC/USDT"]},
        "config_overrides": {"stake_amount": 100, "stoploss": -0.05},
    });
    let answer = client.post("/backtest", &body).await.json();
    let run = answer["run_id"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({"run_id": run, "status": "QUEUED", "status_url": format!("/backtest/{run}/status")})
    );
    let spec = client.spec(run);
    assert_eq!(spec["pairs"], json!(["BTC/USDT"]));
    assert_eq!(spec["origin"]["experiment"], "autumn");
    assert_eq!(
        spec["account"]["stake"],
        json!({"kind": "fixed", "amount": 100})
    );
    assert_eq!(spec["account"]["balance"], 10_000);
    assert_eq!(
        spec["account"]["freqtrade_config"],
        json!({"stoploss": -0.05})
    );
    assert_eq!(
        spec["range"],
        json!({"from_ms": 1_727_222_400_000_i64, "to_ms": 1_728_086_400_000_i64})
    );
    let path = format!("/backtest/{run}/status");
    let plain = |status: &str| json!({"run_id": "<id>", "status": status, "created_at": "<time>", "updated_at": "<time>"});
    assert_eq!(get(&client, &path).await, (200, plain("QUEUED")));
    let task = client.claim(1).remove(0);
    assert_eq!(get(&client, &path).await, (200, plain("RUNNING")));
    drop(task);
}

#[tokio::test]
async fn the_result_comes_with_the_completion() {
    let client = ready().await;
    let run = accepted(&client, json!({"strategy_name": "cross"})).await;
    client.work();
    let figures = json!({
        "strategy": "sma-cross", "timeframe": "5m",
        "backtest_start": "2022-01-01T00:00:00Z", "backtest_end": "2022-02-01T00:00:00Z",
        "stake_currency": "USDT", "total_trades": 3, "win_rate": 0.5,
        "profit_total": 0.00425, "profit_total_abs": 42.5, "sharpe": 1.25, "sortino": 2.5,
        "calmar": 3.0, "max_drawdown": 0.01, "profit_factor": 2.0,
    });
    let (status, answer) = get(&client, &format!("/backtest/{run}/status")).await;
    assert_eq!(status, 200);
    let names =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(
        names(&answer),
        ["run_id", "status", "created_at", "updated_at", "result"]
    );
    assert_eq!(answer["status"], "COMPLETED");
    assert_eq!(names(&answer["result"]), names(&figures));
    // Those that the document of the result states itself.
    for field in [
        "strategy",
        "timeframe",
        "backtest_start",
        "stake_currency",
        "total_trades",
        "profit_total_abs",
    ] {
        assert_eq!(answer["result"][field], figures[field], "{field}");
    }
    let (status, curve) = get(&client, &format!("/backtest/{run}/equity")).await;
    assert_eq!(
        (status, names(&curve)),
        (200, vec!["run_id".to_owned(), "equity_curve".to_owned()])
    );
    assert_eq!(names(&curve["equity_curve"][0]), ["date", "equity"]);
    assert_eq!(curve["equity_curve"][0]["date"], "2022-01-01T00:00:00Z");
    let (status, report) = get(&client, &format!("/backtest/{run}/report-data")).await;
    assert_eq!(status, 200);
    assert_eq!(
        names(&report),
        [
            "run_id",
            "metrics",
            "config",
            "equity_curve",
            "monthly_returns",
            "trades"
        ]
    );
    assert_eq!(report["metrics"], answer["result"]);
    assert_eq!(report["trades"].as_array().unwrap().len(), 3);
    assert_eq!(
        names(&report["monthly_returns"][0]),
        ["month", "profit", "profit_abs", "trades"]
    );
    let again = post(&client, &format!("/backtest/{run}/cancel"), &json!({})).await;
    assert_eq!(
        again,
        (409, json!({"detail": "Backtest is already COMPLETED"}))
    );
}

#[tokio::test]
async fn ends_have_the_words_of_the_platform() {
    let client = ready().await;
    let status = async |run: &str| get(&client, &format!("/backtest/{run}/status")).await.1;
    let failed = accepted(&client, json!({"strategy_name": "cross"})).await;
    let long = "x".repeat(2_000);
    client
        .fail(&json!({"kind": "no_data", "message": long, "hint": null, "causes": []}).to_string());
    assert_eq!(
        status(&failed).await,
        json!({"run_id": "<id>", "status": "FAILED", "created_at": "<time>", "updated_at": "<time>",
               "error": "x".repeat(1_000)})
    );
    let cancelled = accepted(&client, json!({"strategy_name": "cross"})).await;
    let gone = json!({"run_id": "<id>", "status": "CANCELLED", "created_at": "<time>", "updated_at": "<time>"});
    for _ in 0..2 {
        let answer = post(
            &client,
            &format!("/backtest/{cancelled}/cancel"),
            &json!({}),
        )
        .await;
        assert_eq!(answer, (200, gone.clone()));
    }
    assert_eq!(status(&cancelled).await, gone);
    let halted = accepted(&client, json!({"strategy_name": "cross"})).await;
    let halt = json!({"scope": format!("run:{halted}"), "mode": "halted", "reason": "drill"});
    assert_eq!(client.post("/v1/halts", &halt).await.status.as_u16(), 200);
    let told = status(&halted).await;
    assert_eq!(told["status"], "CANCELLED");
    let error = told["error"].as_str().unwrap();
    assert!(
        error.starts_with("halted: ") && error.contains("drill"),
        "{error}"
    );
    // Halted is no end: it can still be cancelled.
    let answer = post(&client, &format!("/backtest/{halted}/cancel"), &json!({})).await;
    assert_eq!(answer, (200, gone));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let client = ready().await;
    let other = client.submit(1).await;
    let none = json!({"detail": "Backtest not found"});
    for run in ["01890a5d-ac96-774b-bcce-b302099a8057", "latest", &other] {
        for path in ["status", "equity", "report-data"] {
            let answer = get(&client, &format!("/backtest/{run}/{path}")).await;
            assert_eq!(answer, (404, none.clone()), "{run} {path}");
        }
        let answer = post(&client, &format!("/backtest/{run}/cancel"), &json!({})).await;
        assert_eq!(answer, (404, none.clone()), "{run}");
    }
    let none = json!({"detail": "Strategy not found"});
    assert_eq!(
        get(&client, "/strategies/nobody").await,
        (404, none.clone())
    );
    for path in ["validate", "merge"] {
        let answer = post(&client, &format!("/strategies/nobody/{path}"), &json!({})).await;
        assert_eq!(answer, (404, none.clone()), "{path}");
    }
    let answer = post(&client, "/backtest", &json!({"strategy_name": "nobody"})).await;
    assert_eq!(answer, (404, none));
    let body = json!({"strategy_name": "cross", "strategy_version": 9});
    let none = json!({"detail": "Strategy version not found"});
    assert_eq!(post(&client, "/backtest", &body).await, (404, none));
    let early = accepted(&client, json!({"strategy_name": "cross"})).await;
    let answer = get(&client, &format!("/backtest/{early}/equity")).await;
    assert_eq!(answer.0, 409);
}

#[tokio::test]
async fn fields_of_the_wrong_type_are_told_together() {
    let client = ready().await;
    let empty = pair(&client, Method::POST, "/backtest", "").await;
    assert_eq!(
        empty,
        (
            422,
            json!({"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": null}]})
        )
    );
    let (status, told) = pair(&client, Method::POST, "/backtest", "{\"strategy_name\": }").await;
    assert_eq!(
        (status, &told["detail"][0]["type"]),
        (422, &json!("json_invalid"))
    );
    assert_eq!(told["detail"][0]["loc"], json!(["body", 18]));
    assert_eq!(told["detail"][0]["msg"], "JSON decode error");
    assert_eq!(
        post(&client, "/backtest", &json!({"strategy_version": "1"})).await,
        (
            422,
            json!({"detail": [{"type": "missing", "loc": ["body", "strategy_name"], "msg": "Field required",
                                 "input": {"strategy_version": "1"}}]})
        )
    );
    let body = json!({
        "strategy_name": 5, "strategy_version": [], "experiment_name": {},
        "config": {"timeframe": 1, "symbols": "BTC/USDT"}, "config_overrides": [],
    });
    let fault = |kind: &str, loc: Value, msg: &str, input: Value| json!({"type": kind, "loc": loc, "msg": msg, "input": input});
    let string = "Input should be a valid string";
    assert_eq!(
        post(&client, "/backtest", &body).await,
        (
            422,
            json!({"detail": [
                fault("string_type", json!(["body", "config", "timeframe"]), string, json!(1)),
                fault("list_type", json!(["body", "config", "symbols"]), "Input should be a valid list", json!("BTC/USDT")),
                fault("string_type", json!(["body", "strategy_name"]), string, json!(5)),
                fault("string_type", json!(["body", "strategy_version"]), string, json!([])),
                fault("string_type", json!(["body", "experiment_name"]), string, json!({})),
                fault("dict_type", json!(["body", "config_overrides"]), "Input should be a valid dictionary", json!([])),
            ]})
        )
    );
    let answer = post(&client, "/backtest", &json!([1])).await;
    assert_eq!(
        (answer.0, &answer.1["detail"][0]["type"]),
        (422, &json!("model_attributes_type"))
    );
}

#[tokio::test]
async fn the_catalogue_of_errors() {
    let client = ready().await;
    let config = |config: Value| json!({"strategy_name": "cross", "config": config});
    let overrides =
        |overrides: Value| json!({"strategy_name": "cross", "config_overrides": overrides});
    for (body, code, detail) in [
        (
            config(json!({"start_date": "2024-10-05", "end_date": "2024-09-25"})),
            "VAL001",
            "Invalid date range: start_date must be before end_date",
        ),
        (
            config(json!({"start_date": "yesterday"})),
            "VAL001",
            "Invalid date range: start_date `yesterday` is not a date",
        ),
        (
            config(json!({"symbols": ["BTCUSDT"]})),
            "VAL002",
            "Invalid symbol format: BTCUSDT. Expected BASE/QUOTE:SETTLE",
        ),
        (
            config(json!({"symbols": ["BTC//USDT"]})),
            "VAL002",
            "Invalid symbol format: BTC//USDT. Expected BASE/QUOTE:SETTLE",
        ),
        (
            config(json!({"timeframe": "7m"})),
            "VAL003",
            "Invalid timeframe: 7m. Must be one of: 1m, 5m, 15m, 1h, 4h, 1d",
        ),
        (
            json!({"strategy_name": ""}),
            "VAL004",
            "Missing required field: strategy_name",
        ),
        (overrides(json!({"params": {"n": 100}})), "VAL005", ""),
        (overrides(json!({"stoploss": 0.5})), "VAL005", ""),
        (overrides(json!({"fee": -1})), "VAL005", ""),
        (
            overrides(json!({"stake_ammount": 5})),
            "VAL006",
            "Invalid config_overrides: unknown key `stake_ammount`",
        ),
        (overrides(json!({"max_open_trades": "many"})), "VAL006", ""),
        (
            overrides(json!({"exchange": {"name": "binance"}})),
            "VAL006",
            "",
        ),
        (
            config(json!({"strategy": "other"})),
            "VAL006",
            "Invalid config: config.strategy is `other`, strategy_name `cross`",
        ),
    ] {
        let (status, told) = post(&client, "/backtest", &body).await;
        assert_eq!(
            (status, &told["code"]),
            (400, &json!(code)),
            "{body}: {told}"
        );
        let said = told["detail"].as_str().unwrap();
        assert!(detail.is_empty() || said == detail, "{body}: {told}");
    }
    let none = post(
        &client,
        "/backtest",
        &config(json!({"symbols": ["ETH/USDT"]})),
    )
    .await;
    assert_eq!(
        none,
        (
            400,
            json!({"detail": "there are no 1d candles of ETH/USDT"})
        )
    );
    assert_eq!(
        client.get("/v1/backtests").await.json(),
        json!({"items": []})
    );
}

#[tokio::test]
async fn what_is_left_out_comes_from_the_strategy_version() {
    let client = ready().await;
    let put = json!({"text": CROSS, "experiment": "autumn", "tags": {"config_path": "s3://configs/cross.yaml"},
                     "config": {"pairs": ["AAPL"], "timerange": "2024-09-25..", "account": {"balance": 700}}});
    client.put("/v1/strategies/cross", &[], &put).await;
    let run = accepted(&client, json!({"strategy_name": "cross"})).await;
    let spec = client.spec(&run);
    assert_eq!(
        (&spec["pairs"], &spec["account"]["balance"]),
        (&json!(["AAPL"]), &json!(700))
    );
    assert_eq!(
        (
            &spec["origin"]["experiment"],
            &spec["origin"]["strategy_version"]
        ),
        (&json!("autumn"), &json!(2))
    );
    // The first version has no such settings.
    let run = accepted(
        &client,
        json!({"strategy_name": "cross", "strategy_version": "1"}),
    )
    .await;
    assert_eq!(client.spec(&run)["pairs"], json!(["AAPL", "BTC/USDT"]));
    // A name of the strategy class alone is enough, and a ticker with candles is a symbol.
    let body = json!({"config": {"strategy": "cross", "symbols": ["AAPL"]}});
    let run = accepted(&client, body).await;
    assert_eq!(client.spec(&run)["origin"]["run_id"], run.as_str());
}

#[tokio::test]
async fn strategies_are_listed_shown_validated_and_merged() {
    let client = ready().await;
    let line = json!({
        "name": "cross", "version": "1", "strategy_version": "1.0.0", "description": "Above its average",
        "timeframe": "1d", "experiment_name": null, "tags": {}, "created_at": "<time>",
    });
    assert_eq!(get(&client, "/strategies").await, (200, json!([line])));
    let mut whole = line.clone();
    whole["config"] = json!({});
    whole["versions"] = json!([line]);
    assert_eq!(get(&client, "/strategies/cross").await, (200, whole));
    let path = "/strategies/cross/validate";
    let fine = json!({"name": "cross", "valid": true, "errors": [], "warnings": []});
    assert_eq!(pair(&client, Method::POST, path, "").await, (200, fine));
    let broken = json!({"text": CROSS.replace("stoploss", "stoplos")});
    assert_eq!(
        post(&client, path, &broken).await,
        (
            200,
            json!({"name": "cross", "valid": false,
                     "errors": ["line 13, column 1: unknown key `stoplos` in [risk]"], "warnings": []})
        )
    );
    let merged = post(
        &client,
        "/strategies/cross/merge",
        &json!({"config_overrides": {"fee": 0.002}}),
    )
    .await;
    assert_eq!(
        merged,
        (
            200,
            json!({"name": "cross", "version": "1", "config": {"account": {"fee": 0.002}}})
        )
    );
}
