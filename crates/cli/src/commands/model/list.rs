//! `fondaco model list`.

use std::fmt::Write as _;

use fondaco_app::ports::model::{Capabilities, NanoDollars};
use fondaco_llm::catalog::{Catalog, KNOWN_ON, Known, OWN, Provider, Source};
use fondaco_llm::{OWN_CAPABILITIES, OWN_MODELS, Price};
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::models::{self, KeyOrigin};
use crate::output::{Style, View};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco model list --provider openai")]
pub(crate) struct Args {
    /// Only those of this provider.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
}

#[derive(Debug, Serialize)]
struct Listing {
    /// The day on which capabilities and prices were as they are built in.
    known_on: &'static str,
    models: Vec<ModelShown>,
    providers: Vec<ProviderShown>,
}

#[derive(Debug, Serialize)]
struct ModelShown {
    /// `provider/model`.
    name: String,
    #[serde(flatten)]
    capabilities: Capabilities,
    price: PriceShown,
    /// `program`, `built_in` or `settings`.
    source: &'static str,
    /// Whether its provider has what it needs to be asked.
    usable: bool,
}

/// Dollars per million tokens.
#[derive(Debug, Serialize)]
struct PriceShown {
    input: String,
    cached: String,
    output: String,
}

#[derive(Debug, Serialize)]
struct ProviderShown {
    name: String,
    base_url: String,
    /// The variable that its key stands in.
    key_env: Option<String>,
    /// Where it comes from; `null` where there is none.
    key_from: Option<KeyOrigin>,
    /// Whether models are asked that nobody told of.
    takes_any_model: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let catalog = models::catalog(context)?;
    let wanted = |name: &str| args.provider.as_deref().is_none_or(|wanted| wanted == name);
    let own = OWN_MODELS.iter().filter(|_| wanted(OWN));
    let told = catalog.models().filter(|(name, _)| {
        name.split_once('/')
            .is_some_and(|(provider, _)| wanted(provider))
    });
    Ok(context.output.print(&Listing {
        known_on: KNOWN_ON,
        models: own
            .map(|name| of_program(name))
            .chain(told.map(|(name, known)| of_provider(context, &catalog, name, known)))
            .collect(),
        providers: catalog
            .providers()
            .filter(|provider| wanted(&provider.name))
            .map(|provider| ProviderShown::of(context, provider))
            .collect(),
    })?)
}

fn of_program(name: &str) -> ModelShown {
    ModelShown {
        name: format!("{OWN}/{name}"),
        capabilities: OWN_CAPABILITIES,
        price: PriceShown::of(&Price::FREE),
        source: "program",
        usable: true,
    }
}

fn of_provider(context: &Context, catalog: &Catalog, name: &str, known: &Known) -> ModelShown {
    let provider = name.split_once('/').map(|(provider, _)| provider);
    let provider = provider.and_then(|provider| catalog.provider(provider));
    ModelShown {
        name: name.to_owned(),
        capabilities: known.capabilities,
        price: PriceShown::of(&known.price),
        source: match known.source {
            Source::BuiltIn => "built_in",
            Source::Settings | Source::Provider => "settings",
        },
        usable: provider
            .is_some_and(|provider| !provider.needs_key || key_from(context, provider).is_some()),
    }
}

fn key_from(context: &Context, provider: &Provider) -> Option<KeyOrigin> {
    let variable = provider.key_env.as_deref()?;
    models::key(context, variable).map(|(_, origin)| origin)
}

impl ProviderShown {
    fn of(context: &Context, provider: &Provider) -> Self {
        Self {
            name: provider.name.clone(),
            base_url: provider.url.to_string(),
            key_env: provider.key_env.clone(),
            key_from: key_from(context, provider),
            takes_any_model: provider.takes_unlisted(),
        }
    }

    fn line(&self) -> String {
        let key = match (&self.key_env, self.key_from) {
            (None, _) => "takes no key".to_owned(),
            (Some(variable), Some(KeyOrigin::Environment)) => format!("key in {variable}"),
            (Some(variable), Some(KeyOrigin::Saved)) => format!("key saved as {variable}"),
            (Some(variable), None) => format!("no key: {variable} is not set"),
        };
        let any = if self.takes_any_model {
            ", any model"
        } else {
            ""
        };
        format!("{}: {}, {key}{any}\n", self.name, self.base_url)
    }
}

impl PriceShown {
    fn of(price: &Price) -> Self {
        let dollars = |amount: NanoDollars| amount.to_string();
        Self {
            input: dollars(price.input),
            cached: dollars(price.cached),
            output: dollars(price.output),
        }
    }

    fn words(&self) -> String {
        if self.input == "$0.00" && self.output == "$0.00" {
            return "free".to_owned();
        }
        format!(
            "{} in, {} kept, {} out",
            self.input, self.cached, self.output
        )
    }
}

impl ModelShown {
    fn line(&self, width: usize) -> String {
        let can = &self.capabilities;
        let parts = [
            (can.schema, "schema"),
            (can.tools, "tools"),
            (can.seed, "seed"),
            (can.temperature, "temperature"),
        ];
        let can: Vec<&str> = parts
            .iter()
            .filter(|(can, _)| *can)
            .map(|(_, name)| *name)
            .collect();
        let usable = if self.usable { "" } else { " (no key)" };
        format!(
            "{:width$}  {}: {}{usable}\n",
            self.name,
            self.price.words(),
            if can.is_empty() {
                "words only".to_owned()
            } else {
                can.join(", ")
            }
        )
    }
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        let width = self
            .models
            .iter()
            .map(|model| model.name.len())
            .max()
            .unwrap_or(0);
        let mut text = style.bold("Models") + "\n";
        for model in &self.models {
            text += &model.line(width);
        }
        if !self.providers.is_empty() {
            text += &style.bold("Providers");
            text.push('\n');
        }
        for provider in &self.providers {
            text += &provider.line();
        }
        let _ = writeln!(
            text,
            "{}",
            style.dim(&format!(
                "Dollars per million tokens. Built-in prices and capabilities are those of {KNOWN_ON}; \
                 [models] in the settings overrules them."
            ))
        );
        text
    }
}
