//! Money of runs over real calls.

use std::time::Duration;

use fondaco_app::ports::model::{ModelError, NanoDollars};
use fondaco_llm::Retries;

use crate::server::{Reply, Server, choice, says};
use crate::support::{DEADLINE, Home, PAID, PLAIN, ask, ask_within};

#[test]
fn a_call_that_may_cost_too_much_is_not_made() {
    let home = Home::of(Server::of([says("up")]));
    let error = ask_within(&home.desk(), PAID, 0, DEADLINE, NanoDollars(1_000)).unwrap_err();
    assert!(matches!(error, ModelError::Budget { .. }), "{error}");
    assert!(home.server.asked().is_empty());
    assert_eq!(home.store.changes(), 0);
}

#[test]
fn what_costs_nothing_writes_nothing() {
    let home = Home::of(Server::of([says("up")]));
    let desk = home.desk();
    ask_within(&desk, PLAIN, 0, DEADLINE, NanoDollars(0)).unwrap();
    ask_within(&desk, "fondaco/scripted", 1, DEADLINE, NanoDollars(0)).unwrap();
    assert_eq!(home.store.changes(), 0);
}

#[test]
fn a_paid_call_takes_two_commits() {
    let home = Home::of(Server::of([says("up")]));
    ask(&home.desk(), PAID, 0).unwrap();
    assert_eq!(home.store.changes(), 2);
}

/// Every try may be charged: each has its own money.
#[test]
fn tries_are_paid_one_by_one() {
    let home = Home::of(Server::of([Reply::Whole(200, "", "{".to_owned())]));
    let quick = Retries {
        attempts: 3,
        first: Duration::from_millis(1),
        longest: Duration::from_millis(1),
    };
    let desk = home.desk_of(&home.provider(), quick);
    let limit = NanoDollars(4_000_000);
    let error = ask_within(&desk, PAID, 0, DEADLINE, limit).unwrap_err();
    // The third may cost more than is left.
    assert!(matches!(error, ModelError::Budget { .. }), "{error}");
    assert_eq!(home.server.asked().len(), 2);
    assert_eq!(home.spent().lost, 2);
    assert!(home.spent().cost <= limit);
}

/// Processes and threads at once, each call with an answer or none: nobody was
/// ever charged more than the limit, and what is noted is at least that.
#[test]
fn a_budget_holds_over_threads_and_processes() {
    let good = choice(&serde_json::json!({ "content": "up" }), "stop").to_string();
    let replies = (0..40).map(|no| match no % 4 {
        0 => Reply::Whole(200, "", "{".to_owned()),
        1 => Reply::Cut("{".to_owned()),
        _ => Reply::Slow(Duration::from_millis(5), good.clone()),
    });
    let home = Home::of(Server::of(replies));
    let limit = NanoDollars(15_000_000);
    std::thread::scope(|scope| {
        for process in 0..4 {
            let home = &home;
            scope.spawn(move || {
                let desk = home.desk();
                for no in 0..8 {
                    // Some are refused; that is what a budget is for.
                    let _ = ask_within(&desk, PAID, process * 10 + no, DEADLINE, limit);
                }
            });
        }
    });
    let spent = home.spent();
    assert!(spent.cost <= limit, "{spent:?}");
    assert_eq!(spent.calls + spent.lost, home.server.asked().len() as u64);
}
