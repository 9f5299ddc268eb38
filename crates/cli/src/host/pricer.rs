//! Who brings prices in that a run lacks.

use std::sync::Arc;

use fondaco_app::data::Overlap;
use fondaco_app::ports::exec::Watch;
use fondaco_app::ports::{BarStore, Failure as Fault, Quiet};
use fondaco_app::simulation::download::{DownloadPorts, DownloadRules};
use fondaco_app::simulation::priced::{Priced, Pricer, bring, calendar, without_asking};
use fondaco_contract::v1alpha1::simulation::SimulationJob;
use fondaco_domain::{ErrorKind, Hint, Timeframe};
use fondaco_market::{AlphaVantage, ParquetStore, Requests, StoredPrices};
use thiserror::Error;
use tokio::runtime::Handle;

use super::tools::StoredCandles;
use crate::commands::data::prices::{self, ALPHA_VANTAGE};
use crate::context::{Clock, Context};
use crate::errors::Failure;

/// The one source there is, as the settings of the home say.
pub(super) struct ThisPricer {
    store: Arc<ParquetStore>,
    candles: Arc<StoredCandles>,
    runtime: Handle,
    place: String,
    clock: Clock,
    rules: DownloadRules,
    book: Requests,
    /// Why there is none, where there is none: only who needs it minds.
    source: Result<AlphaVantage, NotSetUp>,
}

/// Prices are wanted, and nobody can be asked.
#[derive(Debug, Clone, Error)]
#[error("prices cannot be downloaded: {why}")]
struct NotSetUp {
    why: String,
    hint: Option<String>,
}

impl Hint for NotSetUp {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

impl ThisPricer {
    pub(super) fn of(
        context: &Context,
        store: Arc<ParquetStore>,
        candles: Arc<StoredCandles>,
        runtime: Handle,
    ) -> Result<Self, Failure> {
        let source = prices::source(context, None).map_err(|failure| NotSetUp {
            why: failure.in_words(),
            hint: failure.hint(),
        });
        Ok(Self {
            store,
            candles,
            runtime,
            place: context.home().join("data").display().to_string(),
            clock: context.clock,
            rules: prices::rules(context)?,
            book: prices::book(context)?,
            source,
        })
    }

    fn download(&self, job: &SimulationJob, watch: &dyn Watch) -> Result<Option<Priced>, Fault> {
        let not_set_up = |why: String| NotSetUp { why, hint: None };
        let asked = job.download.as_ref().map(|download| &*download.source);
        if let Some(other) = asked.filter(|source| *source != ALPHA_VANTAGE) {
            return Err(Fault::new(not_set_up(format!(
                "there is no source `{other}`"
            ))));
        }
        let source = self
            .source
            .as_ref()
            .map_err(|error| Fault::new(error.clone()))?;
        let shelf = StoredPrices {
            store: self.store.clone(),
            place: self.place.clone(),
            runtime: self.runtime.clone(),
            venue: ALPHA_VANTAGE.parse().map_err(Fault::new)?,
            timeframe: job
                .data
                .as_ref()
                .map_or(Timeframe::DAY, |data| data.timeframe),
            overlap: Overlap::Refuse,
        };
        let calendar = calendar(job).map_err(Fault::new)?;
        let ports = DownloadPorts {
            source,
            shelf: &shelf,
            book: &self.book,
            calendar: &calendar,
            clock: &self.clock,
            progress: &Quiet,
        };
        let listed = || {
            let listed = self.runtime.block_on(self.store.list());
            listed.map_err(Fault::new)
        };
        bring(job, &*self.candles, &listed, ports, &self.rules, watch).map_err(Fault::new)
    }
}

impl Pricer for ThisPricer {
    fn bring(&self, job: &SimulationJob, watch: &dyn Watch) -> Result<Option<Priced>, Fault> {
        let there = without_asking(job, &*self.candles, self.clock.now()).map_err(Fault::new)?;
        match there {
            Some(priced) => Ok(Some(priced)),
            None => self.download(job, watch),
        }
    }
}
