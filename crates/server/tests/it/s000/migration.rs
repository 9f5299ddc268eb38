//! The flags of the migration: which store answers, and in which shape.

mod sockets;

use fondaco_app::flags;
use fondaco_app::migration::Phase;
use fondaco_domain::flags::{Flag, FlagValue};
use serde_json::{Value, json};

use super::{delete, get, post, ready_as, shown, started};
use crate::analysts::Outcome;
use crate::client::Client;

const START: &str = "/api/analysis/start";
const TASKS: &str = "/api/analysis/tasks";
const RECOMMENDATIONS: &str = "/api/portfolio/recommendations";

fn status_of(task: &str) -> String {
    format!("/api/analysis/status/{task}")
}

/// A file below the legacy folder.
fn filed(client: &Client, name: &str, document: &Value) {
    let path = client.platform.home.join("legacy/data").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, document.to_string()).unwrap();
}

/// A task that an older dashboard left, with its contract.
const OLD: &str = "MSFT_20250303_101500_0a1b2c";

fn leave_old(client: &Client) {
    let state = json!({
        "task_id": OLD, "ticker": "MSFT", "date": "2025-03-03", "status": "degraded_success",
        "progress": 100, "created_at": "2025-03-03T10:15:00Z", "elapsed_seconds": 62,
        "decision": "OVERWEIGHT", "confidence": 0.61, "llm_signal": "OVERWEIGHT",
        "degrade_reason_codes": ["quant_no_data"],
    });
    filed(client, &format!("task_status/{OLD}.json"), &state);
    let contract = json!({
        "contract_version": "v1alpha1", "request_id": "req-old",
        "result": {"decision": "OVERWEIGHT", "confidence": 0.61},
        "evidence": [{"said": "then"}],
    });
    let contract_path = format!("task_status/results/{OLD}/result.v1alpha1.json");
    filed(client, &contract_path, &contract);
    let recommendation = json!({
        "ticker": "MSFT", "date": "2025-03-03", "task_id": OLD, "decision": "OVERWEIGHT",
        "created_at": "2025-03-03T10:15:00Z", "confidence": 0.61, "quant_signal": null,
        "llm_signal": "OVERWEIGHT", "degrade_reason_codes": ["quant_no_data"],
    });
    let path = "recommendations/2025-03-03/MSFT.json";
    filed(client, path, &recommendation);
}

#[tokio::test]
async fn with_all_flags_off_a_task_has_the_legacy_shape() {
    let client = ready_as(None).await;
    let body = json!({"ticker": "AAPL", "date": "2024-10-04"});
    let (status, told) = post(&client, START, body).await;
    let task = told["task_id"].as_str().unwrap().to_owned();
    let begun = json!({
        "task_id": task, "ticker": "AAPL", "date": "2024-10-04", "status": "running",
    });
    assert_eq!((status, told), (200, begun));
    client.analyst().work(|_| Outcome::QuantOnly);
    let (_, done) = get(&client, &status_of(&task)).await;
    insta::assert_snapshot!(shown(&done, &task), @r#"
    {
      "task_id": "<task>",
      "ticker": "AAPL",
      "date": "2024-10-04",
      "status": "degraded_success",
      "progress": 100,
      "current_stage": null,
      "stages": [
        {
          "name": "analysts",
          "status": "completed",
          "completed_at": "<time>"
        },
        {
          "name": "research",
          "status": "completed",
          "completed_at": "<time>"
        },
        {
          "name": "trading",
          "status": "completed",
          "completed_at": "<time>"
        },
        {
          "name": "risk",
          "status": "completed",
          "completed_at": "<time>"
        },
        {
          "name": "portfolio",
          "status": "completed",
          "completed_at": "<time>"
        }
      ],
      "created_at": "<time>",
      "elapsed_seconds": 0,
      "decision": "BUY",
      "confidence": 0.72,
      "quant_signal": "BUY",
      "llm_signal": null,
      "degrade_reason_codes": [
        "llm_init_failed"
      ],
      "error": null,
      "result_ref": null
    }
    "#);
    let (status, refused) = delete(&client, &format!("/api/analysis/cancel/{task}")).await;
    let refusal = json!({"detail": "Task is already degraded_success"});
    assert_eq!((status, refused), (400, refusal));
    // What was answered is what the file says.
    let path = format!("legacy/data/task_status/{task}.json");
    let text = std::fs::read_to_string(client.platform.home.join(path)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), done);
}

#[tokio::test]
async fn a_list_has_the_documents_of_its_parts() {
    let client = ready_as(None).await;
    for ticker in ["AAPL", "NO"] {
        let path = "/api/portfolio/watchlist";
        post(&client, path, json!({"ticker": ticker})).await;
    }
    let wish = json!({"date": "2024-10-04"});
    let (_, begun) = post(&client, "/api/portfolio/analyze", wish).await;
    let task = begun["task_id"].as_str().unwrap();
    let told = json!({"task_id": task, "total": 2, "status": "running"});
    assert_eq!(begun, told);
    client.analyst().work(|ticker| match ticker {
        "NO" => Outcome::Failed,
        _ => Outcome::Complete,
    });
    let (_, list) = get(&client, &status_of(task)).await;
    let told = ["type", "total", "completed", "failed", "status", "ticker"];
    assert_eq!(
        json!(told.map(|field| list[field].clone())),
        json!(["portfolio", 2, 1, 1, "degraded_success", null])
    );
    for index in 0..2 {
        let (_, part) = get(&client, &status_of(&format!("{task}_{index}"))).await;
        assert_eq!(part, list["results"][index]);
    }
    assert!(list["results"][1]["error"].is_string());
    // Parts have files of their own, and are no tasks of the list.
    let (_, listed) = get(&client, TASKS).await;
    assert_eq!(listed["total"], 1);
    assert_eq!(listed["tasks"][0]["type"], "portfolio");
}

#[tokio::test]
async fn the_same_fields_say_the_same_in_both_shapes() {
    for outcome in [Outcome::Complete, Outcome::QuantOnly, Outcome::Failed] {
        let client = ready_as(None).await;
        let task = started(&client, "AAPL").await;
        client.analyst().work(|_| outcome);
        let (_, old) = get(&client, &status_of(&task)).await;
        client.phase(Phase::Contract);
        let (_, new) = get(&client, &status_of(&task)).await;
        assert_eq!(old.get("contract_version"), None);
        assert_eq!(new["contract_version"], "v1alpha1");
        for field in [
            "task_id",
            "ticker",
            "date",
            "status",
            "progress",
            "current_stage",
            "stages",
        ] {
            assert_eq!(old[field], new[field], "{field} of {outcome:?}");
        }
        for field in ["decision", "confidence", "quant_signal", "llm_signal"] {
            let new = new["compat"].get(field).unwrap_or(&Value::Null);
            assert_eq!(old[field], *new, "{field} of {outcome:?}");
        }
        let message = new["error"].get("message").unwrap_or(&Value::Null);
        assert_eq!(old["error"], *message);
        let codes = &new["degradation_summary"]["reason_codes"];
        assert_eq!(old["degrade_reason_codes"], *codes);
    }
}

#[tokio::test]
async fn a_flag_that_is_switched_counts_from_the_next_request_on() {
    let client = ready_as(None).await;
    let task = started(&client, "AAPL").await;
    client.analyst().step(|_| Outcome::Complete);
    let shape = async || {
        let (status, told) = get(&client, &status_of(&task)).await;
        assert_eq!((status, &told["status"]), (200, &json!("running")));
        let (_, listed) = get(&client, TASKS).await;
        let version = told.get("contract_version").cloned();
        assert_eq!(listed.get("contract_version").cloned(), version);
        assert_eq!(listed["tasks"][0]["task_id"], task.as_str());
        version.is_some()
    };
    let mut seen = Vec::new();
    for phase in Phase::ALL {
        client.phase(phase);
        seen.push(shape().await);
    }
    assert_eq!(seen, [false, false, false, false, true, true]);
    // One flag takes all back, whatever the others say.
    let platform = &client.platform;
    let off = (Flag::TaAppServiceEnabled, &FlagValue::Bool(false));
    flags::set(&*platform.store, &*platform.machine, "test", off, None).unwrap();
    assert!(!shape().await);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a payload, whole")]
async fn a_task_that_only_files_know_is_told_in_either_shape() {
    let client = ready_as(None).await;
    leave_old(&client);
    let newer = started(&client, "AAPL").await;
    let (_, old) = get(&client, &status_of(OLD)).await;
    assert_eq!(
        (
            &old["decision"],
            &old["quant_signal"],
            &old["contract_version"]
        ),
        (&json!("OVERWEIGHT"), &Value::Null, &Value::Null)
    );
    for phase in [Phase::DualWrite, Phase::Contract, Phase::LegacyRemoved] {
        client.phase(phase);
        let (_, listed) = get(&client, TASKS).await;
        let tasks = listed["tasks"].as_array().unwrap();
        let ids: Vec<&Value> = tasks.iter().map(|task| &task["task_id"]).collect();
        assert_eq!(ids, [newer.as_str(), OLD], "{phase}");
        assert_eq!(listed["total"], 2);
    }
    let (_, new) = get(&client, &status_of(OLD)).await;
    insta::assert_snapshot!(shown(&new, "no task"), @r#"
    {
      "contract_version": "v1alpha1",
      "task_id": "MSFT_20250303_101500_0a1b2c",
      "request_id": "req-old",
      "executor_type": "legacy_subprocess",
      "result_ref": null,
      "status": "degraded_success",
      "created_at": "<time>",
      "degradation_summary": {
        "degraded": true,
        "reason_codes": [
          "quant_no_data"
        ],
        "source_diagnostics": {}
      },
      "data_quality_summary": null,
      "evidence": "<evidence>",
      "tentative_classification": null,
      "budget_state": {
        "calls": 0,
        "input_tokens": 0,
        "cached_tokens": 0,
        "output_tokens": 0,
        "cost_nano": 0,
        "limit_nano": null,
        "local_recovery_used": false,
        "provider_probe_used": false
      },
      "error": null,
      "ticker": "MSFT",
      "date": "2025-03-03",
      "progress": 100,
      "current_stage": null,
      "elapsed_seconds": 62,
      "stages": [
        {
          "name": "analysts",
          "status": "completed",
          "completed_at": null
        },
        {
          "name": "research",
          "status": "completed",
          "completed_at": null
        },
        {
          "name": "trading",
          "status": "completed",
          "completed_at": null
        },
        {
          "name": "risk",
          "status": "completed",
          "completed_at": null
        },
        {
          "name": "portfolio",
          "status": "completed",
          "completed_at": null
        }
      ],
      "result": {
        "decision": "OVERWEIGHT",
        "confidence": 0.61,
        "signals": {
          "merged": {
            "direction": 1,
            "rating": "OVERWEIGHT"
          },
          "quant": {
            "direction": null,
            "rating": null,
            "available": false
          },
          "llm": {
            "direction": 1,
            "rating": "OVERWEIGHT",
            "available": true,
            "structured": null
          }
        },
        "degraded": true,
        "report": {
          "path": null,
          "available": false
        }
      },
      "compat": {
        "decision": "OVERWEIGHT",
        "llm_signal": "OVERWEIGHT",
        "confidence": 0.61
      }
    }
    "#);
    let (status, _) = delete(&client, &format!("/api/analysis/cancel/{OLD}")).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_file_that_cannot_be_understood_is_no_missing_task() {
    let client = ready_as(None).await;
    let task = started(&client, "AAPL").await;
    client.analyst().work(|_| Outcome::Complete);
    get(&client, &status_of(&task)).await;
    let path = format!("legacy/data/task_status/{task}.json");
    std::fs::write(client.platform.home.join(path), "{\"task").unwrap();
    for path in [&status_of(&task), TASKS] {
        let (status, told) = get(&client, path).await;
        assert_eq!(status, 422, "{told}");
        assert!(told["detail"].as_str().unwrap().contains(&task), "{told}");
    }
    // The store does not need it.
    client.phase(Phase::LegacyRemoved);
    let (status, told) = get(&client, &status_of(&task)).await;
    assert_eq!((status, &told["status"]), (200, &json!("completed")));
}

#[tokio::test]
async fn recommendations_of_both_stores_are_one_list() {
    let client = ready_as(None).await;
    leave_old(&client);
    started(&client, "AAPL").await;
    client.analyst().work(|_| Outcome::Complete);
    let (_, old) = get(&client, RECOMMENDATIONS).await;
    insta::assert_snapshot!(shown(&old, "no task"), @r#"
    {
      "recommendations": [
        {
          "ticker": "MSFT",
          "date": "2025-03-03",
          "task_id": "MSFT_20250303_101500_0a1b2c",
          "created_at": "<time>",
          "decision": "OVERWEIGHT",
          "confidence": 0.61,
          "quant_signal": null,
          "llm_signal": "OVERWEIGHT",
          "degrade_reason_codes": [
            "quant_no_data"
          ]
        },
        {
          "ticker": "AAPL",
          "date": "2024-10-04",
          "task_id": null,
          "created_at": "<time>",
          "decision": "BUY",
          "confidence": 1.0,
          "quant_signal": "OVERWEIGHT",
          "llm_signal": "BUY",
          "degrade_reason_codes": []
        }
      ],
      "total": 2,
      "limit": 50,
      "offset": 0
    }
    "#);
    client.phase(Phase::Contract);
    let (_, new) = get(&client, &format!("{RECOMMENDATIONS}?limit=1")).await;
    let told = |field: &str| new["recommendations"][0][field].clone();
    assert_eq!(
        (&new["total"], &new["contract_version"]),
        (&json!(2), &json!("v1alpha1"))
    );
    assert_eq!(
        json!([
            told("ticker"),
            told("run"),
            told("status"),
            told("direction"),
            told("quant")
        ]),
        json!(["MSFT", null, "degraded_success", 1, null])
    );
    let (_, one) = get(&client, &format!("{RECOMMENDATIONS}/2025-03-03/MSFT")).await;
    assert_eq!(one["result"]["request_id"], "req-old");
    let (_, ours) = get(&client, &format!("{RECOMMENDATIONS}/2024-10-04/AAPL")).await;
    assert_eq!(ours["result"]["contract"], "analysis-result");
    let (status, _) = get(&client, &format!("{RECOMMENDATIONS}/2025-03-04/MSFT")).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_file_of_a_day_counts_before_an_older_analysis_and_not_before_a_newer_one() {
    for (created, decision) in [
        ("2020-01-01T00:00:00Z", "BUY"),
        ("2999-01-01T00:00:00Z", "SELL"),
    ] {
        let client = ready_as(None).await;
        started(&client, "AAPL").await;
        client.analyst().work(|_| Outcome::Complete);
        let other = json!({"decision": "SELL", "confidence": 0.5, "created_at": created});
        filed(&client, "recommendations/2024-10-04/AAPL.json", &other);
        let (_, told) = get(&client, &format!("{RECOMMENDATIONS}/2024-10-04/AAPL")).await;
        assert_eq!(told["decision"], decision, "{created}");
    }
}
