use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fondaco_domain::{RunId, UnixMicros};
use proptest::prelude::*;

use super::{Ledger, Spending, SpendingError};
use crate::ports::machine::Machine;
use crate::ports::model::{NanoDollars, Usage};
use crate::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use crate::ports::runs::{Asked, RunStoreError};

/// Records in memory. Every so-manyth write fails, half of them after it was
/// done: what a broken connection looks like.
#[derive(Default)]
struct Records {
    kept: Mutex<BTreeMap<String, Record>>,
    writes: AtomicUsize,
    fail_every: usize,
}

impl RecordStore for Records {
    fn put_record(&self, change: Change, by: Asked) -> Result<Record, RunStoreError> {
        let no = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        let fails = self.fail_every > 0 && no.is_multiple_of(self.fail_every);
        let broken = || RunStoreError::Storage {
            action: "reach",
            source: "it is gone".into(),
        };
        if fails && no.is_multiple_of(2) {
            return Err(broken());
        }
        let mut kept = self.kept.lock().unwrap();
        let found = kept.get(&change.name).map_or(0, |record| record.version);
        if change.over.is_some_and(|over| over != found) {
            return Err(RunStoreError::RecordChanged {
                kind: change.kind,
                name: change.name,
                found,
            });
        }
        let record = Record {
            no: no as u64,
            kind: change.kind,
            name: change.name.clone(),
            version: found + 1,
            at: by.at,
            actor: by.actor,
            body: change.body,
        };
        kept.insert(change.name, record.clone());
        if fails { Err(broken()) } else { Ok(record) }
    }

    fn record(&self, _: RecordKind, name: &str) -> Result<Option<Record>, RunStoreError> {
        Ok(self.kept.lock().unwrap().get(name).cloned())
    }

    fn records(&self, _: RecordKind) -> Result<Vec<Record>, RunStoreError> {
        Ok(self.kept.lock().unwrap().values().cloned().collect())
    }

    fn trail(&self, _: &TrailQuery) -> Result<Vec<Record>, RunStoreError> {
        Ok(Vec::new())
    }
}

struct Still;

impl Machine for Still {
    fn wall(&self) -> UnixMicros {
        UnixMicros(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn entropy(&self) -> [u8; 10] {
        [0; 10]
    }
}

fn run() -> RunId {
    RunId::new(1, [7; 10])
}

/// A process: what it knows is lost when it is dropped.
fn process(store: &Arc<Records>) -> Spending {
    Spending::new(Arc::clone(store) as _, Arc::new(Still), "test")
}

fn ledger(store: &Arc<Records>, limit: i64) -> Arc<Ledger> {
    process(store).ledger(run(), Some(NanoDollars(limit)))
}

fn usage(input: u64) -> Usage {
    Usage {
        input,
        cached: 0,
        output: 1,
    }
}

#[test]
fn a_call_is_set_aside_and_settled() {
    let store = Arc::new(Records::default());
    let ledger = ledger(&store, 100);
    let first = ledger.reserve("pm#0", NanoDollars(60)).unwrap();
    assert_eq!(ledger.now().unwrap().left(), Some(NanoDollars(40)));
    let Err(refused) = ledger.reserve("pm#1", NanoDollars(41)) else {
        panic!("41 of 40 were set aside");
    };
    insta::assert_snapshot!(refused, @"this call may cost $0.000000041 and $0.00000004 of the budget of $0.0000001 are left");
    first.settle(usage(9), NanoDollars(25)).unwrap();
    let second = ledger.reserve("pm#1", NanoDollars(75)).unwrap();
    second.give_back().unwrap();
    let third = ledger.reserve("pm#1", NanoDollars(75)).unwrap();
    third.lose().unwrap();
    let spent = process(&store).of(run()).unwrap().unwrap();
    assert_eq!((spent.cost.0, spent.calls, spent.lost), (100, 1, 1));
    assert_eq!(spent.usage, usage(9));
    assert_eq!(spent.left(), Some(NanoDollars(0)));
}

#[test]
fn a_call_cut_off_by_a_crash_stays_set_aside_until_its_answer_is_found() {
    let store = Arc::new(Records::default());
    // Two processes die over the same call.
    for _ in 0..2 {
        drop(ledger(&store, 100).reserve("pm#0", NanoDollars(30)));
    }
    let ledger = ledger(&store, 100);
    assert_eq!(ledger.now().unwrap().set_aside(), NanoDollars(60));
    // The journal has the answer of the second.
    ledger.recover("pm#0", usage(5), NanoDollars(8)).unwrap();
    let spent = ledger.now().unwrap();
    assert_eq!((spent.cost.0, spent.set_aside().0, spent.calls), (8, 30, 1));
    let before = store.writes.load(Ordering::SeqCst);
    ledger.recover("other#0", usage(5), NanoDollars(8)).unwrap();
    assert_eq!(store.writes.load(Ordering::SeqCst), before);
}

#[test]
fn nothing_is_written_before_something_is_paid() {
    let store = Arc::new(Records::default());
    let spending = process(&store);
    let ledger = spending.ledger(run(), None);
    assert_eq!(ledger.now().unwrap().left(), None);
    assert_eq!(spending.of(run()).unwrap(), None);
    assert_eq!(store.writes.load(Ordering::SeqCst), 0);
}

#[test]
fn threads_of_a_process_share_a_ledger() {
    let store = Arc::new(Records::default());
    let spending = process(&store);
    let one = spending.ledger(run(), Some(NanoDollars(10)));
    let other = spending.ledger(run(), Some(NanoDollars(10)));
    assert!(Arc::ptr_eq(&one, &other));
}

#[test]
fn a_damaged_record_pays_for_nothing() {
    let store = Arc::new(Records::default());
    let change = Change {
        kind: RecordKind::Spending,
        name: run().to_string(),
        over: None,
        body: Some("{}x".to_owned()),
    };
    let by = Asked {
        actor: "test".to_owned(),
        at: UnixMicros(0),
    };
    store.put_record(change, by).unwrap();
    let refused = ledger(&store, 10).reserve("pm#0", NanoDollars(1));
    assert!(matches!(refused, Err(SpendingError::Damaged { .. })));
}

/// What becomes of a call that was set aside.
#[derive(Debug, Clone, Copy)]
enum End {
    Settled,
    Lost,
    NotMade,
    CrashBefore,
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::Settled),
        Just(End::Lost),
        Just(End::NotMade),
        Just(End::CrashBefore),
    ]
}

/// What providers charge for calls, known to nobody but the test.
fn make(ledger: &Arc<Ledger>, no: usize, most: i64, part: i64, end: End, charged: &AtomicUsize) {
    let Ok(reserved) = ledger.reserve(&format!("n{no}#0"), NanoDollars(most)) else {
        return;
    };
    let cost = most * part / 100;
    if !matches!(end, End::NotMade) {
        charged.fetch_add(cost as usize, Ordering::SeqCst);
    }
    let _ = match end {
        End::Settled => reserved.settle(usage(1), NanoDollars(cost)),
        End::Lost => reserved.lose(),
        End::NotMade => reserved.give_back(),
        End::CrashBefore => Ok(()),
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However many threads of however many processes ask, whatever becomes of
    /// their calls, and whenever they and the store fail: what was charged is
    /// never more than the limit, and is never more than what is noted.
    #[test]
    fn the_limit_holds(
        limit in 0..2_000_i64,
        fail_every in 0..7_usize,
        calls in prop::collection::vec((1..400_i64, 0..=100_i64, end(), 0..3_usize), 1..24),
    ) {
        let store = Arc::new(Records { fail_every, ..Records::default() });
        let processes: Vec<_> = (0..3).map(|_| ledger(&store, limit)).collect();
        let charged = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for (no, (most, part, end, process)) in calls.iter().enumerate() {
                let (ledger, charged) = (&processes[*process], &charged);
                scope.spawn(move || make(ledger, no, *most, *part, *end, charged));
            }
        });
        let charged = charged.load(Ordering::SeqCst) as i64;
        prop_assert!(charged <= limit);
        if let Some(spent) = process(&store).of(run()).unwrap() {
            let noted = spent.cost.0 + spent.set_aside().0;
            prop_assert!(charged <= noted, "{charged} charged, {noted} noted");
            prop_assert!(noted <= limit, "{noted} noted of {limit}");
        }
    }

    /// A process that dies with calls under way leaves the next one less, not
    /// more.
    #[test]
    fn crashes_never_give_money_back(
        limit in 0..2_000_i64,
        lives in prop::collection::vec(
            prop::collection::vec((1..400_i64, 0..=100_i64, end()), 1..6),
            1..5,
        ),
    ) {
        let store = Arc::new(Records::default());
        let charged = AtomicUsize::new(0);
        let mut left = limit;
        for (life, calls) in lives.iter().enumerate() {
            let ledger = ledger(&store, limit);
            for (no, (most, part, end)) in calls.iter().enumerate() {
                make(&ledger, life * 100 + no, *most, *part, *end, &charged);
            }
            let now = ledger.now().unwrap().left().unwrap().0;
            prop_assert!(now <= left);
            left = now;
        }
        prop_assert!(charged.load(Ordering::SeqCst) as i64 <= limit);
    }
}
