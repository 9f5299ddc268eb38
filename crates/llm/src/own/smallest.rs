//! The smallest document that fits a JSON Schema.

use serde_json::{Map, Number, Value, json};

/// Schemas that refer to themselves end there.
const DEEPEST: usize = 32;

/// Always the same for the same schema. Objects have what they must have,
/// lists as much as they must hold; patterns of texts are not looked at.
pub fn smallest(schema: &Value) -> Value {
    of(schema, schema, DEEPEST)
}

fn of(root: &Value, schema: &Value, depth: usize) -> Value {
    let (Value::Object(parts), Some(depth)) = (schema, depth.checked_sub(1)) else {
        return Value::Null;
    };
    if let Some(value) = parts.get("const") {
        return value.clone();
    }
    if let Some([first, ..]) = parts
        .get("enum")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        return first.clone();
    }
    if let Some(Value::String(place)) = parts.get("$ref") {
        let there = root.pointer(place.trim_start_matches('#'));
        return there.map_or(Value::Null, |there| of(root, there, depth));
    }
    if let Some(Value::Array(all)) = parts.get("allOf") {
        return of(root, &together(root, parts, all), depth);
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some([first, ..]) = parts
            .get(choice)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
        {
            return of(
                root,
                &together(root, parts, std::slice::from_ref(first)),
                depth,
            );
        }
    }
    match kind(parts) {
        "object" => object(root, parts, depth),
        "array" => array(root, parts, depth),
        "string" => json!(text(parts)),
        "integer" => number(parts, true),
        "number" => number(parts, false),
        "boolean" => json!(false),
        _ => Value::Null,
    }
}

/// One schema of several, the later ones over the earlier.
fn together(root: &Value, parts: &Map<String, Value>, all: &[Value]) -> Value {
    let mut whole = parts.clone();
    for name in ["allOf", "anyOf", "oneOf"] {
        whole.remove(name);
    }
    for part in all {
        let there = part.get("$ref").and_then(Value::as_str);
        let there = there.and_then(|place| root.pointer(place.trim_start_matches('#')));
        let Value::Object(part) = there.unwrap_or(part) else {
            continue;
        };
        for (name, value) in part {
            match (whole.get_mut(name), value) {
                (Some(Value::Object(old)), Value::Object(new)) => {
                    old.extend(new.clone());
                }
                (Some(Value::Array(old)), Value::Array(new)) if name == "required" => {
                    old.extend(new.iter().cloned());
                }
                _ => {
                    whole.insert(name.clone(), value.clone());
                }
            }
        }
    }
    Value::Object(whole)
}

/// Its type: of several the first that is not null.
fn kind(parts: &Map<String, Value>) -> &str {
    match parts.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let kinds = || kinds.iter().filter_map(Value::as_str);
            kinds().find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if parts.contains_key("properties") => "object",
        _ if parts.contains_key("items") => "array",
        _ => "null",
    }
}

fn object(root: &Value, parts: &Map<String, Value>, depth: usize) -> Value {
    let required = parts.get("required").and_then(Value::as_array);
    let properties = parts.get("properties");
    let mut object = Map::new();
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        let schema = properties.and_then(|properties| properties.get(name));
        let value = schema.map_or(Value::Null, |schema| of(root, schema, depth));
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

fn array(root: &Value, parts: &Map<String, Value>, depth: usize) -> Value {
    let least = count(parts, "minItems").unwrap_or(0);
    let first = parts.get("prefixItems").and_then(Value::as_array);
    let item = |no: usize| {
        let schema = first.and_then(|first| first.get(no)).or(parts.get("items"));
        schema.map_or(Value::Null, |schema| of(root, schema, depth))
    };
    (0..least).map(item).collect()
}

fn text(parts: &Map<String, Value>) -> String {
    match parts.get("format").and_then(Value::as_str) {
        Some("date") => return "2000-01-01".to_owned(),
        Some("date-time") => return "2000-01-01T00:00:00Z".to_owned(),
        _ => {}
    }
    let least = count(parts, "minLength").unwrap_or(0);
    let most = count(parts, "maxLength").unwrap_or(usize::MAX);
    let word = "scripted ".chars().cycle();
    let long = least.max("scripted".len()).min(most);
    let text: String = word.take(long).collect();
    // A blank at its end would be lost on the way.
    match text.strip_suffix(' ') {
        Some(before) => format!("{before}."),
        None => text,
    }
}

fn number(parts: &Map<String, Value>, whole: bool) -> Value {
    let bound = |name: &str| parts.get(name).and_then(Value::as_f64);
    let step = if whole { 1.0 } else { f64::EPSILON.sqrt() };
    let low = bound("minimum").into_iter();
    let low = low.chain(bound("exclusiveMinimum").map(|low| low + step));
    let high = bound("maximum").into_iter();
    let high = high.chain(bound("exclusiveMaximum").map(|high| high - step));
    let low = low.fold(f64::NEG_INFINITY, f64::max);
    let high = high.fold(f64::INFINITY, f64::min);
    let value = 0.0_f64.max(low).min(high);
    if whole {
        return json!(value.ceil() as i64);
    }
    Number::from_f64(value).map_or(json!(0), Value::Number)
}

fn count(parts: &Map<String, Value>, name: &str) -> Option<usize> {
    usize::try_from(parts.get(name)?.as_u64()?).ok()
}
