//! What settings say of providers and models.

use fondaco_app::ports::model::{Capabilities, NanoDollars};
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{CatalogError, Known, OWN, Provider, Source};
use crate::price::Price;

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Chat completions, as `OpenAI` and most servers have them.
    #[default]
    OpenAi,
    /// Messages, as Anthropic has them.
    Anthropic,
    /// Contents, as Gemini has them.
    Gemini,
}

/// `[providers.NAME]`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// Where it is: `http://127.0.0.1:8080/v1`.
    pub base_url: Option<String>,
    /// How it is spoken to.
    pub protocol: Option<Protocol>,
    /// The variable that holds its key; empty for none.
    pub key_env: Option<String>,
    /// Questions under way at most.
    pub in_flight: Option<u32>,
    /// Questions in a minute at most.
    pub per_minute: Option<u32>,
    /// What those of its models can do that have no section of their own. Such
    /// are asked only where this says anything.
    pub models: Option<ModelConfig>,
}

/// `[models."PROVIDER/MODEL"]`. What is not said stays as it was known, else
/// it cannot do it, and costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Answers in the form of a JSON Schema.
    pub schema: Option<bool>,
    /// Calls tools.
    pub tools: Option<bool>,
    /// Takes a seed.
    pub seed: Option<bool>,
    /// Takes a temperature.
    pub temperature: Option<bool>,
    /// Tokens of a question at most.
    pub context_tokens: Option<u32>,
    /// Dollars per million tokens of a question.
    pub price_input: Option<f64>,
    /// The same for those the provider had kept; as others where not said.
    pub price_cached: Option<f64>,
    /// The same for those of an answer.
    pub price_output: Option<f64>,
}

/// Tokens of a question that any model takes.
const SMALLEST: u32 = 8_192;

/// Limits of a provider where nobody says any.
const IN_FLIGHT: u32 = 16;
const PER_MINUTE: u32 = 600;

impl ProviderConfig {
    /// It, over what was known of it.
    pub(super) fn provider(
        &self,
        name: &str,
        before: Option<&Provider>,
    ) -> Result<Provider, CatalogError> {
        if name == OWN {
            return Err(CatalogError::Own);
        }
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if name.is_empty() || !name.chars().all(fits) {
            return Err(CatalogError::Name(name.to_owned()));
        }
        let url = match (&self.base_url, before) {
            (Some(text), _) => address(name, text)?,
            (None, Some(before)) => before.url.clone(),
            (None, None) => return Err(CatalogError::NoUrl(name.to_owned())),
        };
        let unlisted = before.and_then(|before| before.unlisted);
        let unlisted = match self.models {
            Some(config) => Some(Known {
                source: Source::Provider,
                ..config.known(name, unlisted)?
            }),
            None => unlisted,
        };
        let key_env = match &self.key_env {
            Some(variable) => (!variable.is_empty()).then(|| variable.clone()),
            None => before.and_then(|before| before.key_env.clone()),
        };
        let needs_key = key_env.is_some()
            && (self.key_env.is_some() || before.is_some_and(|before| before.needs_key));
        Ok(Provider {
            name: name.to_owned(),
            protocol: self
                .protocol
                .or(before.map(|before| before.protocol))
                .unwrap_or_default(),
            url,
            key_env,
            needs_key,
            in_flight: self.in_flight.unwrap_or(IN_FLIGHT).max(1),
            per_minute: self.per_minute.unwrap_or(PER_MINUTE).max(1),
            unlisted,
        })
    }
}

impl Provider {
    /// One that is built in.
    pub(super) fn built_in(name: &str, url: Url, protocol: Protocol) -> Self {
        Self {
            name: name.to_owned(),
            protocol,
            url,
            key_env: None,
            needs_key: false,
            in_flight: IN_FLIGHT,
            per_minute: PER_MINUTE,
            unlisted: None,
        }
    }

    /// With a key.
    pub(super) fn keyed(self, variable: &str) -> Self {
        Self {
            key_env: Some(variable.to_owned()),
            needs_key: true,
            ..self
        }
    }

    /// With any models, which cost nothing.
    pub(super) fn local(self, capabilities: Capabilities) -> Self {
        Self {
            unlisted: Some(Known {
                capabilities,
                price: Price::FREE,
                source: Source::Provider,
            }),
            ..self
        }
    }
}

impl ModelConfig {
    /// It, over what was known of it.
    pub(super) fn known(&self, name: &str, before: Option<Known>) -> Result<Known, CatalogError> {
        let was = before.map(|before| before.capabilities);
        let old = before.map_or(Price::FREE, |before| before.price);
        let price = |said: Option<f64>, old: NanoDollars| match said {
            None => Ok(old),
            Some(dollars) => per_million(dollars).ok_or_else(|| CatalogError::Price {
                of: name.to_owned(),
                price: dollars,
            }),
        };
        let input = price(self.price_input, old.input)?;
        // A new price of questions is that of kept ones, too, unless said.
        let cached = if self.price_input.is_some() {
            input
        } else {
            old.cached
        };
        let can = |said: Option<bool>, was: Option<bool>| said.or(was).unwrap_or(false);
        Ok(Known {
            capabilities: Capabilities {
                schema: can(self.schema, was.map(|was| was.schema)),
                tools: can(self.tools, was.map(|was| was.tools)),
                seed: can(self.seed, was.map(|was| was.seed)),
                temperature: can(self.temperature, was.map(|was| was.temperature)),
                context_tokens: self
                    .context_tokens
                    .or(was.map(|was| was.context_tokens))
                    .unwrap_or(SMALLEST),
            },
            price: Price {
                input,
                cached: price(self.price_cached, cached)?,
                output: price(self.price_output, old.output)?,
            },
            source: Source::Settings,
        })
    }
}

/// Dollars as they are written, exact to the billionth.
fn per_million(dollars: f64) -> Option<NanoDollars> {
    let nanos = (dollars * 1e9).round();
    (0.0..=1e15)
        .contains(&nanos)
        .then_some(NanoDollars(nanos as i64))
}

fn address(provider: &str, text: &str) -> Result<Url, CatalogError> {
    let refused = |problem: &str| CatalogError::Url {
        provider: provider.to_owned(),
        url: text.rsplit('@').next().unwrap_or_default().to_owned(),
        problem: problem.to_owned(),
    };
    let mut url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(refused("it must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it holds a name or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it has more than a path"));
    }
    // So that names can be added to it.
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}
