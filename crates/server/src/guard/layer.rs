//! The guard in front of every route.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use fondaco_app::keys::{Rate, Taken};

use super::{Access, Asking, Denial, Doors, Granted, Guard, PLAIN, seconds};
use crate::extract::Actor;

/// A guard, and the doors it stands at.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) guard: Arc<Guard>,
    pub(crate) doors: Arc<Doors>,
}

/// Lets a request through with the name of who asks, or refuses it.
pub(crate) async fn stand(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let (access, dialect) = gate
        .doors
        .of_request(request.method(), path.map(MatchedPath::as_str));
    let Access::Needs(wanted) = access else {
        return next.run(request).await;
    };
    let granted = match gate.guard.check(asking(&request)).await {
        Ok(granted) => granted,
        Err(denial) => return denial.response(dialect),
    };
    let counted = gate.guard.count(&granted);
    if let Some((_, taken)) = counted
        && !taken.granted
    {
        let mut response = Denial::TooFast(taken.wait).response(dialect);
        tell_rate(&mut response, counted);
        return response;
    }
    if let Err(denial) = granted.may(wanted) {
        return denial.response(dialect);
    }
    admit(&mut request, granted);
    let mut response = next.run(request).await;
    tell_rate(&mut response, counted);
    response
}

fn asking(request: &Request) -> Asking<'_> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    Asking {
        headers: request.headers(),
        peer: peer.map(|ConnectInfo(peer)| *peer),
        is_unsafe: !is_safe(request),
    }
}

/// A socket begins as a GET, and can do anything.
fn is_safe(request: &Request) -> bool {
    let upgrades = request.headers().contains_key(header::UPGRADE);
    !upgrades && matches!(*request.method(), Method::GET | Method::HEAD)
}

/// From here on the request says who asks and not with which secret.
fn admit(request: &mut Request, granted: Granted) {
    let headers = request.headers_mut();
    headers.remove(header::AUTHORIZATION);
    for name in PLAIN {
        headers.remove(name);
    }
    request
        .extensions_mut()
        .insert(Actor(granted.actor.clone()));
    request.extensions_mut().insert(granted);
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// How much a key may still ask, in the fields of the draft of the IETF.
fn tell_rate(response: &mut Response, counted: Option<(Rate, Taken)>) {
    let Some((rate, taken)) = counted else { return };
    let window = (f64::from(rate.burst) / rate.per_second).ceil().max(1.0) as u64;
    let texts = [
        (POLICY, format!("\"key\";q={};w={window}", rate.burst)),
        (
            LIMIT,
            format!("\"key\";r={};t={}", taken.left, seconds(taken.wait)),
        ),
    ];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::try_from(text) {
            response.headers_mut().insert(name, value);
        }
    }
}
