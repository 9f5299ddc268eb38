//! One life of the runtime, from start to stop.

use axum::http::Method;

use super::rooms::Rooms;

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
