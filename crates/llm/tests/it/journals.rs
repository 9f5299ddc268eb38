//! Answers that outlive their process, and runs that are replayed.

use fondaco_app::ports::model::{CallContext, Completion, ModelError, Models, NanoDollars, Seat};
use fondaco_contract::v1alpha1::analysis::{
    Abstention, CallRecord, CallTokens, NodeOutcome, NodeReport, NodeRole,
};
use fondaco_llm::{Desk, Recording, recording_of};

use crate::server::{Server, fails, says};
use crate::support::{DEADLINE, Home, PAID, ask, everything, question, run};

fn words(result: Result<Completion, ModelError>) -> String {
    result.map_or_else(|error| format!("error: {error}"), |answer| answer.text)
}

/// Each process dies after one call: the next one repeats none.
#[test]
fn no_call_of_a_dead_process_is_repeated() {
    let home = Home::of(Server::of([says("one"), says("two"), says("three")]));
    for life in 0..3 {
        let desk = home.desk();
        let all: Vec<String> = (0..=life).map(|no| words(ask(&desk, PAID, no))).collect();
        assert_eq!(all, ["one", "two", "three"][..=life as usize]);
    }
    assert_eq!(home.server.asked().len(), 3);
    assert_eq!(home.spent().calls, 3);
}

#[test]
fn a_journal_that_a_crash_cut_off_loses_one_answer_at_most() {
    let home = Home::of(Server::of([says("one"), says("two"), says("two again")]));
    let desk = home.desk();
    assert_eq!(words(ask(&desk, PAID, 0)), "one");
    assert_eq!(words(ask(&desk, PAID, 1)), "two");
    let path = journal(&home);
    let whole = std::fs::read(&path).unwrap();
    let second = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 1;
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in [0, 3, header, second, second + 9, whole.len() - 1] {
        // And what a power cut may leave behind.
        for tail in [&b""[..], &[0; 16], b"\0\0\n"] {
            std::fs::write(&path, [&whole[..cut], tail].concat()).unwrap();
            home.server
                .say([says(if cut < second { "one" } else { "two" }), says("two")]);
            let desk = home.desk();
            assert_eq!(words(ask(&desk, PAID, 0)), "one", "{cut}");
            assert_eq!(words(ask(&desk, PAID, 1)), "two", "{cut}");
            // What was mended is whole.
            let asked = home.server.asked().len();
            assert_eq!(words(ask(&home.desk(), PAID, 1)), "two", "{cut}");
            assert_eq!(home.server.asked().len(), asked);
        }
    }
}

fn journal(home: &Home) -> std::path::PathBuf {
    let folder = home.journals().join(run().to_string());
    folder.join("AAPL%2Ftrading%2Ftrader.jsonl")
}

#[test]
fn a_failure_is_not_kept() {
    let home = Home::of(Server::of([fails(500, "", "oh no"), says("up")]));
    assert!(ask(&home.desk(), PAID, 0).is_err());
    assert!(!journal(&home).exists());
    assert_eq!(words(ask(&home.desk(), PAID, 0)), "up");
}

#[test]
fn an_answer_that_was_kept_but_not_settled_is_settled_when_it_is_given_again() {
    let home = Home::of(Server::of([says("one")]));
    assert_eq!(words(ask(&home.desk(), PAID, 0)), "one");
    // The same, had the process died between the two.
    let ledger = home.spending().ledger(run(), None);
    drop(
        ledger
            .reserve("AAPL/trading/trader#0", NanoDollars(999_999))
            .unwrap(),
    );
    let before = home.spending().of(run()).unwrap().unwrap();
    assert_eq!(before.set_aside(), NanoDollars(999_999));
    assert_eq!(words(ask(&home.desk(), PAID, 0)), "one");
    assert_eq!(home.spent().cost, NanoDollars(90_000));
}

#[test]
fn journals_of_a_run_that_ended_are_removed() {
    let home = Home::of(Server::of([says("one")]));
    ask(&home.desk(), PAID, 0).unwrap();
    assert!(journal(&home).exists());
    std::fs::create_dir(home.journals().join("of somebody else")).unwrap();
    assert_eq!(home.library().runs().unwrap(), [run()]);
    home.library().forget(run()).unwrap();
    assert!(!journal(&home).exists());
    assert!(home.library().runs().unwrap().is_empty());
    home.library().forget(run()).unwrap();
}

fn report(desk: &Desk, home: &Home, ordinals: u32) -> NodeReport {
    let call = |ordinal| {
        let completion = ask(desk, PAID, ordinal).ok();
        CallRecord {
            ordinal,
            request: serde_json::to_value(question(PAID)).unwrap(),
            error: completion.is_none().then(|| "it failed".to_owned()),
            completion: completion.map(|answer| serde_json::to_value(answer).unwrap()),
            tokens: CallTokens::default(),
            cost_nano: 0,
            took_micros: 0,
        }
    };
    let calls = (0..ordinals).map(call).collect();
    assert_eq!(home.server.asked().len(), ordinals as usize);
    NodeReport {
        node: "AAPL/trading/trader".to_owned(),
        role: NodeRole::Trader,
        model: Some(PAID.to_owned()),
        outcome: NodeOutcome::Abstained(Abstention {
            why: "a test".to_owned(),
        }),
        read: Vec::new(),
        calls,
    }
}

fn replay(desk: &Desk, hash: &str, ordinal: u32) -> Result<Completion, ModelError> {
    let seat = Seat {
        run: run(),
        node: "AAPL/trading/trader",
        model: PAID,
        limit: Some(NanoDollars(0)),
        replay: Some(hash),
    };
    let context = CallContext {
        node: seat.node,
        ordinal,
        deadline: DEADLINE,
        stopped: &|| false,
    };
    desk.open(&seat)?.complete(&question(PAID), &context)
}

#[test]
fn any_run_can_be_replayed_from_its_reports() {
    let home = Home::of(Server::of([
        says("one"),
        fails(500, "", "oh no"),
        says("three"),
    ]));
    let report = report(&home.desk(), &home, 3);
    let bytes = recording_of([&report]).unwrap().to_bytes().unwrap();
    assert_eq!(bytes, recording_of([&report]).unwrap().to_bytes().unwrap());
    assert_eq!(Recording::parse(&bytes).unwrap().len(), 2);
    let path = home.folder.path().join("mine.jsonl");
    std::fs::write(&path, &bytes).unwrap();
    let hash = home.library().import(&path).unwrap();
    assert_eq!(home.library().import(&path).unwrap(), hash);

    // Elsewhere, with no key, no money and no server.
    let mut provider = home.provider();
    provider.key_env = Some("NOT_SET".to_owned());
    let desk = home.desk_of(&provider, fondaco_llm::Retries::default());
    let changes = home.store.changes();
    assert_eq!(words(replay(&desk, hash.as_str(), 0)), "one");
    assert_eq!(words(replay(&desk, hash.as_str(), 2)), "three");
    let missing = replay(&desk, hash.as_str(), 1).unwrap_err();
    assert!(
        matches!(missing, ModelError::NotRecorded { .. }),
        "{missing}"
    );
    assert_eq!(home.server.asked().len(), 3);
    assert_eq!(home.store.changes(), changes);
}

#[test]
fn only_a_whole_recording_is_taken_in_and_given_out() {
    let home = Home::of(Server::of([says("one")]));
    let report = report(&home.desk(), &home, 1);
    let bytes = recording_of([&report]).unwrap().to_bytes().unwrap();
    let library = home.library();
    for broken in [
        &b""[..],
        b"hello\n",
        &bytes[..bytes.len() - 1],
        b"{\"cassette\":2}\n",
    ] {
        assert!(library.put(broken).is_err());
    }
    assert!(everything(&home.folder.path().join("cassettes")).is_empty());
    let hash = library.put(&bytes).unwrap();
    let path = home.folder.path().join(format!("cassettes/{hash}.jsonl"));
    let changed = String::from_utf8(bytes).unwrap().replace("one", "two");
    std::fs::write(path, changed).unwrap();
    let desk = home.desk();
    for hash in [hash.as_str(), &"0".repeat(64), "../x"] {
        let error = replay(&desk, hash, 0).unwrap_err();
        assert!(matches!(error, ModelError::Recording { .. }), "{error}");
    }
}

/// A node of any name has a file of its own, in the folder of its run.
#[test]
fn nodes_never_share_a_file() {
    let home = Home::of(Server::of([says("one")]));
    let desk = home.desk();
    let nodes = [
        "a/b",
        "a%2Fb",
        "a b",
        "../a",
        "BRK.B/quant",
        "T@2025-03-04/quant",
        "é",
    ];
    for node in nodes {
        let seat = Seat {
            run: run(),
            node,
            model: PAID,
            limit: None,
            replay: None,
        };
        let context = CallContext {
            node,
            ordinal: 0,
            deadline: DEADLINE,
            stopped: &|| false,
        };
        desk.open(&seat)
            .unwrap()
            .complete(&question(PAID), &context)
            .unwrap();
    }
    let files = std::fs::read_dir(home.journals().join(run().to_string())).unwrap();
    assert_eq!(files.count(), nodes.len());
    assert_eq!(std::fs::read_dir(home.journals()).unwrap().count(), 1);
}
