//! The feed and the trail of several stores on one database.

use std::collections::BTreeSet;
use std::time::Instant;

use fondaco_app::ports::halts::HaltStore;
use fondaco_app::ports::records::{Change, RecordKind, RecordStore, TrailQuery};
use fondaco_app::ports::runs::{FeedRow, RunQuery, RunStore};
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_store::runs::conformance::at;
use fondaco_store::runs::{PgOptions, PgRuns};

use super::server::shared;
use super::together::{PATIENCE, numbered, several};

#[test]
fn the_feed_is_the_same_for_every_reader_and_misses_nothing() {
    let Some(server) = shared() else { return };
    let (address, stores) = several(server, 4);
    let deadline = Instant::now() + PATIENCE;
    let all = 4 * 25 * 2;
    // A transaction that writes slowly, as another process may: what it writes
    // comes before all that is committed meanwhile, or after it, never between
    // rows that were read.
    let mut open = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    let mut slow = open.transaction().unwrap();
    slow.query_one("select pg_current_xact_id()::text", &[])
        .unwrap();
    let follow = |store: &PgRuns| {
        let mut seen: Vec<FeedRow> = Vec::new();
        while seen.len() < all {
            assert!(Instant::now() < deadline, "{} of {all} rows", seen.len());
            let after = seen.last().map_or(0, |row| row.no);
            seen.extend(store.feed(after, 7).unwrap());
        }
        seen
    };
    let (seen, other) = std::thread::scope(|scope| {
        let readers = stores[..2]
            .iter()
            .map(|store| scope.spawn(|| follow(store)))
            .collect::<Vec<_>>();
        for (number, store) in stores[2..]
            .iter()
            .flat_map(|store| [store, store])
            .enumerate()
        {
            scope.spawn(move || {
                for n in 0..25 {
                    let asked = numbered(number as u64 * 1_000 + n, 3);
                    store.submit(asked, at(1)).unwrap();
                }
            });
        }
        while stores[2].runs(&RunQuery::default()).unwrap().len() < 50 {
            assert!(Instant::now() < deadline, "nothing is submitted");
        }
        slow.rollback().unwrap();
        let mut read = readers.into_iter().map(|reader| reader.join().unwrap());
        (read.next().unwrap(), read.next().unwrap())
    });
    assert_eq!(seen, other);
    assert!(seen.is_sorted_by(|one, other| one.no < other.no));
    assert_eq!(stores[2].feed_end().unwrap(), seen[all - 1].no);
    let names: BTreeSet<_> = seen.iter().map(|row| (row.run, row.event.seq)).collect();
    assert_eq!(names.len(), all);
    drop(stores);
    let again = PgRuns::open(&address, PgOptions::default()).unwrap();
    assert_eq!(again.feed(0, usize::MAX).unwrap(), seen);
}

#[test]
fn the_feed_waits_for_a_transaction_that_is_open() {
    let Some(server) = shared() else { return };
    let (address, stores) = several(server, 2);
    let mut open = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    let mut slow = open.transaction().unwrap();
    let sql = "select pg_current_xact_id()::text::bigint";
    let tx: i64 = slow.query_one(sql, &[]).unwrap().get(0);
    stores[0].submit(numbered(1, 1), at(1)).unwrap();
    assert_eq!(stores[1].feed(0, 99).unwrap(), []);
    assert_eq!(stores[1].feed_end().unwrap(), 0);
    // What the older transaction writes at last is read first.
    let sql = "insert into event select run_id, run_seq + 90, $1, tx_seq, task_no, type, v, at,
                   actor, body, body_hash, prev_hash, hash from event";
    let id = numbered(1, 0).id.to_string();
    let mut other = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    let rows: i64 = other
        .query_one(
            "select count(*) from event where run_id = $1::text::uuid",
            &[&id],
        )
        .unwrap()
        .get(0);
    slow.execute(sql, &[&tx]).unwrap();
    slow.commit().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let feed = loop {
        let feed = stores[1].feed(0, 99).unwrap();
        if feed.len() as i64 == 2 * rows {
            break feed;
        }
        // Nothing of the later one without the earlier one.
        assert!(feed.iter().all(|row| row.event.seq > 90));
        assert!(Instant::now() < deadline, "{feed:?}");
    };
    let (first, last) = feed.split_at(rows as usize);
    assert!(first.iter().all(|row| row.event.seq > 90));
    assert!(last.iter().all(|row| row.event.seq < 90));
}

#[test]
fn records_of_several_processes_are_one_trail() {
    let Some(server) = shared() else { return };
    let (_, stores) = several(server, 3);
    let change = |name: &str, over, body: String| Change {
        kind: RecordKind::Flag,
        name: name.to_owned(),
        over,
        body: Some(body),
    };
    std::thread::scope(|scope| {
        for (number, store) in stores.iter().enumerate() {
            scope.spawn(move || {
                for n in 0..10 {
                    let by = at(n);
                    let body = format!("\"{number}/{n}\"");
                    store.put_record(change("any", None, body), by).unwrap();
                    let set = HaltCommand::Set {
                        scope: Scope::Tenant(format!("{number}/{n}")),
                        mode: HaltMode::Drain,
                        reason: "drill".to_owned(),
                    };
                    store.halt(set, at(n)).unwrap();
                }
            });
        }
    });
    let trail = stores[0].trail(&TrailQuery::default()).unwrap();
    let places: Vec<u64> = trail.iter().rev().map(|record| record.no).collect();
    assert_eq!(places, (1..=60).collect::<Vec<_>>());
    let any = trail.iter().rev().filter(|record| record.name == "any");
    let versions: Vec<u32> = any.map(|record| record.version).collect();
    assert_eq!(versions, (1..=30).collect::<Vec<_>>());
    let put = |over, micros| {
        let change = change("any", Some(over), "0".to_owned());
        stores[2].put_record(change, at(micros)).is_ok()
    };
    assert_eq!(
        [put(29, 90), put(30, 91), put(30, 92)],
        [false, true, false]
    );
}
