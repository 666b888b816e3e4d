//! Values for JSON schemas (dev layer, pure): what a model answers where a request wants a form, not a text.

use serde_json::{Map, Value, json};

/// A small value that a JSON schema allows. Knows what agents use: types (also in capitals), enums, constants,
/// defaults, bounds, `anyOf`; a reference becomes a text.
pub(crate) fn plausible(schema: &Value) -> Value {
    fill(schema, 8)
}

fn fill(schema: &Value, depth: u8) -> Value {
    let first = |name: &str| schema.get(name).and_then(Value::as_array).and_then(|all| all.first()).cloned();
    if let Some(value) = schema.get("const").or_else(|| schema.get("default")) {
        return value.clone();
    }
    if let Some(value) = first("enum") {
        return value;
    }
    if depth == 0 {
        return Value::Null;
    }
    if let Some(choice) = first("anyOf").or_else(|| first("oneOf")) {
        return fill(&choice, depth - 1);
    }
    match schema_type(schema).as_str() {
        "object" => fill_object(schema, depth),
        "array" => {
            let wanted = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(8);
            let item = schema.get("items").unwrap_or(&Value::Null);
            (0..wanted).map(|_| fill(item, depth - 1)).collect()
        }
        "integer" | "number" => {
            let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(i64::MIN);
            let most = schema.get("maximum").and_then(Value::as_i64).unwrap_or(i64::MAX);
            json!(50.min(most).max(least))
        }
        "boolean" => json!(false),
        "null" => Value::Null,
        _ => json!("scripted"),
    }
}

fn fill_object(schema: &Value, depth: u8) -> Value {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    properties
        .iter()
        .map(|(name, schema)| (name.clone(), fill(schema, depth - 1)))
        .collect::<Map<_, _>>()
        .into()
}

/// The type of a schema in small letters; of several, the first that is not null.
pub(super) fn schema_type(schema: &Value) -> String {
    let name = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        Some(other) => other.as_str(),
        None if schema.get("properties").is_some() => Some("object"),
        None => None,
    };
    name.unwrap_or("string").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_filled() {
        let schema = json!({"type": "OBJECT", "properties": {
            "model_choice": {"type": "STRING", "enum": ["flash", "pro"]},
            "complexity_score": {"type": "INTEGER", "minimum": 1, "maximum": 10},
            "title": {"type": ["null", "string"]},
            "maybe": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
            "list": {"type": "array", "items": {"type": "number"}, "minItems": 1},
            "fixed": {"const": 3}
        }});
        assert_eq!(
            plausible(&schema),
            json!({"model_choice": "flash", "complexity_score": 10, "title": "scripted", "maybe": false, "list": [50], "fixed": 3})
        );
    }
}
