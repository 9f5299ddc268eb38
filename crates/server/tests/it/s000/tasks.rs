//! `/api/analysis`: the life of a task.

use std::time::Duration;

use axum::http::Method;
use fondaco_server::GuardSettings;
use serde_json::{Value, json};

use super::{delete, get, pair, post, ready, shown, started};
use crate::analysts::Outcome;
use crate::client::Client;
use crate::keyring::guarded;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "two payloads, whole")]
async fn a_task_from_its_start_to_its_end() {
    let client = ready().await;
    let body = json!({"ticker": "AAPL", "date": "2024-10-04"});
    let (status, told) = post(&client, "/api/analysis/start", body).await;
    let task_id = told["task_id"].as_str().unwrap().to_owned();
    assert_eq!(
        (status, told),
        (
            200,
            json!({
                "contract_version": "v1alpha1", "task_id": task_id, "ticker": "AAPL",
                "date": "2024-10-04", "status": "running",
            })
        )
    );
    let words: Vec<&str> = task_id.split('_').collect();
    let lengths = words.iter().map(|word| word.len()).collect::<Vec<_>>();
    assert_eq!((words[0], lengths), ("AAPL", vec![4, 8, 6, 6]), "{task_id}");
    assert!(u32::from_str_radix(words[3], 16).is_ok(), "{task_id}");
    let path = format!("/api/analysis/status/{task_id}");
    let (_, waiting) = get(&client, &path).await;
    insta::assert_snapshot!(shown(&waiting, &task_id), @r#"
    {
      "contract_version": "v1alpha1",
      "task_id": "<task>",
      "request_id": "req-1",
      "executor_type": "direct",
      "result_ref": null,
      "status": "pending",
      "created_at": "<time>",
      "degradation_summary": null,
      "data_quality_summary": null,
      "evidence": null,
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
      "ticker": "AAPL",
      "date": "2024-10-04",
      "progress": 0,
      "current_stage": null,
      "elapsed_seconds": 0,
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
      "result": null,
      "compat": {}
    }
    "#);
    client.analyst().work(|_| Outcome::Complete);
    let (_, done) = get(&client, &path).await;
    insta::assert_snapshot!(shown(&done, &task_id), @r#"
    {
      "contract_version": "v1alpha1",
      "task_id": "<task>",
      "request_id": "req-1",
      "executor_type": "direct",
      "result_ref": "<ref>",
      "status": "completed",
      "created_at": "<time>",
      "degradation_summary": {
        "degraded": false,
        "reason_codes": [],
        "source_diagnostics": {}
      },
      "data_quality_summary": null,
      "evidence": "<evidence>",
      "tentative_classification": null,
      "budget_state": {
        "calls": 18,
        "input_tokens": 41200,
        "cached_tokens": 20480,
        "output_tokens": 5210,
        "cost_nano": 61450000,
        "limit_nano": null,
        "local_recovery_used": false,
        "provider_probe_used": false
      },
      "error": null,
      "ticker": "AAPL",
      "date": "2024-10-04",
      "progress": 100,
      "current_stage": null,
      "elapsed_seconds": 0,
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
      "result": {
        "decision": "BUY",
        "confidence": 1.0,
        "signals": {
          "merged": {
            "direction": 1,
            "rating": "BUY"
          },
          "quant": {
            "direction": 1,
            "rating": "OVERWEIGHT",
            "available": true
          },
          "llm": {
            "direction": 1,
            "rating": "BUY",
            "available": true,
            "structured": {
              "rating": "BUY",
              "hold_subtype": "N/A",
              "rating_source": "structured",
              "report_text": "Bought, in two parts.",
              "warnings": [],
              "portfolio_context_used": true,
              "peer_context_used": true
            }
          }
        },
        "degraded": false,
        "report": {
          "path": "/api/reports/AAPL/2024-10-04",
          "available": true
        }
      },
      "compat": {
        "decision": "BUY",
        "quant_signal": "OVERWEIGHT",
        "llm_signal": "BUY",
        "confidence": 1.0
      }
    }
    "#);
}

#[tokio::test]
async fn a_missing_lane_is_not_available_and_never_a_wish_to_hold() {
    let client = ready().await;
    let task = started(&client, "AAPL").await;
    client.analyst().work(|_| Outcome::QuantOnly);
    let (_, told) = get(&client, &format!("/api/analysis/status/{task}")).await;
    assert_eq!(told["status"], "degraded_success");
    let llm = &told["result"]["signals"]["llm"];
    assert_eq!(
        *llm,
        json!({"direction": null, "rating": null, "available": false, "structured": null})
    );
    assert_eq!(told["result"]["signals"]["quant"]["available"], true);
    assert_eq!(told["result"]["degraded"], true);
    // Only what there is.
    assert_eq!(told["compat"].get("llm_signal"), None);
    assert!(told["compat"]["quant_signal"].is_string());
    assert_eq!(told["degradation_summary"]["degraded"], true);
}

#[tokio::test]
async fn without_a_decision_a_task_has_failed_and_says_why() {
    let client = ready().await;
    let task = started(&client, "AAPL").await;
    client.analyst().work(|_| Outcome::Failed);
    let (_, told) = get(&client, &format!("/api/analysis/status/{task}")).await;
    assert_eq!(told["status"], "failed");
    assert_eq!(told["result"], Value::Null);
    assert_eq!(told["error"]["code"], "both_signals_unavailable");
    assert_eq!(told["compat"], json!({}));
    assert_eq!(told["progress"], 80);
    let codes = &told["degradation_summary"]["reason_codes"];
    assert!(
        codes
            .as_array()
            .unwrap()
            .contains(&json!("both_signals_unavailable"))
    );
    let (status, refused) = delete(&client, &format!("/api/analysis/cancel/{task}")).await;
    assert_eq!(
        (status, refused),
        (400, json!({"detail": "Task is already failed"}))
    );
}

#[tokio::test]
async fn a_cancelled_task_is_cancelled_and_never_failed() {
    let client = ready().await;
    let task = started(&client, "AAPL").await;
    let analyst = client.analyst();
    let held = analyst.take().unwrap();
    let (status, told) = delete(&client, &format!("/api/analysis/cancel/{task}")).await;
    let cancelled = json!({
        "contract_version": "v1alpha1", "task_id": task, "status": "cancelled",
    });
    assert_eq!((status, told), (200, cancelled));
    // A worker that was at it lets go.
    analyst.drop_it(&held);
    let (_, told) = get(&client, &format!("/api/analysis/status/{task}")).await;
    assert_eq!(told["status"], "cancelled");
    assert_eq!(
        told["error"],
        json!({
            "code": "cancelled", "retryable": false,
            "message": "the analysis was cancelled: cancelled by the dashboard",
        })
    );
    assert_eq!(analyst.step(|_| Outcome::Complete), None);
    let (_, tasks) = get(&client, "/api/analysis/tasks").await;
    assert_eq!(tasks["tasks"][0]["status"], "cancelled");
}

#[tokio::test]
async fn a_halted_task_is_cancelled_for_that_reason() {
    let client = ready().await;
    let task = started(&client, "AAPL").await;
    let halt = json!({"scope": "kind:analysis", "mode": "halted", "reason": "drill"});
    client.post("/v1/halts", &halt).await;
    let (_, told) = get(&client, &format!("/api/analysis/status/{task}")).await;
    assert_eq!(told["status"], "cancelled");
    assert_eq!(told["error"]["code"], "halted");
}

#[tokio::test]
async fn a_task_whose_worker_is_gone_is_not_running() {
    let (client, hand) = guarded(GuardSettings::default());
    let task = started(&client, "AAPL").await;
    let path = format!("/api/analysis/status/{task}");
    let analyst = client.analyst();
    let held = analyst.take().unwrap();
    hand.pass(Duration::from_mins(1));
    assert_eq!(get(&client, &path).await.1["status"], "running");
    // Whoever looks after leases takes it from a worker that is silent.
    analyst.drop_it(&held);
    hand.pass(Duration::from_secs(6));
    assert_eq!(get(&client, &path).await.1["status"], "pending");
    analyst.step(|_| Outcome::Complete);
    let _held = analyst.take().unwrap();
    assert_eq!(get(&client, &path).await.1["status"], "running");
}

#[tokio::test]
async fn tasks_are_listed_the_newest_first() {
    let client = ready().await;
    let first = started(&client, "AAPL").await;
    client.analyst().work(|_| Outcome::Complete);
    let second = started(&client, "MSFT").await;
    let (status, told) = get(&client, "/api/analysis/tasks").await;
    assert_eq!((status, &told["total"]), (200, &json!(2)));
    let tasks = told["tasks"].as_array().unwrap();
    assert_eq!(tasks[0]["task_id"], second.as_str());
    assert_eq!(tasks[1]["task_id"], first.as_str());
    assert_eq!(
        (
            &tasks[1]["decision"],
            &tasks[1]["progress"],
            &tasks[1]["ticker"]
        ),
        (&json!("BUY"), &json!(100), &json!("AAPL"))
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_the_words_of_the_dashboard() {
    let client = ready().await;
    let start = "/api/analysis/start";
    let missing = json!([{"type": "missing", "loc": ["body", "ticker"], "msg": "Field required"}]);
    assert_eq!(
        post(&client, start, json!({})).await,
        (422, json!({"detail": missing}))
    );
    for (body, told) in [
        (json!({"ticker": "a//b"}), "Invalid ticker"),
        (
            json!({"ticker": "AAPL", "date": "04.10.2024"}),
            "Expected YYYY-MM-DD",
        ),
        (
            json!({"ticker": "AAPL", "portfolio_context": "I own much of it"}),
            "free text is not read",
        ),
        (
            json!({"ticker": "AAPL", "peer_context": {"x": 1}}),
            "Invalid peer_context",
        ),
    ] {
        let (status, answer) = post(&client, start, body.clone()).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(
            answer["detail"].as_str().unwrap().contains(told),
            "{answer}"
        );
    }
    let nobody = (404, json!({"detail": "Task not found"}));
    for name in ["AAPL_20241004_000000_abcdef", "x", "x_0"] {
        assert_eq!(
            get(&client, &format!("/api/analysis/status/{name}")).await,
            nobody
        );
        assert_eq!(
            delete(&client, &format!("/api/analysis/cancel/{name}")).await,
            nobody
        );
    }
    let task = started(&client, "AAPL").await;
    assert_eq!(
        get(&client, &format!("/api/analysis/status/{task}_0")).await,
        nobody
    );
}

#[tokio::test]
async fn both_headers_open_and_no_key_does_not() {
    let client = Client::new();
    let key = client.add_key("desk", &[fondaco_domain::access::Scope::Read]);
    let path = "/api/analysis/tasks";
    for header in ["api-key", "x-api-key"] {
        let answer = client.ask("GET", path, &[(header, &key)]).await;
        assert_eq!(answer.status.as_u16(), 200, "{header}");
        let answer = client.ask("GET", path, &[(header, "fdk_wrong")]).await;
        assert_eq!(answer.status.as_u16(), 401, "{header}");
    }
    let (status, told) = pair(&client, Method::GET, path, Value::Null).await;
    assert_eq!(status, 401);
    assert!(told["detail"].is_string(), "{told}");
    let start = client
        .tell(
            &key,
            "POST",
            "/api/analysis/start",
            &json!({"ticker": "AAPL"}),
        )
        .await;
    assert_eq!(start.status.as_u16(), 403);
}
