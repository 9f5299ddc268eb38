//! Where two questions differ.

use fondaco_app::ports::model::ModelRequest;
use serde_json::Value;

/// The first place, as a JSON pointer, and what stands there in each.
pub(crate) fn difference(recorded: &ModelRequest, asked: &ModelRequest) -> String {
    // Texts, numbers and JSON always serialise.
    let [recorded, asked] =
        [recorded, asked].map(|request| serde_json::to_value(request).unwrap_or_default());
    match first(&recorded, &asked, &mut String::new()) {
        Some(found) => found,
        None => "nothing".to_owned(),
    }
}

fn first(recorded: &Value, asked: &Value, place: &mut String) -> Option<String> {
    if recorded == asked {
        return None;
    }
    match (recorded, asked) {
        (Value::Object(a), Value::Object(b)) => {
            let added = b.keys().filter(|name| !a.contains_key(*name));
            let names = a.keys().chain(added);
            in_order(names, place, |name| (a.get(name), b.get(name)))
        }
        (Value::Array(a), Value::Array(b)) => {
            let places: Vec<String> = (0..a.len().max(b.len())).map(|no| no.to_string()).collect();
            in_order(places.iter(), place, |no| {
                let no: usize = no.parse().unwrap_or_default();
                (a.get(no), b.get(no))
            })
        }
        (Value::String(a), Value::String(b)) => Some(texts(place, a, b)),
        _ => Some(format!("{place}: recorded {recorded}, asked {asked}")),
    }
}

fn in_order<'a, 'v>(
    mut names: impl Iterator<Item = &'a String>,
    place: &mut String,
    at: impl Fn(&str) -> (Option<&'v Value>, Option<&'v Value>),
) -> Option<String> {
    names.find_map(|name| {
        let before = place.len();
        place.push('/');
        place.push_str(name);
        let found = match at(name) {
            (Some(recorded), Some(asked)) => first(recorded, asked, place),
            (Some(_), None) => Some(format!("{place}: recorded, not asked")),
            (None, _) => Some(format!("{place}: asked, not recorded")),
        };
        place.truncate(before);
        found
    })
}

/// Characters shown of either side.
const SHOWN: usize = 40;

/// From where two texts part.
fn texts(place: &str, recorded: &str, asked: &str) -> String {
    let same = recorded.chars().zip(asked.chars());
    let same = same.take_while(|(a, b)| a == b).count();
    let from = |text: &str| -> String { text.chars().skip(same).take(SHOWN).collect() };
    format!(
        "{place} from character {same}: recorded {:?}, asked {:?}",
        from(recorded),
        from(asked)
    )
}
