//! With all flags off: the legacy files are authoritative, and what they say is
//! the answer, as documented.

use fondaco_app::migration::{From, Reads, Shape};
use serde_json::json;

use super::world::{End, World, text, tree};

#[test]
fn all_off_is_the_legacy_layout_and_the_legacy_shape() {
    let world = World::new();
    let migration = world.migration();
    let plan = migration.plan().unwrap();
    assert_eq!(plan.reads, Reads::Legacy);
    assert_eq!((plan.shape, plan.socket), (Shape::Legacy, Shape::Legacy));
    assert!(plan.writes_legacy && !plan.writes_contract);
    assert_eq!(
        migration.read_task("AAPL_20250304_153000_000000").unwrap(),
        None
    );
    // Nobody has told the files yet: asking does.
    let (name, _) = world.start(&["AAPL"]);
    let read = migration.read_task(&name).unwrap();
    assert_eq!(read.as_ref().map(|read| read.from), Some(From::Legacy));
    as_it_waits(&text(read));
    world.work(5, &[]);
    as_it_runs(&text(migration.read_task(&name).unwrap()));
    world.work(100, &[]);
    as_it_ends(&text(migration.read_task(&name).unwrap()));
    let files: Vec<String> = tree(world.home.path()).into_keys().collect();
    assert_eq!(
        files,
        [
            "data/recommendations/2025-03-04/AAPL.json".to_owned(),
            format!("data/task_status/{name}.json"),
        ]
    );
}

fn as_it_waits(told: &str) {
    insta::assert_snapshot!(told, @r#"
    {
      "task_id": "AAPL_20250304_153000_010101",
      "ticker": "AAPL",
      "date": "2025-03-04",
      "status": "pending",
      "progress": 0,
      "current_stage": null,
      "stages": [
        {
          "name": "analysts",
          "status": "pending",
          "completed_at": null
        },
        {
          "name": "research",
          "status": "pending",
          "completed_at": null
        },
        {
          "name": "trading",
          "status": "pending",
          "completed_at": null
        },
        {
          "name": "risk",
          "status": "pending",
          "completed_at": null
        },
        {
          "name": "portfolio",
          "status": "pending",
          "completed_at": null
        }
      ],
      "created_at": "2025-03-04T15:30:00.000000Z",
      "elapsed_seconds": 0,
      "decision": null,
      "confidence": null,
      "quant_signal": null,
      "llm_signal": null,
      "degrade_reason_codes": [],
      "error": null,
      "result_ref": null
    }
    "#);
}

fn as_it_runs(told: &str) {
    insta::assert_snapshot!(told, @r#"
    {
      "task_id": "AAPL_20250304_153000_010101",
      "ticker": "AAPL",
      "date": "2025-03-04",
      "status": "running",
      "progress": 20,
      "current_stage": "research",
      "stages": [
        {
          "name": "analysts",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:04.000000Z"
        },
        {
          "name": "research",
          "status": "running",
          "completed_at": null
        },
        {
          "name": "trading",
          "status": "pending",
          "completed_at": null
        },
        {
          "name": "risk",
          "status": "pending",
          "completed_at": null
        },
        {
          "name": "portfolio",
          "status": "pending",
          "completed_at": null
        }
      ],
      "created_at": "2025-03-04T15:30:00.000000Z",
      "elapsed_seconds": 5,
      "decision": null,
      "confidence": null,
      "quant_signal": null,
      "llm_signal": null,
      "degrade_reason_codes": [],
      "error": null,
      "result_ref": null
    }
    "#);
}

fn as_it_ends(told: &str) {
    insta::assert_snapshot!(told, @r#"
    {
      "task_id": "AAPL_20250304_153000_010101",
      "ticker": "AAPL",
      "date": "2025-03-04",
      "status": "completed",
      "progress": 100,
      "current_stage": null,
      "stages": [
        {
          "name": "analysts",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:04.000000Z"
        },
        {
          "name": "research",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:07.000000Z"
        },
        {
          "name": "trading",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:08.000000Z"
        },
        {
          "name": "risk",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:11.000000Z"
        },
        {
          "name": "portfolio",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:13.000000Z"
        }
      ],
      "created_at": "2025-03-04T15:30:00.000000Z",
      "elapsed_seconds": 13,
      "decision": "BUY",
      "confidence": 0.75,
      "quant_signal": "OVERWEIGHT",
      "llm_signal": "BUY",
      "degrade_reason_codes": [],
      "error": null,
      "result_ref": null
    }
    "#);
}

#[test]
fn what_the_file_of_a_task_says_is_the_answer_whatever_the_store_says() {
    let world = World::new();
    let migration = world.migration();
    let name = world.ended("AAPL", End::Both);
    migration.read_task(&name).unwrap();
    world.tamper(&name, |file| file["decision"] = json!("SELL"));
    let read = migration.read_task(&name).unwrap().unwrap();
    assert_eq!(read.task.decision.as_deref(), Some("SELL"));
    assert_eq!(read.differences, []);
}

/// Status, progress, stage, decision, confidence, lanes, reasons and error.
fn line(world: &World, name: &str) -> String {
    let read = world.migration().read_task(name).unwrap().unwrap();
    let task = read.task;
    json!([
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
}

#[test]
fn a_lane_that_is_missing_is_null_and_never_hold() {
    let world = World::new();
    for (end, expected) in [
        (
            End::Both,
            r#"["completed",100,null,"BUY",0.75,"OVERWEIGHT","BUY",[],null]"#,
        ),
        (
            End::QuantOnly,
            r#"["degraded_success",100,null,"BUY",0.75,"OVERWEIGHT",null,["provider_auth_failed"],null]"#,
        ),
        (
            End::LlmOnly,
            r#"["degraded_success",100,null,"BUY",0.75,null,"BUY",["stale_data"],null]"#,
        ),
        (
            End::Neither,
            r#"["failed",80,null,null,null,null,null,["stale_data","provider_auth_failed","both_signals_unavailable"],"neither lane says anything: stale data, and the key was refused"]"#,
        ),
    ] {
        let name = world.ended("AAPL", end);
        assert_eq!(line(&world, &name), expected);
    }
    let (name, run) = world.start(&["MSFT"]);
    world.cancel(run);
    assert_eq!(
        line(&world, &name),
        r#"["cancelled",0,null,null,null,null,null,[],"the analysis was cancelled: enough"]"#
    );
}

#[test]
fn a_batch_has_a_file_and_so_has_each_of_its_parts() {
    let world = World::new();
    let migration = world.migration();
    let (name, _) = world.start(&["AAPL", "MSFT"]);
    world.work(100, &[("MSFT", End::Neither)]);
    let mut batch = migration.read_task(&name).unwrap().unwrap();
    let results = &mut batch.task.batch.as_mut().unwrap().results;
    let parts = std::mem::take(results);
    let parts: Vec<String> = parts
        .iter()
        .map(|part| serde_json::to_string_pretty(part).unwrap())
        .collect();
    insta::assert_snapshot!(text(Some(batch)), @r#"
    {
      "task_id": "portfolio_20250304_153000_010101",
      "ticker": null,
      "date": null,
      "status": "degraded_success",
      "progress": 90,
      "current_stage": null,
      "stages": [],
      "created_at": "2025-03-04T15:30:00.000000Z",
      "elapsed_seconds": 26,
      "decision": null,
      "confidence": null,
      "quant_signal": null,
      "llm_signal": null,
      "degrade_reason_codes": [],
      "error": null,
      "result_ref": null,
      "type": "portfolio",
      "total": 2,
      "completed": 1,
      "failed": 1,
      "current_ticker": null,
      "results": []
    }
    "#);
    let [first, second] = &parts[..] else {
        panic!("{parts:?}");
    };
    the_part_that_ended_well(first);
    the_part_that_failed(second);
    let part = migration.read_task(&format!("{name}_1")).unwrap().unwrap();
    assert_eq!(part.task.ticker.as_deref(), Some("MSFT"));
    assert_eq!(migration.read_task(&format!("{name}_2")).unwrap(), None);
}

fn the_part_that_ended_well(told: &str) {
    insta::assert_snapshot!(told, @r#"
    {
      "task_id": "portfolio_20250304_153000_010101_0",
      "ticker": "AAPL",
      "date": "2025-03-04",
      "status": "completed",
      "progress": 100,
      "current_stage": null,
      "stages": [
        {
          "name": "analysts",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:04.000000Z"
        },
        {
          "name": "research",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:13.000000Z"
        },
        {
          "name": "trading",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:15.000000Z"
        },
        {
          "name": "risk",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:21.000000Z"
        },
        {
          "name": "portfolio",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:25.000000Z"
        }
      ],
      "created_at": "2025-03-04T15:30:00.000000Z",
      "elapsed_seconds": 25,
      "decision": "BUY",
      "confidence": 0.75,
      "quant_signal": "OVERWEIGHT",
      "llm_signal": "BUY",
      "degrade_reason_codes": [],
      "error": null,
      "result_ref": null
    }
    "#);
}

fn the_part_that_failed(told: &str) {
    insta::assert_snapshot!(told, @r#"
    {
      "task_id": "portfolio_20250304_153000_010101_1",
      "ticker": "MSFT",
      "date": "2025-03-04",
      "status": "failed",
      "progress": 80,
      "current_stage": null,
      "stages": [
        {
          "name": "analysts",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:08.000000Z"
        },
        {
          "name": "research",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:14.000000Z"
        },
        {
          "name": "trading",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:16.000000Z"
        },
        {
          "name": "risk",
          "status": "completed",
          "completed_at": "2025-03-04T15:30:22.000000Z"
        },
        {
          "name": "portfolio",
          "status": "pending",
          "completed_at": null
        }
      ],
      "created_at": "2025-03-04T15:30:00.000000Z",
      "elapsed_seconds": 26,
      "decision": null,
      "confidence": null,
      "quant_signal": null,
      "llm_signal": null,
      "degrade_reason_codes": [
        "stale_data",
        "provider_auth_failed",
        "both_signals_unavailable"
      ],
      "error": "neither lane says anything: stale data, and the key was refused",
      "result_ref": null
    }
    "#);
}
