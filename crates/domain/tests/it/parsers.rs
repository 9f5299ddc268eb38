//! Every parser of the core over any input: an answer or an error, never a
//! panic, and what was read is written as it was.

mod any;

use fondaco_domain::halt::Scope;
use fondaco_domain::run::{Event, NewRun};
use fondaco_domain::schedule::{Ticks, Trigger};
use fondaco_domain::task::TaskPlan;
use fondaco_domain::{Canonical, ContentHash, RunId, UnixMicros, WorkerId};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Any bytes, JSON or not.
fn decode<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(read) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&read).unwrap();
        assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), read);
    }
}

fn cron(expression: &str, zone: &str) {
    let trigger = Trigger::Cron {
        expression: expression.to_owned(),
        zone: zone.to_owned(),
    };
    if let Ok(ticks) = Ticks::of(&trigger) {
        let start = UnixMicros(1_767_225_600_000_000);
        let found: Vec<_> = ticks.between(start, UnixMicros(i64::MAX)).take(3).collect();
        assert!(
            found
                .iter()
                .all(|tick| *tick > start && tick.0 % 1_000_000 == 0)
        );
        assert!(found.is_sorted_by(|one, next| one < next));
        assert!(
            !found.is_empty(),
            "{expression} was accepted and never fires"
        );
    }
}

fn scope(text: &str) {
    if let Some(read) = Scope::parse(text) {
        assert_eq!(Scope::parse(&read.to_string()), Some(read));
    }
}

fn ids(text: &str) {
    if let Ok(id) = text.parse::<RunId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    if let Ok(id) = text.parse::<WorkerId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    if let Some(hash) = ContentHash::parse(text) {
        assert_eq!(hash.as_str(), text);
    }
}

/// What has a canonical form has one: read again, it is the same.
fn canonical(value: &Value) {
    let Ok(canonical) = Canonical::of(value) else {
        return;
    };
    let again: Value = serde_json::from_str(canonical.text()).unwrap();
    assert_eq!(Canonical::of(&again).unwrap(), canonical);
    assert!(same(value, &again), "{value} became {again}");
}

/// Numbers by value, since 1.0 is written 1; names in any order.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// A text with a few bytes changed, cut out or doubled.
fn bent(text: String) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4);
    changes.prop_map(move |changes| {
        let mut bytes = text.clone().into_bytes();
        for (place, byte, what) in changes {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match what {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 => bytes.truncate(place),
                _ => {
                    bytes.remove(place);
                }
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::size(512, 10_000_000)))]

    #[test]
    fn any_bytes_are_an_event_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        decode::<Event>(&bytes);
        decode::<TaskPlan>(&bytes);
        decode::<NewRun>(&bytes);
    }

    #[test]
    fn a_bent_event_is_an_event_or_an_error(
        bytes in self::any::event().prop_flat_map(|event| bent(serde_json::to_string(&event).unwrap())),
    ) {
        decode::<Event>(&bytes);
    }

    #[test]
    fn an_event_is_read_as_it_was_written(event in self::any::event()) {
        let text = serde_json::to_string(&event).unwrap();
        prop_assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event.clone());
        // Also through a document, as some stores keep it.
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&value["type"], event.type_name());
        prop_assert_eq!(serde_json::from_value::<Event>(value).unwrap(), event);
    }

    #[test]
    fn plans_and_runs_are_read_as_they_were_written(plan in self::any::plan(), new in self::any::new_run()) {
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<TaskPlan>(&text).unwrap(), plan);
        let text = serde_json::to_string(&new).unwrap();
        prop_assert_eq!(serde_json::from_str::<NewRun>(&text).unwrap(), new);
    }

    #[test]
    fn any_text_is_a_cron_expression_or_an_error(
        text in prop_oneof![".*", "([0-9*,/L#W-]{1,5} ){4,5}[0-9A-Za-z*,/#-]{1,5}"],
        zone in prop_oneof![Just("UTC".to_owned()), Just("Europe/Berlin".to_owned()), ".*"],
    ) {
        cron(&text, &zone);
    }

    #[test]
    fn any_text_is_a_scope_or_none(
        text in prop_oneof![".*", "(global|tenant|kind|strategy|spec|run)?:?.*"],
    ) {
        scope(&text);
    }

    #[test]
    fn any_text_is_an_id_or_an_error(
        text in prop_oneof![".*", "[0-9a-fA-F]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "[0-9a-f]{64}"],
    ) {
        ids(&text);
    }

    #[test]
    fn any_document_has_one_form_or_none(value in self::any::document()) {
        canonical(&value);
    }
}
