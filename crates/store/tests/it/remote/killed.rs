//! Owners that are killed while others work.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};

use fondaco_domain::RunId;
use fondaco_store::runs::Access;
use fondaco_store::runs::conformance::at;

use super::{ids, named, opened};

const PLACE: &str = "FONDACO_TEST_REMOTE_FILE";
const GROUP: &str = "FONDACO_TEST_REMOTE_GROUP";

/// The process that is killed: submits until the end and says so.
#[test]
#[ignore = "started and killed by the test below"]
fn submitter() {
    let Some(path) = std::env::var_os(PLACE).map(PathBuf::from) else {
        return;
    };
    let group: u8 = std::env::var(GROUP).unwrap().parse().unwrap();
    let opened = opened(&path);
    say(&format!("access {:?}", opened.access()));
    for n in 0.. {
        let asked = named(group, n);
        let id = asked.id;
        opened.store.submit(asked, at(1)).unwrap();
        say(&format!("ack {id}"));
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

struct Other {
    child: Child,
    said: Box<dyn Iterator<Item = String>>,
    acknowledged: Vec<RunId>,
}

impl Other {
    fn start(path: &Path, group: u8) -> Self {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "remote::killed::submitter",
                "--ignored",
                "--nocapture",
            ])
            .env(PLACE, path)
            .env(GROUP, group.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            said: Box::new(lines.map_while(Result::ok)),
            acknowledged: Vec::new(),
        }
    }

    /// Until it has said how it reaches the store.
    fn access(&mut self) -> String {
        let words = self.said.by_ref();
        words
            .find_map(|line| line.split_once("access ").map(|(_, how)| how.to_owned()))
            .unwrap()
    }

    /// So many more runs of it are acknowledged, or all that it said.
    fn take_in(&mut self, more: usize) {
        let acknowledged = self.said.by_ref().filter_map(|line| {
            let id = line.split_once("ack ")?.1;
            id.parse::<RunId>().ok()
        });
        self.acknowledged.extend(acknowledged.take(more));
    }

    fn kill(mut self) -> Vec<RunId> {
        self.child.kill().unwrap();
        self.take_in(usize::MAX);
        self.child.wait().unwrap();
        self.acknowledged
    }
}

/// Two owners are killed one after the other while three processes submit:
/// nothing that was acknowledged to any of them is lost.
#[test]
fn killed_owners_take_nothing_acknowledged_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut first = Other::start(&path, 1);
    assert_eq!(first.access(), "Owner");
    let mut second = Other::start(&path, 2);
    assert_eq!(second.access(), "Client");
    let client = opened(&path);
    assert_eq!(client.access(), Access::Client);
    let mut acknowledged = Vec::new();
    let mut submit = |numbers: std::ops::Range<u64>| {
        for n in numbers {
            let asked = named(3, n);
            let id = asked.id;
            assert!(client.store.submit(asked, at(1)).unwrap().id == id);
            acknowledged.push(id);
        }
    };
    submit(0..20);
    first.take_in(20);
    second.take_in(20);
    let of_first = first.kill();
    submit(20..40);
    second.take_in(20);
    let of_second = second.kill();
    submit(40..60);
    assert_eq!(client.access(), Access::Owner);

    assert!(of_first.len() >= 20 && of_second.len() >= 40);
    let kept = ids(client.store.as_ref());
    for id in acknowledged.into_iter().chain(of_first).chain(of_second) {
        assert!(kept.contains(&id), "{id}");
    }
    assert_eq!(client.store.check().unwrap(), []);
}
