//! `/metrics`: numbers for Prometheus.

use axum::extract::State;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use fondaco_app::ports::runs::RunStoreError;
use fondaco_app::readiness;
use fondaco_contract::http::BreakerWord;
use fondaco_domain::UnixMicros;
use fondaco_domain::halt::HaltMode;
use fondaco_domain::run::{RunKind, RunState};

use super::health::of_stand;
use crate::probe;
use crate::state::{Platform, Shared};
use crate::table::Route;
use crate::telemetry::{Exposition, MEDIA_TYPE, gateway, names};

/// The same of every role: the numbers are those of the process.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/metrics",
            ("metrics", "What the process and its store count."),
            metrics,
        )
        .streams("text/plain"),
    ]
}

async fn metrics(State(platform): State<Shared>) -> Response {
    let mut page = Exposition::default();
    // A store that does not answer leaves its own numbers out, and says so.
    let failures = match probe::ask(&platform, of_store).await {
        Ok((told, failures)) => {
            page = told;
            failures
        }
        Err(_) => READS,
    };
    page.sample(&names::SCRAPE_FAILURES, &[], failures as f64);
    of_process(&platform, &mut page);
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))];
    (kind, page.text()).into_response()
}

/// Adds what one read of the store says.
type Read = fn(&Platform, UnixMicros, &mut Exposition) -> Result<(), RunStoreError>;

/// Reads of the store in one scrape.
const READS: usize = 6;

fn of_store(platform: &Platform) -> (Exposition, usize) {
    let mut page = Exposition::default();
    let now = platform.machine.wall();
    let reads: [Read; READS] = [runs, feed, halts, workers, schedules, services];
    let failures = reads
        .into_iter()
        .filter(|read| read(platform, now, &mut page).is_err())
        .count();
    (page, failures)
}

fn runs(platform: &Platform, _: UnixMicros, page: &mut Exposition) -> Result<(), RunStoreError> {
    let open = platform.store.open_runs()?;
    let states = RunState::ALL
        .into_iter()
        .filter(|state| !state.is_terminal());
    for state in states {
        for kind in RunKind::ALL {
            let counted = open.iter().find(|(k, s, _)| (*k, *s) == (kind, state));
            let count = counted.map_or(0, |(.., count)| *count);
            let labels = [("kind", kind.as_str()), ("state", state.as_str())];
            page.sample(&names::RUNS_OPEN, &labels, count as f64);
        }
    }
    Ok(())
}

fn feed(platform: &Platform, _: UnixMicros, page: &mut Exposition) -> Result<(), RunStoreError> {
    page.sample(&names::FEED_END, &[], platform.store.feed_end()? as f64);
    Ok(())
}

fn halts(platform: &Platform, _: UnixMicros, page: &mut Exposition) -> Result<(), RunStoreError> {
    let latches = platform.store.halts()?;
    let modes = [
        HaltMode::Reducing,
        HaltMode::Drain,
        HaltMode::Halted,
        HaltMode::Killed,
    ];
    for mode in modes {
        let count = latches.iter().filter(|halt| halt.mode == mode).count();
        page.sample(&names::HALTS, &[("mode", mode.as_str())], count as f64);
    }
    let epoch = latches.iter().map(|halt| halt.epoch.0).max().unwrap_or(0);
    page.sample(&names::HALT_EPOCH, &[], epoch as f64);
    Ok(())
}

fn workers(
    platform: &Platform,
    now: UnixMicros,
    page: &mut Exposition,
) -> Result<(), RunStoreError> {
    let workers = platform.store.workers()?;
    let alive = workers
        .iter()
        .filter(|worker| readiness::is_alive(worker, now))
        .count();
    for (liveness, count) in [("alive", alive), ("silent", workers.len() - alive)] {
        page.sample(&names::WORKERS, &[("liveness", liveness)], count as f64);
    }
    Ok(())
}

fn schedules(
    platform: &Platform,
    _: UnixMicros,
    page: &mut Exposition,
) -> Result<(), RunStoreError> {
    let schedules = platform.store.schedules()?;
    let at_work = schedules.iter().filter(|schedule| !schedule.paused).count();
    page.sample(&names::SCHEDULES, &[], at_work as f64);
    Ok(())
}

fn services(
    platform: &Platform,
    now: UnixMicros,
    page: &mut Exposition,
) -> Result<(), RunStoreError> {
    for service in platform.store.services()? {
        let labels = [("service", service.name.as_str())];
        let silence = readiness::silence(service.seen, now).as_secs_f64();
        page.sample(
            &names::SERVICE_GENERATION,
            &labels,
            service.generation as f64,
        );
        page.sample(&names::SERVICE_SILENCE, &labels, silence);
    }
    Ok(())
}

fn of_process(platform: &Platform, page: &mut Exposition) {
    let build = [("version", env!("CARGO_PKG_VERSION"))];
    page.sample(&names::BUILD, &build, 1.0);
    let now = platform.machine.wall().0 as f64 / 1e6;
    let began = now - platform.telemetry.uptime().as_secs_f64();
    page.sample(&names::PROCESS_START, &[], began);
    platform.telemetry.tell(page);
    gateway(&platform.feed, page);
    let Some(worker) = platform.telemetry.worker() else {
        return;
    };
    let done = worker.done();
    page.sample(&names::TASKS_CLAIMED, &[], done.claimed as f64);
    for (outcome, count) in [
        ("completed", done.completed),
        ("failed", done.failed),
        ("stopped", done.stopped),
    ] {
        page.sample(
            &names::TASKS_FINISHED,
            &[("outcome", outcome)],
            count as f64,
        );
    }
    for (executor, stand) in worker.breakers() {
        let (present, _) = of_stand(stand);
        for word in BreakerWord::ALL {
            let labels = [("executor", executor), ("state", word.as_str())];
            let value = if word == present { 1.0 } else { 0.0 };
            page.sample(&names::BREAKER, &labels, value);
        }
    }
}
