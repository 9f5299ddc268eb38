//! Candles: imported by upload, listed, judged, read.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::client::{Answer, Client};

/// Five days of a coin, from 2025-10-03 on: the client's clock stands at
/// 2025-10-09 08:53.
const COIN: &str = "date,open,high,low,close,volume\n\
    2025-10-03,10,12,9,11,100\n\
    2025-10-04,11,13,10,12,110\n\
    2025-10-05,12,14,11,13,120\n\
    2025-10-06,13,15,12,14,130\n\
    2025-10-07,14,16,13,15,140\n";

const BTC: &str = "/v1/data/desk/BTC%2FUSDT/1d/trades";

async fn upload(client: &Client, query: &str, text: &str) -> Answer {
    let request = Request::post(format!("/v1/data/import?{query}"))
        .header("content-type", "application/octet-stream");
    client
        .send(request.body(Body::from(text.to_owned())).unwrap())
        .await
}

async fn with_coin() -> Client {
    let client = Client::new();
    let answer = upload(&client, "filename=BTC_USDT-1d.csv&venue=desk", COIN).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    client
}

#[tokio::test]
async fn what_was_sent_can_be_listed_and_read() {
    let client = with_coin().await;
    let listed = client.get("/v1/data").await.json();
    let only = &listed["items"][0];
    assert_eq!(
        (
            &only["venue"],
            &only["symbol"],
            &only["timeframe"],
            &only["kind"]
        ),
        (
            &json!("desk"),
            &json!("BTC/USDT"),
            &json!("1d"),
            &json!("trades")
        )
    );
    assert_eq!(only["url"], BTC);
    assert_eq!(only["version"]["rows"], 5);
    assert_eq!(only["version"]["source"], "BTC_USDT-1d.csv");
    assert_eq!(only["version"]["first"], "2025-10-03T00:00:00.000000Z");
    let shown = client.get(BTC).await.json();
    assert_eq!(shown["versions"].as_array().unwrap().len(), 1);
    let some = client
        .get(&format!("{BTC}/candles?from=2025-10-04T00:00:00Z&limit=2"))
        .await
        .json();
    assert_eq!(some["close"], json!([12.0, 13.0]));
    assert_eq!(some["time"][0], 1_759_536_000_000_i64);
    assert_eq!(some["next"], "2025-10-06T00:00:00.000000Z");
    let rest = client
        .get(&format!("{BTC}/candles?from=2025-10-06T00:00:00.000000Z"))
        .await
        .json();
    assert_eq!(rest["close"], json!([14.0, 15.0]));
    assert_eq!(rest.get("next"), None);
    let none = client
        .get(&format!("{BTC}/candles?from=2026-01-01T00:00:00Z"))
        .await;
    assert_eq!(
        (none.status, &none.json()["time"]),
        (StatusCode::OK, &json!([]))
    );
}

#[tokio::test]
async fn candles_come_as_text_where_that_is_asked_for() {
    let client = with_coin().await;
    let request = Request::get(format!("{BTC}/candles?limit=2")).header("accept", "text/csv");
    let answer = client.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["content-type"], "text/csv");
    assert_eq!(answer.headers["x-next"], "2025-10-05T00:00:00.000000Z");
    let lines: Vec<&str> = answer.text.lines().collect();
    assert_eq!(lines[0], "date,open,high,low,close,volume");
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn an_import_is_on_the_record_and_the_same_file_again_is_not() {
    let client = with_coin().await;
    let again = upload(&client, "filename=BTC_USDT-1d.csv&venue=desk", COIN).await;
    assert_eq!(again.json()["imported"][0]["added"], 0);
    let tried = upload(
        &client,
        "filename=ETH_USDT-1d.csv&venue=desk&dry_run=true",
        COIN,
    )
    .await;
    assert_eq!(tried.json()["imported"][0]["version"], Value::Null);
    let records = client
        .platform
        .store
        .trail(&fondaco_app::ports::records::TrailQuery {
            kind: Some(fondaco_app::ports::records::RecordKind::Data),
            ..Default::default()
        })
        .unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].name, "desk BTC/USDT 1d");
    let said: Value = serde_json::from_str(records[0].body.as_deref().unwrap()).unwrap();
    assert_eq!(said["file"], "BTC_USDT-1d.csv");
    assert_eq!(
        (&said["added"], &said["bytes"]),
        (&json!(5), &json!(COIN.len()))
    );
    assert!(!records[0].actor.is_empty());
}

#[tokio::test]
async fn what_cannot_be_imported_is_a_problem_and_leaves_nothing() {
    let client = with_coin().await;
    let other = COIN.replace(",15,", ",99,").replace(",14,", ",98,");
    let bad = COIN.replace("11,13,10", "11,x,10");
    let name = "filename=BTC_USDT-1d.csv&venue=desk";
    for (query, text, status, code) in [
        (name, other.as_str(), 409, "conflict"),
        (name, bad.as_str(), 422, "corrupt"),
        ("filename=notes.md&venue=desk", "# Notes\n", 422, "no_data"),
        ("filename=BTC_USDT-1d.csv", COIN, 400, "invalid"),
        (
            "filename=BTC_USDT-1d.csv&venue=The+Desk",
            COIN,
            400,
            "invalid",
        ),
        ("filename=..&venue=desk", COIN, 400, "invalid"),
        ("filename=a.csv&venue=desk&colour=red", COIN, 400, "invalid"),
    ] {
        let answer = upload(&client, query, text).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.text);
        assert_eq!(answer.json()["code"], code, "{query}");
        let home = client.platform.home.display().to_string();
        assert!(!answer.text.contains(&home), "{}", answer.text);
    }
    let spool = std::fs::read_dir(&client.platform.candles.spool).unwrap();
    assert_eq!(spool.count(), 0);
    assert_eq!(client.get(BTC).await.json()["versions"][0]["rows"], 5);
    let replaced = upload(&client, &format!("{name}&replace=true"), &other).await;
    assert_eq!(replaced.status, StatusCode::OK, "{}", replaced.text);
    assert_eq!(replaced.json()["imported"][0]["version"]["number"], 2);
}

#[tokio::test]
async fn a_form_that_is_no_file_is_refused_and_a_name_leads_nowhere() {
    let client = Client::new();
    let request = Request::post("/v1/data/import?filename=a.csv&venue=desk")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = client.send(request.body(Body::from(COIN)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let query = "filename=..%2F..%2F..%2FBTC_USDT-1d.csv&venue=desk";
    let answer = upload(&client, query, COIN).await;
    assert_eq!(
        answer.json()["filename"],
        "BTC_USDT-1d.csv",
        "{}",
        answer.text
    );
    assert_eq!(client.get(BTC).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_and_removed() {
    let client = Client::limited(|limits| limits.upload = 100);
    let answer = upload(&client, "filename=BTC_USDT-1d.csv&venue=desk", COIN).await;
    assert_eq!(
        answer.status,
        StatusCode::PAYLOAD_TOO_LARGE,
        "{}",
        answer.text
    );
    let spool = std::fs::read_dir(&client.platform.candles.spool).unwrap();
    assert_eq!(spool.count(), 0);
}

#[tokio::test]
async fn freshness_is_judged_by_the_market() {
    let client = with_coin().await;
    let share = COIN.replace(
        "2025-10-04,11,13,10,12,110\n2025-10-05,12,14,11,13,120\n",
        "",
    );
    upload(&client, "filename=AAPL.csv&venue=desk&timeframe=1d", &share).await;
    let verdicts = async |query: &str| {
        let report = client.get(&format!("/v1/data/freshness?{query}")).await;
        assert_eq!(report.status, StatusCode::OK, "{}", report.text);
        let report = report.json();
        let of = |it: &Value| format!("{} {}", it["symbol"], it["verdict"]).replace('"', "");
        let all: Vec<String> = report["items"].as_array().unwrap().iter().map(of).collect();
        (all, report["all_fresh"].as_bool().unwrap())
    };
    // The last candle of both is Tuesday's, the client's clock stands on
    // Thursday: the coin's Wednesday is over, and that of the share.
    let (all, fresh) = verdicts("").await;
    assert_eq!(
        (all, fresh),
        (vec!["AAPL stale".into(), "BTC/USDT stale".into()], false)
    );
    // On Wednesday at noon New York has not closed yet.
    let (all, fresh) = verdicts("as_of=2025-10-08T16:00:00Z").await;
    assert_eq!(
        (all, fresh),
        (vec!["AAPL fresh".into(), "BTC/USDT fresh".into()], true)
    );
    let (all, _) = verdicts("symbol=AAPL&grace_seconds=86400").await;
    assert_eq!(all, ["AAPL fresh"]);
    let none = client.get("/v1/data/freshness?symbol=MSFT").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_check_says_what_is_missing() {
    let client = Client::new();
    let holes = COIN.replace("2025-10-05,12,14,11,13,120\n", "");
    upload(&client, "filename=BTC_USDT-1d.csv&venue=desk", &holes).await;
    let checked = client.get(&format!("{BTC}/check")).await.json();
    assert_eq!(
        (&checked["calendar"], &checked["worst"]),
        (&json!("24/7"), &json!("warning"))
    );
    let gap = &checked["findings"][0];
    assert_eq!((&gap["issue"], &gap["count"]), (&json!("gap"), &json!(1)));
    assert_eq!(gap["missing"][0]["first"], "2025-10-05T00:00:00.000000Z");
}

#[tokio::test]
async fn a_calendar_without_its_closed_days_is_a_finding() {
    let client = with_coin().await;
    let checked = client.get(&format!("{BTC}/check?calendar=a-shares")).await;
    assert_eq!(checked.status, StatusCode::OK, "{}", checked.text);
    let found = &checked.json()["findings"];
    let issues: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["issue"].as_str().unwrap())
        .collect();
    assert_eq!(issues, ["not_in_calendar"]);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let client = with_coin().await;
    let run = client.submit(1).await;
    for path in [
        "/v1/data".to_owned(),
        BTC.to_owned(),
        format!("{BTC}/candles?limit=2"),
        format!("/v1/runs/{run}"),
    ] {
        let first = client.get(&path).await;
        let etag = first.headers["etag"].to_str().unwrap().to_owned();
        let request = Request::get(&path).header("if-none-match", &etag);
        let again = client.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(
            (again.headers["etag"].to_str().unwrap(), again.text.as_str()),
            (etag.as_str(), "")
        );
    }
    let before = client.get(&format!("/v1/runs/{run}")).await.headers["etag"].clone();
    let reason = json!({"reason": "enough"});
    client
        .post(&format!("/v1/runs/{run}/cancel"), &reason)
        .await;
    let request = Request::get(format!("/v1/runs/{run}")).header("if-none-match", before);
    let after = client.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(after.status, StatusCode::OK);
}

#[tokio::test]
async fn pages_of_data_sets_follow_each_other() {
    let client = Client::new();
    for name in ["BTC", "ETH", "ADA"] {
        let query = format!("filename={name}_USDT-1d.csv&venue=desk");
        upload(&client, &query, COIN).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/data?limit=2".to_owned();
    loop {
        let page = client.get(&path).await.json();
        let items = page["items"].as_array().unwrap().iter();
        seen.extend(items.map(|it| it["symbol"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        let next = next.replace(' ', "%20").replace('/', "%2F");
        path = format!("/v1/data?limit=2&cursor={next}");
    }
    assert_eq!(seen, ["ADA/USDT", "BTC/USDT", "ETH/USDT"]);
}
