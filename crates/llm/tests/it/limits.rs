//! Asked again, not too often, not too long, and not for nobody.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fondaco_app::ports::model::{CallContext, ModelError, Models, NanoDollars, Seat};
use fondaco_llm::Retries;

use crate::server::{Reply, Server, choice, fails, says};
use crate::support::{DEADLINE, Home, PAID, ask, ask_within, question, run};

const QUICK: Retries = Retries {
    attempts: 3,
    first: Duration::from_millis(1),
    longest: Duration::from_millis(4),
};

const DOLLAR: NanoDollars = NanoDollars(1_000_000_000);

#[test]
fn what_may_pass_is_asked_again_and_what_may_not_is_not() {
    let cases = [
        (fails(500, "", "oh no"), 3),
        (fails(429, "", "slow down"), 3),
        (Reply::Whole(200, "", "{".to_owned()), 3),
        (Reply::Cut("{".to_owned()), 3),
        (fails(400, "", "no"), 1),
        (fails(401, "", "no"), 1),
        (fails(404, "", "no"), 1),
    ];
    for (reply, asked) in cases {
        let home = Home::of(Server::of([reply.clone()]));
        let desk = home.desk_of(&home.provider(), QUICK);
        assert!(ask(&desk, PAID, 0).is_err());
        assert_eq!(home.server.asked().len(), asked, "{reply:?}");
    }
    let home = Home::of(Server::of([
        fails(503, "", "wait"),
        fails(429, "", "wait"),
        says("up"),
    ]));
    let desk = home.desk_of(&home.provider(), QUICK);
    assert_eq!(ask(&desk, PAID, 0).unwrap().text, "up");
    assert_eq!(home.spent().calls, 1);
}

#[test]
fn a_provider_that_says_when_is_left_alone_until_then() {
    let home = Home::of(Server::of([
        fails(429, "retry-after: 0.2\r\n", "wait"),
        says("up"),
    ]));
    let desk = home.desk_of(&home.provider(), QUICK);
    let since = Instant::now();
    assert_eq!(ask(&desk, PAID, 0).unwrap().text, "up");
    // Waiting for less would be the defect; for more is only slow.
    assert!(since.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_provider_that_wants_more_time_than_there_is_is_not_waited_for() {
    let home = Home::of(Server::of([fails(429, "retry-after: 3600\r\n", "wait")]));
    let desk = home.desk_of(&home.provider(), QUICK);
    for _ in 0..2 {
        let error = ask(&desk, PAID, 0).unwrap_err();
        let ModelError::RateLimited {
            retry_after: Some(wait),
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert!(wait > Duration::from_mins(50));
    }
    // The second did not even ask.
    assert_eq!(home.server.asked().len(), 1);
    assert_eq!(home.spent().cost, NanoDollars(0));
}

#[test]
fn no_more_are_under_way_than_the_provider_takes() {
    let body = choice(&serde_json::json!({ "content": "up" }), "stop").to_string();
    let home = Home::of(Server::of([Reply::Slow(Duration::from_millis(20), body)]));
    let mut provider = home.provider();
    provider.in_flight = Some(3);
    let desk = home.desk_of(&provider, QUICK);
    std::thread::scope(|scope| {
        for no in 0..12 {
            let desk = &desk;
            scope.spawn(move || ask(desk, PAID, no).unwrap());
        }
    });
    assert_eq!(home.server.asked().len(), 12);
    assert!(home.server.most_inside() <= 3);
}

#[test]
fn no_more_are_asked_in_a_minute_than_the_provider_takes() {
    let home = Home::of(Server::of([says("up")]));
    let mut provider = home.provider();
    provider.per_minute = Some(2);
    let desk = home.desk_of(&provider, QUICK);
    for no in 0..2 {
        ask(&desk, PAID, no).unwrap();
    }
    let error = ask_within(&desk, PAID, 2, Duration::from_secs(1), DOLLAR).unwrap_err();
    assert!(
        matches!(
            error,
            ModelError::RateLimited {
                retry_after: Some(_),
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(home.server.asked().len(), 2);
}

/// A call that is stopped ends at once, and the money for it counts as spent:
/// its answer may have been under way.
#[test]
fn a_call_that_nobody_wants_any_more_ends() {
    let home = Home::of(Server::of([Reply::Stalls(String::new())]));
    let desk = home.desk();
    let looks = AtomicUsize::new(0);
    // It is wanted until the server has been asked.
    let stopped = || {
        looks.fetch_add(1, Ordering::SeqCst);
        !home.server.asked().is_empty()
    };
    let seat = Seat {
        run: run(),
        node: "n",
        model: PAID,
        limit: Some(DOLLAR),
        replay: None,
    };
    let context = CallContext {
        node: "n",
        ordinal: 0,
        deadline: DEADLINE,
        stopped: &stopped,
    };
    let error = desk
        .open(&seat)
        .unwrap()
        .complete(&question(PAID), &context)
        .unwrap_err();
    assert!(matches!(error, ModelError::Stopped), "{error}");
    assert_eq!(home.spent().lost, 1);
    assert!(looks.load(Ordering::SeqCst) >= 2);
}

#[test]
fn waiting_for_another_try_ends_with_the_deadline() {
    let home = Home::of(Server::of([fails(500, "", "oh no")]));
    let slow = Retries {
        attempts: 9,
        first: Duration::from_mins(1),
        longest: Duration::from_mins(1),
    };
    let desk = home.desk_of(&home.provider(), slow);
    let error = ask_within(&desk, PAID, 0, Duration::from_secs(1), DOLLAR).unwrap_err();
    // What went wrong is told, not that time was over.
    assert!(
        matches!(error, ModelError::Failed { status: 500, .. }),
        "{error}"
    );
    assert_eq!(home.server.asked().len(), 1);
}
