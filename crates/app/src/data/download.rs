//! Candles from an exchange, page by page.

use fondaco_domain::{Bar, Bars, UnixMillis};
use serde::Serialize;

use super::import::store_bars;
use super::{DataError, DatasetId, Overlap, Version, VersionRef};
use crate::ports::{BarStore, Failure, KlineSource, Progress, StoreError};

/// Candles are stored after so many pages, so that little is fetched twice.
const PAGES_A_VERSION: usize = 100;

/// What to download.
#[derive(Debug, Clone)]
pub struct DownloadRequest {
    /// The data set to extend.
    pub dataset: DatasetId,
    /// The first stamp; what is stored already is not fetched again.
    pub from: Option<UnixMillis>,
    /// The end, not included; now otherwise.
    pub to: Option<UnixMillis>,
}

/// What was downloaded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DownloadReport {
    /// The data set.
    #[serde(flatten)]
    pub dataset: DatasetId,
    /// Its newest version; `None` when there is nothing at all.
    pub version: Option<Version>,
    /// Candles that were not there before.
    pub added: usize,
    /// Pages fetched.
    pub pages: usize,
    /// The stamp the download went on from.
    pub resumed_from: Option<UnixMillis>,
}

/// Fetches what comes after the last stored candle (or from the start that is
/// stated, when nothing is stored or it lies before the first), up to the last
/// complete candle. When the source fails, what came before is stored, and the
/// next download goes on there.
pub async fn download(
    request: &DownloadRequest,
    source: &dyn KlineSource,
    store: &dyn BarStore,
    progress: &dyn Progress,
    now: UnixMillis,
) -> Result<DownloadReport, DataError> {
    let dataset = &request.dataset;
    let stored = match store.versions(dataset).await {
        Ok(versions) => VersionRef::Latest.find(&versions).cloned(),
        Err(StoreError::NoDataset(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let step = dataset.timeframe.millis();
    let resumed_from = stored
        .as_ref()
        .filter(|version| request.from.is_none_or(|from| from >= version.first))
        .map(|version| version.last.plus(step));
    let from = resumed_from
        .or(request.from)
        .ok_or_else(|| DataError::NoStart(dataset.clone()))?;
    // The candle that is still open is left out.
    let complete = dataset.timeframe.floor(now);
    let to = request.to.map_or(complete, |to| to.min(complete));
    let mut run = Run {
        dataset,
        source,
        store,
        now,
        version: stored,
        buffer: Vec::new(),
        added: 0,
        pages: 0,
    };
    progress.begin("downloading", ((to.0 - from.0) / step).max(0) as u64);
    let outcome = run.fetch(from, to, progress).await;
    run.flush().await?;
    progress.end();
    match outcome {
        Ok(()) => Ok(DownloadReport {
            dataset: dataset.clone(),
            version: run.version,
            added: run.added,
            pages: run.pages,
            resumed_from,
        }),
        Err(DataError::File(cause)) if run.added > 0 => Err(DataError::Stopped {
            stored: run.added,
            cause,
        }),
        Err(other) => Err(other),
    }
}

struct Run<'a> {
    dataset: &'a DatasetId,
    source: &'a dyn KlineSource,
    store: &'a dyn BarStore,
    now: UnixMillis,
    version: Option<Version>,
    buffer: Vec<Bar>,
    added: usize,
    pages: usize,
}

impl Run<'_> {
    async fn fetch(
        &mut self,
        from: UnixMillis,
        to: UnixMillis,
        progress: &dyn Progress,
    ) -> Result<(), DataError> {
        let step = self.dataset.timeframe.millis();
        let mut next = from;
        while next < to {
            let page = self
                .source
                .page(&self.dataset.symbol, self.dataset.timeframe, next, to)
                .await?;
            self.pages += 1;
            let Some(last) = page.last().map(|bar| bar.time) else {
                break;
            };
            self.accept(page, next, to)?;
            let done = (last.0 - next.0) / step + 1;
            progress.advance(done.max(0) as u64, &last.to_string());
            next = last.plus(step);
            if self.pages.is_multiple_of(PAGES_A_VERSION) {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// A page must go on where the one before ended.
    fn accept(
        &mut self,
        page: Vec<Bar>,
        asked: UnixMillis,
        to: UnixMillis,
    ) -> Result<(), DataError> {
        let mut earliest = asked;
        for bar in page {
            if bar.time < earliest {
                return Err(DataError::WrongPage {
                    timeframe: self.dataset.timeframe,
                    asked,
                    found: bar.time,
                });
            }
            earliest = bar.time.plus(1);
            if bar.time < to {
                self.buffer.push(bar);
            }
        }
        Ok(())
    }

    /// Stores what has come so far.
    async fn flush(&mut self) -> Result<(), DataError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let bars = Bars::from_rows(self.buffer.drain(..)).map_err(Failure::new)?;
        let source = self.source.name();
        let (version, added) = store_bars(
            self.store,
            self.dataset,
            bars,
            &source,
            Overlap::Refuse,
            self.now,
        )
        .await?;
        self.version = version.or(self.version.take());
        self.added += added;
        Ok(())
    }
}
