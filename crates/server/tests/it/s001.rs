//! The runtime service: requests and what is answered, pair by pair.

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
#[expect(clippy::too_many_lines, reason = "one life, told from start to stop")]
async fn from_start_to_stop() {
    let rooms = Rooms::new();
    let wish = r#"{"tickers": ["AAPL"], "schedule_mode": "intraday", "interval_minutes": 15}"#;
    let mut pairs = Vec::new();
    for (method, path, body) in [
        (Method::POST, "/api/runtime/start", wish),
        (Method::POST, "/api/runtime/start", ""),
        (Method::GET, "/api/runtime/mode", ""),
        (Method::GET, "/api/runtime/current", ""),
        (Method::GET, "/api/runtime/gateway/health", ""),
        (
            Method::PUT,
            "/api/runtime/config",
            r#"{"max_comm_cycles": 0}"#,
        ),
        (
            Method::POST,
            "/api/runtime/restart",
            r#"{"enable_memory": true}"#,
        ),
        (Method::GET, "/api/runtime/config", ""),
        (Method::POST, "/api/runtime/stop?force=true", ""),
        (Method::GET, "/api/runtime/gateway/health", ""),
        (Method::GET, "/api/runtime/mode", ""),
        (Method::GET, "/api/runtime/logs?limit=3", ""),
        (Method::POST, "/api/runtime/stop", ""),
        (Method::GET, "/api/runtime/history", ""),
        (Method::GET, "/api/runtime/history?limit=1", ""),
    ] {
        pairs.push(rooms.pair(method, path, body).await);
    }
    insta::assert_snapshot!(pairs.join("\n\n"), @r#"
    POST /api/runtime/start {"tickers": ["AAPL"], "schedule_mode": "intraday", "interval_minutes": 15}
    200 {
      "run_id": "20251009_085320",
      "status": "started",
      "run_dir": "runs/20251009_085320",
      "gateway_port": "<port>",
      "message": "Gateway started"
    }

    POST /api/runtime/start
    409 {
      "detail": "Runtime is already running: 20251009_085320"
    }

    GET /api/runtime/mode
    200 {
      "mode": "live",
      "is_backtest": false,
      "run_id": "20251009_085320",
      "schedule_mode": "interval",
      "is_running": true
    }

    GET /api/runtime/current
    200 {
      "run_id": "20251009_085320",
      "status": "running",
      "is_running": true,
      "mode": "live",
      "is_backtest": false,
      "schedule_mode": "interval",
      "run_dir": "runs/20251009_085320",
      "gateway_port": "<port>",
      "started_at": "<time>",
      "stopped_at": null,
      "gateway": {
        "generation": 1,
        "pid": 4242,
        "port": "<port>",
        "restarts": 0,
        "returncode": null,
        "error": null
      },
      "config": {
        "mode": "live",
        "schedule_mode": "interval",
        "interval_minutes": 15,
        "trigger_time": "09:30",
        "tickers": [
          "AAPL"
        ],
        "max_comm_cycles": 2,
        "initial_cash": 100000.0,
        "margin_requirement": 0.5,
        "enable_memory": false,
        "enable_mock": false,
        "start_date": null,
        "end_date": null
      }
    }

    GET /api/runtime/gateway/health
    200 {
      "status": "healthy",
      "checks": {
        "process": {
          "status": "healthy",
          "details": {
            "pid": 4242,
            "status": "running",
            "returncode": null
          }
        },
        "port": {
          "status": "healthy",
          "details": {
            "port": "<port>",
            "accessible": true
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

    PUT /api/runtime/config {"max_comm_cycles": 0}
    200 {
      "run_id": "20251009_085320",
      "is_running": true,
      "restart_required": true,
      "config": {
        "mode": "live",
        "schedule_mode": "interval",
        "interval_minutes": 15,
        "trigger_time": "09:30",
        "tickers": [
          "AAPL"
        ],
        "max_comm_cycles": 0,
        "initial_cash": 100000.0,
        "margin_requirement": 0.5,
        "enable_memory": false,
        "enable_mock": false,
        "start_date": null,
        "end_date": null
      }
    }

    POST /api/runtime/restart {"enable_memory": true}
    200 {
      "run_id": "20251009_085321",
      "status": "restarted",
      "run_dir": "runs/20251009_085321",
      "gateway_port": "<port>",
      "message": "Gateway restarted"
    }

    GET /api/runtime/config
    200 {
      "run_id": "20251009_085321",
      "is_running": true,
      "restart_required": false,
      "config": {
        "mode": "live",
        "schedule_mode": "interval",
        "interval_minutes": 15,
        "trigger_time": "09:30",
        "tickers": [
          "AAPL"
        ],
        "max_comm_cycles": 0,
        "initial_cash": 100000.0,
        "margin_requirement": 0.5,
        "enable_memory": true,
        "enable_mock": false,
        "start_date": null,
        "end_date": null
      }
    }

    POST /api/runtime/stop?force=true
    200 {
      "run_id": "20251009_085321",
      "status": "stopped",
      "message": "Gateway stopped by force"
    }

    GET /api/runtime/gateway/health
    200 {
      "status": "unhealthy",
      "checks": {
        "process": {
          "status": "unhealthy",
          "details": {
            "pid": null,
            "status": "exited",
            "returncode": -9
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

    GET /api/runtime/mode
    200 {
      "mode": "stopped",
      "is_backtest": false,
      "run_id": null,
      "schedule_mode": "interval",
      "is_running": false
    }

    GET /api/runtime/logs?limit=3
    200 {
      "run_id": "20251009_085321",
      "is_running": false,
      "log_path": "runs/20251009_085321/logs/gateway.log",
      "content": [
        "gateway of generation 2 is started",
        "gateway of generation 2 serves at <address>",
        "gateway of generation 2 has stopped with -9"
      ]
    }

    POST /api/runtime/stop
    404 {
      "detail": "No runtime is currently running"
    }

    GET /api/runtime/history
    200 {
      "runs": [
        {
          "run_id": "20251009_085321",
          "status": "stopped",
          "mode": "live",
          "is_backtest": false,
          "schedule_mode": "interval",
          "run_dir": "runs/20251009_085321",
          "started_at": "<time>",
          "started_by": "http:local",
          "stopped_at": "<time>",
          "stopped_by": "http:local"
        },
        {
          "run_id": "20251009_085320",
          "status": "replaced",
          "mode": "live",
          "is_backtest": false,
          "schedule_mode": "interval",
          "run_dir": "runs/20251009_085320",
          "started_at": "<time>",
          "started_by": "http:local",
          "stopped_at": null,
          "stopped_by": null
        }
      ]
    }

    GET /api/runtime/history?limit=1
    200 {
      "runs": [
        {
          "run_id": "20251009_085321",
          "status": "stopped",
          "mode": "live",
          "is_backtest": false,
          "schedule_mode": "interval",
          "run_dir": "runs/20251009_085321",
          "started_at": "<time>",
          "started_by": "http:local",
          "stopped_at": "<time>",
          "stopped_by": "http:local"
        }
      ]
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
