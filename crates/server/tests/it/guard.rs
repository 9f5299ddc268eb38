//! Who is let in.

use std::time::Duration;

use axum::http::StatusCode;
use fondaco_app::roles::Role;
use fondaco_domain::access::Scope;
use fondaco_server::{GuardSettings, ListedRoute, RateLimit, listed};
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::keyring::guarded;

/// What there is of keys before somebody asks.
#[derive(Debug, Clone, Copy)]
enum Keys {
    None,
    Usable,
    Expired,
    Revoked,
}

/// A client with such keys, and the text of one of them.
fn with(keys: Keys, exposed: bool) -> (Client, String) {
    let settings = GuardSettings {
        exposed,
        origins: vec!["https://desk.example.com".to_owned()],
        ..GuardSettings::default()
    };
    let (client, hand) = guarded(settings);
    let read = [Scope::Read];
    let text = match keys {
        Keys::None => format!("fdk_{}_{}", "a".repeat(16), "b".repeat(52)),
        Keys::Usable => client.add_key("desk", &read),
        Keys::Expired => {
            let hour = Duration::from_hours(1);
            let text = client.add_key_for("desk", &read, Some(hour));
            hand.pass(hour);
            text
        }
        Keys::Revoked => {
            let text = client.add_key("desk", &read);
            client.revoke_key("desk");
            text
        }
    };
    (client, text)
}

#[tokio::test]
async fn who_is_let_in_depends_on_keys_and_on_who_can_reach_the_address() {
    for (keys, exposed, shown, status) in [
        (Keys::None, false, false, 200),
        (Keys::None, false, true, 401),
        (Keys::None, true, false, 401),
        (Keys::None, true, true, 401),
        (Keys::Usable, false, false, 401),
        (Keys::Usable, false, true, 200),
        (Keys::Usable, true, false, 401),
        (Keys::Usable, true, true, 200),
        // An expired key opens nothing, and does not open everything either.
        (Keys::Expired, false, false, 401),
        (Keys::Expired, false, true, 401),
        (Keys::Expired, true, true, 401),
        (Keys::Revoked, false, false, 200),
        (Keys::Revoked, false, true, 401),
        (Keys::Revoked, true, false, 401),
    ] {
        let (client, text) = with(keys, exposed);
        let bearer = format!("Bearer {text}");
        let headers = [("authorization", bearer.as_str())];
        let headers = if shown { &headers[..] } else { &[] };
        let answer = client.ask("GET", "/v1/runs", headers).await;
        let about = format!("{keys:?}, exposed {exposed}, shown {shown}");
        assert_eq!(answer.status.as_u16(), status, "{about}: {}", answer.text);
        if status == 401 {
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with("Bearer realm="), "{about}");
            assert_eq!(answer.json()["code"], "unauthenticated");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
    }
}

#[tokio::test]
async fn a_key_is_taken_from_its_headers_and_from_nowhere_else() {
    let (client, text) = with(Keys::Usable, false);
    let upper = text.to_uppercase();
    let (bearer, lower) = (format!("Bearer {text}"), format!("bearer  {text}"));
    let (basic, bare) = (format!("Basic {text}"), text.clone());
    let shouted = format!("Bearer {upper}");
    for (headers, status) in [
        (vec![("authorization", &bearer)], 200),
        (vec![("authorization", &lower)], 200),
        (vec![("x-api-key", &text)], 200),
        (vec![("api-key", &text)], 200),
        (vec![("authorization", &basic)], 401),
        (vec![("authorization", &bare)], 401),
        (vec![("authorization", &shouted)], 401),
        // The first one counts, and not whichever is right.
        (vec![("authorization", &basic), ("x-api-key", &text)], 401),
        (vec![("cookie", &text)], 401),
    ] {
        let headers: Vec<(&str, &str)> = headers
            .into_iter()
            .map(|(name, value)| (name, value.as_str()))
            .collect();
        let answer = client.ask("GET", "/v1/runs", &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}");
    }
    for path in [format!("/v1/runs?key={text}"), format!("/v1/{text}")] {
        let answer = client.ask("GET", &path, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn without_keys_only_this_machine_is_let_in_and_no_page_from_elsewhere() {
    let (client, _) = with(Keys::None, false);
    for (method, host, origin, status) in [
        ("GET", "localhost:8000", None, 200),
        ("GET", "[::1]:8000", None, 200),
        ("GET", "evil.example.com", None, 403),
        ("GET", "127.0.0.1.example.com:8000", None, 403),
        ("GET", "localhost", Some("https://evil.example.com"), 200),
        // The order is nonsense: who gets as far as that is in.
        ("POST", "localhost", None, 415),
        ("POST", "localhost", Some("http://localhost:8000"), 415),
        ("POST", "localhost", Some("https://desk.example.com"), 415),
        ("POST", "localhost", Some("https://evil.example.com"), 403),
        ("POST", "localhost", Some("null"), 403),
        ("DELETE", "localhost", Some("https://evil.example.com"), 403),
    ] {
        let headers: Vec<(&str, &str)> = [("host", host)]
            .into_iter()
            .chain(origin.map(|origin| ("origin", origin)))
            .collect();
        let answer = client.ask(method, "/v1/runs", &headers).await;
        let about = format!("{method} of {origin:?} at {host}");
        assert_eq!(answer.status.as_u16(), status, "{about}: {}", answer.text);
    }
    // A socket begins as a GET.
    let socket = [
        ("upgrade", "websocket"),
        ("origin", "https://evil.example.com"),
    ];
    let answer = client.ask("GET", "/v1/runs", &socket).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

/// Every route of a role, with words in its path.
fn doors(role: Role) -> Vec<(ListedRoute, String)> {
    let worded = |route: ListedRoute| {
        let path = route
            .path
            .replace("{run_id}", "01890a5d-ac96-774b-bcce-b302099a8057");
        let words = path.split('/');
        let words = words.map(|word| if word.starts_with('{') { "word" } else { word });
        let path = words.collect::<Vec<_>>().join("/");
        (route, path)
    };
    listed(role).into_iter().map(worded).collect()
}

/// The shape in which the compatible routes refuse is theirs.
fn is_refusal(answer: &Answer) -> bool {
    let body = answer.json();
    body["code"].is_string() || body["detail"].is_string()
}

#[tokio::test]
async fn no_route_does_anything_for_a_key_that_does_not_allow_it() {
    let (client, _) = guarded(GuardSettings::default());
    let keys = Scope::ALL.map(|scope| (scope, client.add_key(scope.as_str(), &[scope])));
    let mut admin = 0;
    for role in [Role::Control, Role::Trading, Role::News, Role::Runtime] {
        for (route, path) in doors(role) {
            let method = route.method.as_str();
            let about = format!("{method} {path} of {}", role.as_str());
            let Some(needed) = route.needs else {
                // Only what says how the server is may be asked without a key.
                assert_eq!(method, "GET", "{about}");
                continue;
            };
            admin += usize::from(needed == Scope::Admin);
            let without = client.at(role, method, &path, None).await;
            assert_eq!(without.status, StatusCode::UNAUTHORIZED, "{about}");
            assert!(is_refusal(&without), "{about}: {}", without.text);
            for (scope, key) in &keys {
                if *scope == needed || *scope == Scope::Admin {
                    continue;
                }
                let answer = client.at(role, method, &path, Some(key)).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{about} with {scope}");
                assert!(is_refusal(&answer), "{about}: {}", answer.text);
                let challenge = answer.headers["www-authenticate"].to_str().unwrap();
                assert!(challenge.contains("insufficient_scope"), "{challenge}");
            }
        }
    }
    assert!(admin > 0, "flags and keys need more than other things");
}

#[tokio::test]
async fn a_key_that_allows_it_is_let_in() {
    let (client, _) = guarded(GuardSettings::default());
    let keys = Scope::ALL.map(|scope| (scope, client.add_key(scope.as_str(), &[scope])));
    for (route, path) in doors(Role::Control) {
        let method = route.method.as_str();
        if path.ends_with("/stream") {
            continue;
        }
        let fitting = keys.iter().filter(|(scope, _)| Some(*scope) == route.needs);
        for (_, key) in fitting {
            let answer = client.at(Role::Control, method, &path, Some(key)).await;
            let status = answer.status.as_u16();
            assert!(![401, 403].contains(&status), "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn what_leads_nowhere_needs_a_key_too() {
    let (client, key) = with(Keys::Usable, false);
    for (method, path, status) in [
        ("GET", "/v1/nothing", 404),
        ("PATCH", "/v1/runs", 405),
        ("OPTIONS", "/v1/runs", 405),
    ] {
        let without = client.ask(method, path, &[]).await;
        assert_eq!(without.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        let with = client.tell(&key, method, path, &Value::Null).await;
        let read_only = if method == "PATCH" || path == "/v1/nothing" {
            status
        } else {
            405
        };
        assert_eq!(with.status.as_u16(), read_only, "{method} {path}");
    }
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_a_second_later_and_an_expired_one_at_once() {
    let (client, hand) = guarded(GuardSettings::default());
    let kept = client.add_key("kept", &[Scope::Read]);
    let ended = client.add_key("ended", &[Scope::Read]);
    let brief = client.add_key_for("brief", &[Scope::Read], Some(Duration::from_mins(1)));
    for key in [&kept, &ended, &brief] {
        assert_eq!(client.look(key).await, 200);
    }
    // As another process would do it: the guard is told nothing.
    client.revoke_key("ended");
    hand.pass(Duration::from_secs(1));
    assert_eq!(client.look(&ended).await, 401);
    assert_eq!(client.look(&kept).await, 200);
    hand.pass(Duration::from_secs(58));
    assert_eq!(client.look(&brief).await, 200);
    hand.pass(Duration::from_secs(1));
    assert_eq!(client.look(&brief).await, 401);
}

#[tokio::test]
async fn a_key_revoked_here_opens_nothing_from_then_on() {
    let (client, _) = guarded(GuardSettings::default());
    let admin = client.add_key("admin", &[Scope::Admin]);
    let desk = client.add_key("desk", &[Scope::Read]);
    assert_eq!(client.look(&desk).await, 200);
    let path = "/v1/keys/desk/revoke";
    let revoked = client.tell(&admin, "POST", path, &Value::Null).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text);
    assert_eq!(revoked.json()["revoked_by"], "key:admin");
    assert_eq!(client.look(&desk).await, 401);
    let again = client.tell(&admin, "POST", path, &Value::Null).await;
    assert_eq!(again.json()["revoked_at"], revoked.json()["revoked_at"]);
    let missing = client
        .tell(&admin, "POST", "/v1/keys/nobody/revoke", &Value::Null)
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_guesses_is_slowed_down_and_who_knows_is_not() {
    let (client, hand) = guarded(GuardSettings::default());
    let right = client.add_key("desk", &[Scope::Read]);
    assert_eq!(client.look(&right).await, 200);
    let late = client.add_key("late", &[Scope::Read]);
    let last = right.chars().last().unwrap();
    let other = if last == 'a' { "q" } else { "a" };
    let wrong = format!("{}{other}", &right[..right.len() - 1]);
    let mut refused = Vec::new();
    for _ in 0..12 {
        refused.push(client.look(&wrong).await);
    }
    assert_eq!(refused[..10], [401; 10]);
    assert_eq!(refused[10..], [429; 2]);
    let bearer = format!("Bearer {wrong}");
    let told = client
        .ask("GET", "/v1/runs", &[("authorization", &bearer)])
        .await;
    assert_eq!(told.headers["retry-after"], "5");
    assert_eq!(told.json()["code"], "rate_limited");
    // A key that was seen before is not kept out by others from its place; one
    // that was not has to wait with them.
    assert_eq!(client.look(&right).await, 200);
    hand.pass(Duration::from_secs(1));
    assert_eq!(client.look(&late).await, 429);
    hand.pass(Duration::from_secs(4));
    assert_eq!(client.look(&late).await, 200);
    assert_eq!(client.look(&wrong).await, 401);
}

#[tokio::test]
async fn many_at_once_with_a_new_key_are_no_guesses() {
    let (client, _) = guarded(GuardSettings::default());
    let key = client.add_key("desk", &[Scope::Read]);
    let looks = (0..64).map(|_| client.look(&key));
    let statuses = futures::future::join_all(looks).await;
    assert_eq!(statuses, [200; 64]);
}

#[tokio::test]
async fn each_key_has_a_pace_of_its_own() {
    let settings = GuardSettings {
        rate: Some(RateLimit {
            per_second: 1,
            burst: 2,
        }),
        ..GuardSettings::default()
    };
    let (client, hand) = guarded(settings.clone());
    let one = client.add_key("one", &[Scope::Read]);
    let two = client.add_key("two", &[Scope::Read]);
    let bearer = format!("Bearer {one}");
    let headers = [("authorization", bearer.as_str())];
    let mut told = Vec::new();
    for _ in 0..3 {
        let answer = client.ask("GET", "/v1/runs", &headers).await;
        let limit = answer.headers["ratelimit"].to_str().unwrap().to_owned();
        assert_eq!(answer.headers["ratelimit-policy"], "\"key\";q=2;w=2");
        let after = answer.headers.get("retry-after").cloned();
        let after = after.map(|after| after.to_str().unwrap().to_owned());
        told.push((answer.status.as_u16(), limit, after));
    }
    let line = |status, limit: &str, after: Option<&str>| {
        (status, limit.to_owned(), after.map(str::to_owned))
    };
    assert_eq!(
        told,
        [
            line(200, "\"key\";r=1;t=1", None),
            line(200, "\"key\";r=0;t=2", None),
            line(429, "\"key\";r=0;t=1", Some("1")),
        ]
    );
    assert_eq!(client.look(&two).await, 200);
    hand.pass(Duration::from_secs(1));
    assert_eq!(client.look(&one).await, 200);
    // Who needs no key is not counted.
    let (local, _) = guarded(settings);
    for _ in 0..5 {
        assert_eq!(local.get("/v1/runs").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn pages_of_other_origins_read_nothing_unless_they_are_configured() {
    let (client, key) = with(Keys::Usable, false);
    let bearer = format!("Bearer {key}");
    let asked = [
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    for (origin, status, allowed) in [
        ("https://desk.example.com", 204, true),
        ("https://evil.example.com", 403, false),
        ("null", 403, false),
    ] {
        let preflight = [asked[0], asked[1], ("origin", origin)];
        let told = client.ask("OPTIONS", "/v1/runs", &preflight).await;
        assert_eq!(told.status.as_u16(), status, "{origin}");
        let request = [("authorization", bearer.as_str()), ("origin", origin)];
        let read = client.ask("GET", "/v1/runs", &request).await;
        assert_eq!(read.status, StatusCode::OK);
        for answer in [&told, &read] {
            let named = answer.headers.get("access-control-allow-origin");
            assert_eq!(named.is_some_and(|named| named == origin), allowed);
            assert_eq!(named.is_some(), allowed, "{origin}");
            let vary = answer.headers.get_all("vary").iter();
            assert!(vary.into_iter().any(|value| value == "origin"), "{origin}");
            let credentials = answer.headers.get("access-control-allow-credentials");
            assert_eq!(credentials, None);
        }
    }
}

#[tokio::test]
async fn no_path_leads_out_of_where_it_should() {
    let client = Client::new();
    let walks = [
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "..%5c..%5cetc",
        "%00",
        "word%00.json",
        "%2e%2e",
        "%252e%252e",
        "C:%5cwindows",
    ];
    let worded = listed(Role::Control).into_iter();
    let worded = worded.filter(|route| route.path.contains('{'));
    for ListedRoute { path, .. } in worded {
        for walk in walks {
            let words: Vec<&str> = path
                .split('/')
                .map(|word| if word.starts_with('{') { walk } else { word })
                .collect();
            let path = words.join("/");
            let answer = client.get(&path).await;
            let status = answer.status.as_u16();
            assert!((400..500).contains(&status), "{path}: {status}");
            assert!(!answer.text.contains("root:"), "{path}");
        }
    }
}
