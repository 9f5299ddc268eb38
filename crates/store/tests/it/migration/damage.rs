//! Files that are torn, disks that are full, processes that are killed.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use fondaco_app::flags::Environment;
use fondaco_app::migration::parity::Field;
use fondaco_app::migration::{From, LegacyTeller, Migration, Phase};
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::{RunQuery, RunStore};
use fondaco_app::projections::Teller;
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use fondaco_store::LegacyFolder;
use fondaco_store::runs::{SqliteOptions, SqliteRuns};

use rustix::process::{Resource, getrlimit, setrlimit};

use super::world::{End, Hands, World, tree};

#[test]
fn a_torn_file_is_told_and_never_taken_for_an_answer() {
    let world = World::new();
    let migration = world.in_phase(Phase::DualWrite);
    let name = world.ended("AAPL", End::Both);
    world.settle(&mut world.follower(&migration));
    let whole = fs::read(world.file(&name)).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 3] {
        fs::write(world.file(&name), &whole[..length]).unwrap();
        let read = migration.read_task(&name).unwrap().unwrap();
        assert_eq!(read.from, From::New);
        assert_eq!(read.differences.len(), 1, "{length}");
        assert_eq!(read.differences[0].field, Field::File);
        let why = read.differences[0].legacy.as_str().unwrap();
        assert!(why.contains(&format!("{name}.json")), "{why}");
        // Where the files are what counts there is no answer.
        let error = world.in_phase(Phase::ContractFreeze).read_task(&name);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Corrupt);
        world.in_phase(Phase::DualWrite);
    }
    // What a writer left that was killed is nobody's.
    let folder = world.file(&name).parent().unwrap().to_owned();
    fs::write(folder.join(".new-7-1"), "{").unwrap();
    fs::remove_file(world.file(&name)).unwrap();
    let read = world.in_phase(Phase::ContractFreeze).read_task(&name);
    assert_eq!(read.unwrap().unwrap().from, From::Legacy);
    assert_eq!(migration.look_over().unwrap().only_legacy, 0);
}

const STORE: &str = "FONDACO_TEST_LEGACY_STORE";
const ROOT: &str = "FONDACO_TEST_LEGACY_ROOT";
const FULL: &str = "FONDACO_TEST_LEGACY_FULL";

fn sqlite(path: &Path) -> Arc<SqliteRuns> {
    Arc::new(SqliteRuns::open(path, SqliteOptions::default()).unwrap())
}

/// The child: tells every run, and says so before and after.
#[test]
#[ignore = "started by the tests below"]
fn telling() {
    let place = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(store), Some(root)) = (place(STORE), place(ROOT)) else {
        return;
    };
    let store = sqlite(&store);
    let migration = Migration::new(
        Arc::clone(&store) as _,
        Arc::new(LegacyFolder::at(root, "one")),
        Arc::new(Hands::default()),
        Environment::default(),
    );
    let teller = LegacyTeller(Arc::new(migration));
    let mut runs = store.runs(&RunQuery::default()).unwrap();
    runs.sort_by_key(|run| run.id);
    if std::env::var_os(FULL).is_some() {
        refuse_growth();
    }
    let mut out = std::io::stdout();
    let mut whole = true;
    for run in runs {
        writeln!(out, "telling {}", run.id).unwrap();
        match teller.tell(run.id, 0) {
            Ok(_) => writeln!(out, "told {}", run.id).unwrap(),
            Err(error) => {
                whole = false;
                writeln!(out, "failed {:?}", error.kind()).unwrap();
            }
        }
    }
    if whole {
        teller.set_position(store.feed_end().unwrap()).unwrap();
    }
}

/// From here on no file of this process grows beyond 512 bytes: a file of a
/// task is longer.
fn refuse_growth() {
    let mut limit = getrlimit(Resource::Fsize);
    limit.current = Some(512);
    setrlimit(Resource::Fsize, limit).unwrap();
}

/// Analyses that have ended in a file of runs.
fn filled(path: &Path, count: usize) -> World {
    let world = World::over(sqlite(path));
    world.in_phase(Phase::DualWrite);
    for number in 0..count {
        let end = [End::Both, End::QuantOnly, End::Neither][number % 3];
        world.ended("AAPL", end);
        world.hands.pass(60);
    }
    world
}

fn child(command: &mut Process, store: &Path, root: &Path) -> std::process::Child {
    command
        .env(STORE, store)
        .env(ROOT, root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_writer_that_is_killed_half_way_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let count = 12;
    let World { store, home, hands } = filled(&path, count);
    drop(store);
    let test = std::env::current_exe().unwrap();
    for stop in 1..=5 {
        let mut command = Process::new(&test);
        command.args([
            "--exact",
            "migration::damage::telling",
            "--ignored",
            "--nocapture",
        ]);
        let mut child = child(&mut command, &path, home.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.map_while(Result::ok);
        // While it is at this one, or the next.
        let telling = said.filter(|line| line.contains("telling ")).nth(stop * 2);
        assert!(telling.is_some());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let world = World {
        store: sqlite(&path),
        home,
        hands,
    };
    // Whatever is there is whole.
    let left = world.migration().look_over().unwrap();
    assert_eq!(left.broken, []);
    world.settle(&mut world.follower(&world.migration()));
    let anew = tempfile::tempdir().unwrap();
    world.settle(&mut world.follower(&world.migration_at(anew.path())));
    let mut told = tree(world.home.path());
    told.retain(|name, _| !name.contains("/.new-"));
    assert_eq!(told, tree(anew.path()));
    assert_eq!(world.migration().look_over().unwrap().equal, count);
}

/// The real thing: the system refuses to let files grow.
#[test]
fn a_full_disk_is_an_error_and_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let World { store, home, hands } = filled(&path, 3);
    drop(store);
    let before = tree(home.path());
    // Without the signal, which would end it, the child has an error to tell.
    let mut command = Process::new("sh");
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .env(FULL, "1")
        .args([
            "--exact",
            "migration::damage::telling",
            "--ignored",
            "--nocapture",
        ]);
    let mut child = child(&mut command, &path, home.path());
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let failed = lines
        .map_while(Result::ok)
        .filter(|line| line.contains("failed Storage"))
        .count();
    child.wait().unwrap();
    assert_eq!(tree(home.path()), before);
    assert_eq!(failed, 3);
    let world = World {
        store: sqlite(&path),
        home,
        hands,
    };
    world.settle(&mut world.follower(&world.migration()));
    assert_eq!(world.migration().look_over().unwrap().equal, 3);
    let log = world.migration().files().differences(UnixMicros(0));
    assert_eq!(log.unwrap(), []);
    assert!(world.hands.wall() > UnixMicros(0));
}
