//! Many clients over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use fondaco_contract::http::{Problem, ProblemCode};
use fondaco_mcp::{Door, HeaderMap, PATH, Refusal, http};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{RoleClient, ServiceExt};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::world::{behaves, served};

struct Open;

#[async_trait]
impl Door for Open {
    async fn admit(&self, _: &HeaderMap, _: SocketAddr) -> Result<(), Refusal> {
        Ok(())
    }
}

struct Shut;

#[async_trait]
impl Door for Shut {
    async fn admit(&self, _: &HeaderMap, peer: SocketAddr) -> Result<(), Refusal> {
        assert!(peer.ip().is_loopback());
        Err(Refusal {
            problem: Problem::new(ProblemCode::Unauthenticated, "a key is needed here"),
            wait: Some(3),
        })
    }
}

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), fondaco_mcp::HttpError>>,
}

impl Server {
    async fn start(door: impl Door + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ends = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(http(served(), listener, Arc::new(door), ends));
        Self {
            address,
            stop,
            serving,
        }
    }

    fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    async fn client(&self) -> RunningService<RoleClient, ()> {
        let transport = StreamableHttpClientTransport::from_uri(self.url());
        ().serve(transport).await.unwrap()
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn two_clients_at_once() {
    let server = Server::start(Open).await;
    let (one, other) = tokio::join!(server.client(), server.client());
    tokio::join!(behaves(&one), behaves(&other));
    // One that goes takes nothing with it.
    drop(one);
    behaves(&other).await;
    other.cancel().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_in_the_middle_is_forgotten() {
    let server = Server::start(Open).await;
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n{\"json")
        .await
        .unwrap();
    drop(half);
    let client = server.client().await;
    behaves(&client).await;
    server.stop().await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let server = Server::start(Shut).await;
    let asked = reqwest::Client::new().post(server.url()).body("{}").send();
    let refused = asked.await.unwrap();
    assert_eq!(refused.status().as_u16(), 401);
    assert_eq!(
        refused.headers()["www-authenticate"],
        "Bearer realm=\"fondaco\""
    );
    assert_eq!(refused.headers()["retry-after"], "3");
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );
    let problem: Problem = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
    assert_eq!(problem.detail, "a key is needed here");

    let transport = StreamableHttpClientTransport::from_uri(server.url());
    assert!(().serve(transport).await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn a_request_may_not_be_without_end() {
    let server = Server::start(Open).await;
    let asked = reqwest::Client::new()
        .post(server.url())
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .body(format!("{{\"a\":\"{}\"}}", "x".repeat(300 << 10)))
        .send();
    assert_eq!(asked.await.unwrap().status().as_u16(), 413);
    server.stop().await;
}
