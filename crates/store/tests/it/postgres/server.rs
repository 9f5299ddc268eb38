//! A `PostgreSQL` server of the tests' own: in a temporary folder, on a Unix
//! socket only, gone with the process that started it.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use fondaco_store::runs::{PgOptions, PgRuns};

/// A running server.
pub(super) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    user: Option<String>,
    settings: String,
    databases: AtomicU32,
    /// Ends the server and removes its folder when this end of the pipe is
    /// closed, however this process ends.
    _guardian: std::process::Child,
}

/// The server that most tests share, unless there is none to be had; then it
/// says why, once per test, and the test passes. It does not wait for the
/// disk: these tests are not about that.
pub(super) fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();
    let server = SHARED
        .get_or_init(|| Server::start("-c fsync=off"))
        .as_ref();
    server.map_err(|why| skip(why)).ok()
}

/// A server for one test, which may stop it; with settings of its own.
pub(super) fn own(settings: &str) -> Option<Server> {
    Server::start(settings).map_err(|why| skip(&why)).ok()
}

pub(super) fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

impl Server {
    fn start(settings: &str) -> Result<Self, String> {
        let programs = programs()?;
        let user = other_user()?;
        let folder = tempfile::Builder::new()
            .prefix("fondaco-pg-")
            .tempdir_in("/tmp")
            .map_err(|error| error.to_string())?
            .keep();
        let server = Self {
            _guardian: guardian(&folder)?,
            programs,
            folder,
            user,
            settings: settings.to_owned(),
            databases: AtomicU32::new(0),
        };
        server.make();
        Ok(server)
    }

    /// From here on nothing is missing, so nothing may fail.
    fn make(&self) {
        self.give(&self.folder);
        let data = self.data().display().to_string();
        let words = "-U fondaco -A trust -E UTF8 --locale=C -N -D";
        let words: Vec<&str> = words.split(' ').chain([data.as_str()]).collect();
        self.run("initdb", &words).unwrap();
        self.start_again();
    }

    /// The address of a new, empty database.
    pub(super) fn database(&self) -> String {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut admin = self.client("postgres");
        admin
            .batch_execute(&format!("create database {name}"))
            .unwrap();
        self.address(&name)
    }

    /// A connection that is none of the store's.
    pub(super) fn client(&self, database: &str) -> postgres::Client {
        postgres::Client::connect(&self.address(database), postgres::NoTls).unwrap()
    }

    pub(super) fn address(&self, database: &str) -> String {
        let folder = self.folder.display();
        let port = self.port();
        format!("postgres:///{database}?host={folder}&port={port}&user=fondaco")
    }

    pub(super) fn port(&self) -> u16 {
        let given = self.settings.rsplit_once("-c port=");
        given.map_or(5432, |(_, port)| port.parse().unwrap())
    }

    /// Hands a file to the user that the server runs as.
    pub(super) fn give(&self, file: &Path) {
        if let Some(user) = &self.user {
            done(Command::new("chown").arg(user).arg(file)).unwrap();
        }
    }

    /// As after a power cut, but for the page cache.
    pub(super) fn restart(&self) {
        self.control(&["restart", "-m", "immediate"]).unwrap();
    }

    pub(super) fn stop(&self) {
        self.control(&["stop", "-m", "fast"]).unwrap();
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn start_again(&self) {
        self.control(&["start"]).unwrap();
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn control(&self, action: &[&str]) -> Result<(), String> {
        let (data, log) = (self.data(), self.folder.join("log"));
        let options = format!(
            "-k {} -c listen_addresses='' -c max_connections=200 \
             -c checkpoint_timeout=30s -c log_min_messages=fatal {}",
            self.folder.display(),
            self.settings
        );
        let mut words = vec!["-D".to_owned(), data.display().to_string()];
        words.extend(["-l".to_owned(), log.display().to_string()]);
        words.extend(["-w", "-s", "-o"].map(str::to_owned));
        words.push(options);
        words.extend(action.iter().map(|&word| word.to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let log = || std::fs::read_to_string(&log).unwrap_or_default();
        self.run("pg_ctl", &words)
            .map_err(|error| format!("{error}: {}", log()))
    }

    /// A program of the server, as the user it runs as.
    fn run(&self, program: &str, words: &[&str]) -> Result<(), String> {
        let program = self.programs.join(program);
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        done(command.args(words).current_dir("/"))
    }
}

/// A store over a new database of the server.
pub(super) fn store(server: &Server) -> PgRuns {
    PgRuns::open(&server.database(), PgOptions::default()).unwrap()
}

fn programs() -> Result<PathBuf, String> {
    let found = std::fs::read_dir("/usr/lib/postgresql").map_err(|_| "no PostgreSQL server here");
    let mut found: Vec<PathBuf> = found?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().ok_or("no PostgreSQL server here".to_owned())
}

/// The server refuses to run as root: the user to run it as, where needed.
fn other_user() -> Result<Option<String>, String> {
    let id = |user: &[&str]| Command::new("id").arg("-u").args(user).output();
    let me = id(&[]).map_err(|error| error.to_string())?;
    if text(&me.stdout) != "0" {
        return Ok(None);
    }
    let known = |user: &&str| id(&[user]).is_ok_and(|output| output.status.success());
    let user = ["postgres", "nobody"].into_iter().find(known);
    let user = user.ok_or("no user to run PostgreSQL as")?;
    done(Command::new("runuser").args(["-u", user, "--", "true"]))?;
    Ok(Some(user.to_owned()))
}

fn guardian(folder: &Path) -> Result<std::process::Child, String> {
    let script = "read _; kill -QUIT $(head -n 1 \"$0/data/postmaster.pid\") 2>/dev/null; \
                  while [ -e \"$0/data/postmaster.pid\" ] && kill -0 $(head -n 1 \
                  \"$0/data/postmaster.pid\") 2>/dev/null; do sleep 0.05; done; rm -rf \"$0\"";
    Command::new("sh")
        .args(["-c", script])
        .arg(folder)
        // What ends a whole group of processes must leave it to its work.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())
}

fn done(command: &mut Command) -> Result<(), String> {
    let log = |output: &Output| text(&[&output.stdout[..], &output.stderr[..]].concat());
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?}: {}", log(&output))),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
