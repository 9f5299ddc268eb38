//! Figures of a measurement.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

/// Latencies.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Latency {
    pub(super) count: usize,
    pub(super) p50_ms: f64,
    pub(super) p95_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
}

impl Latency {
    pub(super) fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let at = |share: f64| {
            let rank = (share * all.len() as f64).ceil() as usize;
            let found = all.get(rank.saturating_sub(1));
            found.map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Self {
            count: all.len(),
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        }
    }
}

/// How long the disk takes to keep 4 KiB, without any database: what the other
/// figures are to be read beside.
pub(super) fn raw_sync(folder: &Path, count: usize) -> io::Result<Latency> {
    let path = folder.join("sync.probe");
    let mut file = File::create(&path)?;
    let block = [0x5a_u8; 4096];
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        all.push(began.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok(Latency::of(all))
}

/// Memory of this process in MiB, now and at most; nothing where the machine
/// does not say.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Memory {
    pub(super) resident_mib: Option<f64>,
    pub(super) peak_mib: Option<f64>,
}

impl Memory {
    pub(super) fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kib / 1024.0)
        };
        Self {
            resident_mib: field("VmRSS:"),
            peak_mib: field("VmHWM:"),
        }
    }
}
