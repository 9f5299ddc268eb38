//! Workers, a store, a reaper and halts, in every order: exhaustively.
//!
//! The store is the real one but for its place: every command goes through
//! [`carry_out`]. Around it are workers that say what they believe, answers
//! that get lost, reports that come late or twice, workers that crash or are
//! taken for dead, attempts that are adopted, and latches set and cleared at
//! any moment. A worker that is paused is one whose next step comes late, so
//! every pause is among the orders.
//!
//! Each kind of fault has a budget. Nothing else repeats itself for ever, so
//! every path ends, and where it ends the run must have ended: no order of
//! events leaves one hanging once the faults stop.

mod model;
mod state;

use stateright::{Checker, HasDiscoveries, Model};

use self::model::{Faults, Protocol};
use self::state::State;

fn check(protocol: Protocol) {
    let checker = protocol.checker().threads(2);
    let checked = checker
        .symmetry_fn(State::representative)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_dfs()
        .join();
    checked.assert_properties();
}

const NONE: Faults = Faults {
    crashes: 0,
    suspicions: 0,
    losses: 0,
    copies: 0,
    halts: 0,
    cancels: 0,
};

#[test]
fn two_workers_with_faults_of_every_kind() {
    check(Protocol {
        workers: 2,
        tasks: 1,
        faults: Faults {
            crashes: 1,
            suspicions: 1,
            losses: 1,
            copies: 1,
            halts: 1,
            cancels: 0,
        },
    });
}

#[test]
fn two_workers_two_tasks_and_halts() {
    check(Protocol {
        workers: 2,
        tasks: 2,
        faults: Faults {
            halts: 1,
            copies: crate::size(0, 1),
            ..NONE
        },
    });
}

#[test]
fn two_workers_two_tasks_and_a_cancellation() {
    check(Protocol {
        workers: 2,
        tasks: 2,
        faults: Faults {
            cancels: 1,
            crashes: 1,
            ..NONE
        },
    });
}

#[test]
fn three_workers_and_three_tasks() {
    check(Protocol {
        workers: 3,
        tasks: 3,
        faults: Faults {
            suspicions: 1,
            crashes: crate::size(0, 1),
            halts: crate::size(0, 1),
            ..NONE
        },
    });
}
