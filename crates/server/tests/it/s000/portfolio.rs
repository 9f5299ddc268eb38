//! `/api/portfolio` and `/api/reports`.

use axum::http::Method;
use fondaco_app::analysis::shown::names;
use serde_json::{Value, json};

use super::{ask, delete, get, post, ready, shown, started};
use crate::analysts::Outcome;
use crate::client::Client;

const LIST: &str = "/api/portfolio/watchlist";

#[tokio::test]
async fn what_is_watched() {
    let client = ready().await;
    let (status, added) = post(&client, LIST, json!({"ticker": "AAPL", "name": "Apple"})).await;
    assert_eq!(
        (status, &added["ticker"], &added["name"]),
        (200, &json!("AAPL"), &json!("Apple"))
    );
    let (status, again) = post(&client, LIST, json!({"ticker": "AAPL", "name": "Apple"})).await;
    assert_eq!(
        (status, again),
        (400, json!({"detail": "AAPL is in the watchlist already"}))
    );
    let (_, listed) = get(&client, LIST).await;
    assert_eq!(listed["watchlist"].as_array().unwrap().len(), 1);
    let one = format!("{LIST}/AAPL");
    assert_eq!(delete(&client, &one).await, (200, json!({"ok": true})));
    assert_eq!(delete(&client, &one).await.0, 404);
}

#[tokio::test]
async fn accounts_and_positions_with_what_they_came_to() {
    let client = ready().await;
    let accounts = "/api/portfolio/accounts";
    let name = json!({"account_name": "Ibkr"});
    assert_eq!(post(&client, accounts, name.clone()).await.0, 200);
    assert_eq!(post(&client, accounts, name).await.0, 400);
    let positions = "/api/portfolio/positions";
    let wish = |ticker: &str| {
        json!({
            "ticker": ticker, "shares": 4, "cost_price": 10, "purchase_date": "2024-01-02",
            "notes": "", "account": "Ibkr",
        })
    };
    let (status, noted) = post(&client, positions, wish("AAPL")).await;
    assert_eq!((status, &noted["account"]), (200, &json!("Ibkr")));
    post(&client, positions, wish("NONE")).await;
    let (_, listed) = get(&client, &format!("{positions}?account=Ibkr")).await;
    let listed = listed["positions"].as_array().unwrap();
    // The last close of the candles is 10.5.
    let [one, other] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    assert_eq!(
        (&one["current_price"], &one["unrealized_pnl"]),
        (&json!(10.5), &json!(2.0))
    );
    let pct = one["unrealized_pnl_pct"].as_f64().unwrap();
    assert!((pct - 5.0).abs() < 1e-9, "{pct}");
    assert_eq!(
        (&other["current_price"], &other["unrealized_pnl"]),
        (&Value::Null, &Value::Null)
    );
    let csv = ask(
        &client,
        Method::GET,
        &format!("{positions}/export"),
        &Value::Null,
    )
    .await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.text.lines().count(), 3, "{}", csv.text);
    assert_eq!(delete(&client, &format!("{accounts}/Ibkr")).await.0, 400);
    let id = noted["position_id"].as_str().unwrap();
    let one = format!("{positions}/AAPL?position_id={id}&account=Ibkr");
    assert_eq!(delete(&client, &one).await, (200, json!({"ok": true})));
    assert_eq!(delete(&client, &one).await.0, 404);
    assert_eq!(
        post(&client, positions, json!({"ticker": "AAPL"})).await.0,
        422
    );
    let mut none = wish("AAPL");
    none["shares"] = json!(0);
    assert_eq!(post(&client, positions, none).await.0, 400);
}

#[tokio::test]
async fn all_that_is_watched_is_analysed_and_one_failure_is_one() {
    let client = ready().await;
    let analyze = "/api/portfolio/analyze";
    assert_eq!(
        post(&client, analyze, Value::Null).await,
        (400, json!({"detail": "Watchlist is empty"}))
    );
    for ticker in ["AAPL", "MSFT", "NO"] {
        post(&client, LIST, json!({"ticker": ticker})).await;
    }
    let (status, begun) = post(&client, analyze, json!({"date": "2024-10-04"})).await;
    let task = begun["task_id"].as_str().unwrap();
    assert_eq!(
        (status, &begun["total"], &begun["status"]),
        (200, &json!(3), &json!("running"))
    );
    assert!(task.starts_with("portfolio_"), "{task}");
    client.analyst().work(|ticker| match ticker {
        "NO" => Outcome::Failed,
        _ => Outcome::Complete,
    });
    let (_, told) = get(&client, &format!("/api/analysis/status/{task}")).await;
    assert_eq!(
        (
            &told["type"],
            &told["status"],
            &told["total"],
            &told["completed"],
            &told["failed"]
        ),
        (
            &json!("portfolio"),
            &json!("degraded_success"),
            &json!(3),
            &json!(2),
            &json!(1)
        )
    );
    let parts = told["results"].as_array().unwrap();
    let order: Vec<_> = parts
        .iter()
        .map(|part| {
            (
                part["ticker"].as_str().unwrap(),
                part["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        order,
        [
            ("AAPL", "completed"),
            ("MSFT", "completed"),
            ("NO", "failed")
        ]
    );
    let part = format!("{task}_1");
    assert_eq!(parts[1]["task_id"], part.as_str());
    let (_, one) = get(&client, &format!("/api/analysis/status/{part}")).await;
    assert_eq!(
        (&one["ticker"], &one["task_id"]),
        (&json!("MSFT"), &json!(part))
    );
    let cancel = delete(&client, &format!("/api/analysis/cancel/{part}")).await;
    assert_eq!(cancel.0, 400);
    let (status, _) = get(&client, &format!("/api/analysis/status/{task}_3")).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn what_was_decided_is_recommended_and_reported() {
    let client = ready().await;
    started(&client, "AAPL").await;
    client.analyst().work(|_| Outcome::Complete);
    let (_, told) = get(&client, "/api/portfolio/recommendations?date=2024-10-04").await;
    assert_eq!(
        (
            &told["contract_version"],
            &told["total"],
            &told["limit"],
            &told["offset"]
        ),
        (&json!("v1alpha1"), &json!(1), &json!(50), &json!(0))
    );
    assert_eq!(told["recommendations"][0]["decision"], "BUY");
    let one = "/api/portfolio/recommendations/2024-10-04/AAPL";
    let (_, one) = get(&client, one).await;
    assert_eq!(
        (&one["ticker"], &one["result"]["contract"]),
        (&json!("AAPL"), &json!("analysis-result"))
    );
    let none = (404, json!({"detail": "Recommendation not found"}));
    for path in ["2024-10-05/AAPL", "2024-10-04/MSFT", "soon/AAPL"] {
        let path = format!("/api/portfolio/recommendations/{path}");
        assert_eq!(get(&client, &path).await, none);
    }
    let (_, reports) = get(&client, "/api/reports/list").await;
    insta::assert_snapshot!(shown(&reports, "no task"), @r#"
    {
      "contract_version": "v1alpha1",
      "reports": [
        {
          "ticker": "AAPL",
          "date": "2024-10-04",
          "decision": "BUY",
          "confidence": 1.0,
          "degraded": false,
          "path": "/api/reports/AAPL/2024-10-04"
        }
      ]
    }
    "#);
    let csv = ask(&client, Method::GET, "/api/reports/export", &Value::Null).await;
    assert_eq!(csv.text.lines().count(), 2, "{}", csv.text);
    let none = (404, json!({"detail": "Report not found"}));
    for path in ["AAPL/2024-10-05", "MSFT/2024-10-04/pdf", "AAPL/soon"] {
        assert_eq!(get(&client, &format!("/api/reports/{path}")).await, none);
    }
    // Nobody here makes pages: that is said, and no empty report is given.
    let (status, _) = get(&client, "/api/reports/AAPL/2024-10-04").await;
    assert_eq!(status, 503);
}

/// The job of a task.
fn job(client: &Client, task: &str) -> Value {
    let found = names::find(&*client.platform.store, task).unwrap();
    client.spec(&found.named.run_id.to_string())
}

#[tokio::test]
async fn what_is_held_and_thought_of_others_is_told_once_to_all_of_a_list() {
    let client = ready().await;
    // Decided before, on the same day and on another one.
    for (ticker, date) in [
        ("AAPL", "2024-10-04"),
        ("MSFT", "2024-10-04"),
        ("NVDA", "2024-10-03"),
    ] {
        post(&client, LIST, json!({"ticker": ticker})).await;
        let body = json!({"ticker": ticker, "date": date});
        let (status, told) = post(&client, "/api/analysis/start", body).await;
        assert_eq!(status, 200, "{told}");
    }
    client.analyst().work(|_| Outcome::Complete);
    let hold = async |ticker: &str, bought: &str| {
        let body = json!({
            "ticker": ticker, "shares": 2, "cost_price": 10, "purchase_date": bought,
        });
        post(&client, "/api/portfolio/positions", body).await
    };
    hold("AAPL", "2024-01-02").await;
    hold("MSFT", "2024-01-02").await;
    // Bought after the day that is analysed.
    hold("NVDA", "2024-10-05").await;
    let tickers = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one["ticker"].as_str().unwrap().to_owned())
            .collect()
    };
    let one = job(&client, &started(&client, "AAPL").await);
    assert_eq!(one["portfolio"]["positions"], 2);
    assert_eq!(tickers(&one["portfolio"]["held"]), ["AAPL"]);
    // Bought at 10, and 10.5 at the end of the day.
    assert_eq!(one["portfolio"]["held"][0]["price"], 10.5);
    // What is analysed is no peer of its own.
    assert_eq!(tickers(&one["peers"]["bullish"]), ["MSFT"]);
    let wish = json!({"date": "2024-10-04"});
    let (_, begun) = post(&client, "/api/portfolio/analyze", wish).await;
    let task = begun["task_id"].as_str().unwrap();
    let all = job(&client, task);
    assert_eq!(tickers(&all["portfolio"]["held"]), ["AAPL", "MSFT"]);
    assert_eq!(tickers(&all["peers"]["bullish"]), ["AAPL", "MSFT"]);
    // Taken when it was accepted: what is noted later is not of it.
    hold("AAPL", "2024-01-03").await;
    assert_eq!(job(&client, task), all);
    // Natively the same, and one that says what is held is not told anything else.
    let mut body = json!({"items": [{"ticker": "MSFT", "date": "2024-10-04"}]});
    body["text"] = crate::workshop::CROSS.into();
    let native = client.spec(&client.analysis(&body).await);
    assert_eq!(native["portfolio"]["positions"], 3);
    assert_eq!(tickers(&native["peers"]["bullish"]), ["AAPL"]);
    let body = json!({
        "ticker": "AAPL", "date": "2024-10-04", "portfolio_context": false, "peer_context": false,
    });
    let (_, begun) = post(&client, "/api/analysis/start", body).await;
    let none = job(&client, begun["task_id"].as_str().unwrap());
    assert_eq!(
        (&none["portfolio"], &none["peers"]),
        (&Value::Null, &Value::Null)
    );
}
