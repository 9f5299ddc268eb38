//! The configuration file of the first simulator.

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use fondaco_domain::{ErrorKind, Hint};
use rust_decimal::Decimal;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SeedConfig {
    /// Who may trade.
    pub models: Vec<SeedModel>,
    /// How.
    pub agent_config: AgentConfig,
    /// What may be traded; none for the usual list.
    #[serde(default)]
    pub symbols: Vec<String>,
}

/// A model of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SeedModel {
    /// For people.
    pub name: String,
    /// `provider/model`; a name without a provider is one of `openai`.
    pub basemodel: String,
    /// Its name in jobs and results.
    pub signature: String,
    /// Whether it trades where nobody says who does.
    pub enabled: bool,
    /// Where it is reached, in place of its provider's own address.
    #[serde(default)]
    pub openai_base_url: Option<String>,
    /// The key there.
    #[serde(default)]
    pub openai_api_key: Option<String>,
}

/// How models trade.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AgentConfig {
    /// Answers of a model at most before its day ends.
    #[serde(default = "max_steps")]
    pub max_steps: u32,
    /// Attempts at one call. Calls are tried again as the provider's settings
    /// say.
    #[serde(default)]
    pub max_retries: Option<u32>,
    /// Seconds before the second attempt. As with `max_retries`.
    #[serde(default)]
    pub base_delay: Option<f64>,
    /// Cash of each model at its beginning.
    #[serde(default = "initial_cash")]
    pub initial_cash: Decimal,
}

fn max_steps() -> u32 {
    30
}

fn initial_cash() -> Decimal {
    Decimal::from(10_000)
}

/// A file that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It is no JSON, or no object.
    #[error("the simulation configuration is no JSON object")]
    Json(#[source] serde_json::Error),
    /// It has not the form of one.
    #[error("the simulation configuration is not in its form at `{field}`")]
    Form {
        /// Where.
        field: String,
        /// What is wrong there.
        #[source]
        source: serde_json::Error,
    },
    /// No model in it.
    #[error("the simulation configuration has no models")]
    NoModels,
    /// Two of one name.
    #[error("the simulation configuration names the model `{0}` twice")]
    Twice(String),
    /// A name that a result cannot have.
    #[error("`{0}` cannot be the signature of a model: it is empty, or has a `|` or a `/` in it")]
    Signature(String),
    /// An instrument whose name cannot be one.
    #[error("`{0}` cannot be an instrument of simulations")]
    Symbol(String),
    /// A number out of its range.
    #[error("`agent_config.{0}` of the simulation configuration is out of its range")]
    Range(&'static str),
    /// An address or a key of one model.
    #[error("model `{0}` of the simulation configuration has an address or a key of its own")]
    Address(String),
}

impl Hint for ConfigError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Json(_) | Self::Form { .. } | Self::NoModels => {
                "it looks like {\"models\": [{\"name\": \"Rules\", \"basemodel\": \
                 \"fondaco/rule-based\", \"signature\": \"rules\", \"enabled\": true}], \
                 \"agent_config\": {\"max_steps\": 30, \"initial_cash\": 10000}}"
            }
            Self::Twice(_) | Self::Signature(_) => "give it another `signature`",
            Self::Symbol(_) => "symbols are such as AAPL",
            Self::Range(_) => "max_steps is 1 to 1000, initial_cash more than 0",
            Self::Address(_) => {
                "give the provider its address in the settings, its key in the environment"
            }
        };
        Some(hint.to_owned())
    }
}

impl SeedConfig {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::of(object(text)?)
    }

    /// Reads a file of a user over that of the program: each section that the
    /// user's file has stands in place of the other's, whole.
    pub fn over(usual: &str, own: &str) -> Result<Self, ConfigError> {
        let mut sections = object(usual)?;
        sections.extend(object(own)?);
        Self::of(sections)
    }

    /// The models that trade where nobody says who does, in order.
    pub fn enabled(&self) -> impl Iterator<Item = &SeedModel> {
        self.models.iter().filter(|model| model.enabled)
    }

    fn of(sections: Map<String, Value>) -> Result<Self, ConfigError> {
        let config: Self =
            serde_path_to_error::deserialize(Value::Object(sections)).map_err(|error| {
                ConfigError::Form {
                    field: error.path().to_string(),
                    source: error.into_inner(),
                }
            })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.models.is_empty() {
            return Err(ConfigError::NoModels);
        }
        let mut seen = std::collections::BTreeSet::new();
        for model in &self.models {
            let name = &model.signature;
            if name.trim().is_empty() || name.contains(['|', '/']) {
                return Err(ConfigError::Signature(name.clone()));
            }
            if !seen.insert(name) {
                return Err(ConfigError::Twice(name.clone()));
            }
            // Asked elsewhere than it says, it would not be that model.
            let own = [&model.openai_base_url, &model.openai_api_key];
            if own.into_iter().flatten().any(|text| !text.is_empty()) {
                return Err(ConfigError::Address(name.clone()));
            }
        }
        if !(1..=1_000).contains(&self.agent_config.max_steps) {
            return Err(ConfigError::Range("max_steps"));
        }
        let cash = self.agent_config.initial_cash;
        if cash < Decimal::new(1, 2) || cash > Decimal::from(1_000_000_000_000_i64) {
            return Err(ConfigError::Range("initial_cash"));
        }
        Ok(())
    }
}

fn object(text: &str) -> Result<Map<String, Value>, ConfigError> {
    serde_json::from_str(text).map_err(ConfigError::Json)
}

impl SeedModel {
    /// `provider/model`, as models are asked.
    pub fn model(&self) -> String {
        if self.basemodel.contains('/') {
            self.basemodel.clone()
        } else {
            format!("openai/{}", self.basemodel)
        }
    }
}
