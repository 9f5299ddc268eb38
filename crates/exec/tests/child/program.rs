//! The child of the tests, and a parent that dies on them:
//!
//! ```text
//! exec-test-child task run <folder>
//! exec-test-child parent <home> <assignment>    starts one, prints its reference, waits
//! exec-test-child hold                          waits
//! exec-test-child gateway <manner> --generation <number>
//! ```

mod script;

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use fondaco_app::ports::exec::Executor;
use fondaco_domain::Hint;
use fondaco_exec::local::Settings;
use fondaco_exec::{Local, child};
use signal_hook::consts::SIGTERM;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["task", "run", folder] => task(Path::new(folder)),
        ["parent", home, assignment] => parent(Path::new(home), assignment),
        ["hold"] => script::hold(),
        ["gateway", manner, "--generation", generation] => gateway(manner, generation),
        _ => ExitCode::from(2),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "as the program does: its parent reads the log"
)]
fn task(folder: &Path) -> ExitCode {
    match child::run(folder, &script::bodies()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// Waits to be told to end, and obeys, or does not; or fails at once.
#[expect(clippy::print_stderr, reason = "the test reads the log")]
fn gateway(manner: &str, generation: &str) -> ExitCode {
    if manner == "fails" {
        eprintln!("gateway of generation {generation} fails");
        return ExitCode::from(3);
    }
    let (told, mut hears) = UnixStream::pair().expect("a pair of sockets");
    signal_hook::low_level::pipe::register(SIGTERM, told).expect("a signal");
    eprintln!("gateway of generation {generation} listens");
    loop {
        hears.read_exact(&mut [0]).expect("a signal");
        if manner == "obeys" {
            return ExitCode::SUCCESS;
        }
    }
}

#[expect(clippy::print_stdout, reason = "the test reads the reference")]
fn parent(home: &Path, assignment: &str) -> ExitCode {
    let program: PathBuf = std::env::current_exe().expect("its own path");
    let assignment = serde_json::from_str(assignment).expect("an assignment");
    let local = Local::open(Settings::new(program, home), Arc::new(|| ())).expect("a parent");
    let reference = local.start(assignment).expect("a start");
    println!("{}", reference.expect("a reference"));
    // Until the test closes the line.
    let _ = std::io::stdin().read(&mut [0]);
    ExitCode::SUCCESS
}
