//! Where nodes of analyses get their answers in this program.

use std::sync::Arc;
use std::time::Duration;

use fondaco_app::analysis::body::AnalysisBody;
use fondaco_app::analysis::strategy::StrategyLane;
use fondaco_app::ports::exec::{Assignment, Outcome, TaskBody, Watch};
use fondaco_app::ports::runs::RunStoreError;
use fondaco_app::runner::Log;
use fondaco_app::tools::Toolbox;
use fondaco_market::ParquetStore;
use fondaco_store::research::SqliteResearch;
use tokio::runtime::Runtime;

use super::loops::{Loop, every};
use super::models::{library, models};
use super::tools::StoredCandles;
use super::{Client, HostError};
use crate::context::{Context, runtime};
use crate::errors::Failure;

/// The task of a node, with the threads that its stores are waited for on.
pub(super) struct Nodes {
    body: AnalysisBody,
    _runtime: Runtime,
}

impl TaskBody for Nodes {
    fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome {
        self.body.run(assignment, watch)
    }
}

/// Over the stores of the home. What calls cost is noted in the store of runs.
pub(super) fn body(client: &Client, context: &Context) -> Result<Nodes, Failure> {
    let runtime = runtime()?;
    let place = context.home().join("data").display().to_string();
    let store = Arc::new(ParquetStore::open(&place)?);
    let candles = Arc::new(StoredCandles::new(store, runtime.handle().clone()));
    let research = SqliteResearch::open(&context.home().join(SqliteResearch::FILE))?;
    let records = Arc::clone(&client.opened.store);
    let body = AnalysisBody {
        models: Arc::new(models(context, records, client.machine.clone())?),
        tools: Toolbox::standard(candles.clone(), Arc::new(research)),
        quant: Arc::new(StrategyLane {
            candles,
            holidays: None,
        }),
        machine: client.machine.clone(),
    };
    Ok(Nodes {
        body,
        _runtime: runtime,
    })
}

/// Between two looks for journals that nobody needs any more.
const SWEEP: Duration = Duration::from_mins(1);

/// Removes journals of runs that have ended: their nodes hold all of it. Runs
/// that this store does not know may be of another one. A folder that cannot be
/// read or removed is looked at again.
pub(super) fn forget_journals(
    client: &Client,
    context: &Context,
    log: &Arc<dyn Log>,
) -> Result<Loop, HostError> {
    let library = library(context);
    let store = Arc::clone(&client.opened.store);
    every("journals", log, move || {
        for run in library.runs().unwrap_or_default() {
            match store.run(run) {
                Ok(run) if run.state.is_terminal() => {
                    let _ = library.forget(run.id);
                }
                Ok(_) | Err(RunStoreError::NoRun(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(SWEEP)
    })
}
