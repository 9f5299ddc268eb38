//! Where nodes of analyses get their answers in this program.

use std::sync::Arc;

use fondaco_app::analysis::body::AnalysisBody;
use fondaco_app::analysis::strategy::StrategyLane;
use fondaco_app::ports::exec::{Assignment, Outcome, TaskBody, Watch};
use fondaco_app::tools::Toolbox;
use fondaco_market::ParquetStore;
use fondaco_store::research::SqliteResearch;
use tokio::runtime::Runtime;

use super::Client;
use super::models::models;
use super::tools::StoredCandles;
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
