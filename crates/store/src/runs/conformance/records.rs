//! Records in versions, and the trail they make.

use fondaco_app::ports::Store;
use fondaco_app::ports::records::{Change, Record, RecordKind, TrailQuery};
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_domain::UnixMicros;
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};

use super::at;
use super::schedules::hourly;

fn change(name: &str, over: Option<u32>, body: Option<&str>) -> Change {
    Change {
        kind: RecordKind::Flag,
        name: name.to_owned(),
        over,
        body: body.map(str::to_owned),
    }
}

/// The version there is, where the answer says that it is another one.
fn found(answer: &Result<Record, RunStoreError>) -> Option<u32> {
    match answer {
        Err(RunStoreError::RecordChanged { found, .. }) => Some(*found),
        _ => None,
    }
}

fn whole_trail(store: &dyn Store) -> Result<Vec<Record>, RunStoreError> {
    store.trail(&TrailQuery::default())
}

pub(super) fn versions(store: &dyn Store) -> Result<(), RunStoreError> {
    assert_eq!(store.record(RecordKind::Flag, "a")?, None);
    let first = store.put_record(change("a", None, Some("1")), at(10))?;
    let expected = Record {
        no: first.no,
        kind: RecordKind::Flag,
        name: "a".to_owned(),
        version: 1,
        at: UnixMicros(10),
        actor: "conformance".to_owned(),
        body: Some("1".to_owned()),
    };
    assert_eq!(first, expected);
    assert!(first.no > 0);
    let second = store.put_record(change("a", None, Some("2")), at(11))?;
    assert_eq!(second.version, 2);
    assert_eq!(store.record(RecordKind::Flag, "a")?, Some(second.clone()));
    // Names are those of a kind, and of bytes.
    assert_eq!(store.record(RecordKind::Key, "a")?, None);
    assert_eq!(store.record(RecordKind::Flag, "A")?, None);
    let gone = store.put_record(change("a", None, None), at(12))?;
    assert_eq!((gone.version, &gone.body), (3, &None));
    assert_eq!(store.record(RecordKind::Flag, "a")?, None);
    // The same again at another time is another change; there is nothing.
    let again = store.put_record(change("a", None, None), at(13));
    assert_eq!(found(&again), Some(0));
    let back = store.put_record(change("a", Some(0), Some("4")), at(14))?;
    assert_eq!(back.version, 4);
    assert_eq!(whole_trail(store)?, [back, gone, second, first]);
    Ok(())
}

pub(super) fn compared(store: &dyn Store) -> Result<(), RunStoreError> {
    let put = |over, body, micros| store.put_record(change("a", over, body), at(micros));
    assert_eq!(found(&put(Some(1), Some("1"), 10)), Some(0));
    assert_eq!(found(&put(Some(1), None, 11)), Some(0));
    assert_eq!(put(Some(0), Some("1"), 12)?.version, 1);
    assert_eq!(found(&put(Some(0), Some("2"), 13)), Some(1));
    assert_eq!(found(&put(Some(2), Some("2"), 14)), Some(1));
    assert_eq!(put(Some(1), Some("2"), 15)?.version, 2);
    assert_eq!(found(&put(Some(1), None, 16)), Some(2));
    assert_eq!(put(Some(2), None, 17)?.version, 3);
    // What removed it is no version to replace.
    assert_eq!(found(&put(Some(3), Some("4"), 18)), Some(0));
    assert_eq!(put(Some(0), Some("4"), 19)?.version, 4);
    assert_eq!(put(Some(4), Some("5"), 20)?.version, 5);
    assert_eq!(whole_trail(store)?.len(), 5);
    Ok(())
}

pub(super) fn repeated(store: &dyn Store) -> Result<(), RunStoreError> {
    let by = |actor: &str| Asked {
        actor: actor.to_owned(),
        at: UnixMicros(10),
    };
    for over in [None, Some(0)] {
        let name = format!("{over:?}");
        let asked = change(&name, over, Some("1"));
        let first = store.put_record(asked.clone(), by("a"))?;
        assert_eq!(store.put_record(asked, by("a"))?, first);
        let next = change(&name, Some(1), Some("2"));
        let second = store.put_record(next.clone(), by("a"))?;
        assert_eq!(store.put_record(next.clone(), by("a"))?, second);
        // Of somebody else it is another wish.
        assert_eq!(found(&store.put_record(next, by("b"))), Some(2));
        let gone = store.put_record(change(&name, Some(2), None), by("a"))?;
        assert_eq!(
            store.put_record(change(&name, Some(2), None), by("a"))?,
            gone
        );
    }
    assert_eq!(whole_trail(store)?.len(), 6);
    Ok(())
}

pub(super) fn listed(store: &dyn Store) -> Result<(), RunStoreError> {
    let odd = "ö\0 %_'\u{1a}";
    let large = format!("\"{}\"", "x".repeat(20_000));
    let put = |name: &str, body: Option<&str>, micros| {
        store.put_record(change(name, None, body), at(micros))
    };
    let a = put("a", Some("1"), 1)?;
    put("b", Some("1"), 2)?;
    let capital = put("B", Some(&large), 3)?;
    let b = put("b", Some("2"), 4)?;
    put("c", Some("1"), 5)?;
    put("c", None, 6)?;
    let odd = put(odd, Some("\"\0\""), 7)?;
    let other = Change {
        kind: RecordKind::Strategy,
        ..change("a", None, Some("0"))
    };
    let other = store.put_record(other, at(8))?;
    assert_eq!(store.records(RecordKind::Flag)?, [capital, a, b, odd]);
    assert_eq!(store.records(RecordKind::Strategy)?, [other]);
    assert_eq!(store.records(RecordKind::Data)?, []);
    Ok(())
}

pub(super) fn trail(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut all = Vec::new();
    // Each kind under either name, however many kinds there are.
    let kinds = RecordKind::ALL.len();
    for (n, kind) in RecordKind::ALL.iter().cycle().take(2 * kinds).enumerate() {
        let name = if n < kinds { "a" } else { "b" };
        let body = format!("{n}");
        let asked = Change {
            kind: *kind,
            ..change(name, None, Some(&body))
        };
        all.push(store.put_record(asked, at(1))?);
    }
    assert!(all.windows(2).all(|pair| pair[0].no < pair[1].no));
    all.reverse();
    assert_eq!(whole_trail(store)?, all);
    let mut paged = Vec::new();
    loop {
        let page = store.trail(&TrailQuery {
            before: paged.last().map(|record: &Record| record.no),
            limit: Some(3),
            ..TrailQuery::default()
        })?;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let of = |kind: Option<RecordKind>, name: Option<&str>| {
        let asked = |record: &&Record| {
            kind.is_none_or(|kind| kind == record.kind)
                && name.is_none_or(|name| name == record.name)
        };
        let expected: Vec<_> = all.iter().filter(asked).cloned().collect();
        let name = name.map(str::to_owned);
        let query = TrailQuery {
            kind,
            name,
            ..TrailQuery::default()
        };
        assert!(!expected.is_empty());
        assert_eq!(store.trail(&query)?, expected);
        Ok::<(), RunStoreError>(())
    };
    of(Some(RecordKind::Flag), None)?;
    of(None, Some("a"))?;
    of(Some(RecordKind::Key), Some("b"))
}

/// Of many who replace the same version one comes first; those who replace
/// any come one after the other.
pub(super) fn at_once(store: &dyn Store) -> Result<(), RunStoreError> {
    store.put_record(change("a", None, Some("0")), at(1))?;
    let all_put = |over: Option<u32>, name: &str, micros: i64| {
        std::thread::scope(|scope| {
            let put = |n: u32| {
                let asked = change(name, over, Some(&n.to_string()));
                scope.spawn(move || store.put_record(asked, at(micros)))
            };
            let writers: Vec<_> = (0..8).map(put).collect();
            writers
                .into_iter()
                .filter_map(|writer| writer.join().ok())
                .collect::<Vec<_>>()
        })
    };
    let answers = all_put(Some(1), "a", 2);
    let kept: Vec<Record> = answers.into_iter().filter_map(Result::ok).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(store.record(RecordKind::Flag, "a")?.as_ref(), kept.first());
    let created = all_put(Some(0), "b", 2);
    assert_eq!(created.into_iter().flatten().count(), 1);
    let mut kept: Vec<Record> = all_put(None, "a", 3)
        .into_iter()
        .collect::<Result<_, RunStoreError>>()?;
    kept.sort_by_key(|record| record.no);
    let versions: Vec<u32> = kept.iter().map(|record| record.version).collect();
    assert_eq!(versions, [3, 4, 5, 6, 7, 8, 9, 10]);
    Ok(())
}

pub(super) fn of_halts(store: &dyn Store) -> Result<(), RunStoreError> {
    let scope = Scope::Tenant("desk".to_owned());
    let set = |mode| HaltCommand::Set {
        scope: scope.clone(),
        mode,
        reason: "drill".to_owned(),
    };
    let clear = |confirmed| HaltCommand::Clear {
        scope: scope.clone(),
        reason: "over".to_owned(),
        confirmed,
    };
    let mut latches = Vec::new();
    store.halt(clear(true), at(19))?;
    latches.push(store.halt(set(HaltMode::Drain), at(20))?);
    store.halt(set(HaltMode::Drain), at(21))?;
    latches.push(store.halt(set(HaltMode::Killed), at(22))?);
    for refused in [set(HaltMode::Drain), clear(false)] {
        assert!(matches!(
            store.halt(refused, at(23)),
            Err(RunStoreError::HaltRejected(_))
        ));
    }
    latches.push(store.halt(clear(true), at(24))?);
    store.halt(clear(true), at(25))?;
    let mut trail = whole_trail(store)?;
    trail.reverse();
    assert_eq!(trail.len(), latches.len());
    for ((record, latch), version) in trail.iter().zip(&latches).zip(1..) {
        let name = scope.to_string();
        assert_eq!((record.kind, &record.name), (RecordKind::Halt, &name));
        assert_eq!((record.version, record.at), (version, latch.at));
        assert_eq!(record.actor, latch.actor);
        assert_eq!(record.body, serde_json::to_string(latch).ok());
    }
    Ok(())
}

pub(super) fn of_schedules(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut now = hourly("a");
    let mut expected = Vec::new();
    let mut is = |schedule: Option<&_>| {
        expected.push(schedule.and_then(|one| serde_json::to_string(one).ok()));
    };
    store.add_schedule(now.clone(), at(2))?;
    is(Some(&now));
    assert!(store.add_schedule(now.clone(), at(3)).is_err());
    store.pause_schedule("a", false, now.next, at(4))?;
    (now.paused, now.next) = (true, None);
    store.pause_schedule("a", true, None, at(5))?;
    is(Some(&now));
    store.pause_schedule("a", true, None, at(6))?;
    (now.paused, now.next) = (false, Some(UnixMicros(700)));
    store.pause_schedule("a", false, now.next, at(7))?;
    is(Some(&now));
    store.remove_schedule("a", at(8))?;
    is(None);
    for answer in [
        store.remove_schedule("a", at(9)),
        store.pause_schedule("a", true, None, at(9)),
    ] {
        assert!(answer.is_err());
    }
    store.add_schedule(now.clone(), at(10))?;
    is(Some(&now));
    let mut trail = whole_trail(store)?;
    trail.reverse();
    let told: Vec<_> = trail.iter().map(|record| record.body.clone()).collect();
    assert_eq!(told, expected);
    let whens: Vec<i64> = trail.iter().map(|record| record.at.0).collect();
    assert_eq!(whens, [2, 5, 7, 8, 10]);
    let of_it = |record: &Record| record.kind == RecordKind::Schedule && record.name == "a";
    assert!(trail.iter().all(of_it));
    Ok(())
}
