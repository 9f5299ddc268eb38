//! `kill -9` during imports: what was acknowledged is there, and no import is
//! there in part.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fondaco_app::ports::research::{Horizon, NewsQuery, ResearchStore, Story};
use fondaco_domain::UnixMillis;
use fondaco_store::research::SqliteResearch;

use super::{ALL, news, story};

const PLACE: &str = "FONDACO_TEST_RESEARCH_FILE";
const CYCLE: &str = "FONDACO_TEST_RESEARCH_CYCLE";

/// Stories of one import.
const PART: usize = 40;

#[test]
fn an_import_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("research.db");
    let mut last = 0;
    for cycle in 0..crate::size(12, 400) {
        let acknowledged = run_and_kill(&path, cycle, 1 + cycle as usize * 5 % 17);
        let store = SqliteResearch::open(&path).unwrap();
        let place = store.place().unwrap();
        assert!(
            place >= acknowledged && acknowledged > last,
            "cycle {cycle}"
        );
        last = place;
        let mut parts: BTreeMap<String, usize> = BTreeMap::new();
        for story in store.stories(&news(ALL)).unwrap() {
            *parts.entry(story.source).or_default() += 1;
        }
        assert_eq!(parts.len() as u64, place, "an import has one place");
        assert!(parts.values().all(|count| *count == PART), "{parts:?}");
        let pinned = Horizon {
            place: Some(place - 1),
            ..ALL
        };
        let before = store.stories(&news(pinned)).unwrap();
        assert_eq!(before.len(), (place as usize - 1) * PART);
        // The words are in step with the stories.
        let words = Some("headline".to_owned());
        let found = store.stories(&NewsQuery { words, ..news(ALL) }).unwrap();
        assert_eq!(found.len(), place as usize * PART);
    }
}

/// The last place that was acknowledged.
fn run_and_kill(path: &Path, cycle: u32, wanted: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "research::killed::importer",
            "--ignored",
            "--nocapture",
        ])
        .env(PLACE, path)
        .env(CYCLE, cycle.to_string())
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
    assert!(seen >= wanted, "the importer ended by itself");
    last
}

/// The process that is killed.
#[test]
#[ignore = "started and killed by the test above"]
fn importer() {
    let Some(path) = std::env::var_os(PLACE).map(PathBuf::from) else {
        return;
    };
    let cycle = std::env::var(CYCLE).unwrap();
    let store = SqliteResearch::open(&path).unwrap();
    for part in 0.. {
        let named = |n: usize| Story {
            source: format!("{cycle}/{part}"),
            ..story(
                &format!("{cycle}-{part}-{n}"),
                UnixMillis(n as i64),
                &["A", "B"],
            )
        };
        let stories: Vec<Story> = (0..PART).map(named).collect();
        let taken = store.add_stories(&stories).unwrap();
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "ack {}", taken.place);
        let _ = out.flush();
    }
}
