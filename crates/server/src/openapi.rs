//! The `OpenAPI` 3.1 document (layer 2), made of the list of routes and the wire types, so that it cannot drift from them.

mod shape;

use crate::access::Access;
use crate::route::{Content, Route};
use crate::routes;
use std::collections::BTreeMap;
use telecoder_api::error::ErrorBody;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Header, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    PathItem, PathsBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

const TOKEN: &str = "token";

/// The errors that routes answer with: name in the document, status, meaning.
const ERRORS: [(&str, u16, &str); 12] = [
    ("Invalid", 400, "The request cannot be read, or holds a value or a name that is not one"),
    ("Unauthenticated", 401, "A token is needed, or the one given is unknown, expired or revoked"),
    ("Forbidden", 403, "The token's scope is too small, or the `Host` or `Origin` is foreign"),
    ("NotFound", 404, "It does not exist, or not for this caller"),
    ("RequestTimeout", 408, "The body did not arrive in time"),
    ("Conflict", 409, "The state does not allow it"),
    ("TooLarge", 413, "The body is larger than 1 MiB"),
    ("WrongType", 415, "The body is not declared as `application/json`"),
    ("Impossible", 422, "The request is well-formed and cannot be carried out"),
    ("TooMany", 429, "Too much at once; `Retry-After` says when to try again"),
    ("Internal", 500, "A fault of TeleCoder itself"),
    ("Unavailable", 503, "Something that it needs is not available; `Retry-After` says when to try again"),
];

/// The document.
pub fn document() -> OpenApi {
    let routes = routes::all();
    let mut schemas = BTreeMap::new();
    let mut collected = vec![(ErrorBody::name().into_owned(), ErrorBody::schema())];
    let mut paths = PathsBuilder::new();
    for route in &routes {
        for wire in route.successes.iter().flat_map(|success| &success.content).filter_map(Content::wire) {
            (wire.collect)(&mut collected);
        }
        paths = paths.path(route.path, PathItem::new(route.method.clone(), operation(route)));
    }
    for (name, mut schema) in collected {
        shape::require_all(&name, &mut schema);
        schemas.insert(name, schema);
    }
    let mut requests = Vec::new();
    for body in routes.iter().filter_map(|route| route.body.as_ref()) {
        (body.wire.collect)(&mut requests);
    }
    for (name, schema) in requests {
        schemas.entry(name).or_insert(schema);
    }
    let mut components = ComponentsBuilder::new().security_scheme(TOKEN, scheme());
    for (name, mut schema) in schemas {
        shape::raise_descriptions(&mut schema);
        components = components.schema(name, schema);
    }
    for (name, _, meaning) in ERRORS {
        components = components.response(name, error(meaning));
    }
    OpenApiBuilder::new().info(title()).paths(paths.build()).components(Some(components.build())).build()
}

/// The document as text, as it is printed and kept in the reference.
///
/// # Errors
/// If it cannot be written as JSON (it always can).
pub fn text() -> Result<String, serde_json::Error> {
    document().to_pretty_json().map(|text| text + "\n")
}

fn title() -> utoipa::openapi::Info {
    InfoBuilder::new()
        .title("TeleCoder")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A self-hosted background coding agent platform. JSON is camelCase; times are RFC 3339 in UTC; lists are bare arrays, newest \
             first, 50 rows by default and 1,000 at most, and the `Link` header names the next page. An absent value of an answer is `null`. \
             A session's id may be shortened to any unique prefix. A request with an unknown field or parameter is refused. A server \
             on loopback needs no token unless it was told so.",
        ))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build()
}

fn scheme() -> SecurityScheme {
    SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token with the scope that the operation names: read, run, publish or admin; each includes those before it."))
            .build(),
    )
}

fn error(meaning: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
    ResponseBuilder::new().description(meaning).content("application/json", content).build()
}

fn operation(route: &Route) -> OperationBuilder {
    let mut operation =
        OperationBuilder::new().operation_id(Some(route.id)).tag(route.group()).summary(Some(route.summary));
    let mut details = route.details.to_owned();
    match route.access {
        Access::Open => operation = operation.securities(Some([SecurityRequirement::default()])),
        Access::Needs(scope) => {
            let token = SecurityRequirement::new::<_, [&str; 0], &str>(TOKEN, []);
            // A server on loopback may need none.
            operation = operation.securities(Some([token, SecurityRequirement::default()]));
            details = format!("{details}\n\nScope: `{}`.", scope.as_str()).trim_start().to_owned();
        }
    }
    if !details.is_empty() {
        operation = operation.description(Some(details));
    }
    for name in route.path_names() {
        operation = operation.parameter(path_parameter(name));
    }
    for parameter in &route.parameters {
        operation = operation.parameter(shape::never_null(parameter.clone()));
    }
    if let Some(body) = &route.body {
        let content = ContentBuilder::new().schema(Some(body.wire.reference())).build();
        let required = if body.required { Required::True } else { Required::False };
        operation = operation.request_body(Some(
            RequestBodyBuilder::new().content("application/json", content).required(Some(required)).build(),
        ));
    }
    for success in &route.successes {
        let mut response = ResponseBuilder::new().description(success.says);
        for content in &success.content {
            response = with_content(response, content);
        }
        operation = operation.response(success.status.to_string(), response);
    }
    for (name, status, _) in ERRORS {
        let taken = route.successes.iter().any(|success| success.status == status);
        if can_fail(route, status) && !taken {
            operation = operation.response(status.to_string(), Ref::from_response_name(name));
        }
    }
    operation
}

fn can_fail(route: &Route, status: u16) -> bool {
    match status {
        401 => route.access != Access::Open || route.identifies,
        404 => route.refers || !route.path_names().is_empty(),
        408 | 413 | 415 => {
            !matches!(route.method, utoipa::openapi::HttpMethod::Get | utoipa::openapi::HttpMethod::Delete)
        }
        409 => route.conflicts,
        422 => route.unprocessable,
        429 => route.streams,
        503 => route.access != Access::Open || route.identifies,
        _ => true,
    }
}

fn with_content(response: ResponseBuilder, content: &Content) -> ResponseBuilder {
    let json = |schema: Option<RefOr<Schema>>| ContentBuilder::new().schema(schema).build();
    match content {
        Content::Object(_) | Content::List(_) => response.content("application/json", json(content.schema())),
        Content::Page(_) => {
            let mut link = Header::new(ObjectBuilder::new().schema_type(Type::String));
            link.description = Some("`<address>; rel=\"next\"`, where there is a next page".to_owned());
            response.content("application/json", json(content.schema())).header("Link", link)
        }
        Content::Json => response
            .content("application/json", json(Some(ObjectBuilder::new().schema_type(Type::Object).into()))),
        Content::Text(media) => {
            response.content(*media, json(Some(ObjectBuilder::new().schema_type(Type::String).into())))
        }
        Content::Empty => response,
    }
}

fn path_parameter(name: &'static str) -> ParameterBuilder {
    let (schema, says) = match name {
        "number" => (
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                .minimum(Some(1)),
            "The pull request's number.",
        ),
        "name" => (ObjectBuilder::new().schema_type(Type::String), "The agent's name."),
        _ => (
            ObjectBuilder::new().schema_type(Type::String),
            "The id; a session's may be shortened to any unique prefix.",
        ),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(says))
        .schema(Some(schema))
}
