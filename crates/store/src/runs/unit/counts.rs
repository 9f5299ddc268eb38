//! How many runs there are of each sort.

use fondaco_domain::run::{RunKind, RunState};

/// By kind, then by state as a run goes through them.
pub(in crate::runs) fn in_order(
    mut counted: Vec<(RunKind, RunState, u64)>,
) -> Vec<(RunKind, RunState, u64)> {
    let place = |state| RunState::ALL.iter().position(|one| *one == state);
    counted.sort_by_key(|(kind, state, _)| (*kind, place(*state)));
    counted
}
