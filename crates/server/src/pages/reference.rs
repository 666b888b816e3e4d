//! Writes the `OpenAPI` document as one HTML page (layer 2). Pure: JSON in, HTML out; everything is escaped.

use super::escape;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The page.
pub(super) fn page(document: &Value) -> String {
    let mut out = String::new();
    let title = text(document, "/info/title");
    let version = text(document, "/info/version");
    let about = text(document, "/info/description");
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} API</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><main>\
         <p><a href=\"/\">{title}</a></p><h1>{title} API <small>{version}</small></h1><p>{about}</p>\
         <p>The same for programs: <a href=\"/api/openapi.json\">/api/openapi.json</a> (OpenAPI {openapi}).</p>",
        title = escape(title),
        version = escape(version),
        about = escape(about),
        openapi = escape(text(document, "/openapi")),
    );
    let operations = operations(document);
    contents(&mut out, &operations);
    let mut group = "";
    for operation in &operations {
        if operation.group != group {
            group = operation.group;
            let _ = write!(out, "<h2 id=\"{0}\">{0}</h2>", escape(group));
        }
        write_operation(&mut out, operation);
    }
    out.push_str("<h2 id=\"types\">types</h2>");
    for (name, schema) in object(document, "/components/schemas") {
        write_schema(&mut out, name, schema);
    }
    out.push_str("</main></body></html>\n");
    out
}

struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    group: &'a str,
    body: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (path, item) in object(document, "/paths") {
        for method in ["get", "post", "patch", "delete"] {
            if let Some(body) = item.get(method) {
                all.push(Operation { method, path, group: text(body, "/tags/0"), body });
            }
        }
    }
    let first = |group: &str| all.iter().position(|operation| operation.group == group);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&index| all.get(index).and_then(|operation| first(operation.group)));
    let mut slots: Vec<Option<Operation<'_>>> = all.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| slots.get_mut(index)?.take()).collect()
}

fn contents(out: &mut String, operations: &[Operation<'_>]) {
    out.push_str("<nav><ul>");
    for operation in operations {
        let _ = write!(
            out,
            "<li><a href=\"#{id}\"><b>{method}</b> <code>{path}</code></a> {summary}</li>",
            id = escape(text(operation.body, "/operationId")),
            method = operation.method.to_uppercase(),
            path = escape(operation.path),
            summary = escape(text(operation.body, "/summary")),
        );
    }
    out.push_str("</ul></nav>");
}

fn write_operation(out: &mut String, operation: &Operation<'_>) {
    let _ = write!(
        out,
        "<section id=\"{id}\"><h3><b>{method}</b> <code>{path}</code></h3><p>{summary}.</p>",
        id = escape(text(operation.body, "/operationId")),
        method = operation.method.to_uppercase(),
        path = escape(operation.path),
        summary = escape(text(operation.body, "/summary")),
    );
    for paragraph in text(operation.body, "/description").split("\n\n").filter(|p| !p.is_empty()) {
        let _ = write!(out, "<p>{}</p>", marked(paragraph));
    }
    let parameters = list(operation.body, "/parameters");
    if !parameters.is_empty() {
        out.push_str("<table><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr>");
        for parameter in parameters {
            let _ = write!(
                out,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(text(parameter, "/name")),
                escape(text(parameter, "/in")),
                type_of(parameter.get("schema").unwrap_or(&Value::Null)),
                marked(text(parameter, "/description")),
            );
        }
        out.push_str("</table>");
    }
    if let Some(schema) = operation.body.pointer("/requestBody/content/application~1json/schema") {
        let _ = write!(out, "<p>Body: {}</p>", type_of(schema));
    }
    out.push_str("<table><tr><th>status</th><th>body</th><th></th></tr>");
    for (status, response) in object(operation.body, "/responses") {
        let shapes: Vec<String> = object(response, "/content")
            .map(|(media, content)| {
                let schema = content.get("schema").unwrap_or(&Value::Null);
                if media == "application/json" {
                    type_of(schema)
                } else {
                    format!("<code>{}</code>", escape(media))
                }
            })
            .collect();
        let (shape, says) = match response.get("$ref").and_then(Value::as_str) {
            Some(reference) => (link("ErrorBody"), escape(last(reference))),
            None => (shapes.join(" or "), marked(text(response, "/description"))),
        };
        let _ = write!(out, "<tr><td>{}</td><td>{shape}</td><td>{says}</td></tr>", escape(status));
    }
    out.push_str("</table></section>");
}

fn write_schema(out: &mut String, name: &str, schema: &Value) {
    let _ = write!(
        out,
        "<section id=\"type-{0}\"><h3>{0}</h3><p>{1}</p>",
        escape(name),
        marked(text(schema, "/description"))
    );
    let parts: Vec<&Value> = match (list(schema, "/allOf"), list(schema, "/oneOf")) {
        ([], []) => vec![schema],
        (all, one) => all.iter().chain(one).collect(),
    };
    for part in parts {
        let values: Vec<String> = list(part, "/enum")
            .iter()
            .map(|value| format!("<code>{}</code>", escape(&plain(value))))
            .collect();
        if !values.is_empty() {
            let _ = write!(out, "<p>One of {}</p>", values.join(", "));
        }
        if part.get("$ref").is_some() {
            let _ = write!(out, "<p>and {}</p>", type_of(part));
        }
        fields(out, part);
    }
    out.push_str("</section>");
}

fn fields(out: &mut String, schema: &Value) {
    if object(schema, "/properties").next().is_none() {
        return;
    }
    out.push_str("<table>");
    for (field, property) in object(schema, "/properties") {
        let _ = write!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escape(field),
            type_of(property),
            marked(text(property, "/description")),
        );
        if object(property, "/properties").next().is_some() {
            out.push_str("<tr><td></td><td colspan=\"2\">");
            fields(out, property);
            out.push_str("</td></tr>");
        }
    }
    out.push_str("</table>");
}

/// A schema in a few words.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return link(last(reference));
    }
    let options = list(schema, "/oneOf");
    if !options.is_empty() {
        return options.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    let values = list(schema, "/enum");
    if !values.is_empty() {
        return values
            .iter()
            .map(|value| format!("<code>{}</code>", escape(&plain(value))))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    let names: Vec<String> = match schema.get("type") {
        Some(Value::Array(all)) => all.iter().map(plain).collect(),
        Some(one) => vec![plain(one)],
        None => vec!["any".to_owned()],
    };
    let named: Vec<String> = names
        .iter()
        .map(|name| match (name.as_str(), schema.get("items")) {
            ("array", Some(items)) => format!("array of {}", type_of(items)),
            (other, _) => escape(other),
        })
        .collect();
    named.join(" or ")
}

fn link(name: &str) -> String {
    format!("<a href=\"#type-{0}\">{0}</a>", escape(name))
}

fn last(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or("")
}

/// Escapes, and turns pairs of backticks into code.
fn marked(source: &str) -> String {
    let mut out = String::new();
    for (index, part) in source.split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(out, "<code>{}</code>", escape(part));
        } else {
            out.push_str(&escape(part));
        }
    }
    out
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn object<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_operation_and_type_and_asks_nobody_else() {
        let document = serde_json::to_value(crate::openapi::document()).unwrap();
        let page = page(&document);
        for (path, _) in object(&document, "/paths") {
            assert!(page.contains(&format!("<code>{}</code></h3>", escape(path))), "{path}");
        }
        for (name, _) in object(&document, "/components/schemas") {
            assert!(page.contains(&format!("id=\"type-{name}\"")), "{name}");
        }
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    }

    #[test]
    fn markup_in_the_document_stays_text() {
        let document = serde_json::json!({
            "info": {"title": "<b>", "description": "\"&'"},
            "components": {"schemas": {"<x>": {"description": "`<i>`"}}}
        });
        let page = page(&document);
        assert!(page.contains("&lt;b&gt;") && page.contains("&quot;&amp;&#39;"));
        assert!(page.contains("<code>&lt;i&gt;</code>") && !page.contains("<x>"));
    }
}
