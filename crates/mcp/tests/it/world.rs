//! One instrument, ten days of it, of which five are secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use fondaco_app::backtests::pin::Datasets;
use fondaco_app::data::{CandleKind, DatasetId, VersionRef};
use fondaco_app::ports::Failure;
use fondaco_app::ports::research::{
    CompanyAction, Filing, Horizon, NewsQuery, ResearchStore, Story, Taken,
};
use fondaco_app::tools::candles::{Candles, Held};
use fondaco_app::tools::{Scope, Toolbox};
use fondaco_domain::{Bar, Bars, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use fondaco_mcp::Served;
use jiff::civil::{Date, date};
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RunningService, ServiceError};
use rmcp::{RoleClient, ServiceExt};
use serde_json::Value;

/// The clock: what became known before it is known.
pub(crate) const CLOCK: Date = date(2025, 3, 6);

pub(crate) const SECRET: &str = "SECRET";

/// Candles that cannot be read, where they are asked for by this name.
const BROKEN: &str = "BROKEN";

struct World;

#[derive(Debug)]
struct Unreadable;

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the disk is gone")
    }
}

impl std::error::Error for Unreadable {}

impl Hint for Unreadable {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }
}

/// The tools of that world at its clock.
pub(crate) fn served() -> Served {
    let toolbox = Toolbox::standard(Arc::new(World), Arc::new(World));
    let scope = || Scope {
        clock: UnixMillis::midnight(CLOCK),
        opening: None,
        candles: None,
        timeframe: Timeframe::DAY,
        research: None,
        portfolio: None,
    };
    Served::new(toolbox, Arc::new(scope))
}

/// The answer to a call, as a client has it.
pub(crate) async fn call(
    client: &RunningService<RoleClient, ()>,
    name: &'static str,
    arguments: Value,
) -> Result<CallToolResult, ServiceError> {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object");
    };
    let request = CallToolRequestParams::new(name).with_arguments(arguments);
    client.call_tool(request).await
}

/// The words of an answer.
pub(crate) fn text(result: &CallToolResult) -> String {
    let [content] = result.content.as_slice() else {
        panic!("{:?}", result.content);
    };
    content.as_text().unwrap().text.clone()
}

/// What any client has to see, over whatever way in.
pub(crate) async fn behaves(client: &RunningService<RoleClient, ()>) {
    let info = client.peer_info().unwrap();
    assert_eq!(info.server_info.as_ref().unwrap().name, "fondaco");
    assert!(info.capabilities.tools.is_some());

    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(
        names,
        [
            "actions",
            "fundamentals",
            "indicators",
            "math",
            "news",
            "portfolio",
            "prices"
        ]
    );
    for tool in &tools {
        assert_eq!(tool.input_schema["type"], "object", "{}", tool.name);
        assert_eq!(
            tool.annotations.as_ref().unwrap().read_only_hint,
            Some(true)
        );
    }

    let prices =
        serde_json::json!({"symbol": "AAPL", "until": "2099-01-01", "clock": "2099-01-01"});
    let prices = call(client, "prices", prices).await.unwrap();
    let document: Value = serde_json::from_str(&text(&prices)).unwrap();
    assert_eq!(document["rows"].as_array().unwrap().len(), 5);
    assert_eq!(document["clock"], "2025-03-06T00:00:00Z");
    assert_eq!(document["ignored"], serde_json::json!(["clock"]));
    let read = &prices.meta.as_ref().unwrap()["fondaco/read"][0];
    assert_eq!(read["rows"], 5);

    // The future is in no answer.
    for name in ["prices", "indicators", "news", "fundamentals", "actions"] {
        let asked = serde_json::json!({"symbol": "AAPL", "until": "2099-01-01"});
        let answer = serde_json::to_string(&call(client, name, asked).await.unwrap()).unwrap();
        assert!(
            !answer.contains(SECRET) && !answer.contains("1000"),
            "{name}: {answer}"
        );
    }

    // The model can mend its arguments.
    let wrong = call(client, "prices", serde_json::json!({"bars": "many"}))
        .await
        .unwrap();
    assert_eq!(wrong.is_error, Some(true));
    assert!(
        text(&wrong).contains("`symbol` is missing"),
        "{}",
        text(&wrong)
    );

    // It cannot mend these.
    let code = |error: ServiceError| match error {
        ServiceError::McpError(error) => (error.code.0, error.message.into_owned()),
        other => panic!("{other}"),
    };
    let unknown = call(client, "buy", serde_json::json!({}))
        .await
        .unwrap_err();
    let (unknown, words) = code(unknown);
    assert_eq!(unknown, -32_602);
    assert!(words.contains("there is no tool `buy`"), "{words}");
    let broken = serde_json::json!({"symbol": BROKEN});
    let broken = call(client, "prices", broken).await.unwrap_err();
    assert_eq!(
        code(broken),
        (
            -32_603,
            "prices cannot read its source: the disk is gone".to_owned()
        )
    );
}

/// A client on one end of two streams, and what serves it.
pub(crate) async fn client(stream: tokio::io::DuplexStream) -> RunningService<RoleClient, ()> {
    ().serve(stream).await.unwrap()
}

fn symbol(name: &str) -> Symbol {
    name.parse().unwrap()
}

/// Five days before the clock at 100, five after it at 1000.
fn bars() -> Bars {
    let bar = |number: i64| {
        let price = if number < 5 { 100.0 } else { 1_000.0 };
        Bar {
            time: UnixMillis::midnight(CLOCK).plus((number - 5) * 86_400_000),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 7.0,
        }
    };
    Bars::from_rows((0..10).map(bar)).unwrap()
}

impl Candles for World {
    fn newest(&self) -> Result<Datasets, Failure> {
        let id = |name| DatasetId {
            venue: "test".parse().unwrap(),
            symbol: symbol(name),
            timeframe: Timeframe::DAY,
            kind: CandleKind::Trades,
        };
        let version = |name| (id(name), VersionRef::Id("abcdef".into()));
        Ok(Datasets::from([version("AAPL"), version(BROKEN)]))
    }

    fn read(&self, dataset: &DatasetId, _: &VersionRef) -> Result<Arc<Held>, Failure> {
        if dataset.symbol.as_str() == BROKEN {
            return Err(Failure::new(Unreadable));
        }
        Ok(Arc::new(Held {
            version: "abcdef".into(),
            bars: bars(),
        }))
    }
}

impl ResearchStore for World {
    fn place(&self) -> Result<u64, Failure> {
        Ok(1)
    }

    fn add_stories(&self, _: &[Story]) -> Result<Taken, Failure> {
        unreachable!("tools only read")
    }

    /// It tells of the future, too: whoever reads must not believe it.
    fn stories(&self, _: &NewsQuery) -> Result<Vec<Story>, Failure> {
        let story = |number: i64| {
            let known_at = UnixMillis::midnight(CLOCK).plus((number - 5) * 86_400_000);
            let title = if number < 5 { "Apple rises" } else { SECRET };
            Story {
                id: number.to_string(),
                published_at: known_at,
                known_at,
                title: title.into(),
                summary: title.into(),
                source: "Wire".into(),
                url: None,
                symbols: vec![symbol("AAPL")],
            }
        };
        Ok((0..10).rev().map(story).collect())
    }

    fn story(&self, _: &str, _: Horizon) -> Result<Option<Story>, Failure> {
        unreachable!("no tool asks for one story")
    }

    fn story_days(
        &self,
        _: &Symbol,
        _: Date,
        _: Date,
        _: Horizon,
    ) -> Result<BTreeMap<Date, u64>, Failure> {
        Ok(BTreeMap::from([
            (date(2025, 3, 5), 1),
            (date(2025, 3, 7), 1_000),
        ]))
    }

    fn add_filings(&self, _: &[Filing]) -> Result<Taken, Failure> {
        unreachable!("tools only read")
    }

    fn filings(&self, _: &Symbol, _: Horizon, _: usize) -> Result<Vec<Filing>, Failure> {
        Ok(Vec::new())
    }

    fn add_actions(&self, _: &[CompanyAction]) -> Result<Taken, Failure> {
        unreachable!("tools only read")
    }

    fn actions(&self, _: &Symbol, _: Horizon) -> Result<Vec<CompanyAction>, Failure> {
        Ok(Vec::new())
    }
}
