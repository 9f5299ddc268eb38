//! Data, on the shared address and on one of their own.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::{get, post, ready};

#[tokio::test]
async fn data_are_told_by_symbol() {
    let client = ready().await;
    let today = client.platform.machine.wall().0 / 86_400_000_000;
    client.candles("ETH/USDT", today - 1).await;
    let body = json!({"symbols": ["ETH/USDT", "BTC/USDT", "NO/USDT", "a//b"], "timeframe": "1d"});
    let (status, told) = post(&client, "/data/freshness", &body).await;
    assert_eq!((status, &told["all_fresh"]), (200, &json!(false)));
    let results = told["results"].as_object().unwrap();
    let names: Vec<&String> = results.keys().collect();
    assert_eq!(names, ["ETH/USDT", "BTC/USDT", "NO/USDT", "a//b"]);
    let fresh = results["ETH/USDT"].as_object().unwrap();
    let fields: Vec<&String> = fresh.keys().collect();
    assert_eq!(
        fields,
        ["last_update", "age_hours", "is_fresh", "row_count"]
    );
    // The candle of yesterday is the newest that can be whole, though it began
    // more than a day ago.
    assert_eq!(
        (&fresh["is_fresh"], &fresh["row_count"]),
        (&json!(true), &json!(10))
    );
    assert!(fresh["age_hours"].as_f64().unwrap() > 24.0, "{fresh:?}");
    assert_eq!(results["BTC/USDT"]["is_fresh"], false);
    assert_eq!(results["BTC/USDT"]["last_update"], "2024-10-04T00:00:00Z");
    assert_eq!(
        results["NO/USDT"],
        json!({"error": "No data found for NO/USDT_1d", "is_fresh": false})
    );
    assert_eq!(
        results["a//b"],
        json!({"error": "Invalid symbol format: a//b", "is_fresh": false})
    );
    let body = json!({"symbols": ["ETH/USDT"], "timeframe": "1d"});
    let (_, told) = post(&client, "/data/freshness", &body).await;
    assert_eq!(told["all_fresh"], true);
    let (status, told) = post(&client, "/data/validate", &body).await;
    assert_eq!(
        (status, told),
        (
            200,
            json!({"results": {"ETH/USDT": {"is_valid": true, "row_count": 10, "issues": [{"issue": "spike", "severity": "warning", "count": 10}]}}, "all_valid": true})
        )
    );
    assert_eq!(
        get(&client, "/data/symbols").await,
        (
            200,
            json!({"symbols": ["AAPL", "BTC/USDT", "ETH/USDT"],
                     "timeframes": {"AAPL": ["1d"], "BTC/USDT": ["1d"], "ETH/USDT": ["1d"]}})
        )
    );
    let (status, told) = post(&client, "/data/freshness", &json!({"symbols": []})).await;
    assert_eq!(
        (status, &told["detail"][0]["loc"]),
        (422, &json!(["body", "timeframe"]))
    );
    let often = json!({"symbols": [], "timeframe": "often"});
    assert_eq!(
        post(&client, "/data/freshness", &often).await,
        (
            400,
            json!({"detail": "Invalid timeframe: often", "code": "VAL003"})
        )
    );
}

#[tokio::test]
async fn the_data_service_can_have_an_address_of_its_own() {
    let client = ready().await;
    let send = async |method: Method, path: &str, body: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("host", "127.0.0.1:8002");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let platform = std::sync::Arc::clone(&client.platform);
        let answer =
            tower::ServiceExt::oneshot(fondaco_server::data_router(platform), request).await;
        let answer = answer.unwrap();
        let status = answer.status().as_u16();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    assert_eq!(
        send(Method::GET, "/health", "").await,
        (
            200,
            json!({"status": "healthy", "service": "data-collection"})
        )
    );
    let body = r#"{"symbols": ["AAPL"], "timeframe": "1d"}"#;
    let (status, told) = send(Method::POST, "/data/freshness", body).await;
    assert_eq!((status, &told["all_fresh"]), (200, &json!(false)));
    assert_eq!(send(Method::GET, "/backtest/1/status", "").await.0, 404);
}
