//! The `OpenAPI` 3.1 document, from the table of routes.

use fondaco_contract::http::{Problem, ProblemCode};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::routes;
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
    for route in routes::all() {
        let operation = operation(&route, &mut schemas, &problem);
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
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator, problem: &Schema) -> Value {
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
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "security": [{"key": [route.scope.as_str()]}],
        "responses": responses(route, schemas, problem),
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": body(schemas)}},
        });
    }
    operation
}

fn path_parameters(path: &str) -> Vec<Value> {
    let words = path
        .split('/')
        .filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
    words
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
        })
        .collect()
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
        json!({
            "name": name, "in": "query", "required": is_required(name),
            "description": about, "schema": schema,
        })
    };
    fields.into_iter().flatten().map(parameter).collect()
}

fn responses(route: &Route, schemas: &mut SchemaGenerator, problem: &Schema) -> Value {
    let (status, media_type, answer) = route.answer;
    let schema = answer.map_or(json!({"type": "string"}), |schema| {
        schema(schemas).to_value()
    });
    let mut responses = Map::new();
    responses.insert(
        status.to_string(),
        json!({"description": "Done.", "content": {media_type: {"schema": schema}}}),
    );
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
        responses.insert(
            code.status().to_string(),
            json!({
                "description": code.title(),
                "content": {"application/problem+json": {"schema": problem}},
            }),
        );
    }
    Value::Object(responses)
}
