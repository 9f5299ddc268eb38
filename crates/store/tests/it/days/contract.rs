//! What every store of days does.

use fondaco_app::ports::days::{
    DayQuery, DayStore, ImportedDetail, ImportedJob, ImportedStatus, KeptDay, Origin, Taken,
};
use fondaco_store::days::{MemoryDays, SqliteDays};

use super::{all, date, day, found, run};

type Case = fn(&dyn DayStore);

const CASES: &[(&str, Case)] = &[
    ("nothing is there at first", empty),
    ("a day is kept as it was put", as_put),
    ("a day of a run is put once", once),
    ("a day that is done again replaces the one before", replaced),
    ("days of no book replace none", bookless),
    ("books and models know nothing of each other", apart),
    ("later days of the same model become stale", stale),
    ("the last of several days before a step", last),
    ("hours are within their days", hours),
    ("what is followed never goes back", followed),
    ("jobs of another program are taken in whole", imported),
];

#[test]
fn in_memory() {
    for (name, case) in CASES {
        tried(name, *case, &MemoryDays::default());
    }
}

#[test]
fn in_a_file() {
    for (name, case) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home/simulations.db");
        tried(name, *case, &SqliteDays::open(&path).unwrap());
    }
}

/// In a thread of its own, whose name a failure tells.
fn tried(name: &str, case: Case, store: &dyn DayStore) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name.to_owned());
        let ended = thread.spawn_scoped(scope, || case(store)).unwrap().join();
        assert!(ended.is_ok(), "{name}");
    });
}

fn of_book(book: &str) -> DayQuery {
    DayQuery {
        book: Some(book.to_owned()),
        ..all()
    }
}

fn empty(store: &dyn DayStore) {
    assert_eq!(store.followed().unwrap(), 0);
    assert_eq!(found(store, &all()), [""; 0]);
    assert_eq!(store.imported("j").unwrap(), None);
    store.put(&[], None).unwrap();
    assert_eq!(store.import(&[], &[]).unwrap(), Taken::default());
    assert_eq!(store.followed().unwrap(), 0);
}

fn as_put(store: &dyn DayStore) {
    let kept = day(("b", 1), "gpt", "2025-10-01", 5);
    let other = KeptDay {
        origin: Origin::Imported("a job".to_owned()),
        book: None,
        ..day(("", 1), "gpt", "2025-10-02", 6)
    };
    store.put(&[kept.clone(), other.clone()], Some(9)).unwrap();
    assert_eq!(store.days(&all()).unwrap(), [kept.clone(), other.clone()]);
    for wanted in [kept, other] {
        let query = DayQuery {
            origin: Some(wanted.origin.clone()),
            ..all()
        };
        assert_eq!(store.days(&query).unwrap(), [wanted]);
    }
    assert_eq!(store.followed().unwrap(), 9);
}

fn once(store: &dyn DayStore) {
    let kept = day(("b", 1), "gpt", "2025-10-01", 5);
    store.put(std::slice::from_ref(&kept), None).unwrap();
    let again = day(("b", 1), "gpt", "2025-10-01", 8);
    store.put(&[again.clone(), again], None).unwrap();
    assert_eq!(store.days(&all()).unwrap(), [kept]);
}

fn replaced(store: &dyn DayStore) {
    store
        .put(
            &[
                day(("b", 1), "gpt", "2025-10-01", 5),
                day(("b", 2), "gpt", "2025-10-01", 9),
                // One that comes in late does not replace a newer one.
                day(("b", 3), "gpt", "2025-10-01", 7),
                day(("b", 4), "gpt", "2025-10-02", 20),
                // Of two of one instant the later one.
                day(("b", 5), "gpt", "2025-10-02", 20),
            ],
            None,
        )
        .unwrap();
    assert_eq!(
        found(store, &all()),
        ["gpt 2025-10-01 9", "gpt 2025-10-02 20"]
    );
    let there = store.days(&all()).unwrap();
    assert_eq!(there[1].origin, Origin::Run(run(5)));
    let everything = DayQuery {
        replaced: true,
        ..all()
    };
    assert_eq!(
        found(store, &everything),
        [
            "gpt 2025-10-01 5",
            "gpt 2025-10-01 9",
            "gpt 2025-10-01 7",
            "gpt 2025-10-02 20",
            "gpt 2025-10-02 20"
        ]
    );
    let first = DayQuery {
        origin: Some(Origin::Run(run(1))),
        ..everything
    };
    assert_eq!(found(store, &first), ["gpt 2025-10-01 5"]);
    let current = DayQuery {
        replaced: false,
        ..first
    };
    assert_eq!(found(store, &current), [""; 0]);
}

fn bookless(store: &dyn DayStore) {
    let days = [
        day(("", 1), "gpt", "2025-10-01", 5),
        day(("", 1), "gpt", "2025-10-02", 6),
        day(("", 2), "gpt", "2025-10-01", 7),
    ];
    store.put(&days, None).unwrap();
    assert_eq!(
        found(store, &all()),
        ["gpt 2025-10-01 5", "gpt 2025-10-01 7", "gpt 2025-10-02 6"]
    );
}

fn apart(store: &dyn DayStore) {
    let days = [
        day(("b", 1), "gpt", "2025-10-01", 5),
        day(("b", 1), "gpt", "2025-10-02", 6),
        day(("c", 2), "gpt", "2025-10-01", 7),
        day(("b", 2), "claude", "2025-10-01", 8),
    ];
    store.put(&days, None).unwrap();
    assert_eq!(
        found(store, &of_book("b")),
        [
            "claude 2025-10-01 8",
            "gpt 2025-10-01 5",
            "gpt 2025-10-02 6"
        ]
    );
    assert_eq!(found(store, &of_book("c")), ["gpt 2025-10-01 7"]);
    let model = DayQuery {
        model: Some("claude".to_owned()),
        ..of_book("b")
    };
    assert_eq!(found(store, &model), ["claude 2025-10-01 8"]);
    assert_eq!(found(store, &of_book("d")), [""; 0]);
}

fn stale(store: &dyn DayStore) {
    for (at, done) in [("2025-10-01", 1), ("2025-10-02", 2), ("2025-10-03", 3)] {
        store.put(&[day(("b", 1), "gpt", at, done)], None).unwrap();
    }
    store
        .put(&[day(("b", 2), "gpt", "2025-10-01", 10)], None)
        .unwrap();
    assert_eq!(
        found(store, &all()),
        [
            "gpt 2025-10-01 10",
            "gpt 2025-10-02 2~",
            "gpt 2025-10-03 3~"
        ]
    );
    store
        .put(&[day(("b", 2), "gpt", "2025-10-02", 11)], None)
        .unwrap();
    let fresh = DayQuery {
        fresh_only: true,
        ..all()
    };
    assert_eq!(
        found(store, &fresh),
        ["gpt 2025-10-01 10", "gpt 2025-10-02 11"]
    );
    // One of before that comes in late.
    store
        .put(&[day(("b", 3), "gpt", "2025-10-04", 4)], None)
        .unwrap();
    assert_eq!(
        found(store, &all()),
        [
            "gpt 2025-10-01 10",
            "gpt 2025-10-02 11",
            "gpt 2025-10-03 3~",
            "gpt 2025-10-04 4~"
        ]
    );
}

fn last(store: &dyn DayStore) {
    let days = [1, 2, 3].map(|n| day(("b", 1), "gpt", &format!("2025-10-0{n}"), n));
    store.put(&days, None).unwrap();
    let query = DayQuery {
        before: Some(date("2025-10-03")),
        newest_first: true,
        limit: Some(1),
        ..of_book("b")
    };
    assert_eq!(found(store, &query), ["gpt 2025-10-02 2"]);
    let none = DayQuery {
        before: Some(date("2025-10-01")),
        ..query.clone()
    };
    assert_eq!(found(store, &none), [""; 0]);
    let two = DayQuery {
        before: None,
        limit: Some(2),
        ..query
    };
    assert_eq!(found(store, &two), ["gpt 2025-10-03 3", "gpt 2025-10-02 2"]);
}

fn hours(store: &dyn DayStore) {
    let steps = [
        "2025-10-01 23:00:00",
        "2025-10-02",
        "2025-10-02 00:00:00",
        "2025-10-02 15:30:00",
        "2025-10-03 00:00:00",
    ];
    for (step, done) in steps.into_iter().zip(1..) {
        store.put(&[day(("b", 1), "m", step, done)], None).unwrap();
    }
    let second = "2025-10-02".parse().unwrap();
    let query = DayQuery {
        dates: Some(second..=second),
        ..all()
    };
    assert_eq!(
        found(store, &query),
        [
            "m 2025-10-02 2",
            "m 2025-10-02 00:00:00 3",
            "m 2025-10-02 15:30:00 4"
        ]
    );
    let before = DayQuery {
        before: Some(date("2025-10-02 15:30:00")),
        ..query
    };
    assert_eq!(
        found(store, &before),
        ["m 2025-10-02 2", "m 2025-10-02 00:00:00 3"]
    );
}

fn followed(store: &dyn DayStore) {
    for (told, there) in [(Some(5), 5), (Some(3), 5), (None, 5), (Some(8), 8)] {
        store.put(&[], told).unwrap();
        assert_eq!(store.followed().unwrap(), there);
    }
}

fn job(id: &str, status: ImportedStatus) -> ImportedJob {
    ImportedJob {
        id: id.to_owned(),
        status,
        dates: vec!["2025-10-01".to_owned()],
        models: vec!["gpt".to_owned()],
        created_at: "2025-11-02T14:05:45Z".to_owned(),
        started_at: None,
        completed_at: None,
        total_duration_seconds: Some(1.5),
        error: None,
        warnings: Vec::new(),
        details: vec![ImportedDetail {
            date: "2025-10-01".to_owned(),
            model: "gpt".to_owned(),
            status: ImportedStatus::Skipped,
            error: Some("Incomplete price data".to_owned()),
            started_at: None,
            completed_at: None,
            duration_seconds: None,
        }],
    }
}

fn imported(store: &dyn DayStore) {
    let jobs = [
        job("j", ImportedStatus::Running),
        job("k", ImportedStatus::Completed),
    ];
    let days = [KeptDay {
        origin: Origin::Imported("j".to_owned()),
        ..day(("b", 1), "gpt", "2025-10-01", 5)
    }];
    let taken = |jobs, days, known_jobs, known_days| Taken {
        jobs,
        days,
        known_jobs,
        known_days,
    };
    assert_eq!(store.import(&jobs, &days).unwrap(), taken(2, 1, 0, 0));
    assert_eq!(store.import(&jobs, &days).unwrap(), taken(0, 0, 2, 1));
    let later = [job("j", ImportedStatus::Partial)];
    assert_eq!(store.import(&later, &days).unwrap(), taken(1, 0, 0, 1));
    assert_eq!(store.imported("j").unwrap().as_ref(), later.first());
    assert_eq!(store.imported("k").unwrap().as_ref(), jobs.last());
    assert_eq!(store.days(&all()).unwrap(), days);
    assert_eq!(store.followed().unwrap(), 0);
}
