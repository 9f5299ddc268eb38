//! The runtime service: requests and what is answered, pair by pair.

mod life;
mod rooms;

use axum::http::Method;

use rooms::{Rooms, pair};

use crate::client::Client;

#[tokio::test]
async fn a_runtime_that_was_never_started() {
    let rooms = Rooms::new();
    let mut pairs = Vec::new();
    for (method, path) in [
        (Method::GET, "/api/runtime/mode"),
        (Method::GET, "/api/runtime/current"),
        (Method::GET, "/api/runtime/config"),
        (Method::PUT, "/api/runtime/config"),
        (Method::GET, "/api/runtime/logs"),
        (Method::GET, "/api/runtime/history"),
        (Method::POST, "/api/runtime/stop"),
        (Method::GET, "/health/gateway"),
    ] {
        // The supervisor looks once before it knows anything.
        while rooms
            .client
            .platform
            .runtime
            .get()
            .unwrap()
            .status()
            .standing
            .is_none()
        {
            tokio::task::yield_now().await;
        }
        pairs.push(rooms.pair(method, path, "").await);
    }
    insta::assert_snapshot!(pairs.join("\n\n"), @r#"
    GET /api/runtime/mode
    200 {
      "mode": "stopped",
      "is_backtest": false,
      "run_id": null,
      "schedule_mode": "daily",
      "is_running": false
    }

    GET /api/runtime/current
    404 {
      "detail": "No runtime has been started yet"
    }

    GET /api/runtime/config
    404 {
      "detail": "No runtime has been started yet"
    }

    PUT /api/runtime/config
    404 {
      "detail": "No runtime has been started yet"
    }

    GET /api/runtime/logs
    404 {
      "detail": "No runtime has been started yet"
    }

    GET /api/runtime/history
    200 {
      "runs": []
    }

    POST /api/runtime/stop
    404 {
      "detail": "No runtime is currently running"
    }

    GET /health/gateway
    200 {
      "status": "unhealthy",
      "checks": {
        "process": {
          "status": "unhealthy",
          "details": {
            "pid": null,
            "status": "stopped",
            "returncode": null
          }
        },
        "port": {
          "status": "unhealthy",
          "details": {
            "port": null,
            "accessible": false
          }
        },
        "configuration": {
          "status": "healthy",
          "details": {
            "has_runtime_manager": true
          }
        }
      },
      "timestamp": "<time>"
    }
    "#);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table and its snapshot")]
async fn what_is_wrong_with_a_request_is_said_with_its_place() {
    let rooms = Rooms::new();
    let mut pairs = Vec::new();
    for (method, path, body) in [
        (Method::POST, "/api/runtime/start", "{"),
        (Method::POST, "/api/runtime/start", "[]"),
        (Method::POST, "/api/runtime/start", r#"{"mode": "paper"}"#),
        (
            Method::POST,
            "/api/runtime/start",
            r#"{"mode": "backtest"}"#,
        ),
        (Method::POST, "/api/runtime/stop?force=perhaps", ""),
        (Method::POST, "/api/runtime/stop", r#"{"force": 1}"#),
        (Method::GET, "/api/runtime/history?limit=0", ""),
        (Method::GET, "/api/runtime/logs?limit=many", ""),
    ] {
        pairs.push(rooms.pair(method, path, body).await);
    }
    insta::assert_snapshot!(pairs.join("\n\n"), @r#"
    POST /api/runtime/start {
    422 {
      "detail": [
        {
          "type": "json_invalid",
          "loc": [
            "body"
          ],
          "msg": "EOF while parsing an object at line 1 column 1"
        }
      ]
    }

    POST /api/runtime/start []
    422 {
      "detail": [
        {
          "type": "model_attributes_type",
          "loc": [
            "body"
          ],
          "msg": "Input should be a valid dictionary or object to extract fields from"
        }
      ]
    }

    POST /api/runtime/start {"mode": "paper"}
    422 {
      "detail": [
        {
          "type": "value_error",
          "loc": [
            "body",
            "mode"
          ],
          "msg": "unknown variant `paper`, expected `live` or `backtest`"
        }
      ]
    }

    POST /api/runtime/start {"mode": "backtest"}
    422 {
      "detail": [
        {
          "type": "value_error",
          "loc": [
            "body",
            "end_date"
          ],
          "msg": "is needed in backtest mode"
        }
      ]
    }

    POST /api/runtime/stop?force=perhaps
    422 {
      "detail": [
        {
          "type": "bool_parsing",
          "loc": [
            "query",
            "force"
          ],
          "msg": "Input should be a valid boolean, unable to interpret input"
        }
      ]
    }

    POST /api/runtime/stop {"force": 1}
    422 {
      "detail": [
        {
          "type": "bool_parsing",
          "loc": [
            "body",
            "force"
          ],
          "msg": "Input should be a valid boolean, unable to interpret input"
        }
      ]
    }

    GET /api/runtime/history?limit=0
    422 {
      "detail": [
        {
          "type": "int_parsing",
          "loc": [
            "query",
            "limit"
          ],
          "msg": "Input should be a whole number from 1 to 1000"
        }
      ]
    }

    GET /api/runtime/logs?limit=many
    422 {
      "detail": [
        {
          "type": "int_parsing",
          "loc": [
            "query",
            "limit"
          ],
          "msg": "Input should be a whole number from 1 to 1000"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_gateway_that_does_not_start_is_told_and_tried_again() {
    let rooms = Rooms::new();
    rooms.host.state.lock().unwrap().refuses = true;
    let refused = rooms.pair(Method::POST, "/api/runtime/start", "").await;
    rooms.host.state.lock().unwrap().refuses = false;
    let desk = rooms.client.platform.runtime.get().unwrap();
    while !rooms
        .pair(Method::GET, "/health/gateway", "")
        .await
        .contains("\"status\": \"running\"")
    {
        desk.wake();
        tokio::task::yield_now().await;
    }
    insta::assert_snapshot!(refused, @r#"
    POST /api/runtime/start
    500 {
      "detail": "Gateway failed to start: no process can be had"
    }
    "#);
}

#[tokio::test]
async fn without_a_supervisor_nothing_is_started() {
    let client = Client::new();
    let mut pairs = Vec::new();
    for (method, path) in [
        (Method::POST, "/api/runtime/start"),
        (Method::GET, "/api/runtime/gateway/health"),
    ] {
        pairs.push(pair(&client, method, path, "").await);
    }
    insta::assert_snapshot!(pairs.join("\n\n"), @r#"
    POST /api/runtime/start
    503 {
      "detail": "Runtime manager is not available in this process"
    }

    GET /api/runtime/gateway/health
    200 {
      "status": "unhealthy",
      "checks": {
        "process": {
          "status": "unhealthy",
          "details": {
            "pid": null,
            "status": "unknown",
            "returncode": null
          }
        },
        "port": {
          "status": "unhealthy",
          "details": {
            "port": null,
            "accessible": false
          }
        },
        "configuration": {
          "status": "unhealthy",
          "details": {
            "has_runtime_manager": false
          }
        }
      },
      "timestamp": "<time>"
    }
    "#);
}
