//! Which models there are, what they can do and what they cost.
//!
//! What is built in stands in [`table`], as known on a day; settings add to it
//! and overrule it. Nothing is found out by trying.

mod config;
mod table;

use std::collections::BTreeMap;

use fondaco_app::ports::model::{Capabilities, ModelError};
use fondaco_domain::{ErrorKind, Hint};
use reqwest::Url;
use thiserror::Error;

pub use config::{ModelConfig, Protocol, ProviderConfig};
pub use table::KNOWN_ON;

use crate::price::Price;

/// The provider whose models are part of this program.
pub const OWN: &str = "fondaco";

/// Somebody who answers over the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Below which address.
    pub url: Url,
    /// The variable of the environment that holds its key; nothing where it
    /// takes none.
    pub key_env: Option<String>,
    /// Whether it is not asked without a key.
    pub needs_key: bool,
    /// Questions under way at most.
    pub in_flight: u32,
    /// Questions in a minute at most.
    pub per_minute: u32,
    /// What its models can do that nobody has told of; nothing where such are
    /// not asked.
    unlisted: Option<Known>,
}

/// What is known of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// What it can do.
    pub capabilities: Capabilities,
    /// What it costs.
    pub price: Price,
    /// Who says so.
    pub source: Source,
}

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The table of this program.
    BuiltIn,
    /// The settings.
    Settings,
    /// Nobody of this model: it is what its provider's models can do.
    Provider,
}

/// A model, found by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'a> {
    /// Its provider.
    pub provider: &'a Provider,
    /// Its name there.
    pub model: String,
    /// What is known of it.
    pub known: Known,
}

/// Settings that cannot be.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// The provider's name is taken by this program.
    #[error("provider `{OWN}` is this program: it has no settings")]
    Own,
    /// A name that is none.
    #[error("`{0}` is no name of a provider")]
    Name(String),
    /// No address.
    #[error("provider `{0}` has no base_url")]
    NoUrl(String),
    /// No usable address.
    #[error("provider `{provider}`: `{url}` is no address: {problem}")]
    Url {
        /// Whose.
        provider: String,
        /// As it stands there, without what comes before an `@`.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A model of a provider that nobody knows.
    #[error("model `{model}` is of no provider that there is")]
    NoProvider {
        /// The model.
        model: String,
    },
    /// A price that is none.
    #[error("the price {price} of `{of}` is none")]
    Price {
        /// Whose.
        of: String,
        /// As it stands there.
        price: f64,
    },
}

impl Hint for CatalogError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Own => "name another".to_owned(),
            Self::Name(_) => "use letters, digits, - and _".to_owned(),
            Self::NoUrl(_) | Self::Url { .. } => {
                "such as base_url = \"http://127.0.0.1:8080/v1\"; a key stands in the environment, \
                 its variable in key_env"
                    .to_owned()
            }
            Self::NoProvider { .. } => {
                "write [models.\"provider/model\"], and [providers.NAME] where it is new".to_owned()
            }
            Self::Price { .. } => "give dollars per million tokens, 0 or more".to_owned(),
        })
    }
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Catalog {
    providers: BTreeMap<String, Provider>,
    models: BTreeMap<String, Known>,
}

impl Catalog {
    /// What is built in, with what the settings say.
    pub fn new(
        providers: &BTreeMap<String, ProviderConfig>,
        models: &BTreeMap<String, ModelConfig>,
    ) -> Result<Self, CatalogError> {
        let mut catalog = Self {
            providers: table::providers(),
            models: table::models(),
        };
        for (name, config) in providers {
            let before = catalog.providers.get(name);
            let provider = config.provider(name, before)?;
            catalog.providers.insert(name.clone(), provider);
        }
        for (name, config) in models {
            let provider = name.split_once('/').map(|(provider, _)| provider);
            let provider = provider.and_then(|provider| catalog.providers.get(provider));
            let provider = provider.ok_or_else(|| CatalogError::NoProvider {
                model: name.clone(),
            })?;
            let before = catalog.models.get(name).copied().or(provider.unlisted);
            let known = config.known(name, before)?;
            catalog.models.insert(name.clone(), known);
        }
        Ok(catalog)
    }

    /// The model of a name. [`ModelError::Mismatch`] where its provider's
    /// address is another's.
    pub fn find(&self, name: &str) -> Result<Found<'_>, ModelError> {
        let unknown = || ModelError::Unknown(name.to_owned());
        let (provider, model) = name.split_once('/').ok_or_else(unknown)?;
        let provider = self.providers.get(provider).ok_or_else(unknown)?;
        if model.is_empty() {
            return Err(unknown());
        }
        let listed = self.models.get(name).copied();
        let known = listed.or(provider.unlisted).ok_or_else(unknown)?;
        provider.check()?;
        Ok(Found {
            provider,
            model: model.to_owned(),
            known,
        })
    }

    /// Every model that is told of, by name.
    pub fn models(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.models.iter().map(|(name, known)| (&**name, known))
    }

    /// Every provider, by name.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.values()
    }

    /// The provider of a name.
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.get(name)
    }
}

impl Provider {
    /// Whether models that nobody told of are asked.
    pub fn takes_unlisted(&self) -> bool {
        self.unlisted.is_some()
    }

    /// Whether its address is its own, or nobody's.
    fn check(&self) -> Result<(), ModelError> {
        let host = self.url.host_str().unwrap_or_default();
        match table::owner(host) {
            Some(owner) if owner != self.name => Err(ModelError::Mismatch {
                provider: self.name.clone(),
                url: self.url.to_string(),
            }),
            _ => Ok(()),
        }
    }
}
