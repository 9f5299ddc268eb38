//! The C file that stands between a child and the disk, compiled and put to
//! use, and what it wrote down.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const SOURCE: &str = include_str!("../../power/shim.c");

/// The compiled file, or why there is none.
pub(crate) fn shim() -> Result<&'static Path, &'static str> {
    static SHIM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let shim = SHIM.get_or_init(compile);
    shim.as_deref().map_err(String::as_str)
}

/// Says why a test proves nothing here.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Where the loader ignores `LD_PRELOAD`.
pub(crate) const NO_EFFECT: &str = "LD_PRELOAD has no effect here";

fn compile() -> Result<PathBuf, String> {
    if !cfg!(target_os = "linux") {
        return Err("LD_PRELOAD is of Linux".to_owned());
    }
    let name = format!("power-shim-{}.so", std::process::id());
    let shim = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut cc = Command::new("cc")
        .args(["-O1", "-fPIC", "-shared", "-pthread", "-x", "c", "-", "-o"])
        .arg(&shim)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("no C compiler: {error}"))?;
    cc.stdin
        .take()
        .unwrap()
        .write_all(SOURCE.as_bytes())
        .unwrap();
    assert!(cc.wait().unwrap().success(), "the shim does not compile");
    Ok(shim)
}

/// A child of this test binary with a folder of its own behind the shim.
pub(crate) struct Behind {
    pub(crate) folder: tempfile::TempDir,
    command: Command,
}

impl Behind {
    /// Runs an ignored test of this binary.
    pub(crate) fn child(shim: &Path, test: &str) -> Self {
        let folder = scratch();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let acks = folder.path().join("acks");
        std::fs::write(&acks, "").unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env("LD_PRELOAD", shim)
            .env("FONDACO_SHIM_FOLDER", &data)
            .env("FONDACO_SHIM_LOG", folder.path().join("log"))
            .env("FONDACO_SHIM_ACKS", &acks)
            .stdout(Stdio::null());
        Self { folder, command }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Until it ends well. None where the shim was not loaded.
    pub(crate) fn run(&mut self) -> Option<Vec<Op>> {
        let status = self.command.status().unwrap();
        assert!(status.success(), "the child failed: {status}");
        let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        let ops = read(&log);
        (!ops.is_empty()).then_some(ops)
    }
}

/// A folder in memory, where there is one: nothing here is about the disk of
/// this machine.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// Something that was done to the folder.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Create {
        inode: u64,
        path: PathBuf,
    },
    Write {
        inode: u64,
        offset: usize,
        data: Vec<u8>,
    },
    Size {
        inode: u64,
        size: usize,
    },
    Sync {
        inode: u64,
    },
    SyncFolder {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    Folder {
        path: PathBuf,
    },
    Ack(String),
    SyncFailed {
        inode: u64,
    },
}

/// Reads the record; its form is told at the head of the C file.
fn read(mut log: &[u8]) -> Vec<Op> {
    let mut ops = Vec::new();
    while !log.is_empty() {
        let number = |at: usize| u64::from_ne_bytes(log[at..at + 8].try_into().unwrap());
        let half = |at: usize| u32::from_ne_bytes(log[at..at + 4].try_into().unwrap());
        let (operation, text) = (half(0), half(4) as usize);
        let (data, inode, offset) = (number(8) as usize, number(16), number(24) as usize);
        let (words, rest) = log[32..].split_at(text);
        let (data, rest) = rest.split_at(data);
        log = rest;
        let as_text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let path = PathBuf::from(as_text(words));
        ops.push(match operation {
            1 => Op::Create { inode, path },
            2 => Op::Write {
                inode,
                offset,
                data: data.to_vec(),
            },
            3 => Op::Size {
                inode,
                size: offset,
            },
            4 => Op::Sync { inode },
            5 => Op::SyncFolder { path },
            6 => Op::Rename {
                from: path,
                to: as_text(data).into(),
            },
            7 => Op::Unlink { path },
            8 => Op::Folder { path },
            9 => Op::Ack(as_text(data)),
            10 => Op::SyncFailed { inode },
            other => panic!("operation {other}"),
        });
    }
    ops
}
