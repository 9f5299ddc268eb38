//! Providers and models as known on a day. Settings overrule it.

use std::collections::BTreeMap;

use fondaco_app::ports::model::Capabilities;
use reqwest::Url;

use super::config::Protocol;
use super::{Known, Provider, Source};
use crate::price::Price;

/// The day of this table. Prices change: settings overrule it.
pub const KNOWN_ON: &str = "2025-10-15";

/// Name, address, protocol, and the variable with the key.
const PROVIDERS: &[(&str, &str, Protocol, &str)] = &[
    (
        "anthropic",
        "https://api.anthropic.com/v1/",
        Protocol::Anthropic,
        "ANTHROPIC_API_KEY",
    ),
    (
        "deepseek",
        "https://api.deepseek.com/v1/",
        Protocol::OpenAi,
        "DEEPSEEK_API_KEY",
    ),
    (
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/",
        Protocol::Gemini,
        "GEMINI_API_KEY",
    ),
    (
        "groq",
        "https://api.groq.com/openai/v1/",
        Protocol::OpenAi,
        "GROQ_API_KEY",
    ),
    (
        "mistral",
        "https://api.mistral.ai/v1/",
        Protocol::OpenAi,
        "MISTRAL_API_KEY",
    ),
    (
        "openai",
        "https://api.openai.com/v1/",
        Protocol::OpenAi,
        "OPENAI_API_KEY",
    ),
    (
        "openrouter",
        "https://openrouter.ai/api/v1/",
        Protocol::OpenAi,
        "OPENROUTER_API_KEY",
    ),
    (
        "xai",
        "https://api.x.ai/v1/",
        Protocol::OpenAi,
        "XAI_API_KEY",
    ),
];

/// Servers of one's own, where they usually listen. What their models can do
/// depends on the model; forms are kept by the server.
const LOCAL: &[(&str, &str)] = &[
    ("llama", "http://127.0.0.1:8080/v1/"),
    ("ollama", "http://127.0.0.1:11434/v1/"),
    ("vllm", "http://127.0.0.1:8000/v1/"),
];

const OF_LOCAL: Capabilities = Capabilities {
    schema: true,
    tools: false,
    seed: true,
    temperature: true,
    context_tokens: 8_192,
};

const fn can(schema: bool, seed: bool, temperature: bool, context_tokens: u32) -> Capabilities {
    Capabilities {
        schema,
        tools: true,
        seed,
        temperature,
        context_tokens,
    }
}

/// Takes no temperature and no seed.
const THINKING: Capabilities = can(true, false, false, 200_000);
/// Keeps no form by itself.
const CLAUDE: Capabilities = can(false, false, true, 200_000);
/// Longer questions cost more.
const GEMINI: Capabilities = can(true, true, true, 200_000);
const GPT: Capabilities = can(true, true, true, 128_000);
const MISTRAL: Capabilities = can(true, false, true, 128_000);
const DEEPSEEK: Capabilities = can(false, false, true, 128_000);
const LLAMA: Capabilities = can(false, true, true, 131_072);

/// Name, what it can do, and thousandths of a dollar per million tokens: of
/// questions, of kept ones (rounded up), of answers.
const MODELS: &[(&str, Capabilities, Price)] = &[
    (
        "anthropic/claude-haiku-4-5",
        CLAUDE,
        Price::milli(1_000, 100, 5_000),
    ),
    (
        "anthropic/claude-opus-4-1",
        CLAUDE,
        Price::milli(15_000, 1_500, 75_000),
    ),
    (
        "anthropic/claude-sonnet-4-5",
        CLAUDE,
        Price::milli(3_000, 300, 15_000),
    ),
    (
        "deepseek/deepseek-chat",
        DEEPSEEK,
        Price::milli(280, 28, 420),
    ),
    (
        "gemini/gemini-2.5-flash",
        GEMINI,
        Price::milli(300, 75, 2_500),
    ),
    (
        "gemini/gemini-2.5-flash-lite",
        GEMINI,
        Price::milli(100, 25, 400),
    ),
    (
        "gemini/gemini-2.5-pro",
        GEMINI,
        Price::milli(1_250, 313, 10_000),
    ),
    ("groq/llama-3.1-8b-instant", LLAMA, Price::milli(50, 50, 80)),
    (
        "groq/llama-3.3-70b-versatile",
        LLAMA,
        Price::milli(590, 590, 790),
    ),
    (
        "mistral/mistral-large-latest",
        MISTRAL,
        Price::milli(2_000, 2_000, 6_000),
    ),
    (
        "mistral/mistral-medium-latest",
        MISTRAL,
        Price::milli(400, 400, 2_000),
    ),
    (
        "mistral/mistral-small-latest",
        MISTRAL,
        Price::milli(100, 100, 300),
    ),
    ("openai/gpt-4.1", GPT, Price::milli(2_000, 500, 8_000)),
    ("openai/gpt-4.1-mini", GPT, Price::milli(400, 100, 1_600)),
    ("openai/gpt-4.1-nano", GPT, Price::milli(100, 25, 400)),
    ("openai/gpt-4o", GPT, Price::milli(2_500, 1_250, 10_000)),
    ("openai/gpt-4o-mini", GPT, Price::milli(150, 75, 600)),
    ("openai/gpt-5", THINKING, Price::milli(1_250, 125, 10_000)),
    ("openai/gpt-5-mini", THINKING, Price::milli(250, 25, 2_000)),
    ("openai/gpt-5-nano", THINKING, Price::milli(50, 5, 400)),
    ("openai/o3", THINKING, Price::milli(2_000, 500, 8_000)),
    ("openai/o4-mini", THINKING, Price::milli(1_100, 275, 4_400)),
];

pub(super) fn providers() -> BTreeMap<String, Provider> {
    let keyed = PROVIDERS.iter().filter_map(|(name, url, protocol, key)| {
        let url = Url::parse(url).ok()?;
        Some(Provider::built_in(name, url, *protocol).keyed(key))
    });
    let local = LOCAL.iter().filter_map(|(name, url)| {
        let url = Url::parse(url).ok()?;
        Some(Provider::built_in(name, url, Protocol::OpenAi).local(OF_LOCAL))
    });
    let all = keyed.chain(local);
    all.map(|provider| (provider.name.clone(), provider))
        .collect()
}

pub(super) fn models() -> BTreeMap<String, Known> {
    let known = |(name, capabilities, price): &(&str, Capabilities, Price)| {
        let known = Known {
            capabilities: *capabilities,
            price: *price,
            source: Source::BuiltIn,
        };
        ((*name).to_owned(), known)
    };
    MODELS.iter().map(known).collect()
}

/// The provider whose address it is, where it is a well-known one.
pub(super) fn owner(host: &str) -> Option<&'static str> {
    let of_host = |(_, url, ..): &&(&'static str, &str, Protocol, &str)| {
        Url::parse(url).is_ok_and(|url| url.host_str() == Some(host))
    };
    PROVIDERS.iter().find(of_host).map(|(name, ..)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        assert_eq!(providers().len(), PROVIDERS.len() + LOCAL.len());
        assert_eq!(models().len(), MODELS.len());
        for (name, ..) in MODELS {
            let (provider, _) = name.split_once('/').unwrap();
            assert!(providers()[provider].needs_key, "{name}");
        }
        assert_eq!(owner("api.openai.com"), Some("openai"));
        assert_eq!(owner("127.0.0.1"), None);
    }
}
