//! What is told of a run, byte for byte.

use fondaco_contract::v1alpha1::BacktestResult;
use fondaco_domain::halt::Epoch;
use fondaco_domain::run::{Event, NewRun, RunKind, RunState};
use fondaco_domain::{ContentHash, RunId, UnixMicros};

use super::*;

fn run(kind: RunKind) -> Run {
    let mut new = NewRun::new(kind, ContentHash::of(b"spec"));
    new.strategy = Some("sma-\"cross\"\n".to_owned());
    let id: RunId = "01a1fdd1-08ce-7553-aae0-6eb2663cb025".parse().unwrap();
    let mut run = Run::accepted(id, new, Epoch::default(), UnixMicros(1_760_000_000_000_000));
    run.state = RunState::Completed;
    run.planned = true;
    run.finished_at = Some(UnixMicros(1_760_000_001_000_000));
    run
}

fn text(files: &[File], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path);
    let file = file.unwrap_or_else(|| panic!("{path} in {files:?}"));
    String::from_utf8(file.bytes.clone()).unwrap()
}

fn recorded(seq: u64) -> Recorded {
    Recorded {
        seq,
        at: UnixMicros(1_760_000_000_000_000),
        actor: "cli:me".to_owned(),
        event: Event::RunStarted,
        body: r#"{"type":"run_started"}"#.to_owned(),
        prev: String::new(),
        hash: "ab".to_owned(),
    }
}

/// The published example, which has an open short and a closed long.
fn result() -> BacktestResult {
    let text = include_str!("../../../contract/golden/backtest-result.v1alpha1.json");
    BacktestResult::from_json(text).unwrap()
}

#[test]
fn what_a_run_was_asked_to_be_is_read_by_machines_and_people() {
    let run = run(RunKind::Backtest);
    let spec =
        r#"{"kind":"backtest","strategy":{"text":"[strategy]\nname = \"x\" # ``` \n"},"seed":7}"#;
    let picture = Picture {
        run: &run,
        spec,
        last: None,
        result: None,
        simulated: None,
    };
    insta::assert_snapshot!(text(&files(picture, true), "BOOTSTRAP.md"), @r#"
    ---
    run_id: "01a1fdd1-08ce-7553-aae0-6eb2663cb025"
    kind: "backtest"
    spec_hash: "d4f02eaafd1a9e9de7d10972ca8e47fa7a985825c3c9c1e249c72683cb3e4f19"
    strategy: "sma-\"cross\"\n"
    tenant: "default"
    queue: "default"
    priority: 0
    concurrency_key: null
    deadline: null
    parent: null
    created_at: "2025-10-09T08:53:20.000000Z"
    ---

    # Backtest of sma-"cross"

    The strategy:

    ````toml
    [strategy]
    name = "x" # ``` 
    ````

    The rest of what was asked for:

    ```json
    {
      "kind": "backtest",
      "strategy": "as above",
      "seed": 7
    }
    ```
    "#);
}

#[test]
fn what_has_no_source_is_empty() {
    let run = run(RunKind::Workflow);
    let last = recorded(3);
    let picture = Picture {
        run: &run,
        spec: "{}",
        last: Some(&last),
        result: None,
        simulated: None,
    };
    let files = files(picture, true);
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "BOOTSTRAP.md",
            "state/server_state.json",
            "state/runtime_state.json"
        ]
    );
    insta::assert_snapshot!(text(&files, "state/server_state.json"), @r#"
    {
      "status": "completed",
      "current_date": null,
      "portfolio": {
        "cash": null,
        "positions": {},
        "margin_used": 0.0,
        "margin_requirement": 0.0
      },
      "holdings": [],
      "trades": [],
      "stats": {},
      "leaderboard": [],
      "realtime_prices": {},
      "system_started": "2025-10-09T08:53:20.000000Z",
      "feed_history": [],
      "last_day_history": [],
      "trading_days_total": 0,
      "trading_days_completed": 0,
      "last_saved": "2025-10-09T08:53:20.000000Z"
    }
    "#);
}

/// The published example as told, but for what every run has.
fn dashboard(names: &[&str]) -> String {
    let run = run(RunKind::Backtest);
    let result = result();
    let told = files(of(&run, &result), true);
    let shown = names.iter().map(|name| {
        let path = format!("team_dashboard/{name}.json");
        format!("{path} {}", text(&told, &path))
    });
    shown.collect()
}

fn of<'a>(run: &'a Run, result: &'a BacktestResult) -> Picture<'a> {
    Picture {
        run,
        spec: "{}",
        last: None,
        result: Some(result),
        simulated: None,
    }
}

#[test]
fn an_account_as_dashboards_read_it() {
    insta::assert_snapshot!(dashboard(&["summary", "holdings", "stats"]), @r#"
    team_dashboard/summary.json {
      "totalAssetValue": 10042.5,
      "totalReturn": 0.42500000000000004,
      "cashPosition": 9042.83,
      "tickerWeights": {
        "BTC/USDT:USDT": 0.09972307692307693
      },
      "totalTrades": 5,
      "pnlPct": 0.42500000000000004,
      "balance": 10042.5,
      "equity": [
        {
          "t": 1640966400000,
          "v": 10000.0
        },
        {
          "t": 1641052800000,
          "v": 10042.5
        }
      ],
      "baseline": [
        {
          "t": 1640966400000,
          "v": 10000.0
        },
        {
          "t": 1641052800000,
          "v": 9990.25
        }
      ],
      "baseline_vw": [],
      "momentum": []
    }
    team_dashboard/holdings.json [
      {
        "ticker": "BTC/USDT:USDT",
        "quantity": 0.02163,
        "currentPrice": 46300.0,
        "marketValue": 1001.469,
        "weight": 0.09972307692307693
      },
      {
        "ticker": "CASH",
        "quantity": 9042.83,
        "currentPrice": 1.0,
        "marketValue": 9042.83,
        "weight": 0.9004560617376152
      }
    ]
    team_dashboard/stats.json {
      "totalAssetValue": 10042.5,
      "totalReturn": 0.42500000000000004,
      "cashPosition": 9042.83,
      "tickerWeights": {
        "BTC/USDT:USDT": 0.09972307692307693
      },
      "totalTrades": 5,
      "pnlPct": 0.42500000000000004,
      "winRate": 0.6666666666666666,
      "bullBear": {
        "bull": {
          "n": 1,
          "win": 1
        },
        "bear": {
          "n": 1,
          "win": 0
        }
      }
    }
    "#);
}

#[test]
fn fills_as_dashboards_read_them() {
    insta::assert_snapshot!(dashboard(&["trades", "leaderboard"]), @r#"
    team_dashboard/trades.json [
      {
        "id": "t_20220101_BTC/USDT:USDT_4",
        "timestamp": 1641013200000,
        "trading_date": "2022-01-01",
        "side": "LONG",
        "ticker": "BTC/USDT:USDT",
        "qty": 0.02163,
        "price": 46216.93
      },
      {
        "id": "t_20220101_BTC/USDT:USDT_3",
        "timestamp": 1641006000000,
        "trading_date": "2022-01-01",
        "side": "LONG",
        "ticker": "BTC/USDT:USDT",
        "qty": 0.02163,
        "price": 46300.0
      },
      {
        "id": "t_20220101_BTC/USDT:USDT_2",
        "timestamp": 1641002400000,
        "trading_date": "2022-01-01",
        "side": "SHORT",
        "ticker": "BTC/USDT:USDT",
        "qty": 0.02163,
        "price": 46216.93
      },
      {
        "id": "t_20220101_BTC/USDT:USDT_1",
        "timestamp": 1640998800000,
        "trading_date": "2022-01-01",
        "side": "SHORT",
        "ticker": "BTC/USDT:USDT",
        "qty": 0.02163,
        "price": 46300.0
      },
      {
        "id": "t_20220101_BTC/USDT:USDT_0",
        "timestamp": 1640995200000,
        "trading_date": "2022-01-01",
        "side": "LONG",
        "ticker": "BTC/USDT:USDT",
        "qty": 0.02163,
        "price": 46216.93
      }
    ]
    team_dashboard/leaderboard.json []
    "#);
}

#[test]
fn without_dashboards_the_rest_is_the_same() {
    let run = run(RunKind::Backtest);
    let result = result();
    let mut others = files(of(&run, &result), true);
    others.retain(|file| !file.path.starts_with("team_dashboard/"));
    assert_eq!(files(of(&run, &result), false), others);
}

#[test]
fn events_lie_in_files_of_equal_length() {
    for (before, expected) in [
        (0, (0, 0)),
        (CHUNK - 1, (0, 0)),
        (CHUNK, (1, CHUNK)),
        (3 * CHUNK + 5, (3, 3 * CHUNK)),
    ] {
        assert_eq!(chunk(before), expected);
    }
    let file = events(1, &[recorded(1), recorded(2)]);
    assert_eq!(file.path, "logs/events-00002.jsonl");
    insta::assert_snapshot!(String::from_utf8(file.bytes).unwrap(), @r#"
    {"seq":1,"at":"2025-10-09T08:53:20.000000Z","actor":"cli:me","type":"run_started","body":{"type":"run_started"},"hash":"ab"}
    {"seq":2,"at":"2025-10-09T08:53:20.000000Z","actor":"cli:me","type":"run_started","body":{"type":"run_started"},"hash":"ab"}
    "#);
}
