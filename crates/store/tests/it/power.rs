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
use self::shim::{Behind, NO_EFFECT, Op, scratch, shim, skipped};
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
    if dice.below(3) == 0 {
        leave_shelves(&path);
    }
    let acks = Acks::open();
    let options = SqliteOptions {
        synchronous,
        ..SqliteOptions::default()
    };
    for group in 0..2 + dice.below(2) as u64 {
        let store = SqliteRuns::open(&path, options).unwrap();
        let threads = 1 + dice.below(3) as u8;
        // A few are long enough for the log to be carried over and begun
        // again while it is in use.
        let long = dice.below(5) == 0;
        let rounds = if long { 30 } else { 2 + dice.below(6) as u64 };
        work(&store, &acks, threads, group, rounds).unwrap();
    }
}

/// As a process may that is killed after it made folders for bodies and before
/// it waited for them.
fn leave_shelves(path: &Path) {
    let bodies = path.with_extension("db.bodies");
    std::fs::create_dir(&bodies).unwrap();
    for shelf in 0..=255 {
        std::fs::create_dir(bodies.join(format!("{shelf:02x}"))).unwrap();
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
    let ops = child.run().ok_or(NO_EFFECT)?;
    Ok((data, ops))
}

/// An image that is not as it must be.
#[derive(Debug)]
pub(crate) struct Harm {
    what: String,
    /// The first of each recording, as the disk was.
    image: Option<tempfile::TempDir>,
}

/// Says what the harm is and where an image of it is kept.
pub(crate) fn assert_no_harm(mut harm: Vec<Harm>, of: &str) {
    let count = harm.len();
    let words: Vec<_> = harm.iter().map(|harm| harm.what.clone()).take(10).collect();
    let image = harm.iter_mut().find_map(|harm| harm.image.take());
    let kept = image.map(tempfile::TempDir::keep);
    assert!(count == 0, "{of}: {count} images {words:#?}; see {kept:?}");
}

/// Images of one recording at moments drawn by a seed; what is wrong with
/// them.
pub(crate) fn cut(root: &Path, ops: &[Op], seed: u64, images: usize, must_keep: bool) -> Vec<Harm> {
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
            let image = harm.is_empty().then(scratch);
            if let Some(image) = &image {
                disk.image(root, &mut Dice(of_image), image.path());
            }
            harm.push(Harm { what, image });
        }
    }
    harm
}

/// Records and cuts, on two threads, until so many images were judged.
fn cuts(mode: &str, images: u32, must_keep: bool) -> Option<Vec<Harm>> {
    const PER_RECORDING: usize = 50;
    let images = images as usize;
    if let Err(why) = record(0, mode) {
        skipped(why);
        return None;
    }
    let next = AtomicUsize::new(0);
    let one = |_: usize| {
        let mut harm = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed * PER_RECORDING >= images || harm.len() > 100 {
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
    let Some(harm) = cuts("full", size(150, 100_000), true) else {
        return;
    };
    assert_no_harm(harm, "every wait");
}

/// Kept or lost, what is there is whole.
#[test]
fn with_fewer_waits_a_power_cut_leaves_a_whole_store() {
    let Some(harm) = cuts("normal", size(100, 10_000), false) else {
        return;
    };
    assert_no_harm(harm, "fewer waits");
}

/// The proof that the tests above can fail.
#[test]
fn without_waiting_for_the_disk_power_cuts_do_harm() {
    let Some(harm) = cuts("off", 100, true) else {
        return;
    };
    assert!(!harm.is_empty());
}

/// Whether a wait is left out, by path and by whether it is a folder's.
type Waits<'a> = &'a dyn Fn(&str, bool) -> bool;

/// And that they notice each wait that is left out: of the log, of the file,
/// of bodies, of the names in a folder.
#[test]
fn each_wait_that_is_left_out_does_harm() {
    if let Err(why) = record(0, "full") {
        skipped(why);
        return;
    }
    let is_body = |name: &str| name.contains(".bodies/");
    let cases: [(&str, Waits<'_>); 5] = [
        ("the log", &|name, _| name.ends_with("-wal")),
        ("the file", &|name, _| name.ends_with("runs.db")),
        ("bodies", &|name, folder| is_body(name) && !folder),
        ("shelves", &|name, folder| is_body(name) && folder),
        ("the folder", &|name, folder| {
            folder && name.ends_with("data")
        }),
    ];
    for (left_out, is_left_out) in cases {
        let harmed = (0..20).any(|seed| {
            let (root, ops) = record(seed, "full").unwrap();
            let ops = without(&ops, is_left_out);
            !cut(&root, &ops, seed, 50, true).is_empty()
        });
        assert!(harmed, "nothing notices that {left_out} is not waited for");
    }
}

/// The record without some of its waits.
fn without(ops: &[Op], is_left_out: Waits<'_>) -> Vec<Op> {
    let mut names = std::collections::HashMap::new();
    let left_out = |op: &&Op| {
        match op {
            Op::Create { inode, path } => {
                names.insert(*inode, path.to_string_lossy().into_owned());
            }
            Op::Sync { inode } => return !is_left_out(&names[inode], false),
            Op::SyncFolder { path } => return !is_left_out(&path.to_string_lossy(), true),
            _ => {}
        }
        true
    };
    ops.iter().filter(left_out).cloned().collect()
}
