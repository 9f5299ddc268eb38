//! What every store of news, filings and actions does.

use fondaco_app::ports::research::{
    ActionKind, Held, Horizon, NewsQuery, ResearchIndex, Shelf, Taken,
};
use fondaco_domain::{ErrorKind, Hint, UnixMillis};
use fondaco_store::research::{MemoryResearch, SqliteResearch};

use super::{ALL, action, at, filing, ids, news, story, symbol};

type Case = fn(&dyn ResearchIndex);

const CASES: &[(&str, Case)] = &[
    ("nothing is there at first", empty),
    ("the newest story comes first", order),
    (
        "nothing at or after the clock, nothing after the place",
        horizon,
    ),
    (
        "a story gains symbols, and a pinned reader does not see it",
        gains,
    ),
    ("a story may come to be known earlier", earlier),
    ("words are words", words),
    ("days count stories as they became known", days),
    ("an import has one place, and a repeated one none", places),
    ("filings come as they were filed", filings),
    ("actions come as they take effect", actions),
    ("what is no number is refused whole", numbers),
    ("what there is, by symbol", held),
];

#[test]
fn in_memory() {
    for (name, case) in CASES {
        tried(name, *case, &MemoryResearch::default());
    }
}

#[test]
fn in_a_file() {
    for (name, case) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home/research.db");
        tried(name, *case, &SqliteResearch::open(&path).unwrap());
    }
}

/// In a thread of its own, whose name a failure tells.
fn tried(name: &str, case: Case, store: &dyn ResearchIndex) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name.to_owned());
        let ended = thread.spawn_scoped(scope, || case(store)).unwrap().join();
        assert!(ended.is_ok(), "{name}");
    });
}

fn pinned(place: u64) -> Horizon {
    Horizon {
        place: Some(place),
        ..ALL
    }
}

fn clock(known: UnixMillis) -> Horizon {
    Horizon { known, ..ALL }
}

fn empty(store: &dyn ResearchIndex) {
    assert_eq!(store.place().unwrap(), 0);
    assert_eq!(store.stories(&news(ALL)).unwrap(), []);
    assert_eq!(store.story("a", ALL).unwrap(), None);
    assert_eq!(store.filings(&symbol("A"), ALL, 9).unwrap(), []);
    assert_eq!(store.actions(&symbol("A"), ALL).unwrap(), []);
    for shelf in [Shelf::Stories, Shelf::Filings, Shelf::Actions] {
        assert_eq!(store.held(shelf, ALL).unwrap(), []);
    }
    assert_eq!(store.add_stories(&[]).unwrap(), Taken::default());
}

fn order(store: &dyn ResearchIndex) {
    let b = story("b", UnixMillis(20), &["B"]);
    let mut c = story("c", UnixMillis(30), &["A", "B"]);
    c.url = Some("https://example.org/c".to_owned());
    let stories = [
        story("a", UnixMillis(20), &["A"]),
        b.clone(),
        c.clone(),
        story("d", UnixMillis(10), &[]),
    ];
    store.add_stories(&stories).unwrap();
    assert_eq!(
        ids(&store.stories(&news(ALL)).unwrap()),
        ["c", "a", "b", "d"]
    );
    let of = |names: &[&str], from: Option<i64>, limit| {
        let query = NewsQuery {
            symbols: names.iter().map(|name| symbol(name)).collect(),
            from: from.map(UnixMillis),
            limit,
            ..news(ALL)
        };
        let found = store.stories(&query).unwrap();
        found.into_iter().map(|story| story.id).collect::<Vec<_>>()
    };
    assert_eq!(of(&["B"], None, 9), ["c", "b"]);
    assert_eq!(of(&["A", "B"], None, 9), ["c", "a", "b"]);
    assert_eq!(of(&["Z"], None, 9), [""; 0]);
    assert_eq!(of(&["B"], Some(21), 9), ["c"]);
    assert_eq!(of(&["B"], Some(20), 9), ["c", "b"]);
    assert_eq!(of(&[], Some(20), 2), ["c", "a"]);
    assert_eq!(of(&[], None, 0), [""; 0]);
    assert_eq!(store.story("b", ALL).unwrap(), Some(b));
    assert_eq!(store.story("c", ALL).unwrap(), Some(c));
}

fn horizon(store: &dyn ResearchIndex) {
    store
        .add_stories(&[story("a", UnixMillis(10), &["A"])])
        .unwrap();
    store
        .add_stories(&[story("b", UnixMillis(5), &["A"])])
        .unwrap();
    for (horizon, seen) in [
        (clock(UnixMillis(5)), vec![]),
        (clock(UnixMillis(6)), vec!["b"]),
        (clock(UnixMillis(10)), vec!["b"]),
        (clock(UnixMillis(11)), vec!["a", "b"]),
        (pinned(0), vec![]),
        (pinned(1), vec!["a"]),
        (pinned(2), vec!["a", "b"]),
        (pinned(u64::MAX), vec!["a", "b"]),
        (
            Horizon {
                known: UnixMillis(10),
                place: Some(1),
            },
            vec![],
        ),
    ] {
        assert_eq!(
            ids(&store.stories(&news(horizon)).unwrap()),
            seen,
            "{horizon:?}"
        );
        for id in ["a", "b"] {
            let one = store.story(id, horizon).unwrap();
            assert_eq!(one.is_some(), seen.contains(&id), "{horizon:?}");
        }
        let (from, to) = ("1970-01-01".parse().unwrap(), "1970-01-01".parse().unwrap());
        let days = store.story_days(&symbol("A"), from, to, horizon).unwrap();
        assert_eq!(
            days.values().sum::<u64>() as usize,
            seen.len(),
            "{horizon:?}"
        );
    }
}

fn gains(store: &dyn ResearchIndex) {
    let about = |horizon| {
        let story = store.story("a", horizon).unwrap().unwrap();
        let names: Vec<String> = story.symbols.iter().map(ToString::to_string).collect();
        (story.known_at.0, names.join(" "))
    };
    let of = |name, horizon| {
        let symbols = vec![symbol(name)];
        let query = NewsQuery {
            symbols,
            ..news(horizon)
        };
        store.stories(&query).unwrap().len()
    };
    store
        .add_stories(&[story("a", UnixMillis(10), &["B"])])
        .unwrap();
    let again = store
        .add_stories(&[story("a", UnixMillis(30), &["A", "B"])])
        .unwrap();
    assert_eq!(
        again,
        Taken {
            added: 1,
            known: 0,
            place: 2
        }
    );
    assert_eq!(about(ALL), (10, "A B".to_owned()));
    assert_eq!(about(pinned(1)), (10, "B".to_owned()));
    assert_eq!(about(clock(UnixMillis(30))), (10, "B".to_owned()));
    assert_eq!((of("A", ALL), of("A", pinned(1))), (1, 0));
    assert_eq!(
        (
            of("A", clock(UnixMillis(30))),
            of("A", clock(UnixMillis(31)))
        ),
        (0, 1)
    );
    // Less than is known, and none at all, say nothing new.
    for symbols in [&["A"][..], &["B"], &[]] {
        let taken = store
            .add_stories(&[story("a", UnixMillis(30), symbols)])
            .unwrap();
        assert_eq!(
            taken,
            Taken {
                added: 0,
                known: 1,
                place: 2
            }
        );
    }
}

fn earlier(store: &dyn ResearchIndex) {
    store
        .add_stories(&[story("a", UnixMillis(30), &["A"])])
        .unwrap();
    let taken = store
        .add_stories(&[story("a", UnixMillis(20), &["A"])])
        .unwrap();
    assert_eq!(taken.added, 1);
    let taken = store
        .add_stories(&[story("a", UnixMillis(10), &[])])
        .unwrap();
    assert_eq!(
        taken,
        Taken {
            added: 1,
            known: 0,
            place: 3
        }
    );
    let known = |horizon| {
        store
            .story("a", horizon)
            .unwrap()
            .map(|story| story.known_at.0)
    };
    assert_eq!(
        [known(pinned(1)), known(pinned(2)), known(ALL)],
        [Some(30), Some(20), Some(10)]
    );
    // Then it was not said what it is about.
    let seen = store.story("a", clock(UnixMillis(15))).unwrap().unwrap();
    assert_eq!(seen.symbols, []);
    // What became known before the beginning is not in a later window.
    let query = NewsQuery {
        from: Some(UnixMillis(15)),
        symbols: vec![symbol("A")],
        ..news(ALL)
    };
    assert_eq!(store.stories(&query).unwrap(), []);
}

fn words(store: &dyn ResearchIndex) {
    let mut a = story("a", UnixMillis(30), &["A"]);
    a.title = String::from("Apple's NOT a bank, says \"S&P\"");
    let mut b = story("b", UnixMillis(20), &["B"]);
    b.title = String::from("Zürich OR Bern");
    b.summary = String::from("A bank; and an apple-tree");
    let c = story("c", UnixMillis(10), &[]);
    store.add_stories(&[a, b, c]).unwrap();
    for (asked, found) in [
        (Some("apple"), vec!["a", "b"]),
        (Some("BANK  apple"), vec!["a", "b"]),
        (Some("bank bern"), vec!["b"]),
        (Some("ban"), vec![]),
        (Some("bank NOT bern"), vec![]),
        (Some("zürich"), vec!["b"]),
        (Some("headline"), vec!["c"]),
        (Some("headline OR bank"), vec![]),
        (Some("S&P"), vec!["a"]),
        (Some("P S"), vec!["a"]),
        (Some("P&S"), vec![]),
        (Some("apple-tree"), vec!["b"]),
        (Some("title:apple"), vec![]),
        (Some("\"apple"), vec!["a", "b"]),
        (Some("apple*"), vec!["a", "b"]),
        (Some("appl*"), vec![]),
        (Some("^ ( ) * \" ' ; --"), vec!["a", "b", "c"]),
        (Some("x' OR 1=1"), vec![]),
        (Some("NEAR(bank apple, 2)"), vec![]),
        (Some(""), vec!["a", "b", "c"]),
        (None, vec!["a", "b", "c"]),
    ] {
        let words = asked.map(str::to_owned);
        let query = NewsQuery { words, ..news(ALL) };
        assert_eq!(ids(&store.stories(&query).unwrap()), found, "{asked:?}");
    }
    let query = NewsQuery {
        words: Some("apple".to_owned()),
        symbols: vec![symbol("B")],
        ..news(ALL)
    };
    assert_eq!(ids(&store.stories(&query).unwrap()), ["b"]);
}

fn days(store: &dyn ResearchIndex) {
    let stories = [
        story("a", at("2025-02-20T23:59:59Z"), &["A"]),
        story("b", at("2025-02-21T00:00:00Z"), &["A", "B"]),
        story("c", at("2025-02-21T12:00:00Z"), &["A"]),
        story("d", at("2025-02-22T00:00:00Z"), &["A"]),
        story("e", at("2025-02-21T00:00:00Z"), &["B"]),
    ];
    store.add_stories(&stories).unwrap();
    store
        .add_stories(&[story("a", at("2025-02-22T09:00:00Z"), &["B"])])
        .unwrap();
    let count = |of: &str, from: &str, to: &str, horizon| {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let days = store.story_days(&symbol(of), from, to, horizon).unwrap();
        let shown = days.iter().map(|(day, count)| format!("{day} {count}"));
        shown.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        count("A", "2025-02-20", "2025-02-22", ALL),
        "2025-02-20 1, 2025-02-21 2, 2025-02-22 1"
    );
    assert_eq!(count("A", "2025-02-21", "2025-02-21", ALL), "2025-02-21 2");
    assert_eq!(
        count(
            "A",
            "2025-02-20",
            "2025-02-22",
            clock(at("2025-02-21T12:00:00Z"))
        ),
        "2025-02-20 1, 2025-02-21 1"
    );
    assert_eq!(
        count("B", "2025-02-01", "2025-02-28", pinned(1)),
        "2025-02-21 2"
    );
    assert_eq!(
        count("B", "2025-02-01", "2025-02-28", ALL),
        "2025-02-20 1, 2025-02-21 2"
    );
    assert_eq!(count("A", "2025-02-22", "2025-02-20", ALL), "");
}

fn places(store: &dyn ResearchIndex) {
    let stories = [
        story("a", UnixMillis(1), &["A"]),
        story("b", UnixMillis(2), &["A"]),
    ];
    let filings = [filing("A", "Q3", UnixMillis(1), 1.0)];
    let actions = [action("A", "2024-11-08", UnixMillis(1), 0.25)];
    let one = |added, known, place| Taken {
        added,
        known,
        place,
    };
    assert_eq!(store.add_stories(&stories[..1]).unwrap(), one(1, 0, 1));
    assert_eq!(store.add_stories(&stories).unwrap(), one(1, 1, 2));
    assert_eq!(store.add_filings(&filings).unwrap(), one(1, 0, 3));
    assert_eq!(store.add_actions(&actions).unwrap(), one(1, 0, 4));
    assert_eq!(store.add_stories(&stories).unwrap(), one(0, 2, 4));
    assert_eq!(store.add_filings(&filings).unwrap(), one(0, 1, 4));
    assert_eq!(store.add_actions(&actions).unwrap(), one(0, 1, 4));
    assert_eq!(store.place().unwrap(), 4);
    // The same twice in one import is one.
    let twice = [
        story("c", UnixMillis(1), &[]),
        story("c", UnixMillis(1), &[]),
    ];
    assert_eq!(store.add_stories(&twice).unwrap(), one(1, 1, 5));
}

fn filings(store: &dyn ResearchIndex) {
    let first = filing("A", "Q3", at("2024-10-30"), 1.5);
    let mut later = filing("A", "Q4", at("2025-01-30"), 0.1 + 0.2);
    later.period_start = None;
    later.period_end = "2024-12-31".parse().unwrap();
    // Said again, in other words.
    let restated = filing("A", "Q3", at("2025-01-30"), -1.0);
    let other = filing("B", "Q3", at("2024-10-30"), 1.5);
    store.add_filings(&[first.clone(), other]).unwrap();
    store
        .add_filings(&[restated.clone(), later.clone()])
        .unwrap();
    let of = |horizon, limit| store.filings(&symbol("A"), horizon, limit).unwrap();
    assert_eq!(of(ALL, 9), [later.clone(), restated, first.clone()]);
    assert_eq!(of(ALL, 1), [later]);
    assert_eq!(of(pinned(1), 9), std::slice::from_ref(&first));
    assert_eq!(of(clock(at("2025-01-30")), 9), [first]);
    assert_eq!(of(clock(at("2024-10-30")), 9), []);
    // Figures that differ are another filing, of the same instant or not.
    let differs = filing("A", "Q3", at("2024-10-30"), 2.5);
    assert_eq!(store.add_filings(&[differs]).unwrap().added, 1);
}

fn actions(store: &dyn ResearchIndex) {
    let paid = action("A", "2024-11-08", at("2024-11-01"), 0.25);
    let mut split = action("A", "2025-06-09", at("2024-12-01"), 0.0);
    split.what = ActionKind::Split {
        from: 1000.0,
        to: 1046.0,
    };
    store
        .add_actions(&[
            split.clone(),
            action("B", "2024-11-08", at("2024-11-01"), 1.0),
        ])
        .unwrap();
    store.add_actions(std::slice::from_ref(&paid)).unwrap();
    let of = |horizon| store.actions(&symbol("A"), horizon).unwrap();
    assert_eq!(of(ALL), [split.clone(), paid.clone()]);
    assert_eq!(of(pinned(1)), [split]);
    assert_eq!(of(clock(at("2024-12-01"))), [paid]);
}

fn numbers(store: &dyn ResearchIndex) {
    let good = filing("A", "Q3", UnixMillis(1), 1.0);
    for value in [f64::NAN, f64::INFINITY] {
        let bad = filing("A", "Q2", UnixMillis(1), value);
        let refused = store.add_filings(&[good.clone(), bad]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        let bad = action("A", "2024-11-08", UnixMillis(1), value);
        assert_eq!(
            store.add_actions(&[bad]).unwrap_err().kind(),
            ErrorKind::Invalid
        );
    }
    assert_eq!(store.place().unwrap(), 0);
    assert_eq!(store.filings(&symbol("A"), ALL, 9).unwrap(), []);
}

fn held(store: &dyn ResearchIndex) {
    let stories = [
        story("a", UnixMillis(10), &["B", "A"]),
        story("b", UnixMillis(20), &["A"]),
        story("c", UnixMillis(30), &[]),
    ];
    store.add_stories(&stories).unwrap();
    store
        .add_stories(&[story("c", UnixMillis(40), &["C"])])
        .unwrap();
    store
        .add_filings(&[filing("A", "Q3", UnixMillis(7), 1.0)])
        .unwrap();
    store
        .add_actions(&[action("B", "2024-11-08", UnixMillis(8), 1.0)])
        .unwrap();
    let one = |name: &str, count, first, last| Held {
        symbol: (!name.is_empty()).then(|| symbol(name)),
        count,
        first: UnixMillis(first),
        last: UnixMillis(last),
    };
    let of = |shelf, horizon| store.held(shelf, horizon).unwrap();
    assert_eq!(
        of(Shelf::Stories, ALL),
        [
            one("A", 2, 10, 20),
            one("B", 1, 10, 10),
            one("C", 1, 30, 30)
        ]
    );
    assert_eq!(
        of(Shelf::Stories, pinned(1)),
        [one("", 1, 30, 30), one("A", 2, 10, 20), one("B", 1, 10, 10)]
    );
    assert_eq!(
        of(Shelf::Stories, clock(UnixMillis(20)))[0],
        one("A", 1, 10, 10)
    );
    assert_eq!(of(Shelf::Filings, ALL), [one("A", 1, 7, 7)]);
    assert_eq!(of(Shelf::Actions, ALL), [one("B", 1, 8, 8)]);
    assert_eq!(of(Shelf::Actions, pinned(3)), []);
}
