//! The child of the tests, and a parent that dies on them:
//!
//! ```text
//! exec-test-child task run <folder>
//! exec-test-child parent <home> <assignment>    starts one, prints its reference, waits
//! exec-test-child hold                          waits
//! ```

mod script;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use fondaco_app::ports::exec::Executor;
use fondaco_domain::Hint;
use fondaco_exec::local::Settings;
use fondaco_exec::{Local, child};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["task", "run", folder] => task(Path::new(folder)),
        ["parent", home, assignment] => parent(Path::new(home), assignment),
        ["hold"] => script::hold(),
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
