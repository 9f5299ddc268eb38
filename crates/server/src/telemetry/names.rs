//! Every metric, named once. A label has as many values as a closed list, or
//! as the table of routes.

/// How a metric grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Never falls while the process lives.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts below bounds.
    Histogram,
}

impl Kind {
    /// As the exposition says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it grows.
    pub kind: Kind,
    /// What it counts.
    pub help: &'static str,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        kind: Kind::Counter,
        help,
    }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        kind: Kind::Gauge,
        help,
    }
}

/// Labels: role, method, route, status.
pub const HTTP_REQUESTS: Metric = counter(
    "fondaco_http_requests_total",
    "Requests that were answered, by route.",
);
/// Labels: role, method, route.
pub const HTTP_DURATION: Metric = Metric {
    name: "fondaco_http_request_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from a request to the first byte of its answer.",
};
/// Labels: role.
pub const HTTP_OPEN: Metric = gauge(
    "fondaco_http_requests_in_flight",
    "Requests that are not answered yet.",
);
/// Labels: kind, state.
pub const RUNS_OPEN: Metric = gauge("fondaco_runs_open", "Runs that have not ended.");
/// No labels.
pub const FEED_END: Metric = gauge(
    "fondaco_feed_position",
    "Number of the newest event of all runs.",
);
/// Labels: mode.
pub const HALTS: Metric = gauge("fondaco_halts_in_force", "Latches that stop something.");
/// No labels.
pub const HALT_EPOCH: Metric = gauge(
    "fondaco_halt_epoch",
    "The counter that grows with every change of a latch.",
);
/// Labels: liveness.
pub const WORKERS: Metric = gauge(
    "fondaco_workers",
    "Workers on the list, by whether they were heard of lately.",
);
/// No labels.
pub const SCHEDULES: Metric = gauge("fondaco_schedules", "Schedules that are not paused.");
/// Labels: service.
pub const SERVICE_GENERATION: Metric = gauge(
    "fondaco_service_generation",
    "Generation of a service of which there is one at a time.",
);
/// Labels: service.
pub const SERVICE_SILENCE: Metric = gauge(
    "fondaco_service_silence_seconds",
    "Since a service was last heard of.",
);
/// No labels.
pub const TASKS_CLAIMED: Metric = counter(
    "fondaco_tasks_claimed_total",
    "Tasks that the worker in this process was given.",
);
/// Labels: outcome.
pub const TASKS_FINISHED: Metric = counter(
    "fondaco_tasks_finished_total",
    "Attempts that ended in the worker in this process, as the store took it.",
);
/// Labels: executor, state.
pub const BREAKER: Metric = gauge(
    "fondaco_breaker_state",
    "1 for the state in which a breaker of the worker in this process is.",
);
/// No labels.
pub const GATEWAY_CLIENTS: Metric = gauge("fondaco_gateway_clients", "Sockets that are open.");
/// No labels.
pub const GATEWAY_JOINED: Metric = counter(
    "fondaco_gateway_clients_total",
    "Sockets that were ever opened.",
);
/// No labels.
pub const GATEWAY_FRAMES: Metric =
    counter("fondaco_gateway_frames_total", "Frames handed to sockets.");
/// No labels.
pub const GATEWAY_BYTES: Metric = counter("fondaco_gateway_bytes_total", "Bytes of these frames.");
/// Labels: reason.
pub const GATEWAY_SNAPSHOTS: Metric = counter(
    "fondaco_gateway_snapshots_total",
    "Snapshots handed to sockets, by why.",
);
/// No labels.
pub const GATEWAY_REPLAYED: Metric = counter(
    "fondaco_gateway_replayed_frames_total",
    "Frames read from the store for sockets that came again.",
);
/// No labels.
pub const GATEWAY_HEAD: Metric = gauge(
    "fondaco_gateway_position",
    "Number of the newest event that was handed on.",
);
/// No labels.
pub const GATEWAY_LAG: Metric = gauge(
    "fondaco_gateway_lag_seconds",
    "From the decision to the telling of the newest event.",
);
/// No labels.
pub const GATEWAY_FAILURES: Metric = counter(
    "fondaco_gateway_store_failures_total",
    "Looks of the gateway at the store that failed.",
);
/// Labels: version.
pub const BUILD: Metric = gauge("fondaco_build_info", "1; the version is in the label.");
/// No labels.
pub const SCRAPE_FAILURES: Metric = gauge(
    "fondaco_scrape_failures",
    "Reads of this scrape that the store did not answer.",
);
/// No labels.
pub const PROCESS_START: Metric = gauge(
    "process_start_time_seconds",
    "When the process began to serve, in seconds since 1970.",
);
/// No labels.
pub const PROCESS_MEMORY: Metric = gauge(
    "process_resident_memory_bytes",
    "Memory of the process that is in use.",
);
/// No labels.
pub const PROCESS_CPU: Metric = counter(
    "process_cpu_seconds_total",
    "Time of processors that the process has used.",
);
/// No labels.
pub const PROCESS_FILES: Metric = gauge("process_open_fds", "Files and sockets that are open.");
