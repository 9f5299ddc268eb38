//! What the runtime service answers, field by field.

use fondaco_app::ports::services::Service;
use fondaco_app::runtime::health::{Checkup, Health};
use fondaco_app::runtime::{Mode, Past, Status, Told};
use serde::Serialize;
use serde_json::{Map, Value};

/// To `POST start` and `restart`.
#[derive(Debug, Serialize)]
pub(super) struct Started {
    pub(super) run_id: String,
    /// `started` or `restarted`.
    pub(super) status: &'static str,
    pub(super) run_dir: String,
    pub(super) gateway_port: Option<u16>,
    pub(super) message: String,
}

/// To `POST stop`.
#[derive(Debug, Serialize)]
pub(super) struct Stopped {
    pub(super) run_id: String,
    pub(super) status: &'static str,
    pub(super) message: &'static str,
}

/// To `GET mode`.
#[derive(Debug, Serialize)]
pub(super) struct ModeShown {
    /// `live`, `backtest` or `stopped`.
    mode: &'static str,
    is_backtest: bool,
    run_id: Option<String>,
    /// `daily` or `interval`.
    schedule_mode: &'static str,
    is_running: bool,
}

impl ModeShown {
    pub(super) fn of(told: Option<&Told>) -> Self {
        let running = told.filter(|told| told.serve);
        let mode = running.map(|told| told.config.mode);
        let schedule = told.map(|told| told.config.schedule_mode);
        Self {
            mode: mode.map_or("stopped", Mode::as_str),
            is_backtest: mode == Some(Mode::Backtest),
            run_id: running.map(|told| told.run_id.to_string()),
            schedule_mode: schedule.unwrap_or_default().as_str(),
            is_running: running.is_some(),
        }
    }
}

/// The gateway within `GET current`.
#[derive(Debug, Serialize)]
pub(super) struct GatewayShown {
    generation: u64,
    pid: Option<u32>,
    port: Option<u16>,
    /// How often in a row it ended unasked.
    restarts: u32,
    /// How it ended last, where it did.
    returncode: Option<i32>,
    /// Why the last start did not work.
    error: Option<String>,
}

/// To `GET current`.
#[derive(Debug, Serialize)]
pub(super) struct Current {
    run_id: String,
    /// `running` or `stopped`.
    status: &'static str,
    is_running: bool,
    mode: &'static str,
    is_backtest: bool,
    schedule_mode: &'static str,
    run_dir: String,
    gateway_port: Option<u16>,
    started_at: String,
    stopped_at: Option<String>,
    gateway: Option<GatewayShown>,
    config: Map<String, Value>,
}

impl Current {
    pub(super) fn of(told: &Told, service: Option<&Service>, status: Option<&Status>) -> Self {
        let mode = ModeShown::of(Some(told));
        let holder = service.and_then(|service| service.holder.as_ref());
        let port = port(service);
        let crashes = status.map(|status| status.crashes).unwrap_or_default();
        Self {
            run_id: told.run_id.to_string(),
            status: if told.serve { "running" } else { "stopped" },
            is_running: mode.is_running,
            mode: mode.mode,
            is_backtest: mode.is_backtest,
            schedule_mode: mode.schedule_mode,
            run_dir: run_dir(told),
            gateway_port: port,
            started_at: told.started_at.to_string(),
            stopped_at: told.stopped_at.map(|at| at.to_string()),
            gateway: service.map(|service| GatewayShown {
                generation: service.generation,
                pid: holder.map(|holder| holder.pid),
                port,
                restarts: crashes.count,
                returncode: crashes.returncode,
                error: status.and_then(|status| status.failure.clone()),
            }),
            config: told.config.to_map(),
        }
    }
}

/// A line of `GET history`.
#[derive(Debug, Serialize)]
pub(super) struct PastShown {
    run_id: String,
    /// `running`, `stopped`, or `replaced` by the next one.
    status: &'static str,
    mode: &'static str,
    is_backtest: bool,
    schedule_mode: &'static str,
    run_dir: String,
    started_at: String,
    started_by: String,
    stopped_at: Option<String>,
    stopped_by: Option<String>,
}

impl From<Past> for PastShown {
    fn from(past: Past) -> Self {
        let told = &past.told;
        let status = match (told.serve, past.replaced) {
            (_, true) => "replaced",
            (true, false) => "running",
            (false, false) => "stopped",
        };
        Self {
            run_id: told.run_id.to_string(),
            status,
            mode: told.config.mode.as_str(),
            is_backtest: told.config.mode == Mode::Backtest,
            schedule_mode: told.config.schedule_mode.as_str(),
            run_dir: run_dir(told),
            started_at: told.started_at.to_string(),
            started_by: past.started_by,
            stopped_at: told.stopped_at.map(|at| at.to_string()),
            stopped_by: past.stopped_by,
        }
    }
}

/// To `GET history`.
#[derive(Debug, Serialize)]
pub(super) struct History {
    pub(super) runs: Vec<PastShown>,
}

/// To `GET logs`.
#[derive(Debug, Serialize)]
pub(super) struct Logs {
    pub(super) run_id: String,
    pub(super) is_running: bool,
    pub(super) log_path: String,
    pub(super) content: String,
}

/// To `GET` and `PUT config`.
#[derive(Debug, Serialize)]
pub(super) struct ConfigShown {
    run_id: String,
    is_running: bool,
    /// Whether what serves was started with other settings: only after `PUT`.
    restart_required: bool,
    config: Map<String, Value>,
}

impl ConfigShown {
    pub(super) fn of(told: &Told, changed: bool) -> Self {
        Self {
            run_id: told.run_id.to_string(),
            is_running: told.serve,
            restart_required: changed && told.serve,
            config: told.config.to_map(),
        }
    }
}

/// To `GET gateway/health`.
#[derive(Debug, Serialize)]
pub(super) struct HealthShown {
    status: &'static str,
    checks: Checks,
    timestamp: String,
}

#[derive(Debug, Serialize)]
struct Checks {
    process: Check<ProcessDetails>,
    port: Check<PortDetails>,
    configuration: Check<ConfigurationDetails>,
}

#[derive(Debug, Serialize)]
struct Check<T> {
    status: &'static str,
    details: T,
}

#[derive(Debug, Serialize)]
struct ProcessDetails {
    pid: Option<u32>,
    status: &'static str,
    returncode: Option<i32>,
}

#[derive(Debug, Serialize)]
struct PortDetails {
    port: Option<u16>,
    accessible: bool,
}

#[derive(Debug, Serialize)]
struct ConfigurationDetails {
    has_runtime_manager: bool,
}

impl HealthShown {
    pub(super) fn of(checkup: &Checkup, port: Option<u16>, timestamp: String) -> Self {
        Self {
            status: checkup.status.as_str(),
            checks: Checks {
                process: Check {
                    status: checkup.process.as_str(),
                    details: ProcessDetails {
                        pid: checkup.pid,
                        status: checkup.state,
                        returncode: checkup.returncode,
                    },
                },
                port: Check {
                    status: checkup.port.as_str(),
                    details: PortDetails {
                        port,
                        accessible: checkup.port == Health::Healthy,
                    },
                },
                configuration: Check {
                    status: checkup.configuration.as_str(),
                    details: ConfigurationDetails {
                        has_runtime_manager: checkup.configuration == Health::Healthy,
                    },
                },
            },
            timestamp,
        }
    }
}

/// The folder of a run of the runtime, below the home.
pub(super) fn run_dir(told: &Told) -> String {
    format!("runs/{}", told.run_id)
}

/// The port at which the gateway says it serves.
pub(super) fn port(service: Option<&Service>) -> Option<u16> {
    let holder = service?.holder.as_ref()?;
    let (_, port) = holder.address.rsplit_once(':')?;
    port.parse().ok()
}
