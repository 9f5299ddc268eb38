//! What crosses HTTP: requests, answers and problems of the native API.
//!
//! Times are RFC 3339 with six digits, ids UUIDs. Names that are lists of
//! words (states, kinds, modes) are the domain's own, closed.

mod about;
mod halts;
mod page;
mod problem;
mod runs;
mod workers;

pub use about::{AboutView, RoleView};
pub use halts::{HaltAckView, HaltSetBody, HaltView, HaltsView};
pub use page::Page;
pub use problem::{FieldProblem, Problem, ProblemCode};
pub use runs::{
    CancelBody, CountsView, EventView, LeaseView, ReplayBody, RunView, SubmitBody, SubmittedView,
    TaskView,
};
pub use workers::WorkerView;
