//! Native routes of simulations.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::s004::world::World;

fn wish() -> Value {
    json!({"request": {
        "start": "2025-10-01", "end": "2025-10-06", "symbols": ["AAPL"],
        "models": [{"name": "a", "model": "fondaco/rule-based"}, {"name": "b", "model": "fondaco/rule-based"}],
    }})
}

async fn accepted(world: &World, body: &Value) -> String {
    let answer = world.client.post("/v1/simulations", body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["fresh"], true);
    let run = answer["run_id"].as_str().unwrap().to_owned();
    assert_eq!(answer["status_url"], format!("/v1/simulations/{run}"));
    run
}

/// Lines of a page, and the page after it.
fn lines(answer: &Value) -> (Vec<String>, Option<String>) {
    let lines = answer["days"]["items"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = lines.map(|line| {
        let words = ["date", "model", "status"].map(|name| word(&line[name]));
        words.join(" ")
    });
    let next = answer["days"]["next"].as_str().map(str::to_owned);
    (lines.collect(), next)
}

#[tokio::test]
async fn a_simulation_is_accepted_shown_in_pages_and_told() {
    let world = World::new().await;
    let run = accepted(&world, &wish()).await;
    let path = format!("/v1/simulations/{run}");
    let answer = world.client.get(&format!("{path}?limit=3")).await.json();
    assert_eq!(answer["status"], "pending");
    assert_eq!(answer["execution"], "next_open");
    assert_eq!(answer["models"], json!(["a", "b"]));
    assert_eq!(answer["symbols"], 1);
    assert_eq!(
        (&answer["first"], &answer["last"], &answer["steps"]),
        (&json!("2025-10-01"), &json!("2025-10-06"), &json!(4))
    );
    assert_eq!(
        answer["progress"],
        json!({"total_model_days": 8, "pending": 8, "running": 0, "completed": 0, "failed": 0,
               "skipped": 0})
    );
    let (page, next) = lines(&answer);
    assert_eq!(
        page,
        [
            "2025-10-01 a pending",
            "2025-10-01 b pending",
            "2025-10-02 a pending"
        ]
    );
    let next = next.unwrap();
    let answer = world
        .client
        .get(&format!("{path}?limit=6&cursor={next}"))
        .await
        .json();
    let (page, next) = lines(&answer);
    assert_eq!((page.len(), next), (5, None));
    assert_eq!(page[0], "2025-10-02 b pending");

    assert_eq!(world.work_all(), 8);
    let answer = world.client.get(&path).await.json();
    assert_eq!(answer["status"], "completed");
    let day = world.client.get(&format!("{path}/days/2025-10-02/b")).await;
    assert_eq!(day.status, StatusCode::OK, "{}", day.text);
    assert_eq!(day.json()["end"]["cash"], "8489.75");
    for missing in [
        format!("{path}/days/2025-10-04/b"),
        format!("{path}/days/2025-10-02/c"),
        format!("{path}/days/soon/b"),
        "/v1/simulations/nobody/days/2025-10-02/b".to_owned(),
        "/v1/simulations/0199c82c-c007-7101-8101-010101010101".to_owned(),
    ] {
        let answer = world.client.get(&missing).await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{missing}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_key_makes_twice_the_same_as_once() {
    let world = World::new().await;
    let key = [("idempotency-key", "k")];
    let one = world
        .client
        .post_with("/v1/simulations", &key, &wish())
        .await
        .json();
    let two = world
        .client
        .post_with("/v1/simulations", &key, &wish())
        .await
        .json();
    assert_eq!(two["run_id"], one["run_id"]);
    assert_eq!(two["fresh"], false);
    let mut other = wish();
    other["request"]["end"] = "2025-10-03".into();
    let answer = world
        .client
        .post_with("/v1/simulations", &key, &other)
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
}

#[tokio::test]
async fn simulations_are_listed_and_cancelled() {
    let world = World::new().await;
    let first = accepted(&world, &wish()).await;
    let second = accepted(
        &world,
        &json!({"request": {
            "start": "2025-10-01", "end": "2025-10-01", "symbols": ["AAPL"], "book": "mine",
            "models": [{"name": "a", "model": "fondaco/rule-based"}],
        }}),
    )
    .await;
    // A run of another kind is none.
    world.client.submit(1).await;
    let page = world.client.get("/v1/simulations?limit=1").await.json();
    assert_eq!(page["items"][0]["run_id"], second);
    assert_eq!(page["items"][0]["book"], "mine");
    assert_eq!(page["items"][0]["days"], Value::Null);
    let next = page["next"].as_str().unwrap();
    let page = world
        .client
        .get(&format!("/v1/simulations?cursor={next}"))
        .await
        .json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["run_id"], first);

    let path = format!("/v1/simulations/{first}/cancel");
    let answer = world
        .client
        .post(&path, &json!({"reason": "enough"}))
        .await
        .json();
    assert_eq!(answer["state"], "cancelled");
    assert_eq!(answer["progress"]["failed"], 8);
    let page = world
        .client
        .get("/v1/simulations?state=cancelled")
        .await
        .json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_is_a_problem() {
    let world = World::new().await;
    let request = |change: fn(&mut Value)| {
        let mut body = wish();
        change(&mut body["request"]);
        body
    };
    for (body, status, problem) in [
        (json!({}), 400, "either `request` or `job` is wanted"),
        (json!({"request": {}, "unknown": 1}), 400, "unknown"),
        (
            request(|it| it["end"] = "2025-09-01".into()),
            400,
            "before it begins",
        ),
        (request(|it| it["end"] = "2025-11-01".into()), 400, "future"),
        (request(|it| it["models"] = json!([])), 400, "no models"),
        (
            request(|it| it["models"][1]["name"] = "a".into()),
            400,
            "`a` is named twice",
        ),
        (request(|it| it["symbols"] = json!(["NONE"])), 422, "NONE"),
        (
            request(|it| it["account"] = json!({"initial_cash": "-5"})),
            400,
            "account.initial_cash",
        ),
    ] {
        let answer = world.client.post("/v1/simulations", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
        assert!(answer.text.contains(problem), "{body}: {}", answer.text);
    }
    for path in ["/v1/simulations?limit=0", "/v1/simulations?state=odd"] {
        assert_eq!(
            world.client.get(path).await.status,
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
}
