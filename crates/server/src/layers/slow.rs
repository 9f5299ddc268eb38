//! Bodies that come too slowly.

use std::io;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// How long a body may take, whatever its size.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes that a longer one has to bring in a second, on the whole.
const SLOWEST: f64 = 16_384.0;

/// Ends a request whose body keeps it open for nothing: a few bytes now and
/// then are enough to hold a connection, and what it holds, for ever.
pub(crate) async fn hasten(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = Body::from_stream(hastened(body, PATIENCE));
    next.run(Request::from_parts(parts, body)).await
}

fn hastened(
    body: Body,
    patience: Duration,
) -> impl Stream<Item = Result<axum::body::Bytes, io::Error>> {
    let begin = Instant::now();
    let parts = (body.into_data_stream(), 0_usize);
    stream::try_unfold(parts, move |(mut parts, seen)| async move {
        let earned = Duration::from_secs_f64(seen as f64 / SLOWEST);
        match timeout_at(begin + patience + earned, parts.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(part))) => {
                let seen = seen + part.len();
                Ok(Some((part, (parts, seen))))
            }
            Ok(Some(Err(error))) => Err(io::Error::other(error)),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the body comes too slowly",
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: Body, patience: Duration) -> Result<String, io::Error> {
        let parts: Vec<_> = hastened(body, patience).collect().await;
        let parts: Result<Vec<_>, _> = parts.into_iter().collect();
        Ok(String::from_utf8(parts?.concat()).unwrap())
    }

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_body_that_comes_is_read_whole() {
        let parts = stream::iter(["ab", "c"].map(Ok::<_, io::Error>));
        assert_eq!(
            read(Body::from_stream(parts), PATIENCE).await.unwrap(),
            "abc"
        );
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_ends_the_request() {
        let never = stream::pending::<Result<&str, io::Error>>();
        let late = read(Body::from_stream(never), SHORT).await.unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_drop_now_and_then_does_not_buy_more_time() {
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Some((Ok::<_, io::Error>("x"), ()))
        });
        let late = read(Body::from_stream(drops), SHORT).await.unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }
}
