//! One client at two streams.

use fondaco_mcp::streams;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::world::{behaves, client, served};

type Serving = JoinHandle<Result<(), fondaco_mcp::StdioError>>;

fn serve() -> (DuplexStream, Serving) {
    let (ours, theirs) = duplex(1 << 16);
    let (input, output) = tokio::io::split(theirs);
    (ours, tokio::spawn(streams(served(), input, output)))
}

#[tokio::test]
async fn a_client_begins_lists_and_calls() {
    let (ours, serving) = serve();
    let client = client(ours).await;
    behaves(&client).await;
    client.cancel().await.unwrap();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_calls_at_once_are_each_answered() {
    let (ours, serving) = serve();
    let client = client(ours).await;
    let calls = (0..40).map(|number| {
        let client = &client;
        async move {
            let expression = serde_json::json!({"expression": format!("{number} * 2")});
            let answer = super::world::call(client, "math", expression)
                .await
                .unwrap();
            let expected = format!("{{\"value\":{}.0,", number * 2);
            assert!(super::world::text(&answer).starts_with(&expected));
        }
    });
    futures::future::join_all(calls).await;
    client.cancel().await.unwrap();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_goes_ends_its_server() {
    // Before a word.
    let (ours, serving) = serve();
    drop(ours);
    serving.await.unwrap().unwrap();

    // In the middle of a line.
    let (mut ours, serving) = serve();
    ours.write_all(b"{\"jsonrpc\": \"2.0\", \"id\"")
        .await
        .unwrap();
    drop(ours);
    serving.await.unwrap().unwrap();

    // With a call under way.
    let (mut ours, serving) = serve();
    ours.write_all(BEGIN).await.unwrap();
    ours.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"prices\",\"arguments\":{\"symbol\":\"AAPL\"}}}\n").await.unwrap();
    drop(ours);
    serving.await.unwrap().unwrap();
}

const BEGIN: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"0\"}}}\n{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";

#[tokio::test]
async fn what_is_no_message_is_answered_or_passed_over_and_the_next_is_served() {
    let (ours, serving) = serve();
    let (read, mut write) = tokio::io::split(ours);
    let mut lines = BufReader::new(read).lines();
    write.write_all(BEGIN).await.unwrap();
    let first = lines.next_line().await.unwrap().unwrap();
    assert!(
        first.contains("\"protocolVersion\":\"2025-06-18\""),
        "{first}"
    );
    write.write_all(b"not json at all\n{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"orders/place\"}\n{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"ping\"}\n").await.unwrap();
    let mut seen = Vec::new();
    while !seen.iter().any(|line: &String| line.contains("\"id\":8")) {
        seen.push(lines.next_line().await.unwrap().unwrap());
    }
    let refused = seen.iter().find(|line| line.contains("\"id\":7")).unwrap();
    assert!(refused.contains("\"error\""), "{refused}");
    drop((lines, write));
    serving.await.unwrap().unwrap();
}
