//! Requests, counted by the template of their route.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use fondaco_app::roles::Role;

use super::exposition::Exposition;
use super::{Telemetry, names};

/// Upper bounds of what requests take, in seconds.
const BOUNDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// Where no route matched: a path that nobody wrote into the table must not
/// become a label.
const UNMATCHED: &str = "unmatched";

/// Requests of a process.
#[derive(Debug, Default)]
pub(super) struct Requests {
    series: Mutex<Series>,
    open: Mutex<BTreeMap<Role, Arc<AtomicI64>>>,
}

/// By role and method, then by route.
type Series = BTreeMap<(Role, &'static str), BTreeMap<String, Answers>>;

#[derive(Debug, Default)]
struct Answers {
    by_status: BTreeMap<u16, u64>,
    by_bound: [u64; BOUNDS.len()],
    seconds: f64,
}

impl Requests {
    fn answered(
        &self,
        (role, method, route): (Role, &'static str, &str),
        status: u16,
        took: Duration,
    ) {
        let mut series = lock(&self.series);
        let routes = series.entry((role, method)).or_default();
        if let Some(answers) = routes.get_mut(route) {
            answers.add(status, took);
        } else {
            routes
                .entry(route.to_owned())
                .or_default()
                .add(status, took);
        }
    }

    fn open(&self, role: Role) -> Arc<AtomicI64> {
        Arc::clone(lock(&self.open).entry(role).or_default())
    }

    pub(super) fn tell(&self, page: &mut Exposition) {
        for ((role, method), routes) in lock(&self.series).iter() {
            for (route, answers) in routes {
                let labels = [
                    ("role", role.as_str()),
                    ("method", method),
                    ("route", route),
                ];
                answers.tell(&labels, page);
            }
        }
        for (role, open) in lock(&self.open).iter() {
            let labels = [("role", role.as_str())];
            let open = open.load(Ordering::Relaxed) as f64;
            page.sample(&names::HTTP_OPEN, &labels, open);
        }
    }
}

impl Answers {
    fn add(&mut self, status: u16, took: Duration) {
        *self.by_status.entry(status).or_default() += 1;
        let seconds = took.as_secs_f64();
        self.seconds += seconds;
        if let Some(place) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.by_bound[place] += 1;
        }
    }

    fn tell(&self, labels: &[(&str, &str)], page: &mut Exposition) {
        for (status, count) in &self.by_status {
            let status = status.to_string();
            let labels = [labels, &[("status", status.as_str())]].concat();
            page.sample(&names::HTTP_REQUESTS, &labels, *count as f64);
        }
        let counts: Vec<(f64, u64)> = BOUNDS.into_iter().zip(self.by_bound).collect();
        let all = self.by_status.values().sum();
        page.histogram(&names::HTTP_DURATION, labels, &counts, (all, self.seconds));
    }
}

/// Counts what passes.
pub(crate) async fn measure(
    State((role, telemetry)): State<(Role, Arc<Telemetry>)>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = word(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let under_way = UnderWay::begin(telemetry.requests.open(role));
    let response = next.run(request).await;
    drop(under_way);
    let route = matched.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    let status = response.status().as_u16();
    telemetry
        .requests
        .answered((role, method, route), status, began.elapsed());
    response
}

/// A request that is not answered; one that is given up counts no more, too.
struct UnderWay(Arc<AtomicI64>);

impl UnderWay {
    fn begin(open: Arc<AtomicI64>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(open)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Methods are whatever a client sends: those of the table have names.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
