//! GitHub's published description of its interface (dev layer), and what breaks it.
//!
//! `github-openapi/description.json` holds the operations that the fake forge knows; its README says where it is from.
//! A request may hold no parameter and no field that the description does not have; an answer's every field is checked.

use super::operations::Operation;
use jsonschema::{Draft, Registry, Validator};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

const TEXT: &str = include_str!("../../github-openapi/description.json");
const ADDRESS: &str = "https://forge.invalid/description";

/// The most problems that are told of one value.
const MOST: usize = 5;

/// Statuses with GitHub's common form of an error, wherever they come from.
const ERRORS: &[u16] = &[400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503];

pub(super) struct Description {
    document: &'static Value,
    registry: Registry<'static>,
    /// Compiled schemas, by their place in the document.
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

/// The description; read once in a process.
pub(super) fn description() -> &'static Description {
    static READ: OnceLock<Description> = OnceLock::new();
    READ.get_or_init(Description::read)
}

impl Description {
    #[expect(
        clippy::expect_used,
        reason = "the file is part of this crate, and nothing can be checked without it"
    )]
    fn read() -> Self {
        let document: Value = serde_json::from_str(TEXT).expect("description.json is no JSON");
        let document: &'static Value = Box::leak(Box::new(document));
        let registry = Registry::new()
            .draft(Draft::Draft7)
            .add(ADDRESS, document)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .expect("description.json cannot be referred to");
        Self { document, registry, compiled: Mutex::default() }
    }

    fn operation(&self, operation: &Operation) -> Option<&Value> {
        self.document.get("operations")?.get(operation.id)
    }

    /// What is wrong with a request.
    pub(super) fn request(
        &self,
        operation: &Operation,
        query: &[(String, String)],
        body: &Value,
    ) -> Vec<String> {
        let Some(described) = self.operation(operation) else {
            return vec![format!("{} is not in the description", operation.id)];
        };
        let mut problems = Vec::new();
        for (name, value) in query {
            let parameter = described.get("query").and_then(|query| query.get(name)?.get("schema"));
            let Some(parameter) = parameter else {
                problems.push(format!("request {}: no parameter `{name}`", operation.id));
                continue;
            };
            let place = format!("/operations/{}/query/{}/schema", escaped(operation.id), escaped(name));
            let about = format!("request {}: parameter `{name}`", operation.id);
            problems.extend(self.check(&about, &place, &typed(parameter, value)));
        }
        let expected = &described["body"];
        match (expected.is_null(), body.is_null()) {
            (true, true) => {}
            (true, false) => problems.push(format!("request {}: it takes no body", operation.id)),
            (false, true) if expected["required"] == json!(true) => {
                problems.push(format!("request {}: it needs a body", operation.id));
            }
            (false, true) => {}
            (false, false) => {
                let place = format!("/operations/{}/body/schema", escaped(operation.id));
                problems.extend(self.check(&format!("request {}", operation.id), &place, body));
                problems.extend(strangers(operation.id, &expected["schema"], body));
            }
        }
        problems
    }

    /// What is wrong with an answer.
    pub(super) fn answer(&self, operation: &Operation, status: u16, body: Option<&Value>) -> Vec<String> {
        let Some(described) = self.operation(operation) else { return Vec::new() };
        let about = format!("answer {} {status}", operation.id);
        match (described["answers"].get(status.to_string()), body) {
            // Where the description gives an error no form, it has the common one.
            (Some(Value::Null), Some(body)) if ERRORS.contains(&status) => {
                self.check(&about, "/schemas/basic-error", body)
            }
            (Some(Value::Null), Some(_)) => vec![format!("{about}: it has no body")],
            (Some(Value::Null), None) => Vec::new(),
            (Some(_), None) => vec![format!("{about}: it needs a body")],
            (Some(_), Some(body)) => {
                let place = format!("/operations/{}/answers/{status}", escaped(operation.id));
                self.check(&about, &place, body)
            }
            (None, body) if ERRORS.contains(&status) => {
                self.check(&about, "/schemas/basic-error", body.unwrap_or(&Value::Null))
            }
            // Not modified, which every reading answer may be.
            (None, None) if status == 304 => Vec::new(),
            (None, _) => vec![format!("{about}: no such answer")],
        }
    }

    fn check(&self, about: &str, place: &str, value: &Value) -> Vec<String> {
        match self.validator(place) {
            Ok(validator) => validator
                .iter_errors(value)
                .take(MOST)
                .map(|error| format!("{about}: {}: {}", error.instance_path(), shortened(&error.to_string())))
                .collect(),
            Err(problem) => vec![format!("{about}: the schema at {place} cannot be used: {problem}")],
        }
    }

    fn validator(&self, place: &str) -> Result<Arc<Validator>, String> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = compiled.get(place) {
            return Ok(Arc::clone(found));
        }
        let schema = json!({"$ref": format!("{ADDRESS}#{place}")});
        let validator = jsonschema::options()
            .with_draft(Draft::Draft7)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| error.to_string())?;
        let validator = Arc::new(validator);
        compiled.insert(place.to_owned(), Arc::clone(&validator));
        Ok(validator)
    }
}

/// A part of a JSON pointer.
fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

/// Errors quote the whole value, which may be long.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => {
            let end = text.get(text.len().saturating_sub(LONGEST)..).unwrap_or_default();
            format!("{} … {end}", text.get(..at).unwrap_or_default())
        }
        None => text.to_owned(),
    }
}

/// A query's value, as its schema's type.
fn typed(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number") => {
            text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
        }
        Some("boolean") => text.parse::<bool>().map_or_else(|_| json!(text), |truth| json!(truth)),
        _ => json!(text),
    }
}

/// Fields of a body that the description does not have.
fn strangers(operation: &str, schema: &Value, body: &Value) -> Vec<String> {
    let empty = Map::new();
    let known = schema["properties"].as_object().unwrap_or(&empty);
    if known.is_empty() {
        return Vec::new();
    }
    let given = body.as_object().unwrap_or(&empty);
    given
        .keys()
        .filter(|name| !known.contains_key(*name))
        .map(|name| format!("request {operation}: no field `{name}`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_forge::operations::ALL;

    fn operation(id: &str) -> &'static Operation {
        ALL.iter().find(|operation| operation.id == id).unwrap()
    }

    #[test]
    fn every_operation_is_described_with_the_path_that_is_served() {
        for operation in ALL {
            let described = description().operation(operation).unwrap();
            // GitHub writes both sides of a comparison into the path, clients send them as one part.
            let path = described["path"].as_str().unwrap().replace("{base}...{head}", "{basehead}");
            assert_eq!(
                (described["method"].as_str(), path.as_str()),
                (Some(operation.method), operation.path)
            );
        }
    }

    #[test]
    fn a_wrong_answer_is_told() {
        let told = |id: &str, status: u16, body: Option<Value>| {
            description().answer(operation(id), status, body.as_ref()).join("\n")
        };
        let reference =
            json!({"ref": "refs/heads/x", "node_id": "n", "url": "no address", "object": {"sha": 1}});
        let all = [
            told("git/get-ref", 200, Some(reference)),
            told("git/get-ref", 202, None),
            told("git/get-ref", 200, None),
            told("pulls/check-if-merged", 204, Some(json!({}))),
            told("pulls/create", 422, Some(json!({"message": "no"}))),
        ];
        expect_test::expect![[r#"
            answer git/get-ref 200: /url: "no address" is not a "uri"
            answer git/get-ref 200: /object: "type" is a required property
            answer git/get-ref 200: /object: "url" is a required property
            answer git/get-ref 200: /object/sha: 1 is not of type "string"
            answer git/get-ref 202: no such answer
            answer git/get-ref 200: it needs a body
            answer pulls/check-if-merged 204: it has no body
            answer pulls/create 422: : "documentation_url" is a required property"#]]
        .assert_eq(&all.join("\n"));
    }
}
