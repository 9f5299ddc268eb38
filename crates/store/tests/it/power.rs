//! Power cuts: a child works on a store while all that it does to the disk is
//! written down; then the disk is put together as it may be after the power
//! went at some moment, and the store is opened there.

pub(crate) mod disk;
pub(crate) mod shim;
pub(crate) mod workload;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use fondaco_store::runs::{SqliteOptions, SqliteRuns, Synchronous};

use self::disk::{Dice, Disk};
use self::shim::{Behind, Op, scratch, shim};
use self::workload::{Acknowledged, Acks, PLACE, judge, place, work};
use crate::size;

const MODE: &str = "FONDACO_TEST_POWER_MODE";
const SEED: &str = "FONDACO_TEST_POWER_SEED";

/// The child: works, closes and opens again, a few times, so that logs are
/// begun, carried over and removed.
#[test]
#[ignore = "started by the tests below"]
fn recorded() {
    let (Some(path), Ok(seed)) = (place(), std::env::var(SEED)) else {
        return;
    };
    let synchronous = match std::env::var(MODE).unwrap().as_str() {
        "off" => Synchronous::UnsafeOff,
        "normal" => Synchronous::Normal,
        _ => Synchronous::Full,
    };
    let mut dice = Dice(seed.parse().unwrap());
    let acks = Acks::open();
    let options = SqliteOptions {
        synchronous,
        ..SqliteOptions::default()
    };
    for group in 0..2 + dice.below(2) as u64 {
        let store = SqliteRuns::open(&path, options).unwrap();
        let threads = 1 + dice.below(3) as u8;
        let rounds = 2 + dice.below(6) as u64;
        work(&store, &acks, threads, group, rounds).unwrap();
    }
}

fn record(seed: u64, mode: &str) -> Result<(std::path::PathBuf, Vec<Op>), &'static str> {
    let child = Behind::child(shim()?, "power::recorded");
    let data = child.data();
    let file = data.join("runs.db");
    let mut child = child
        .env(PLACE, file.to_str().unwrap())
        .env(SEED, &seed.to_string())
        .env(MODE, mode);
    let ops = child.run().ok_or("LD_PRELOAD has no effect here")?;
    Ok((data, ops))
}

/// An image that is not as it must be.
#[derive(Debug)]
struct Harm {
    what: String,
}

/// Images of one recording at moments drawn by a seed; what is wrong with
/// them.
fn cut(root: &Path, ops: &[Op], seed: u64, images: usize, must_keep: bool) -> Vec<Harm> {
    let mut dice = Dice(seed);
    let mut moments: Vec<usize> = (0..images).map(|_| dice.below(ops.len() + 1)).collect();
    moments.sort_unstable();
    let mut disk = Disk::default();
    let mut acknowledged = Acknowledged::default();
    let mut done = 0;
    let mut harm = Vec::new();
    for (n, moment) in moments.into_iter().enumerate() {
        for op in &ops[done..moment] {
            disk.apply(op);
            match op {
                Op::Ack(line) if must_keep => acknowledged.take_in(line),
                _ => {}
            }
        }
        done = moment;
        let into = scratch();
        let of_image = Dice(seed).next().wrapping_add(n as u64);
        disk.image(root, &mut Dice(of_image), into.path());
        if let Err(what) = judge(&into.path().join("runs.db"), &acknowledged) {
            let what = format!("recording {seed}, cut {moment}, image {of_image}: {what}");
            harm.push(Harm { what });
        }
    }
    harm
}

/// Records and cuts, on two threads, until so many images were judged.
fn cuts(mode: &str, images: u32, must_keep: bool) -> Option<Vec<Harm>> {
    const PER_RECORDING: usize = 50;
    let images = images as usize;
    if let Err(why) = record(0, mode) {
        eprintln!("skipped: {why}");
        return None;
    }
    let next = AtomicUsize::new(0);
    let one = |_: usize| {
        let mut harm = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed * PER_RECORDING >= images {
                return harm;
            }
            let (root, ops) = record(seed as u64, mode).unwrap();
            harm.extend(cut(&root, &ops, seed as u64, PER_RECORDING, must_keep));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|n| scope.spawn(move || one(n))).collect();
        let harm = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        Some(harm.collect())
    })
}

#[test]
fn what_was_acknowledged_survives_power_cuts() {
    let Some(harm) = cuts("full", size(500, 100_000), true) else {
        return;
    };
    let words: Vec<_> = harm.iter().map(|harm| &harm.what).take(10).collect();
    assert!(harm.is_empty(), "{} images, such as {words:#?}", harm.len());
}

/// Kept or lost, what is there is whole.
#[test]
fn with_fewer_waits_a_power_cut_leaves_a_whole_store() {
    let Some(harm) = cuts("normal", size(100, 10_000), false) else {
        return;
    };
    let words: Vec<_> = harm.iter().map(|harm| &harm.what).take(10).collect();
    assert!(harm.is_empty(), "{} images, such as {words:#?}", harm.len());
}

/// The proof that the tests above can fail.
#[test]
fn without_waiting_for_the_disk_power_cuts_do_harm() {
    let Some(harm) = cuts("off", 100, true) else {
        return;
    };
    assert!(!harm.is_empty());
}
