//! `/v1/workers`: who works.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use fondaco_app::ports::workers::Worker;
use fondaco_contract::http::WorkerView;

use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/v1/workers",
            ("worker_list", "The workers on the list."),
            list,
        )
        .answers::<Vec<WorkerView>>(200),
    ]
}

async fn list(State(platform): State<Shared>) -> Result<Json<Vec<WorkerView>>, Refusal> {
    let workers = platform
        .blocking(|platform| Ok(platform.store.workers()?))
        .await?;
    Ok(Json(workers.into_iter().map(view).collect()))
}

fn view(worker: Worker) -> WorkerView {
    WorkerView {
        worker_id: worker.id.to_string(),
        host: worker.host,
        pid: worker.pid,
        build: worker.build,
        queues: worker.queues,
        kinds: worker
            .kinds
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect(),
        since: worker.since.to_string(),
        seen: worker.seen.to_string(),
    }
}
