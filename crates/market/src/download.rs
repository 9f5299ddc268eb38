//! Candles from an exchange that speaks Binance's protocol.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fondaco_app::ports::{Failure, KlineSource, Sleeper};
use fondaco_domain::{Bar, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use thiserror::Error;

/// What can go wrong with a download.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// Neither answered in time nor in whole, often enough.
    #[error("{url} failed {attempts} times")]
    Unreachable {
        /// What was asked.
        url: String,
        /// How often.
        attempts: u32,
        /// The last failure.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The exchange refuses the request for good.
    #[error("the exchange refused {symbol} {timeframe}: {message}")]
    Refused {
        /// The instrument.
        symbol: Symbol,
        /// The candle length.
        timeframe: Timeframe,
        /// Its words.
        message: String,
    },
    /// The protocol has no such candle length.
    #[error("the exchange has no {0} candles")]
    Interval(Timeframe),
    /// Not an address.
    #[error("`{0}` is not an address")]
    Address(String),
    /// The HTTP client could not be made.
    #[error("cannot open connections")]
    Client(#[source] reqwest::Error),
}

impl Hint for DownloadError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } => ErrorKind::Unavailable,
            Self::Refused { .. } | Self::Interval(_) | Self::Address(_) => ErrorKind::Invalid,
            Self::Client(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Unreachable { .. } => "try again later; what came before is stored",
            Self::Refused { .. } => "check the symbol, as in BTC/USDT",
            Self::Interval(_) => {
                "choose 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d, 3d or 1w"
            }
            Self::Address(_) => "write --base-url https://api.binance.com",
            Self::Client(_) => return None,
        };
        Some(text.to_owned())
    }
}

/// One try that failed and may be repeated.
#[derive(Debug, Error)]
enum TryError {
    #[error("the exchange answered {status}")]
    Status { status: u16, wait: Option<Duration> },
    #[error("no whole answer")]
    Transport(#[source] reqwest::Error),
    #[error("{0}")]
    Answer(answer::AnswerError),
}

/// How a source is asked.
#[derive(Debug, Clone)]
pub struct BinanceSettings {
    /// Address without a path: `https://api.binance.com`.
    pub base_url: String,
    /// Tries of one page before giving up.
    pub attempts: u32,
    /// The wait after the first failure; it doubles with every further one.
    pub backoff: Duration,
    /// The longest wait, also when the exchange asks for more.
    pub longest_wait: Duration,
    /// Weight in a minute above which the next request waits.
    pub weight_limit: u32,
    /// Candles in a page, at most 1000.
    pub page: u32,
    /// The longest time one request may take.
    pub timeout: Duration,
}

impl Default for BinanceSettings {
    fn default() -> Self {
        Self {
            base_url: "https://api.binance.com".to_owned(),
            attempts: 6,
            backoff: Duration::from_millis(500),
            longest_wait: Duration::from_mins(3),
            weight_limit: 4_800,
            page: 1_000,
            timeout: Duration::from_secs(20),
        }
    }
}

/// `GET /api/v3/klines`, and `/fapi/v1/klines` for swaps.
pub struct BinanceKlines {
    client: reqwest::Client,
    settings: BinanceSettings,
    sleeper: Arc<dyn Sleeper>,
}

impl BinanceKlines {
    /// Opens no connection yet.
    pub fn new(
        settings: BinanceSettings,
        sleeper: Arc<dyn Sleeper>,
    ) -> Result<Self, DownloadError> {
        if reqwest::Url::parse(&settings.base_url).is_err() {
            return Err(DownloadError::Address(settings.base_url));
        }
        let client = reqwest::Client::builder()
            .timeout(settings.timeout)
            .user_agent(concat!("fondaco/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(DownloadError::Client)?;
        Ok(Self {
            client,
            settings,
            sleeper,
        })
    }

    async fn page(
        &self,
        symbol: &Symbol,
        timeframe: Timeframe,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Result<Vec<Bar>, DownloadError> {
        let url = self.url(symbol, timeframe, from, to)?;
        let mut failures = 0;
        loop {
            let error = match self.attempt(&url, symbol, timeframe).await? {
                Ok(answered) => {
                    if answered
                        .weight
                        .is_some_and(|used| used >= self.settings.weight_limit)
                    {
                        // The exchange counts by the minute.
                        self.sleeper.sleep(Duration::from_mins(1)).await;
                    }
                    return Ok(answered.bars);
                }
                Err(error) => error,
            };
            failures += 1;
            if failures >= self.settings.attempts {
                return Err(DownloadError::Unreachable {
                    url,
                    attempts: failures,
                    cause: error.into(),
                });
            }
            self.sleeper.sleep(self.wait(&error, failures)).await;
        }
    }

    /// Asks once. The outer error is final, the inner one may be repeated.
    async fn attempt(
        &self,
        url: &str,
        symbol: &Symbol,
        timeframe: Timeframe,
    ) -> Result<Result<Answered, TryError>, DownloadError> {
        let response = match self.client.get(url).send().await {
            Ok(response) => response,
            Err(cause) => return Ok(Err(TryError::Transport(cause))),
        };
        let status = response.status();
        let wait = retry_after(response.headers());
        let weight = used_weight(response.headers());
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(cause) => return Ok(Err(TryError::Transport(cause))),
        };
        if status.is_success() {
            return Ok(answer::bars(&body)
                .map(|bars| Answered { bars, weight })
                .map_err(TryError::Answer));
        }
        let status = status.as_u16();
        if status >= 500 || matches!(status, 408 | 418 | 429) {
            return Ok(Err(TryError::Status { status, wait }));
        }
        Err(DownloadError::Refused {
            symbol: symbol.clone(),
            timeframe,
            message: answer::refusal(&body).unwrap_or_else(|| format!("HTTP {status}")),
        })
    }

    fn url(
        &self,
        symbol: &Symbol,
        timeframe: Timeframe,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Result<String, DownloadError> {
        const INTERVALS: [&str; 15] = [
            "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d",
            "1w",
        ];
        let interval = timeframe.to_string();
        if !INTERVALS.contains(&interval.as_str()) {
            return Err(DownloadError::Interval(timeframe));
        }
        let path = if symbol.settle().is_some() {
            "fapi/v1/klines"
        } else {
            "api/v3/klines"
        };
        Ok(format!(
            "{}/{path}?symbol={}{}&interval={interval}&startTime={}&endTime={}&limit={}",
            self.settings.base_url.trim_end_matches('/'),
            symbol.base(),
            symbol.quote().unwrap_or_default(),
            from.0,
            to.0 - 1,
            self.settings.page
        ))
    }

    /// What the exchange asks for, else twice as long after each failure.
    fn wait(&self, error: &TryError, failures: u32) -> Duration {
        let doubled = self.settings.backoff * 2_u32.saturating_pow(failures - 1);
        let asked = match error {
            TryError::Status { wait, .. } => *wait,
            TryError::Transport(_) | TryError::Answer(_) => None,
        };
        asked.unwrap_or(doubled).min(self.settings.longest_wait)
    }
}

#[async_trait]
impl KlineSource for BinanceKlines {
    fn name(&self) -> String {
        self.settings.base_url.clone()
    }

    async fn page(
        &self,
        symbol: &Symbol,
        timeframe: Timeframe,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Result<Vec<Bar>, Failure> {
        Self::page(self, symbol, timeframe, from, to)
            .await
            .map_err(Failure::new)
    }
}

struct Answered {
    bars: Vec<Bar>,
    weight: Option<u32>,
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// The weight used in this minute.
fn used_weight(headers: &HeaderMap) -> Option<u32> {
    headers
        .iter()
        .find(|(name, _)| name.as_str().starts_with("x-mbx-used-weight-1m"))
        .and_then(|(_, value)| value.to_str().ok()?.parse().ok())
}

/// Waits on the runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioSleeper;

#[async_trait]
impl Sleeper for TokioSleeper {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
