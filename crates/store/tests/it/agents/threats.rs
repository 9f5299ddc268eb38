//! Answers that are none, days that are cut off, and what counts of them.

use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::model::{Completion, Finish, Message, ModelError, NanoDollars, Usage};
use fondaco_contract::v1alpha1::simulation::{ActionKind, ActionState, MessageRole};
use fondaco_domain::run::RunState;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::world::{DAYS, Ran, Said, World, answer};

fn buys(amount: i64) -> (&'static str, Value) {
    ("buy", json!({"symbol": "AAPL", "amount": amount}))
}

fn finishes(summary: &str) -> (&'static str, Value) {
    ("finish", json!({"summary": summary}))
}

fn held(ran: &Ran, day: &str) -> Decimal {
    let holdings = ran.day(day).end.holdings;
    holdings.first().map_or(Decimal::ZERO, |held| held.quantity)
}

fn cut_off(finish: Finish) -> Said {
    Said::Whole(Completion {
        finish,
        ..answer("I will", &[])
    })
}

fn twice() -> Said {
    let mut twice = answer("", &[buys(1), buys(2)]);
    let name = twice.calls[0].id.clone();
    twice.calls[1].id = name;
    Said::Whole(twice)
}

/// Five were bought on the first day. On the second, one more is, and then the
/// model gives no usable answer: nothing of that day counts, whatever was
/// filled already, and the third goes on from the first.
#[test]
fn a_day_that_breaks_off_leaves_nothing() {
    let rate_limited = || ModelError::RateLimited {
        provider: "test".into(),
        retry_after: None,
    };
    let unreachable = || ModelError::Unreachable {
        provider: "test".into(),
        sent: true,
        source: "reset".into(),
    };
    let refused = || ModelError::Refused {
        provider: "test".into(),
        problem: "tool_choice".into(),
    };
    let timed_out = || ModelError::TimedOut {
        provider: "test".into(),
        deadline: Duration::from_secs(75),
    };
    let malformed = || ModelError::Malformed {
        provider: "test".into(),
        problem: "no JSON".into(),
    };
    let budget = || ModelError::Budget {
        asked: NanoDollars(3_000_000_000),
        left: NanoDollars(1_000_000_000),
        limit: NanoDollars(2_000_000_000),
    };
    let cases: [(Said, &str); 13] = [
        (Said::Error(rate_limited), "rate_limited: "),
        (Said::Error(unreachable), "provider: "),
        (Said::Error(refused), "refused: "),
        (Said::Error(timed_out), "timeout: "),
        (Said::Error(malformed), "malformed: "),
        (
            Said::Error(budget),
            "budget: this call may cost $3.00 and $1.00 of the budget of $2.00",
        ),
        (
            cut_off(Finish::Length),
            "length: the answer was cut off at 4000 tokens",
        ),
        (
            cut_off(Finish::Refused),
            "refused: the provider held the answer back: I will",
        ),
        (Said::Text(""), "malformed: it is empty"),
        (Said::Text(" \n "), "malformed: it is empty"),
        (Said::Wishes(vec![]), "malformed: it is empty"),
        (twice(), "malformed: it has two wishes `buy-0`"),
        (
            Said::Slow(600, Box::new(Said::Wishes(vec![("account", json!({}))]))),
            "timeout: no answer within 600 s",
        ),
    ];
    for (said, reason) in cases {
        let ran = World::new()
            .says(DAYS[0], vec![Said::Wishes(vec![buys(5)])])
            .says(DAYS[1], vec![Said::Wishes(vec![buys(1)]), said])
            .says(DAYS[2], vec![Said::Wishes(vec![("account", json!({}))])])
            .run();
        let failed = ran.failed(DAYS[1]);
        assert!(failed.contains(reason), "{reason}: {failed}");
        assert_eq!(ran.state(), RunState::Partial, "{reason}");
        let next = ran.day(DAYS[2]);
        assert_eq!(next.after.unwrap().to_string(), DAYS[0]);
        assert_eq!(next.days_since_last_trading, 2);
        assert_eq!(
            next.start.holdings[0].quantity,
            Decimal::from(5),
            "{reason}"
        );
        assert_eq!(next.start.cash, Decimal::from(9_500));
        // 5 from 100 to 106.
        assert_eq!(next.figures.profit, Decimal::from(30));
        assert!(ran.told(DAYS[2])[0].contains(r#""positions":{"AAPL":5}"#));
    }
}

/// A day before the first that fails: it begins with the initial cash.
#[test]
fn where_no_day_completed_the_account_begins_anew() {
    let ran = World::new()
        .says(
            DAYS[0],
            vec![Said::Wishes(vec![buys(1)]), cut_off(Finish::Length)],
        )
        .says(DAYS[1], vec![Said::Text("")])
        .run();
    let third = ran.day(DAYS[2]);
    assert_eq!(
        (third.after, third.start.cash),
        (None, Decimal::from(10_000))
    );
    assert!(third.start.holdings.is_empty());
}

/// Orders that wait are of the day that gave them.
#[test]
fn orders_that_wait_are_lost_with_their_day() {
    let ran = World::new()
        .job(|job| job["execution"] = json!("next_open"))
        .says(DAYS[0], vec![Said::Wishes(vec![buys(2)])])
        .says(DAYS[1], vec![Said::Wishes(vec![buys(50)]), Said::Text("")])
        .run();
    assert!(ran.failed(DAYS[1]).contains("malformed"));
    // What was ordered on the first day is filled at the next open that counts.
    let third = ran.day(DAYS[2]);
    let filled: Vec<String> = third
        .actions
        .iter()
        .map(|it| {
            format!(
                "{} {} {:?}",
                it.kind.as_str(),
                it.quantity,
                it.ordered.map(|it| it.to_string())
            )
        })
        .collect();
    assert_eq!(filled[0], format!("buy 2 Some({:?})", DAYS[0]));
    assert!(!filled.iter().any(|it| it.contains("50")), "{filled:?}");
    let ActionState::Filled { price, .. } = &third.actions[0].state else {
        panic!("{third:?}");
    };
    assert_eq!(*price, Decimal::from(106));
}

#[test]
fn what_is_wished_after_the_end_is_not_done() {
    for summary in ["Enough.", ""] {
        let wishes = vec![buys(1), finishes(summary), buys(2), ("prices", json!({}))];
        let ran = World::new()
            .says(
                DAYS[0],
                vec![Said::Wishes(wishes), Said::Text("I bought one.")],
            )
            .run();
        assert_eq!(held(&ran, DAYS[0]), Decimal::ONE);
        let session = ran.day(DAYS[0]).session;
        assert_eq!(session.ended, "finished");
        let asked = ran.asked(DAYS[0]);
        if summary.is_empty() {
            // It is asked for one; every wish has an answer by then.
            assert_eq!(session.summary.as_deref(), Some("I bought one."));
            assert_eq!(asked.len(), 2);
            assert!(asked[1].tools.is_empty());
            assert_eq!(unanswered(&asked[1].messages), Vec::<String>::new());
            assert_eq!(ran.told(DAYS[0])[2], "not done: the day is over");
        } else {
            assert_eq!(session.summary.as_deref(), Some("Enough."));
            assert_eq!(asked.len(), 1);
        }
    }
}

/// Wishes of a question that no tool has answered.
fn unanswered(messages: &[Message]) -> Vec<String> {
    let mut open = Vec::new();
    for message in messages {
        match message {
            Message::Assistant { calls, .. } => open.extend(calls.iter().map(|it| it.id.clone())),
            Message::Tool { call, .. } => open.retain(|id| id != call),
            Message::User { .. } => {}
        }
    }
    open
}

#[test]
fn a_day_may_end_in_words() {
    // With the signal, wherever it stands; what is wished beside it is done.
    let signal = Completion {
        text: "Bought. <FINISH_SIGNAL> Bye.".to_owned(),
        ..answer("", &[buys(1)])
    };
    let ran = World::new()
        .says(
            DAYS[0],
            vec![Said::Whole(signal), Said::Text("One was bought.")],
        )
        .says(
            DAYS[1],
            vec![Said::Text("Nothing to do. <FINISH_SIGNAL>"), Said::Text("")],
        )
        .says(
            DAYS[2],
            vec![
                Said::Text("I would buy 5 AAPL."),
                Said::Text("I did nothing."),
            ],
        )
        .run();
    let sessions = [0, 1, 2].map(|day| ran.day(DAYS[day]).session);
    assert_eq!(held(&ran, DAYS[2]), Decimal::ONE, "words are no orders");
    let ended: Vec<&str> = sessions.iter().map(|session| &*session.ended).collect();
    assert_eq!(ended, ["finished", "finished", "answered"]);
    let summaries: Vec<&str> = sessions
        .iter()
        .map(|it| it.summary.as_deref().unwrap())
        .collect();
    // Where it says nothing in the end, its last words stand, without the signal.
    assert_eq!(
        summaries,
        ["One was bought.", "Nothing to do.", "I did nothing."]
    );
    for day in [1, 2] {
        let actions = ran.day(DAYS[day]).actions;
        assert_eq!((actions.len(), actions[0].kind), (1, ActionKind::Hold));
    }
}

#[test]
fn a_day_has_so_many_steps() {
    let endless = vec![Said::Wishes(vec![buys(1)]); 9];
    let ran = World::new()
        .style(json!({"max_steps": 3}))
        .says(DAYS[0], endless)
        .run();
    let day = ran.day(DAYS[0]);
    assert_eq!((&*day.session.ended, day.session.calls), ("max_steps", 4));
    assert_eq!(held(&ran, DAYS[0]), Decimal::from(3));
    let asked = ran.asked(DAYS[0]);
    assert!(asked[3].tools.is_empty() && !asked[2].tools.is_empty());
    // Without a summary nobody is asked for one.
    let ran = World::new()
        .style(json!({"max_steps": 3, "summary": false}))
        .says(DAYS[0], vec![Said::Wishes(vec![buys(1)]); 9])
        .run();
    assert_eq!(ran.asked(DAYS[0]).len(), 3);
    assert_eq!(ran.day(DAYS[0]).session.summary, None);
}

/// The day stands, with or without nice words about it.
#[test]
fn a_summary_that_fails_costs_nobody_a_day() {
    let auth = || ModelError::Auth {
        provider: "test".into(),
    };
    for said in [
        Said::Error(auth),
        cut_off(Finish::Refused),
        cut_off(Finish::Length),
        Said::Text("  "),
        Said::Wishes(vec![buys(7)]),
        Said::Slow(900, Box::new(Said::Error(auth))),
    ] {
        let last = Completion {
            text: "I like it.".to_owned(),
            ..answer("", &[buys(1), finishes("")])
        };
        let ran = World::new()
            .says(DAYS[0], vec![Said::Whole(last), said])
            .run();
        assert_eq!(ran.state(), RunState::Completed);
        assert_eq!(
            held(&ran, DAYS[0]),
            Decimal::ONE,
            "nothing is ordered after the end"
        );
        let session = ran.day(DAYS[0]).session;
        assert_eq!(session.summary.as_deref(), Some("I like it."));
        assert_eq!(session.calls, 2);
    }
}

#[test]
fn a_day_has_so_much_time() {
    let slow = |seconds| Said::Slow(seconds, Box::new(Said::Wishes(vec![buys(1)])));
    let ran = World::new()
        .style(json!({"day_seconds": 60}))
        .says(DAYS[0], vec![slow(20), slow(20), slow(19)])
        .says(DAYS[1], vec![slow(30), slow(30)])
        .run();
    assert_eq!(held(&ran, DAYS[0]), Decimal::from(3));
    assert_eq!(ran.failed(DAYS[1]).split(": ").next(), Some("timeout"));
    // Each day has its own time.
    assert_eq!(ran.day(DAYS[2]).after.unwrap().to_string(), DAYS[0]);
}

/// Where it cannot call tools it could never trade: that is no decision to
/// hold.
#[test]
fn a_model_without_tools_has_no_day() {
    let mut world = World::new();
    world.can.tools = false;
    let ran = world.run();
    assert_eq!(ran.state(), RunState::Failed);
    assert!(
        ran.failed(DAYS[0])
            .contains("no_tools: `test/model` calls no tools")
    );
    assert!(ran.asked(DAYS[0]).is_empty());
}

#[test]
fn usage_that_cannot_be_breaks_nothing() {
    let usage = Usage {
        input: u64::MAX,
        cached: u64::MAX,
        output: u64::MAX,
    };
    let absurd = |wish| {
        Said::Whole(Completion {
            usage,
            ..answer("", &[wish])
        })
    };
    let ran = World::new()
        .says(DAYS[0], vec![absurd(buys(1)), absurd(buys(1))])
        .run();
    let session = ran.day(DAYS[0]).session;
    assert_eq!(
        (session.tokens.input, session.cost_nano),
        (u64::MAX, i64::MAX)
    );
}

/// Instructions, day, every answer and what every tool said; no answer without
/// its completion.
#[test]
fn the_conversation_is_kept_whole() {
    use MessageRole::{Assistant, System, Tool, User};
    let ran = World::new()
        .says(
            DAYS[0],
            vec![
                Said::Wishes(vec![
                    ("prices", json!({"symbol": "AAPL", "bars": 2})),
                    buys(1),
                ]),
                Said::Text("Enough. <FINISH_SIGNAL>"),
                Said::Text("I bought one AAPL."),
            ],
        )
        .run();
    let session = ran.day(DAYS[0]).session;
    let roles: Vec<MessageRole> = session.conversation.iter().map(|it| it.role).collect();
    assert_eq!(
        roles,
        [
            System, User, Assistant, Tool, Tool, Assistant, User, Assistant
        ]
    );
    let whole = |it: &&fondaco_contract::v1alpha1::simulation::Message| it.completion.is_some();
    assert_eq!(session.conversation.iter().filter(whole).count(), 3);
    let tool = &session.conversation[3];
    assert_eq!(tool.tool.as_deref(), Some("prices"));
    assert_eq!(tool.call.as_deref(), Some("prices-0"));
    assert_eq!(tool.input, Some(json!({"symbol": "AAPL", "bars": 2})));
    assert_eq!(
        (session.calls, session.tokens.input, session.cost_nano),
        (3, 300, 30)
    );
    assert_eq!(session.read.len(), 1);
    // What is asked next has all of what was said.
    let asked = ran.asked(DAYS[0]);
    assert_eq!(asked[2].messages.len(), 6);
    assert_eq!(
        asked[2].system, asked[0].system,
        "the stable part stays as it is"
    );
    assert!(asked[0].system.starts_with("You manage a portfolio"));
}

fn busy() -> World {
    World::new()
        .says(
            DAYS[0],
            vec![
                Said::Wishes(vec![("news", json!({"symbol": "AAPL"}))]),
                Said::Wishes(vec![("prices", json!({"symbol": "MSFT"})), buys(5)]),
            ],
        )
        .says(
            DAYS[1],
            vec![
                Said::Wishes(vec![
                    ("sell", json!({"symbol": "AAPL", "amount": 2})),
                    buys(500),
                ]),
                Said::Text("Enough."),
                Said::Text("I sold two."),
            ],
        )
}

#[test]
fn the_same_answers_give_the_same_bytes() {
    let (once, again) = (busy().run(), busy().run());
    for day in DAYS {
        assert_eq!(once.text(day), again.text(day));
    }
}

/// Stopped after every answer in turn, and gone on with by another attempt
/// that has the journal: no question is asked twice, and nothing is bought
/// twice.
#[test]
fn a_second_attempt_comes_to_the_same() {
    let calm = busy().run();
    let answers: usize = DAYS.iter().map(|day| calm.asked(day).len()).sum();
    assert_eq!(answers, 3 + 3 + 1 + 1);
    for stop in 0..answers {
        let stopped = busy().stops_after(stop).run();
        assert_ne!(stopped.state(), RunState::Completed, "{stop}");
        let ran = stopped.go_on();
        assert_eq!(ran.state(), RunState::Completed, "{stop}");
        for day in DAYS {
            assert_eq!(ran.text(day), calm.text(day), "{stop} {day}");
        }
    }
}

/// Nothing is kept between days but what the ledger has: runs of single days
/// come to the same in whatever order they are done.
#[test]
fn days_out_of_order_come_to_the_same() {
    let done = |order: [usize; 4]| {
        let world = Arc::new(busy());
        let mut texts = vec![String::new(); 4];
        for day in order {
            let mut job = world.job.clone();
            job["dates"] = json!([DAYS[day]]);
            texts[day] = Ran::of(world.clone(), &job).text(DAYS[day]);
        }
        texts
    };
    assert_eq!(done([0, 1, 2, 3]), done([3, 1, 2, 0]));
}
