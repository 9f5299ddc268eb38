//! Where days of simulations get what they need in this program.

use std::sync::Arc;

use fondaco_app::data::{DatasetId, Version};
use fondaco_app::ports::BarStore;
use fondaco_app::ports::exec::{Assignment, Outcome, TaskBody, Watch};
use fondaco_app::simulation::body::SimulationBody;
use fondaco_app::simulation::results::Sources;
use fondaco_app::tools::Toolbox;
use fondaco_market::ParquetStore;
use fondaco_store::days::SqliteDays;
use fondaco_store::research::SqliteResearch;
use tokio::runtime::Runtime;

use super::Client;
use super::models::models;
use super::pricer::ThisPricer;
use super::tools::StoredCandles;
use crate::context::{Context, runtime};
use crate::errors::Failure;

/// The task of a day, with the threads that its stores are waited for on.
pub(super) struct Days {
    body: SimulationBody,
    _runtime: Runtime,
}

impl TaskBody for Days {
    fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome {
        self.body.run(assignment, watch)
    }
}

/// Over the stores of the home. What calls cost is noted in the store of runs.
pub(super) fn body(client: &Client, context: &Context) -> Result<Days, Failure> {
    let runtime = runtime()?;
    let place = context.home().join("data").display().to_string();
    let store = Arc::new(ParquetStore::open(&place)?);
    let handle = runtime.handle().clone();
    let candles = Arc::new(StoredCandles::new(store.clone(), handle.clone()));
    let pricer = ThisPricer::of(context, store, candles.clone(), handle)?;
    let research = Arc::new(SqliteResearch::open(
        &context.home().join(SqliteResearch::FILE),
    )?);
    let records = Arc::clone(&client.opened.store);
    let body = SimulationBody {
        models: Arc::new(models(context, records, client.machine.clone())?),
        tools: Toolbox::standard(candles.clone(), research.clone()),
        candles,
        research,
        runs: Arc::clone(&client.opened.store),
        prices: Arc::new(pricer),
        machine: client.machine.clone(),
    };
    Ok(Days {
        body,
        _runtime: runtime,
    })
}

/// What simulations are accepted and shown with.
pub(crate) struct Shelves {
    /// Prices.
    pub(crate) candles: Arc<StoredCandles>,
    /// News, filings, dividends and splits.
    pub(crate) research: Arc<SqliteResearch>,
    /// Days of the books.
    pub(crate) days: Arc<SqliteDays>,
    store: Arc<ParquetStore>,
    runtime: Runtime,
}

impl Shelves {
    /// Those of the home.
    pub(crate) fn open(context: &Context) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let place = context.home().join("data").display().to_string();
        let store = Arc::new(ParquetStore::open(&place)?);
        let candles = StoredCandles::new(store.clone(), runtime.handle().clone());
        let research = SqliteResearch::open(&context.home().join(SqliteResearch::FILE))?;
        let days = SqliteDays::open(&context.home().join(SqliteDays::FILE))?;
        Ok(Self {
            candles: Arc::new(candles),
            research: Arc::new(research),
            days: Arc::new(days),
            store,
            runtime,
        })
    }

    /// Every data set of candles, and its newest version.
    pub(crate) fn listed(&self) -> Result<Vec<(DatasetId, Version)>, Failure> {
        Ok(self.runtime.block_on(self.store.list())?)
    }

    /// What results are made from.
    pub(crate) fn sources(&self) -> Sources<'_> {
        Sources {
            candles: &*self.candles,
            research: &*self.research,
        }
    }
}
