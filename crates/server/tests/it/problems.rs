//! Failures are problem details, whatever was wrong.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::client::{Client, wish};

#[tokio::test]
async fn every_refusal_is_a_problem_with_its_code() {
    let client = Client::new();
    let run = client.submit(1).await;
    let text = |method: Method, path: &str, body: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        request.body(Body::from(body.to_owned())).unwrap()
    };
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let misspelt = json!({"spec": {}, "priorty": 1}).to_string();
    let deadline = json!({"spec": {"kind": "workflow"}, "deadline": "soon"}).to_string();
    for (request, status, code) in [
        (text(Method::GET, "/v1/nothing", ""), 404, "not_found"),
        (
            text(Method::DELETE, "/v1/runs", ""),
            405,
            "method_not_allowed",
        ),
        (
            text(Method::GET, &format!("/v1/runs/{unknown}"), ""),
            404,
            "not_found",
        ),
        (text(Method::GET, "/v1/runs/latest", ""), 404, "not_found"),
        (text(Method::GET, "/v1/runs?limit=0", ""), 400, "invalid"),
        (text(Method::GET, "/v1/runs?colour=red", ""), 400, "invalid"),
        (
            text(Method::GET, "/v1/runs?state=asleep", ""),
            400,
            "invalid",
        ),
        (text(Method::POST, "/v1/runs", "{"), 400, "invalid"),
        (text(Method::POST, "/v1/runs", "[]"), 400, "invalid"),
        (
            text(Method::POST, &format!("/v1/runs/{run}/replay"), "[]"),
            400,
            "invalid",
        ),
        (text(Method::POST, "/v1/runs", &misspelt), 400, "invalid"),
        (text(Method::POST, "/v1/runs", &deadline), 400, "invalid"),
        (
            text(Method::POST, "/v1/runs", r#"{"spec": {"kind": "dance"}}"#),
            400,
            "invalid",
        ),
        (
            text(Method::POST, &format!("/v1/runs/{run}/resume"), ""),
            409,
            "conflict",
        ),
        (
            text(Method::POST, &format!("/v1/runs/{run}/retry"), ""),
            409,
            "conflict",
        ),
    ] {
        let about = format!("{} {}", request.method(), request.uri());
        let answer = client.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{about}: {}", answer.text);
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{about}"
        );
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{about}");
        assert_eq!(problem["status"], status, "{about}");
        assert!(answer.headers.contains_key("x-correlation-id"), "{about}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_and_one_in_another_form_are_refused() {
    let client = Client::new();
    let large = json!({"spec": {"kind": "workflow", "name": "x".repeat(5 << 20)}});
    let answer = client.post("/v1/runs", &large).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["code"]),
        (413, &json!("too_large"))
    );
    let request = Request::post("/v1/runs").header("content-type", "text/plain");
    let answer = client
        .send(request.body(Body::from(wish(1).to_string())).unwrap())
        .await;
    assert_eq!(answer.status.as_u16(), 415);
}

#[tokio::test]
async fn the_correlation_id_is_the_clients_where_it_is_plain() {
    let client = Client::new();
    let sent = async |id: &str| {
        let request = Request::get("/v1/runs").header("x-correlation-id", id);
        let answer = client.send(request.body(Body::empty()).unwrap()).await;
        answer.headers["x-correlation-id"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(sent("job-7.a:b_c").await, "job-7.a:b_c");
    assert_ne!(sent("a b").await, "a b");
    assert_ne!(sent(&"x".repeat(101)).await, "x".repeat(101));
}

#[tokio::test]
async fn a_problem_says_what_to_do() {
    let client = Client::new();
    let run = client.submit(1).await;
    let problem: Value = client
        .post(&format!("/v1/runs/{run}/retry"), &json!({}))
        .await
        .json();
    assert_eq!(problem["type"], "urn:fondaco:problem:conflict");
    assert_eq!(problem["detail"], format!("run {run} is queued"));
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("cancel it first")
    );
}
