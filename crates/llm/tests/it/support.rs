//! A desk beside a server.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::model::{
    CallContext, Completion, Message, ModelError, ModelRequest, Models, NanoDollars, Seat, ToolSpec,
};
use fondaco_app::spending::{Spending, Spent};
use fondaco_domain::RunId;
use fondaco_llm::catalog::{ModelConfig, ProviderConfig};
use fondaco_llm::{Catalog, Desk, Library, Retries};
use serde_json::json;
use tempfile::TempDir;

use crate::kept::{Records, Still};
use crate::server::Server;

/// Found in nothing that anybody sees.
pub(crate) const KEY: &str = "sk-secret-0123456789abcdef";

/// The model that can do everything and is paid for: one dollar per million
/// tokens of a question, half for kept ones, two for an answer.
pub(crate) const PAID: &str = "test/paid";

/// The model that can do nothing and costs nothing.
pub(crate) const PLAIN: &str = "test/plain";

/// What lasts when a process dies.
pub(crate) struct Home {
    pub(crate) server: Server,
    pub(crate) store: Arc<Records>,
    pub(crate) folder: TempDir,
}

impl Home {
    pub(crate) fn of(server: Server) -> Self {
        Self {
            server,
            store: Arc::default(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A process that asks each question once.
    pub(crate) fn desk(&self) -> Desk {
        self.desk_of(
            &self.provider(),
            Retries {
                attempts: 1,
                ..Retries::default()
            },
        )
    }

    pub(crate) fn provider(&self) -> ProviderConfig {
        ProviderConfig {
            base_url: Some(self.server.url()),
            key_env: Some("TEST_KEY".to_owned()),
            ..ProviderConfig::default()
        }
    }

    pub(crate) fn desk_of(&self, provider: &ProviderConfig, retries: Retries) -> Desk {
        let providers = BTreeMap::from([("test".to_owned(), provider.clone())]);
        let catalog = Catalog::new(&providers, &models()).unwrap();
        let library = self.library();
        Desk::new(catalog, library, self.spending(), |variable| {
            (variable == "TEST_KEY").then(|| KEY.to_owned())
        })
        .retrying(retries)
    }

    pub(crate) fn library(&self) -> Library {
        let path = self.folder.path();
        Library::new(path.join("cassettes"), path.join("calls"))
    }

    pub(crate) fn spending(&self) -> Spending {
        Spending::new(Arc::clone(&self.store) as _, Arc::new(Still), "test")
    }

    /// What the run has spent, and nothing set aside any more.
    pub(crate) fn spent(&self) -> Spent {
        let spent = self.spending().of(run()).unwrap().unwrap_or_default();
        assert_eq!(spent.set_aside(), NanoDollars(0));
        spent
    }

    pub(crate) fn journals(&self) -> std::path::PathBuf {
        self.folder.path().join("calls")
    }
}

fn models() -> BTreeMap<String, ModelConfig> {
    let paid = ModelConfig {
        schema: Some(true),
        tools: Some(true),
        seed: Some(true),
        temperature: Some(true),
        price_input: Some(1.0),
        price_cached: Some(0.5),
        price_output: Some(2.0),
        ..ModelConfig::default()
    };
    BTreeMap::from([
        (PAID.to_owned(), paid),
        (PLAIN.to_owned(), ModelConfig::default()),
    ])
}

pub(crate) fn run() -> RunId {
    RunId::new(1, [7; 10])
}

/// One question of everything.
pub(crate) fn question(model: &str) -> ModelRequest {
    ModelRequest {
        model: model.to_owned(),
        system: "You rate stocks.".to_owned(),
        messages: vec![Message::User {
            text: "AAPL?".to_owned(),
        }],
        tools: vec![ToolSpec {
            name: "prices".to_owned(),
            description: "Prices of a stock.".to_owned(),
            parameters: json!({ "type": "object", "properties": { "bars": { "type": "integer" } } }),
        }],
        schema: Some(json!({
            "type": "object",
            "properties": { "rating": { "type": "string" } },
            "required": ["rating"],
            "additionalProperties": false,
        })),
        max_tokens: 100,
        temperature_milli: Some(200),
        seed: Some(7),
    }
}

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Asks as a node, within a budget of a dollar.
pub(crate) fn ask(desk: &Desk, model: &str, ordinal: u32) -> Result<Completion, ModelError> {
    ask_within(desk, model, ordinal, DEADLINE, NanoDollars(1_000_000_000))
}

pub(crate) fn ask_within(
    desk: &Desk,
    model: &str,
    ordinal: u32,
    deadline: Duration,
    limit: NanoDollars,
) -> Result<Completion, ModelError> {
    let seat = Seat {
        run: run(),
        node: "AAPL/trading/trader",
        model,
        limit: Some(limit),
        replay: None,
    };
    let context = CallContext {
        node: seat.node,
        ordinal,
        deadline,
        stopped: &|| false,
    };
    desk.open(&seat)?.complete(&question(model), &context)
}

/// An error with its causes.
pub(crate) fn in_words(error: &ModelError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// All files below a folder, in one text.
pub(crate) fn everything(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all += &everything(&path);
        } else {
            all += &String::from_utf8_lossy(&std::fs::read(&path).unwrap());
        }
    }
    all
}
