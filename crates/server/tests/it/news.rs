//! What was in the news, why prices moved, and what was filed.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use fondaco_app::ports::research::{Figure, Filing, ResearchStore, Story};
use fondaco_app::roles::Role;
use fondaco_domain::{UnixMillis, time};
use fondaco_store::research::MemoryResearch;
use serde_json::{Value, json};

use crate::client::Client;

/// A day in 2025 as one since 1970.
const FEBRUARY_20: i64 = 20_139;

fn at(text: &str) -> UnixMillis {
    time::parse_stamp(text).unwrap()
}

fn story(id: &str, known: &str, title: &str) -> Story {
    Story {
        id: id.to_owned(),
        published_at: at(known),
        known_at: at(known),
        title: title.to_owned(),
        summary: String::new(),
        source: "Wire".to_owned(),
        url: None,
        symbols: vec!["AAPL".parse().unwrap()],
    }
}

fn filing(period: &str, end: &str, known: &str, revenues: f64) -> Filing {
    let figure = Figure {
        value: revenues,
        unit: "USD".to_owned(),
    };
    Filing {
        symbol: "AAPL".parse().unwrap(),
        fiscal_year: "2024".to_owned(),
        fiscal_period: period.to_owned(),
        period_start: None,
        period_end: end.parse().unwrap(),
        known_at: at(known),
        figures: BTreeMap::from([("income_statement.revenues".to_owned(), figure)]),
    }
}

/// With ten candles until 20 February and some stories and filings.
async fn client() -> Client {
    let research = MemoryResearch::default();
    let stories = [
        story("s1", "2025-02-18T15:00:00Z", "Profit beats"),
        story("s2", "2025-02-20T09:00:00Z", "A record profit"),
        story("s3", "2025-02-20T10:00:00Z", "Shares fell"),
        story("s4", "2025-02-21T00:00:00Z", "SECRET"),
    ];
    research.add_stories(&stories).unwrap();
    let filings = [
        filing("Q3", "2024-09-30", "2024-10-31", 3.0),
        filing("FY", "2024-12-31", "2025-01-31T21:00:00Z", 12.5),
    ];
    research.add_filings(&filings).unwrap();
    let mut client = Client::new();
    let platform = Arc::get_mut(&mut client.platform).unwrap();
    platform.analyses.research = Some(Arc::new(research));
    client.candles("AAPL", FEBRUARY_20).await;
    client
}

async fn get(client: &Client, role: Role, path: &str) -> (u16, Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = client.send_to(role, request).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn a_story_by_its_name() {
    let client = client().await;
    let (status, found) = get(&client, Role::News, "/api/stories/s2").await;
    assert_eq!(status, 200);
    assert_eq!(
        found,
        json!({
            "id": "s2",
            "published_at": "2025-02-20T09:00:00.000000Z",
            "known_at": "2025-02-20T09:00:00.000000Z",
            "title": "A record profit",
            "summary": "",
            "source": "Wire",
            "url": null,
            "symbols": ["AAPL"],
        })
    );
    assert_eq!(get(&client, Role::News, "/api/stories/s9").await.0, 404);
    // It is the role of news that has it.
    assert_eq!(get(&client, Role::Trading, "/api/stories/s2").await.0, 404);
}

#[tokio::test]
async fn days_that_were_like_another() {
    let client = client().await;
    let path = "/api/similar-days?ticker=AAPL&date=2025-02-20&limit=2";
    let (status, found) = get(&client, Role::News, path).await;
    assert_eq!(status, 200, "{found}");
    // Two good words and one bad one.
    let tone = 1.0 / 3.0;
    let day =
        json!({"date": "2025-02-20", "close": 10.5, "change": 0.0, "stories": 2, "tone": tone});
    assert_eq!(found["day"], day);
    assert_eq!(found["compared"], 8);
    let similar = found["similar_days"].as_array().unwrap();
    // All prices are the same: the only other day with a story is the nearest.
    let dates: Vec<_> = similar
        .iter()
        .map(|one| one["date"].as_str().unwrap())
        .collect();
    assert_eq!(dates, ["2025-02-18", "2025-02-19"]);
    assert_eq!(similar[0]["stories"], 1);
    assert_eq!(similar[0]["distance"]["change"], 0.0);
    assert_eq!(similar[0]["next_change"], 0.0);
    assert_eq!(similar[1]["next_change"], Value::Null);
    for (path, status) in [
        ("/api/similar-days?ticker=AAPL&date=2025-02-11", 404),
        ("/api/similar-days?ticker=AAPL&date=2025-03-04", 404),
        ("/api/similar-days?ticker=MSFT&date=2025-02-20", 404),
        ("/api/similar-days?ticker=AAPL&date=soon", 400),
        ("/api/similar-days?ticker=A%20B&date=2025-02-20", 400),
        ("/api/similar-days?ticker=AAPL", 400),
        ("/api/similar-days?ticker=AAPL&date=2025-02-20&limit=0", 400),
        (
            "/api/similar-days?ticker=AAPL&date=2025-02-20&limit=101",
            400,
        ),
    ] {
        assert_eq!(get(&client, Role::News, path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn a_range_and_what_was_told_in_it() {
    let client = client().await;
    let path = "/api/range-explain?ticker=AAPL&start_date=2025-02-18&end_date=2025-02-20";
    let (status, found) = get(&client, Role::News, path).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["trading_days"], 3);
    assert_eq!(found["stories"], 3);
    assert_eq!(found["change"], 0.0);
    let days = found["days"].as_array().unwrap();
    let told = |day: &Value| {
        let headlines = day["headlines"].as_array().unwrap().iter();
        let ids: Vec<_> = headlines.map(|one| one["id"].as_str().unwrap()).collect();
        format!("{} {}", day["date"].as_str().unwrap(), ids.join(" "))
    };
    let days: Vec<String> = days.iter().map(told).collect();
    assert_eq!(days, ["2025-02-18 s1", "2025-02-19 ", "2025-02-20 s3 s2"]);
    for (path, status) in [
        (
            "/api/range-explain?ticker=AAPL&start_date=2025-02-20&end_date=2025-02-18",
            400,
        ),
        ("/api/range-explain?ticker=AAPL&start_date=2025-02-18", 400),
        (
            "/api/range-explain?ticker=MSFT&start_date=2025-02-18&end_date=2025-02-20",
            404,
        ),
    ] {
        assert_eq!(get(&client, Role::News, path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn what_was_filed_as_it_was_known() {
    let client = client().await;
    let periods = async |path: &str| {
        let (status, found) = get(&client, Role::Trading, path).await;
        assert_eq!(status, 200, "{path} {found}");
        let filings = found["financials"].as_array().unwrap().iter();
        let periods: Vec<_> = filings
            .map(|one| one["fiscal_period"].as_str().unwrap().to_owned())
            .collect();
        periods.join(" ")
    };
    assert_eq!(periods("/api/financials?ticker=AAPL").await, "FY Q3");
    assert_eq!(periods("/api/financials?ticker=AAPL&limit=1").await, "FY");
    assert_eq!(periods("/api/financials?ticker=AAPL&period=Q3").await, "Q3");
    assert_eq!(
        periods("/api/financials?ticker=AAPL&end_date=2025-01-31").await,
        "FY Q3"
    );
    assert_eq!(
        periods("/api/financials?ticker=AAPL&end_date=2025-01-30").await,
        "Q3"
    );
    let (_, found) = get(
        &client,
        Role::Trading,
        "/api/financials?ticker=AAPL&limit=1",
    )
    .await;
    assert_eq!(
        found["financials"][0],
        json!({
            "known_at": "2025-01-31T21:00:00.000000Z",
            "fiscal_year": "2024",
            "fiscal_period": "FY",
            "period_start": null,
            "period_end": "2024-12-31",
            "figures": {"income_statement.revenues": {"value": 12.5, "unit": "USD"}},
        })
    );
    for (path, status) in [
        ("/api/financials?ticker=MSFT", 404),
        ("/api/financials?ticker=AAPL&end_date=2024-10-30", 404),
        ("/api/financials", 400),
        ("/api/financials?ticker=AAPL&end_date=soon", 400),
        ("/api/insider-trades?ticker=AAPL", 503),
    ] {
        assert_eq!(get(&client, Role::Trading, path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn without_a_store_it_is_said_so() {
    let client = Client::new();
    for (role, path) in [
        (Role::News, "/api/stories/s1"),
        (Role::News, "/api/similar-days?ticker=AAPL&date=2025-02-20"),
        (
            Role::News,
            "/api/range-explain?ticker=AAPL&start_date=2025-02-18&end_date=2025-02-20",
        ),
        (Role::Trading, "/api/financials?ticker=AAPL"),
    ] {
        let (status, problem) = get(&client, role, path).await;
        assert_eq!(status, 503, "{path}");
        let detail = "there is no store of news and filings in this process";
        assert_eq!(problem["detail"], detail, "{path}");
    }
}
