//! Random imports: both stores agree, horizons hold, a pinned reader sees the
//! same for ever, and the order of imports makes no difference at the end.

use fondaco_app::ports::research::{
    CompanyAction, Filing, Horizon, NewsQuery, ResearchStore, Story,
};
use fondaco_domain::UnixMillis;
use fondaco_store::research::{MemoryResearch, SqliteResearch};
use proptest::prelude::*;

use super::{ALL, action, filing, news, story, symbol};

const SYMBOLS: [&str; 3] = ["A", "B", "C"];

#[derive(Debug, Clone)]
enum Import {
    Stories(Vec<Story>),
    Filings(Vec<Filing>),
    Actions(Vec<CompanyAction>),
}

fn instant() -> impl Strategy<Value = UnixMillis> {
    (0..8_i64).prop_map(|n| UnixMillis(n * 43_200_000))
}

fn stories() -> impl Strategy<Value = Story> {
    let symbols = proptest::sample::subsequence(SYMBOLS.to_vec(), 0..=2);
    (0..5_u8, instant(), symbols).prop_map(|(id, known_at, symbols)| Story {
        published_at: UnixMillis(0),
        ..story(&format!("s{id}"), known_at, &symbols)
    })
}

fn filings() -> impl Strategy<Value = Filing> {
    let of = proptest::sample::select(&SYMBOLS[..2]);
    (of, 1..3_u8, instant(), 0..2_u8)
        .prop_map(|(of, quarter, at, value)| filing(of, &format!("Q{quarter}"), at, value.into()))
}

fn actions() -> impl Strategy<Value = CompanyAction> {
    let of = proptest::sample::select(&SYMBOLS[..2]);
    (of, 1..4_u8, instant(), 0..2_u8)
        .prop_map(|(of, day, at, amount)| action(of, &format!("1970-01-0{day}"), at, amount.into()))
}

fn imports() -> impl Strategy<Value = Vec<Import>> {
    let one = prop_oneof![
        3 => proptest::collection::vec(stories(), 0..6).prop_map(Import::Stories),
        1 => proptest::collection::vec(filings(), 0..4).prop_map(Import::Filings),
        1 => proptest::collection::vec(actions(), 0..4).prop_map(Import::Actions),
    ];
    proptest::collection::vec(one, 0..8)
}

/// The place after it, and how many were new.
fn add(store: &dyn ResearchStore, import: &Import) -> (u64, u64) {
    let taken = match import {
        Import::Stories(all) => store.add_stories(all),
        Import::Filings(all) => store.add_filings(all),
        Import::Actions(all) => store.add_actions(all),
    }
    .unwrap();
    (taken.place, taken.added)
}

/// All that a reader can see.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    stories: Vec<Story>,
    by_symbol: Vec<Vec<Story>>,
    late: Vec<Story>,
    days: Vec<String>,
    filings: Vec<Filing>,
    actions: Vec<CompanyAction>,
}

fn seen(store: &dyn ResearchStore, horizon: Horizon) -> Seen {
    let all = SYMBOLS.map(symbol);
    let (from, to) = ("1970-01-01".parse().unwrap(), "1970-02-01".parse().unwrap());
    let of = |query: NewsQuery| store.stories(&query).unwrap();
    Seen {
        stories: of(news(horizon)),
        by_symbol: all
            .iter()
            .map(|symbol| {
                of(NewsQuery {
                    symbols: vec![symbol.clone()],
                    ..news(horizon)
                })
            })
            .collect(),
        late: of(NewsQuery {
            from: Some(UnixMillis(2 * 43_200_000)),
            words: Some("headline shares".to_owned()),
            ..news(horizon)
        }),
        days: all
            .iter()
            .map(|one| format!("{:?}", store.story_days(one, from, to, horizon).unwrap()))
            .collect(),
        filings: all
            .iter()
            .flat_map(|one| store.filings(one, horizon, usize::MAX).unwrap())
            .collect(),
        actions: all
            .iter()
            .flat_map(|one| store.actions(one, horizon).unwrap())
            .collect(),
    }
}

fn file() -> (tempfile::TempDir, SqliteResearch) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteResearch::open(&folder.path().join("research.db")).unwrap();
    (folder, store)
}

/// What is in a list twice has one hash, so whatever order it came in.
fn check(imports: &[Import], shuffled: &[Import], clock: UnixMillis) {
    let ((_a, file), memory) = (self::file(), MemoryResearch::default());
    let mut pinned = Vec::new();
    let mut before = 0;
    for import in imports {
        let (place, added) = add(&file, import);
        assert_eq!((place, added), add(&memory, import));
        assert_eq!(place, before + u64::from(added > 0));
        before = place;
        for known in [ALL.known, clock] {
            let horizon = Horizon {
                known,
                place: Some(place),
            };
            pinned.push((horizon, seen(&file, horizon)));
        }
    }
    // What a reader saw, it sees for ever; both stores agree.
    for (horizon, then) in &pinned {
        assert_eq!(seen(&file, *horizon), *then, "{horizon:?}");
        assert_eq!(seen(&memory, *horizon), *then, "{horizon:?}");
    }
    // Nothing at or after the clock.
    let at_clock = seen(
        &file,
        Horizon {
            known: clock,
            place: None,
        },
    );
    assert!(at_clock.stories.iter().all(|story| story.known_at < clock));
    assert!(
        at_clock
            .filings
            .iter()
            .all(|filing| filing.known_at < clock)
    );
    assert!(
        at_clock
            .actions
            .iter()
            .all(|action| action.known_at < clock)
    );
    // And it is all that was imported before.
    let early: Vec<Import> = imports
        .iter()
        .map(|import| known_before(import, clock))
        .collect();
    let (_b, only_early) = self::file();
    for import in &early {
        add(&only_early, import);
    }
    assert_eq!(seen(&only_early, ALL), at_clock);
    // Again adds nothing, and another order ends the same.
    let end = seen(&file, ALL);
    for import in shuffled {
        assert_eq!(add(&file, import), (before, 0));
    }
    let (_c, other) = self::file();
    for import in shuffled {
        add(&other, import);
    }
    assert_eq!(seen(&other, ALL), end);
}

/// The part of an import that was known before an instant.
fn known_before(import: &Import, clock: UnixMillis) -> Import {
    match import {
        Import::Stories(all) => {
            let early = all.iter().filter(|one| one.known_at < clock);
            Import::Stories(early.cloned().collect())
        }
        Import::Filings(all) => {
            let early = all.iter().filter(|one| one.known_at < clock);
            Import::Filings(early.cloned().collect())
        }
        Import::Actions(all) => {
            let early = all.iter().filter(|one| one.known_at < clock);
            Import::Actions(early.cloned().collect())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::size(48, 2_000), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_imported(
        (imports, shuffled) in imports().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        clock in instant(),
    ) {
        check(&imports, &shuffled, clock);
    }

    /// Whatever people write, the index takes it as words.
    #[test]
    fn no_question_is_an_error(words in "\\PC{0,40}", more in "[\"*^(){}:a-cA-C +,.;'\0-]{0,20}") {
        let (_folder, store) = file();
        store.add_stories(&[story("a", UnixMillis(5), &[])]).unwrap();
        let words = Some(format!("{words} {more}"));
        let found = store.stories(&NewsQuery { words, ..news(ALL) });
        prop_assert!(found.is_ok());
    }

    /// What a story says finds it, in any order.
    #[test]
    fn a_story_is_found_by_its_own_words(
        mut words in proptest::collection::vec("[a-zA-Zäöüéñ0-9α-ωА-я一-鿐\"'&(*:^.-]{1,8}", 1..6),
    ) {
        let ((_folder, file), memory) = (file(), MemoryResearch::default());
        let mut one = story("a", UnixMillis(5), &[]);
        one.title = words.join(" ");
        words.reverse();
        for store in [&file as &dyn ResearchStore, &memory] {
            store.add_stories(&[one.clone()]).unwrap();
            let words = Some(words.join(" "));
            prop_assert_eq!(store.stories(&NewsQuery { words, ..news(ALL) }).unwrap().len(), 1);
        }
    }
}
