//! Worlds from seeds: real runners and reapers over one store, simulated
//! executors, clients and bad luck. `FONDACO_SEED` names one world to look at.

mod check;
mod client;
mod drills;
mod executor;
mod line;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use fondaco_domain::ContentHash;
use fondaco_store::runs::MemoryRuns;

use check::Tally;
use world::{SECOND, World};

/// The life of one world: bad times, then calm until everything has ended.
fn live(seed: u64) -> (Vec<String>, ContentHash, Tally) {
    let world = World::new(seed);
    client::start(&world, 0);
    client::start(&world, 1);
    world.turn_until(70 * SECOND);
    client::calm_down(&world);
    for host in 0..2 {
        client::start(&world, host);
    }
    let mut until = world.now();
    let limit = until + 900 * SECOND;
    while until < limit && !world.unsettled().is_empty() {
        until += 20 * SECOND;
        world.turn_until(until);
    }
    let verdict = world.verdict();
    // Processes hold the world that holds them.
    world.state().processes.clear();
    verdict
}

#[test]
fn every_world_ends_well_and_twice_the_same() {
    if let Some(seed) = std::env::var("FONDACO_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
    {
        let (wrong, ..) = live(seed);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        return;
    }
    let worlds = u64::from(crate::size(500, 1_000_000));
    let (next, total) = (AtomicU64::new(0), Mutex::new(Tally::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= worlds {
                        break;
                    }
                    let (wrong, hash, tally) = live(seed);
                    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
                    assert_eq!(live(seed).1, hash, "seed {seed} went two ways");
                    let mut total = total.lock().unwrap();
                    for (what, count) in tally {
                        *total.entry(what).or_default() += count;
                    }
                }
            });
        }
    });
    // A world in which nothing goes wrong proves nothing.
    let total = total.into_inner().unwrap();
    for what in [
        "task_adopted",
        "task_escalated",
        "task_retried",
        "task_released",
        "task_failed",
        "task_skipped",
        "task_cancelled",
        "late_result",
        "run_halted",
        "run_resumed",
        "acknowledged",
        "completed",
        "partial",
        "failed",
        "cancelled",
    ] {
        let count = total.get(what).copied().unwrap_or(0);
        assert!(count >= worlds / 50, "{what} only {count} times: {total:?}");
    }
}
