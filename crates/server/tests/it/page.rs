//! The page, and what a server says about itself.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use fondaco_app::roles::Role;
use fondaco_server::Addresses;
use serde_json::json;

use crate::client::{Answer, Client};

/// A client of a server whose gateway listens there.
fn with_gateway(address: &str) -> Client {
    let mut client = Client::new();
    let platform = Arc::get_mut(&mut client.platform).expect("nobody else holds it yet");
    platform.addresses = Addresses::default()
        .with(Role::Gateway, address.parse().expect("an address"))
        .with(Role::Control, "127.0.0.1:8000".parse().expect("an address"));
    client
}

async fn get_as(client: &Client, path: &str, header: (&str, &str)) -> Answer {
    let request = Request::get(path).header(header.0, header.1);
    client.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_document_lies_at_every_address_of_the_page() {
    let client = Client::new();
    let list = client.get("/").await;
    assert_eq!(list.status, StatusCode::OK);
    assert_eq!(list.headers["content-type"], "text/html; charset=utf-8");
    let run = client
        .get("/runs/01999999-0000-7000-8000-000000000000")
        .await;
    assert_eq!((run.status, run.text), (StatusCode::OK, list.text));
}

/// All that the document and its scripts and styles name is there, and nothing
/// of it comes from elsewhere.
#[tokio::test]
async fn what_the_page_is_made_of_is_within_the_program() {
    let client = Client::new();
    let mut wanted = vec!["/".to_owned()];
    let mut seen = Vec::new();
    while let Some(path) = wanted.pop() {
        if seen.contains(&path) {
            continue;
        }
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        for word in answer.text.split(['"', '\'', '(', ')']) {
            if word.starts_with("/assets/") {
                wanted.push(word.to_owned());
            } else if let Some(name) = word.strip_prefix("./") {
                wanted.push(format!("/assets/{name}"));
            }
            let elsewhere = word.starts_with("//") && !word.starts_with("// ");
            let namespace = word == "http://www.w3.org/2000/svg";
            let foreign = word.starts_with("http") && word.contains("://") && !namespace;
            assert!(!foreign && !elsewhere, "{path}: {word}");
        }
        seen.push(path);
    }
    assert!(seen.contains(&"/assets/style.css".to_owned()), "{seen:?}");
    assert!(seen.contains(&"/assets/words.js".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn nothing_runs_on_the_page_that_is_not_a_file_of_ours() {
    let client = with_gateway("127.0.0.1:8765");
    let page = client.get("/").await;
    insta::assert_snapshot!(
        page.headers["content-security-policy"].to_str().unwrap(),
        @"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws://127.0.0.1:8765; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    );
    for inline in ["<script>", "<style", " style=", " onclick=", " onload="] {
        assert!(!page.text.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn a_file_that_the_reader_has_is_not_sent_again() {
    let client = Client::new();
    let first = client.get("/assets/app.js").await;
    assert_eq!(
        first.headers["content-type"],
        "text/javascript; charset=utf-8"
    );
    let tag = first.headers["etag"].to_str().unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    let again = get_as(&client, "/assets/app.js", ("if-none-match", tag)).await;
    assert_eq!(
        (again.status, again.text.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
    let other = get_as(&client, "/assets/app.js", ("if-none-match", "\"x\"")).await;
    assert_eq!(other.status, StatusCode::OK);
    let style = client.get("/assets/style.css").await;
    assert_ne!(style.headers["etag"], first.headers["etag"]);
}

#[tokio::test]
async fn there_are_no_other_files() {
    let client = Client::new();
    for path in ["/assets/none.js", "/assets/..%2fpage.rs", "/assets/%2e%2e"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["code"], "not_found");
    }
}

#[tokio::test]
async fn a_server_says_who_it_is_and_where_its_parts_are() {
    let client = with_gateway("0.0.0.0:8765");
    let about = get_as(&client, "/v1/about", ("host", "localhost:8000"))
        .await
        .json();
    assert_eq!(about["name"], "fondaco");
    assert_eq!(
        about["roles"],
        json!([
            {"role": "control", "address": "127.0.0.1:8000"},
            {"role": "gateway", "address": "0.0.0.0:8765"},
        ])
    );
    assert_eq!(about["gateway"], "ws://localhost:8765");
    let alone = Client::new().get("/v1/about").await.json();
    assert_eq!(alone["gateway"], json!(null));
}
