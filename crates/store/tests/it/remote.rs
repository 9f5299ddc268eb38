//! A store through the socket of its owner: the same answers, whatever others
//! send to the socket, and whoever the owner is.

mod killed;

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{Notice, RunQuery, RunStore, RunStoreError, Submission};
use fondaco_app::ports::schedules::{Schedule, ScheduleStore};
use fondaco_domain::schedule::{CatchUp, Overlap, Timing, Trigger};
use fondaco_domain::{Hint, RunId, UnixMicros};
use fondaco_store::runs::conformance::{CASES, at, submission};
use fondaco_store::runs::remote::{RemoteRuns, Served, SocketPlace};
use fondaco_store::runs::{
    Access, MemoryRuns, OpenOptions, Opened, SqliteOptions, SqliteRuns, open,
};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

struct Memory {
    _folder: tempfile::TempDir,
    place: SocketPlace,
    served: Served,
}

fn memory() -> Memory {
    let folder = tempfile::tempdir().unwrap();
    let place = SocketPlace::of(&folder.path().join("runs.db"));
    let store = Arc::new(MemoryRuns::default());
    let served = Served::start(store, place.clone()).unwrap();
    Memory {
        _folder: folder,
        place,
        served,
    }
}

impl Memory {
    fn client(&self) -> RemoteRuns {
        RemoteRuns::connect(&self.place).unwrap()
    }

    fn raw(&self) -> UnixStream {
        UnixStream::connect(self.place.path()).unwrap()
    }
}

fn named(group: u8, n: u64) -> Submission {
    let mut asked = submission(group, "q", 2);
    asked.id = RunId::new(n, [group; 10]);
    asked
}

fn ids(store: &dyn Store) -> Vec<RunId> {
    let runs = store.runs(&RunQuery::default()).unwrap();
    runs.into_iter().map(|run| run.id).collect()
}

#[test]
fn memory_through_a_socket_passes_the_suite() {
    for (name, case) in CASES {
        let memory = memory();
        case(&memory.client()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_file_through_its_owner_passes_the_suite() {
    for (name, case) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.db");
        let owner = opened(&path);
        let client = opened(&path);
        assert_eq!(owner.access(), Access::Owner);
        assert_eq!(client.access(), Access::Client);
        case(client.store.as_ref()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

fn opened(path: &Path) -> Opened {
    let options = OpenOptions {
        patience: LONG,
        ..OpenOptions::default()
    };
    open(path.to_str().unwrap(), options).unwrap()
}

#[test]
fn the_socket_is_private_and_goes_with_its_owner() {
    let memory = memory();
    let path = memory.place.path().to_owned();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let client = memory.client();
    client.submit(named(1, 1), at(1)).unwrap();
    drop(memory.served);
    assert!(!path.exists());
    let gone = client.held().unwrap_err();
    assert!(matches!(gone, RunStoreError::Unreachable { .. }), "{gone}");
}

#[test]
fn bodies_cross_as_they_are() {
    let memory = memory();
    let client = memory.client();
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n * 7 / 3) as u8).collect();
    let hash = client.keep_body(&body).unwrap();
    assert_eq!(client.body(&hash).unwrap(), body);
    let missing = fondaco_domain::ContentHash::of(b"missing");
    let error = client.body(&missing).unwrap_err();
    assert!(matches!(error, RunStoreError::NoBody(hash) if hash == missing));
}

/// What the server says last before it ends the connection.
fn last_words(mut stream: UnixStream) -> String {
    let mut said = Vec::new();
    stream.set_read_timeout(Some(LONG)).unwrap();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

fn frame(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u32).to_be_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn garbage_ends_its_own_connection_and_nothing_else() {
    let memory = memory();
    let client = memory.client();
    client.submit(named(1, 1), at(1)).unwrap();
    let hello = frame(r#"{"fondaco_runs":2}"#);
    let gibibyte = [&hello[..], &[0x40, 0, 0, 0, 0, 0, 0, 0]].concat();
    let cases: [(&str, Vec<u8>); 5] = [
        (
            "a web browser",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        ),
        ("no hello", frame(r#"{"run":"x"}"#)),
        (
            "noise",
            (0..4096_u32).map(|n| ((n * n) >> 3) as u8).collect(),
        ),
        ("a frame of a gibibyte", gibibyte),
        ("nothing but zeros", vec![0; 64]),
    ];
    for (name, bytes) in cases {
        let mut stream = memory.raw();
        // The server may have hung up on it already.
        let _ = stream.write_all(&bytes);
        last_words(stream);
        assert_eq!(
            client.runs(&RunQuery::default()).unwrap().len(),
            1,
            "{name}"
        );
    }
}

#[test]
fn a_request_that_means_nothing_is_answered_so() {
    let memory = memory();
    let mut stream = memory.raw();
    stream.write_all(&frame(r#"{"fondaco_runs":2}"#)).unwrap();
    stream.write_all(&frame(r#"{"make_coffee":2}"#)).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let said = last_words(stream);
    assert!(said.contains(r#""unserved":"#), "{said}");
    assert!(said.contains("make_coffee"), "{said}");
}

#[test]
fn clients_that_die_in_a_frame_leave_nothing_behind() {
    let memory = memory();
    let whole = frame(r#"{"fondaco_runs":2}"#);
    for length in 0..whole.len() {
        memory.raw().write_all(&whole[..length]).unwrap();
    }
    for length in [3, 8, 11] {
        let mut stream = memory.raw();
        stream.write_all(&whole).unwrap();
        stream.write_all(&frame(r#""held""#)[..length]).unwrap();
    }
    assert_eq!(memory.client().held().unwrap(), []);
    // Ends although some of them may not have been noticed yet.
    drop(memory.served);
}

#[test]
fn another_protocol_is_refused_in_plain_words() {
    let memory = memory();
    let mut stream = memory.raw();
    stream.write_all(&frame(r#"{"fondaco_runs":99}"#)).unwrap();
    let said = last_words(stream);
    assert!(said.contains("it speaks protocol 2, not 99"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let place = SocketPlace::of(&folder.path().join("runs.db"));
    let newer = UnixListener::bind(place.path()).unwrap();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = newer.accept().unwrap();
        let refusal = r#"{"fondaco_runs":3,"pid":7,"refused":"it speaks protocol 3, not 2"}"#;
        stream.write_all(&frame(refusal)).unwrap();
    });
    let error = RemoteRuns::connect(&place).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "its owner refuses: it speaks protocol 3, not 2");
    answering.join().unwrap();
}

#[test]
fn many_clients_at_once() {
    let memory = memory();
    std::thread::scope(|scope| {
        for group in 0..32_u8 {
            let client = memory.client();
            scope.spawn(move || {
                for n in 0..10 {
                    let asked = named(group, n);
                    assert!(client.submit(asked.clone(), at(1)).unwrap().fresh);
                    assert_eq!(client.run(asked.id).unwrap().new, asked.new);
                }
            });
        }
    });
    let client = memory.client();
    assert_eq!(ids(&client).len(), 320);
    assert_eq!(client.check().unwrap(), []);
    // And many threads over one client.
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| assert_eq!(ids(&client).len(), 320));
        }
    });
}

#[test]
fn news_crosses() {
    let memory = memory();
    let client = memory.client();
    let mut notices = client.subscribe().unwrap();
    client.submit(named(1, 1), at(1)).unwrap();
    assert_eq!(notices.wait(LONG), Some(Notice::Wake));
    drop(memory.served);
    assert_eq!(notices.wait(Duration::from_millis(1)), None);
}

/// Passes frames on, and cuts the connection instead of giving the first
/// answer to a request that holds `word`.
fn forgetful(from: &SocketPlace, to: PathBuf, word: &'static str) {
    let listener = UnixListener::bind(from.path()).unwrap();
    std::thread::spawn(move || {
        let mut forgot = false;
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), UnixStream::connect(&to).unwrap());
            while let Some(request) = one_frame(&mut client) {
                server.write_all(&request).unwrap();
                let answer = one_frame(&mut server).unwrap();
                let text = String::from_utf8_lossy(&request);
                if !forgot && text.contains(word) {
                    forgot = true;
                    break;
                }
                client.write_all(&answer).unwrap();
            }
        }
    });
}

fn one_frame(from: &mut UnixStream) -> Option<Vec<u8>> {
    let mut head = [0; 8];
    from.read_exact(&mut head).ok()?;
    let length = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap()) as usize;
    let mut rest = vec![0; length(0) + length(4)];
    from.read_exact(&mut rest).ok()?;
    Some([&head[..], &rest].concat())
}

fn nightly() -> Schedule {
    let asked = submission(1, "q", 0);
    Schedule {
        name: "nightly".to_owned(),
        timing: Timing {
            trigger: Trigger::Interval {
                every: 60_000_000,
                anchor: UnixMicros(0),
            },
            overlap: Overlap::Skip,
            catch_up: CatchUp::One,
            jitter_ms: 0,
        },
        spec: asked.spec,
        new: asked.new,
        paused: false,
        next: Some(UnixMicros(60_000_000)),
        since: UnixMicros(1),
    }
}

#[test]
fn a_call_whose_answer_was_lost_is_repeated_and_no_failure() {
    for word in ["submit", "add_schedule", "remove_schedule"] {
        let memory = memory();
        let folder = tempfile::tempdir().unwrap();
        let between = SocketPlace::of(&folder.path().join("runs.db"));
        forgetful(&between, memory.place.path().to_owned(), word);
        let client = RemoteRuns::connect(&between).unwrap();
        client.submit(named(1, 1), at(1)).unwrap();
        client.add_schedule(nightly(), at(2)).unwrap();
        assert_eq!(client.schedules().unwrap(), [nightly()]);
        // What is not repeated is refused as ever, and so is another body.
        let taken = client.add_schedule(nightly(), at(2)).unwrap_err();
        assert!(matches!(taken, RunStoreError::ScheduleTaken(_)));
        client.remove_schedule("nightly", at(3)).unwrap();
        let gone = client.remove_schedule("nightly", at(3)).unwrap_err();
        assert!(matches!(gone, RunStoreError::NoSchedule(_)));
        assert_eq!(ids(&client), [named(1, 1).id]);
    }
}

#[test]
fn what_another_owner_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let place = SocketPlace::of(&path);
    drop(UnixListener::bind(place.path()).unwrap());
    assert!(place.path().exists());
    let owner = opened(&path);
    let client = opened(&path);
    client.store.submit(named(1, 1), at(1)).unwrap();
    assert_eq!(ids(owner.store.as_ref()), [named(1, 1).id]);
    let through = client.store.vitals().unwrap().access;
    let pid = std::process::id();
    assert_eq!(through, format!("through process {pid}, which owns it"));
    drop((owner, client));
    assert!(!place.path().exists());
}

#[test]
fn a_path_too_long_for_a_socket_works_too() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("deep".repeat(50));
    std::fs::create_dir(&deep).unwrap();
    let path = deep.join("runs.db");
    let owner = opened(&path);
    let client = opened(&path);
    assert_eq!(client.access(), Access::Client);
    client.store.submit(named(1, 1), at(1)).unwrap();
    drop((client, owner));
    assert!(std::fs::symlink_metadata(SocketPlace::of(&path).path()).is_err());
}

#[test]
fn an_owner_that_serves_nobody_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("runs.db");
    let _owner = SqliteRuns::open(&path, SqliteOptions::default()).unwrap();
    let options = OpenOptions {
        patience: Duration::from_millis(50),
        ..OpenOptions::default()
    };
    let error = open(path.to_str().unwrap(), options).unwrap_err();
    assert!(matches!(&error, RunStoreError::Owned(at) if *at == path));
    assert_eq!(
        error.hint().as_deref(),
        Some("wait for it to end, or stop it")
    );
}

#[test]
fn a_client_takes_over_from_an_owner_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let owner = opened(&path);
    let clients: Vec<_> = (0..3).map(|_| opened(&path)).collect();
    let mut notices = clients[0].store.subscribe().unwrap();
    owner.store.submit(named(1, 1), at(1)).unwrap();
    assert_eq!(notices.wait(LONG), Some(Notice::Wake));
    drop(owner);
    // The one that waits for news notices, too.
    assert_eq!(notices.wait(LONG), Some(Notice::Wake));
    for (n, client) in (2..).zip(&clients) {
        client.store.submit(named(1, n), at(1)).unwrap();
    }
    assert_eq!(ids(clients[0].store.as_ref()).len(), 4);
    let owners = clients.iter().filter(|one| one.access() == Access::Owner);
    assert_eq!(owners.count(), 1);
}

#[test]
fn when_nobody_takes_over_the_call_ends() {
    let memory = memory();
    let client = memory.client();
    drop(memory.served);
    let began = Instant::now();
    let error = client.held().unwrap_err();
    assert!(began.elapsed() < LONG);
    assert_eq!(
        error.hint().as_deref(),
        Some("check that it runs, then try again")
    );
}
