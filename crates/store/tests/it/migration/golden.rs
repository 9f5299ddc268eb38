//! A folder that the original wrote over the years, by the documented layout.

use std::fs;
use std::path::Path;

use fondaco_app::migration::{From, Phase};
use fondaco_app::portfolio::Portfolio;
use fondaco_app::ports::legacy::LegacyFiles;
use fondaco_domain::{ErrorKind, Hint};
use serde_json::json;

use super::world::World;

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join("data").join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// By hand, after the documented layout; sloppy where writers were.
fn folder(root: &Path) {
    // The payload of the contract, as it is saved since there is one.
    put(
        root,
        "task_status/AAPL_20250304_153000_1a2b3c.json",
        r#"{"contract_version": "v1alpha1", "task_id": "AAPL_20250304_153000_1a2b3c",
            "status": "degraded_success", "created_at": "2025-03-04T15:30:00.123456",
            "ticker": "AAPL", "date": "2025-03-04", "progress": 100, "current_stage": null,
            "stages": [{"name": "analysts", "status": "completed", "completed_at": "15:31:02"}],
            "result": {"decision": "OVERWEIGHT", "confidence": 0.42, "signals": {
                "merged": {"direction": 1, "rating": "OVERWEIGHT"},
                "quant": {"direction": 0, "rating": "HOLD", "available": false},
                "llm": {"direction": 1, "rating": "BUY", "available": true}}},
            "degradation_summary": {"degraded": true, "reason_codes": ["quant_no_data"]},
            "compat": {"decision": "OVERWEIGHT", "quant_signal": "HOLD", "llm_signal": "BUY"},
            "result_ref": "results/AAPL_20250304_153000_1a2b3c/result.v1alpha1.json",
            "error": null}"#,
    );
    put(
        root,
        "task_status/results/AAPL_20250304_153000_1a2b3c/result.v1alpha1.json",
        r#"{"result": {"decision": "OVERWEIGHT", "confidence": 0.42}}"#,
    );
    // Before there was a contract: flat, an error is a text, nothing else.
    put(
        root,
        "task_status/600519.SS_20240110_090000_ffffff.json",
        r#"{"status": "failed", "error": "LLM timeout"}"#,
    );
    // Its decision is in the contract only, where contracts lay first.
    put(
        root,
        "task_status/MSFT_20240110_090000_00ff00.json",
        r#"{"task_id": "MSFT_20240110_090000_00ff00", "status": "completed", "extra": [1]}"#,
    );
    put(
        root,
        "task_status/result_contracts/MSFT_20240110_090000_00ff00.json",
        r#"{"decision": "SELL", "confidence": 0.8}"#,
    );
    // Its process is gone.
    put(
        root,
        "task_status/TSLA_20240110_090000_abcdef.json",
        r#"{"status": "collecting_evidence", "progress": 40.0}"#,
    );
    put(
        root,
        "recommendations/2024-01-10/600519.SS.json",
        r#"{"ticker": "600519.SS", "name": "Kweichow", "analysis_date": "2024-01-10", "decision": "BUY",
            "confidence": 0.9, "quant_signal": {"rating": "BUY", "direction": 1}, "llm_signal": null}"#,
    );
    put(
        root,
        "watchlist.json",
        r#"{"watchlist": [{"ticker": "AAPL", "name": "Apple"}, "600519.SS"]}"#,
    );
    put(
        root,
        "positions.json",
        r#"{"accounts": {"main": {"positions": {"AAPL": [{"position_id": "pos_1", "shares": 10,
            "cost_price": 181.5, "purchase_date": "2024-01-10", "notes": "first"},
            {"shares": -5, "cost_price": 1}]}}}}"#,
    );
}

#[test]
fn files_of_the_original_are_read_in_every_phase() {
    let world = World::new();
    folder(world.home.path());
    for phase in Phase::ALL {
        let migration = world.in_phase(phase);
        let told = |name: &str| {
            let read = migration.read_task(name).unwrap().unwrap();
            assert_eq!((read.from, read.run), (From::Legacy, None));
            let task = read.task;
            json!([
                task.ticker,
                task.date,
                task.created_at,
                task.status,
                task.progress,
                task.current_stage,
                task.decision,
                task.confidence,
                task.quant_signal,
                task.llm_signal,
                task.degrade_reason_codes,
                task.error
            ])
            .to_string()
        };
        assert_eq!(
            told("AAPL_20250304_153000_1a2b3c"),
            r#"["AAPL","2025-03-04","2025-03-04T15:30:00.123456Z","degraded_success",100,null,"OVERWEIGHT",0.42,null,"BUY",["quant_no_data"],null]"#
        );
        assert_eq!(
            told("600519.SS_20240110_090000_ffffff"),
            r#"["600519.SS",null,null,"failed",0,null,null,null,null,null,[],"LLM timeout"]"#
        );
        assert_eq!(
            told("MSFT_20240110_090000_00ff00"),
            r#"["MSFT",null,null,"completed",100,null,"SELL",0.8,null,null,[],null]"#
        );
        assert_eq!(
            told("TSLA_20240110_090000_abcdef"),
            r#"["TSLA",null,null,"failed",40,"trading",null,null,null,null,[],"the process that worked at it is gone: start it again"]"#
        );
        // What is there is not written, whatever was asked.
        let swept = migration.look_over().unwrap();
        assert_eq!((swept.only_legacy, swept.broken.len()), (4, 0));
    }
}

#[test]
fn a_broken_file_is_an_error_that_names_it() {
    let world = World::new();
    folder(world.home.path());
    let name = "AAPL_20250304_153000_1a2b3c";
    for (text, problem) in [
        (r#"{"status": "completed", "deci"#, "it is no JSON"),
        ("", "it is no JSON"),
        ("[]", "it is not an object"),
        ("{}", "it says no status, no decision and no error"),
        (r#"{"status": "done"}"#, "`done` is no status"),
        (
            r#"{"status": "running", "progress": "40%"}"#,
            "progress is not a number",
        ),
        (
            r#"{"status": "running", "progress": 140}"#,
            "progress is not a number from 0 to 100",
        ),
        (
            r#"{"status": "failed", "task_id": "MSFT_1"}"#,
            "it is of task `MSFT_1`",
        ),
    ] {
        put(world.home.path(), &format!("task_status/{name}.json"), text);
        for phase in Phase::ALL {
            let error = world.in_phase(phase).read_task(name).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            assert!(
                error.to_string().contains(&format!("{name}.json")),
                "{error}"
            );
            let why = std::error::Error::source(&error).unwrap().to_string();
            assert!(why.starts_with(problem), "{why}");
        }
        let swept = world.migration().look_over().unwrap();
        assert_eq!(swept.broken.len(), 1);
        assert_eq!(swept.broken[0].0, name);
    }
}

#[test]
fn watchlist_and_positions_are_taken_over_once() {
    let world = World::new();
    folder(world.home.path());
    let migration = world.migration();
    let dry = migration.import("cli:me", true).unwrap();
    assert_eq!((dry.watched, dry.positions, dry.known), (2, 2, 0));
    let done = migration.import("cli:me", false).unwrap();
    assert_eq!((done.watched, done.accounts, done.positions), (2, 1, 1));
    assert_eq!((done.tasks, done.recommendations), (4, 1));
    assert_eq!(done.refused.len(), 1);
    assert_eq!(done.refused[0].what, "AAPL of account main");
    let portfolio = Portfolio {
        store: &*world.store,
        machine: &*world.hands,
        actor: "test",
    };
    let held = portfolio.positions(Some("main")).unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].ticker.as_str(), held[0].shares, held[0].cost_price),
        ("AAPL", 10.0, 181.5)
    );
    assert_eq!(held[0].added_by, "cli:me");
    let again = migration.import("cli:me", false).unwrap();
    assert_eq!((again.watched, again.positions, again.known), (0, 0, 3));
    let found = world.folder().recommendations().unwrap();
    assert_eq!(found[0].quant_signal.as_deref(), Some("BUY"));
    assert_eq!(found[0].llm_signal, None);
    put(
        world.home.path(),
        "positions.json",
        "{\"accounts\": {\"main\"",
    );
    let error = migration.import("cli:me", false).unwrap_err();
    assert!(error.to_string().contains("positions.json"), "{error}");
}
