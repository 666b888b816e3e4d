//! The document is the one in the reference, and the server does what it says.

use crate::app::TestApp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn the_reference_is_up_to_date() {
    let text = telecoder_server::openapi::text().unwrap();
    expect_test::expect_file!["../../../../docs/reference/openapi.json"].assert_eq(&text);
}

#[test]
fn the_document_is_whole() {
    let document = serde_json::to_value(telecoder_server::openapi::document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}");
            assert!(operation["summary"].as_str().unwrap().len() > 5, "{path}");
            assert!(!operation["responses"]["500"].is_null(), "{method} {path}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{method} {path} {parameter}");
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let unused = !references.contains(&format!("#/components/schemas/{name}"));
        assert!(!unused, "{name} is not used");
        assert!(schema["description"].is_string(), "{name} has no description");
        for word in schema["enum"].as_array().into_iter().flatten() {
            let word = word.as_str().unwrap();
            assert_eq!(word, word.to_lowercase(), "{name}");
        }
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{name}.{field} has no description");
        }
    }
}

fn collect_references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                into.insert(reference.clone());
            }
            fields.values().for_each(|field| collect_references(field, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn the_server_has_every_operation_of_the_document() {
    let app = TestApp::start().await;
    let served = app.get("/api/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    let document = served.json();
    assert_eq!(document, serde_json::to_value(telecoder_server::openapi::document()).unwrap());
    for (path, item) in document["paths"].as_object().unwrap() {
        let filled =
            path.replace("{id}", "aaaaaaaaaaaa").replace("{number}", "7").replace("{name}", "nobody");
        for (method, operation) in item.as_object().unwrap() {
            let answer = app.call(&method.to_uppercase(), &filled, json!({})).await;
            let code = if answer.status >= 400 { answer.json()["code"].clone() } else { json!("") };
            assert!(code != "not_found" && code != "method_not_allowed", "{method} {path}");
            assert!(
                !operation["responses"][answer.status.to_string()].is_null(),
                "{method} {path}: {}",
                answer.status
            );
        }
        for method in ["GET", "POST", "PATCH", "DELETE", "PUT"] {
            if item.get(method.to_lowercase()).is_none() {
                let answer = app.call(method, &filled, json!({})).await;
                assert_eq!(answer.error(), "405 method_not_allowed", "{method} {path}");
            }
        }
    }
}
