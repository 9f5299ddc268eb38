//! What every store must do, as cases over the port.
//!
//! A new store runs [`CASES`], each over an empty store of its own:
//!
//! ```
//! use fondaco_store::runs::{MemoryRuns, conformance::CASES};
//!
//! for (name, case) in CASES {
//!     case(&MemoryRuns::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
//! }
//! ```
//!
//! A case panics where the store answers wrongly and returns the error where
//! it fails.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{Asked, RunStoreError, Submission};
use fondaco_domain::run::{CompletionRule, NewRun, RunKind};
use fondaco_domain::task::{TaskKind, TaskPlan};
use fondaco_domain::{ContentHash, RunId, UnixMicros};

/// A name and what is tried under it.
pub type Case = (&'static str, fn(&dyn Store) -> Result<(), RunStoreError>);

/// All of them.
pub const CASES: &[Case] = &[];

/// A run of `tasks` independent tasks in a queue, named by a number.
pub fn submission(number: u8, queue: &str, tasks: usize) -> Submission {
    let spec = format!("{{\"number\":{number}}}");
    let mut new = NewRun::new(RunKind::Simulation, ContentHash::of(spec.as_bytes()));
    new.rule = CompletionRule::ModelDays;
    queue.clone_into(&mut new.queue);
    Submission {
        id: RunId::new(u64::from(number), [number; 10]),
        new,
        spec,
        tasks: (0..tasks)
            .map(|no| TaskPlan::new(format!("step/{no}"), TaskKind::Noop))
            .collect(),
        last: true,
        key: None,
    }
}

/// Asked by the suite at a time.
pub fn at(micros: i64) -> Asked {
    Asked {
        actor: "conformance".to_owned(),
        at: UnixMicros(micros),
    }
}
