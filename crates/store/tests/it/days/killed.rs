//! `kill -9` while days are put: what was acknowledged is there, and a part and
//! the place in the feed are there together or not at all.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fondaco_app::ports::days::DayStore;
use fondaco_store::days::SqliteDays;

use super::{all, day};

const PLACE: &str = "FONDACO_TEST_DAYS_FILE";

/// Days of one part.
const PART: u64 = 25;

#[test]
fn a_part_is_there_with_its_place_in_the_feed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("simulations.db");
    let mut last = 0;
    for cycle in 0..crate::size(8, 300) {
        let acknowledged = run_and_kill(&path, 1 + cycle as usize * 5 % 13);
        let store = SqliteDays::open(&path).unwrap();
        let followed = store.followed().unwrap();
        assert!(followed >= acknowledged && acknowledged > last);
        last = followed;
        let days = store.dates(&all()).unwrap().len() as u64;
        assert_eq!(days, followed * PART);
    }
}

/// The last part that was acknowledged.
fn run_and_kill(path: &Path, wanted: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "days::killed::follower",
            "--ignored",
            "--nocapture",
        ])
        .env(PLACE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut last, mut seen) = (0, 0);
    for line in lines.map_while(Result::ok) {
        let Some(place) = line.strip_prefix("ack ") else {
            continue;
        };
        last = place.parse().unwrap();
        seen += 1;
        if seen == wanted {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(seen >= wanted, "the follower ended by itself");
    last
}

/// The process that is killed.
#[test]
#[ignore = "started and killed by the test above"]
fn follower() {
    let Some(path) = std::env::var_os(PLACE).map(PathBuf::from) else {
        return;
    };
    let store = SqliteDays::open(&path).unwrap();
    loop {
        let next = store.followed().unwrap() + 1;
        let one = |n: u64| {
            let model = format!("m{n}");
            day(("", next), &model, "2025-10-01", 1)
        };
        let days: Vec<_> = (0..PART).map(one).collect();
        store.put(&days, Some(next)).unwrap();
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "ack {next}");
        let _ = out.flush();
    }
}
