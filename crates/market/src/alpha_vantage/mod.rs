//! Daily prices of a source that speaks as Alpha Vantage does:
//! `GET /query?function=TIME_SERIES_DAILY&symbol=…&outputsize=…&apikey=…`.
//!
//! The service answers 200 to almost everything: that it has been asked often
//! enough, that it does not know a symbol, that a key is wrong. Which of these
//! it is stands in words, see `answer`. An answer is taken whole or not at
//! all.

mod answer;
mod book;
mod key;
mod shelf;
mod wire;

use std::time::Duration;

use fondaco_app::simulation::download::{PriceSource, Prices, Reach, SourceError};
use fondaco_domain::{ErrorKind, Hint, Symbol, Timeframe};
use reqwest::Url;
use thiserror::Error;

pub use book::{BookError, Requests};
pub use key::ApiKey;
pub use shelf::StoredPrices;
use wire::Wire;

/// How the source is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlphaVantageSettings {
    /// Address without `/query`: `https://www.alphavantage.co`.
    pub base_url: String,
    /// The time that one whole answer may take.
    pub deadline: Duration,
}

impl AlphaVantageSettings {
    /// The address of the service itself.
    pub const ADDRESS: &'static str = "https://www.alphavantage.co";
}

impl Default for AlphaVantageSettings {
    fn default() -> Self {
        Self {
            base_url: Self::ADDRESS.to_owned(),
            deadline: Duration::from_secs(30),
        }
    }
}

/// A source that cannot be asked.
#[derive(Debug, Error)]
pub enum AlphaVantageError {
    /// Not an address.
    #[error("`{0}` is not an address of a price source")]
    Address(String),
    /// The threads for it were refused.
    #[error("the threads that fetch prices cannot be started")]
    Runtime(#[source] std::io::Error),
    /// The client cannot be made, such as without certificates.
    #[error("the client that fetches prices cannot be made")]
    Client(#[source] reqwest::Error),
}

impl Hint for AlphaVantageError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Address(_) => ErrorKind::Invalid,
            Self::Runtime(_) | Self::Client(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Address(_) => Some(format!("write {}", AlphaVantageSettings::ADDRESS)),
            Self::Runtime(_) | Self::Client(_) => None,
        }
    }
}

/// `TIME_SERIES_DAILY`.
pub struct AlphaVantage {
    wire: Wire,
    url: Url,
    name: String,
    key: ApiKey,
    deadline: Duration,
}

impl AlphaVantage {
    /// Opens no connection yet.
    pub fn new(settings: &AlphaVantageSettings, key: ApiKey) -> Result<Self, AlphaVantageError> {
        let wrong = || AlphaVantageError::Address(settings.base_url.clone());
        let mut url = Url::parse(&settings.base_url).map_err(|_| wrong())?;
        let spoken = matches!(url.scheme(), "http" | "https") && url.query().is_none();
        let host = match (url.host_str(), url.port()) {
            (Some(host), None) if spoken => host.to_owned(),
            (Some(host), Some(port)) if spoken => format!("{host}:{port}"),
            _ => return Err(wrong()),
        };
        let path = format!("{}/query", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self {
            wire: Wire::new(&url)?,
            name: format!("alpha-vantage {host}"),
            url,
            key,
            deadline: settings.deadline,
        })
    }

    fn question(&self, symbol: &Symbol, reach: Reach) -> Url {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("function", "TIME_SERIES_DAILY")
            .append_pair("symbol", symbol.as_str())
            .append_pair("outputsize", reach.as_str())
            .append_pair("apikey", self.key.expose());
        url
    }
}

impl PriceSource for AlphaVantage {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn serves(&self, timeframe: Timeframe) -> bool {
        timeframe == Timeframe::DAY
    }

    fn ask(
        &self,
        symbol: &Symbol,
        reach: Reach,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Prices, SourceError> {
        let asked = answer::Question {
            source: &self.name,
            symbol,
            key: &self.key,
        };
        let url = self.question(symbol, reach);
        let response = self
            .wire
            .get(url, self.deadline, stopped)
            .map_err(|fault| asked.fault(fault, self.deadline))?;
        asked.read(&response).map(|bars| Prices { bars })
    }
}
