//! The quant lane of an item: its candles found, its strategy evaluated.

use std::sync::Arc;

use fondaco_contract::v1alpha1::analysis::{AnalysisItem, AnalysisJob, NodeOutcome, Read};
use fondaco_domain::calendar::HolidayList;
use fondaco_domain::signal::{LaneFailure, ReasonCode};
use fondaco_domain::{Bars, ContentHash, Symbol, Timeframe, UnixMillis};

use super::body::{QuantLane, QuantTold};
use super::job::clock;
use super::quant::{self, Candles as Rows, Finding, Question};
use crate::backtests::pin::{self, Datasets};
use crate::data::{CandleKind, DatasetId};
use crate::ports::Failure;
use crate::runner::in_words;
use crate::tools::candles::{Candles, Held};

/// Strategies on the candles of a store.
pub struct StrategyLane {
    /// The store.
    pub candles: Arc<dyn Candles>,
    /// When the mainland exchanges were closed, where that is known.
    pub holidays: Option<HolidayList>,
}

/// Candles of an instrument, and where they are from.
struct Series {
    dataset: DatasetId,
    held: Arc<Held>,
}

impl QuantLane for StrategyLane {
    fn outcome(&self, job: &AnalysisJob, item: &AnalysisItem) -> QuantTold {
        match self.told(job, item) {
            Ok(told) => told,
            Err(failure) => absent(LaneFailure {
                reason: ReasonCode::QuantSignalFailed,
                data_quality: None,
                error: Some(in_words(&failure)),
            }),
        }
    }
}

fn absent(failure: LaneFailure) -> QuantTold {
    QuantTold {
        outcome: Finding::absent(failure).outcome(),
        read: Vec::new(),
    }
}

impl StrategyLane {
    fn told(&self, job: &AnalysisJob, item: &AnalysisItem) -> Result<QuantTold, Failure> {
        let datasets = self.datasets(job)?;
        let timeframe = job
            .data
            .as_ref()
            .map_or(Timeframe::DAY, |data| data.timeframe);
        let strategy = match quant::read(job.quant.as_ref(), timeframe) {
            Ok(strategy) => strategy,
            Err(failure) => return Ok(absent(failure)),
        };
        let own = self.series(&datasets, &item.ticker, timeframe)?;
        let mut others = Vec::new();
        for need in strategy.needs() {
            let symbol = need.source.symbol.as_ref().unwrap_or(&item.ticker);
            if let Some(series) = self.series(&datasets, symbol, need.source.timeframe)? {
                others.push((need.name.clone(), series.held.bars.clone()));
            }
        }
        let none = Bars::default();
        let bars = own.as_ref().map_or(&none, |series| &series.held.bars);
        let clock = clock(job, item);
        let finding = strategy.at(&Question {
            symbol: &item.ticker,
            date: item.date,
            clock,
            candles: Rows::Whole(bars),
            timeframe,
            calendar: &quant::calendar(&item.ticker, self.holidays.as_ref()),
            informative: &others,
            actions: None,
            fee: quant::FEE,
        });
        Ok(told(&finding, own.as_ref()))
    }

    fn datasets(&self, job: &AnalysisJob) -> Result<Datasets, Failure> {
        match &job.data {
            Some(data) => pin::datasets(&data.candles).map_err(Failure::new),
            None => self.candles.newest(),
        }
    }

    /// Of several venues the first by name.
    fn series(
        &self,
        datasets: &Datasets,
        symbol: &Symbol,
        timeframe: Timeframe,
    ) -> Result<Option<Series>, Failure> {
        let mut meant = datasets.iter().filter(|(id, _)| {
            id.symbol == *symbol && id.timeframe == timeframe && id.kind == CandleKind::Trades
        });
        let Some((id, version)) = meant.next() else {
            return Ok(None);
        };
        Ok(Some(Series {
            dataset: id.clone(),
            held: self.candles.read(id, version)?,
        }))
    }
}

fn told(finding: &Finding, series: Option<&Series>) -> QuantTold {
    let outcome = finding.outcome();
    let text = match &outcome {
        NodeOutcome::Answered(answer) => answer.text.clone(),
        NodeOutcome::Abstained(abstention) => abstention.why.clone(),
        NodeOutcome::Degraded(degraded) => degraded.detail.clone(),
    };
    let stamp = |at: UnixMillis| at.timestamp().to_string();
    let read = finding
        .found
        .as_ref()
        .zip(series)
        .map(|(found, series)| Read {
            tool: "strategy".to_owned(),
            source: format!("{}@{}", series.dataset, series.held.version),
            from: found.first.map(stamp),
            until: found.last.map(stamp),
            rows: found.rows,
            hash: ContentHash::of(text.as_bytes()).to_string(),
        });
    QuantTold {
        outcome,
        read: read.into_iter().collect(),
    }
}
