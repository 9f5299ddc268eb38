//! `/api/portfolio` and `/api/reports`.

use axum::http::Method;
use serde_json::{Value, json};

use super::{ask, delete, get, post, ready, shown, started};
use crate::analysts::Outcome;

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
