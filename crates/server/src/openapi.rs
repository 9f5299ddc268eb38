//! The `OpenAPI` 3.1 document, from the table of routes.

use std::sync::LazyLock;

use axum::http::Method;
use fondaco_contract::http::{Problem, ProblemCode, words};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::routes;
use crate::state::Limits;
use crate::table::Route;

/// The whole document.
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let problem = schemas.subschema_for::<Problem>();
    let mut paths = Map::new();
    let routes = routes::all();
    for route in &routes {
        let mut operation = operation(route, &mut schemas);
        link(route, &routes, &mut operation);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fondaco",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Durable runs over HTTP: submitted once, watched, halted, taken up again.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "responses": problems(&problem),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let mut parameters = path_parameters(route.path);
    if let Some(query) = route.query {
        parameters.extend(query_parameters(&query(schemas)));
    }
    if route.takes_key {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same key with the same request again is one request; with another one it is a conflict.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }));
    }
    if route.conditional {
        parameters.push(condition(route));
    }
    let security = if route.is_open {
        json!([])
    } else {
        json!([{"key": [route.scope.as_str()]}])
    };
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "security": security,
        "responses": responses(route, schemas),
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": {route.body_type: {"schema": body(schemas)}},
        });
        if let Some(example) = route.example {
            operation["requestBody"]["content"][route.body_type]["example"] = example();
        }
    }
    operation
}

fn path_parameters(path: &str) -> Vec<Value> {
    let words = path
        .split('/')
        .filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
    words
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": word(name)}))
        .collect()
}

/// What a word of a path is, by its name.
fn word(name: &str) -> Value {
    match name {
        "run_id" => known(words::id),
        "schedule" => json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,100}$"}),
        "venue" => known(words::venue),
        "symbol" => known(words::symbol),
        "timeframe" => known(words::timeframe),
        "kind" => known(words::candle_kind),
        _ => json!({"type": "string", "minLength": 1}),
    }
}

fn known(schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
    schema(&mut SchemaGenerator::default()).to_value()
}

fn condition(route: &Route) -> Value {
    let (name, about) = if route.method == Method::GET {
        (
            "If-None-Match",
            "The `ETag` of an answer that the reader has: 304 where it would be the same.",
        )
    } else {
        (
            "If-Match",
            "The `ETag` that the writer knows: 412 where there is another by now.",
        )
    };
    json!({
        "name": name, "in": "header", "required": false,
        "description": about, "schema": {"type": "string"},
    })
}

/// An answer that names something leads to the operations on it, which are
/// those below the same noun.
fn link(route: &Route, routes: &[Route], operation: &mut Value) {
    if route.gives.is_empty() {
        return;
    }
    let noun = |path: &'static str| path.split('/').nth(2);
    let is_about = |other: &&Route| {
        let mut words = route.gives.iter();
        let has = |word: &str| other.path.contains(&format!("{{{word}}}"));
        noun(other.path) == noun(route.path) && words.all(|(word, _)| has(word))
    };
    let parameters: Map<String, Value> = route
        .gives
        .iter()
        .map(|(word, pointer)| {
            let place = json!(format!("$response.body#{pointer}"));
            ((*word).to_owned(), place)
        })
        .collect();
    let links: Map<String, Value> = routes
        .iter()
        .filter(is_about)
        .map(|other| {
            let link = json!({"operationId": other.id, "parameters": parameters});
            (other.id.to_owned(), link)
        })
        .collect();
    operation["responses"][route.answer.0.to_string()]["links"] = Value::Object(links);
}

/// The fields of a struct are the parameters.
fn query_parameters(schema: &Schema) -> Vec<Value> {
    let fields = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        let about = schema
            .as_object_mut()
            .and_then(|fields| fields.remove("description"));
        without_null(&mut schema);
        bounded(name, &mut schema);
        json!({
            "name": name, "in": "query", "required": is_required(name),
            "description": about, "schema": schema,
        })
    };
    fields.into_iter().flatten().map(parameter).collect()
}

/// A parameter that is left out is left out: there is no way to write `null`
/// after a question mark.
fn without_null(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    if fields.get("default") == Some(&Value::Null) {
        fields.remove("default");
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(kinds)) = fields.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut choices)) = fields.remove("anyOf") {
        choices.retain(|choice| choice != &json!({"type": "null"}));
        match choices.as_slice() {
            [Value::Object(only)] => fields.extend(only.clone()),
            _ => {
                fields.insert("anyOf".to_owned(), Value::Array(choices));
            }
        }
    }
}

/// Counts have an end: pages by their own limit, others by their kind of
/// number.
fn bounded(name: &str, schema: &mut Value) {
    if schema["type"] != "integer" || schema.get("maximum").is_some() {
        return;
    }
    let most = match schema["format"].as_str() {
        _ if name == "limit" => json!(Limits::default().longest_page),
        Some("uint32") => json!(u32::MAX),
        Some("uint64" | "uint") => json!(u64::MAX),
        _ => return,
    };
    schema["minimum"] = json!(u8::from(name == "limit"));
    schema["maximum"] = most;
}

fn responses(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let (status, media_type, answer) = route.answer;
    let mut done = json!({"description": "Done.", "headers": headers(route)});
    if status != 204 {
        let schema = answer.map_or(json!({"type": "string"}), |schema| {
            schema(schemas).to_value()
        });
        done["content"] = json!({media_type: {"schema": schema}});
        if let Some(other) = route.also {
            done["content"][other] = json!({"schema": {"type": "string"}});
        }
    }
    let mut responses = Map::new();
    if let Some(other) = route.or_status {
        responses.insert(other.to_string(), done.clone());
    }
    responses.insert(status.to_string(), done);
    if route.conditional && route.method == Method::GET {
        responses.insert(
            "304".to_owned(),
            json!({"description": "It has not changed.", "headers": headers(route)}),
        );
    }
    let always = [
        ProblemCode::Invalid,
        ProblemCode::Unauthenticated,
        ProblemCode::Forbidden,
        ProblemCode::RateLimited,
        ProblemCode::Internal,
        ProblemCode::Unavailable,
        ProblemCode::Storage,
    ];
    for code in always.iter().chain(&route.problems) {
        let place = format!("#/components/responses/{}", code.as_str());
        responses
            .entry(code.status().to_string())
            .or_insert_with(|| json!({"$ref": place}));
    }
    Value::Object(responses)
}

/// What can go wrong, by code.
fn problems(problem: &Schema) -> Value {
    let response = |code: ProblemCode| {
        let response = json!({
            "description": code.title(),
            "headers": {"X-Correlation-ID": CORRELATION.clone()},
            "content": {"application/problem+json": {"schema": problem}},
        });
        (code.as_str().to_owned(), response)
    };
    Value::Object(ProblemCode::ALL.map(response).into_iter().collect())
}

/// On every answer.
static CORRELATION: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "description": "The id of the request, through all that it leads to.",
        "required": true,
        "schema": {"type": "string", "minLength": 1, "maxLength": 100},
    })
});

fn headers(route: &Route) -> Value {
    let mut headers = json!({"X-Correlation-ID": CORRELATION.clone()});
    if route.conditional && route.method == Method::GET {
        headers["ETag"] = json!({
            "description": "The state of what is shown.",
            "required": true,
            "schema": {"type": "string"},
        });
    }
    headers
}
