//! Brings derived schemas into the shape that the document promises (layer 2). Pure.

use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{RefOr, Schema, Type};

/// Fields of answers that may be absent. All others are always there.
const OPTIONAL: [(&str, &str); 1] = [("ErrorBody", "hint")];

/// An answer always holds all of its fields: absent values are `null`. (Payloads of events leave absent fields out.)
pub(super) fn require_all(name: &str, schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema {
        let is_optional = |field: &str| OPTIONAL.contains(&(name, field)) || name == "ToolCall";
        object.required = object
            .properties
            .keys()
            .filter(|field| !is_optional(field) || object.required.contains(field))
            .cloned()
            .collect();
    }
}

/// The description of a field that may be `null` stands beside its choices, not inside the first one.
pub(super) fn raise_descriptions(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => object.properties.values_mut().for_each(raise_descriptions),
        RefOr::T(Schema::OneOf(choices)) => {
            for choice in &mut choices.items {
                match choice {
                    RefOr::Ref(reference)
                        if choices.description.is_none() && !reference.description.is_empty() =>
                    {
                        choices.description = Some(std::mem::take(&mut reference.description));
                    }
                    RefOr::Ref(_) | RefOr::T(_) => raise_descriptions(choice),
                }
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

/// A parameter is there or not, but never `null`.
pub(super) fn never_null(mut parameter: Parameter) -> Parameter {
    if let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
        && let SchemaType::Array(types) = &mut object.schema_type
    {
        types.retain(|kind| *kind != Type::Null);
        if let [only] = types.as_slice() {
            object.schema_type = SchemaType::Type(only.clone());
        }
    }
    parameter
}
