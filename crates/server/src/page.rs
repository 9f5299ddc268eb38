//! The page at `/`: a few static files within the program. It asks the native
//! API and the gateway like any other client.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fondaco_contract::http::ProblemCode;
use fondaco_domain::ContentHash;

use crate::problem::Refusal;
use crate::state::Shared;

const LIST: &str = "/";
const RUN: &str = "/runs/{run_id}";
const ASSET: &str = "/assets/{name}";
/// Asked for by browsers on behalf of every page that names no other.
const ICON: &str = "/favicon.ico";

/// Where it lies. Anybody may look at it: it holds nothing but itself.
pub(crate) const PATHS: [&str; 4] = [LIST, RUN, ASSET, ICON];

/// The document, and what it is made of. All of its addresses are the same
/// document, which looks at where it is.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route(LIST, get(document))
        .route(RUN, get(document))
        .route(ASSET, get(asset))
        .route(
            ICON,
            get(async |headers: HeaderMap| file("icon.svg", &headers)),
        )
}

/// A file as it is sent.
struct File {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const fn html(name: &'static str, text: &'static str) -> File {
    let media_type = "text/html; charset=utf-8";
    File {
        name,
        media_type,
        text,
    }
}

const fn css(name: &'static str, text: &'static str) -> File {
    let media_type = "text/css; charset=utf-8";
    File {
        name,
        media_type,
        text,
    }
}

const fn svg(name: &'static str, text: &'static str) -> File {
    let media_type = "image/svg+xml";
    File {
        name,
        media_type,
        text,
    }
}

const fn js(name: &'static str, text: &'static str) -> File {
    let media_type = "text/javascript; charset=utf-8";
    File {
        name,
        media_type,
        text,
    }
}

const DOCUMENT: File = html("index.html", include_str!("../page/index.html"));

const ASSETS: [File; 12] = [
    css("style.css", include_str!("../page/style.css")),
    svg("icon.svg", include_str!("../page/icon.svg")),
    js("app.js", include_str!("../page/app.js")),
    js("api.js", include_str!("../page/api.js")),
    js("chart.js", include_str!("../page/chart.js")),
    js("dom.js", include_str!("../page/dom.js")),
    js("halts.js", include_str!("../page/halts.js")),
    js("live.js", include_str!("../page/live.js")),
    js("result.js", include_str!("../page/result.js")),
    js("run.js", include_str!("../page/run.js")),
    js("runs.js", include_str!("../page/runs.js")),
    js("words.js", include_str!("../page/words.js")),
];

async fn document(State(platform): State<Shared>, headers: HeaderMap) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let policy = policy(platform.addresses.gateway(host).as_deref());
    let mut response = send(&DOCUMENT, &headers);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Nothing but our own files runs or shows, and nothing is called but this
/// server and its gateway.
fn policy(gateway: Option<&str>) -> HeaderValue {
    let connect = gateway.map_or(String::new(), |url| format!(" {url}"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'{connect}; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    );
    // The address is made of characters that any header may have.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    file(&name, &headers)
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    match ASSETS.iter().find(|file| file.name == name) {
        Some(file) => send(file, headers),
        None => {
            Refusal::new(ProblemCode::NotFound, "there is nothing at this path").into_response()
        }
    }
}

fn send(file: &File, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", ContentHash::of(file.text.as_bytes()).short());
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|tags| tags.to_str().ok())
        .any(|tags| names(tags, &tag));
    let about = [
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_TYPE, file.media_type),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, file.text).into_response()
}

/// Whether a list of tags names one, or any. A weak tag of the same text will
/// do: the text is the same.
fn names(tags: &str, tag: &str) -> bool {
    tags.split(',')
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
}
