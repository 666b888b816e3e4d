//! One route of the API (layer 2): address, scope, controller, and its description for the `OpenAPI` document.

use crate::access::Access;
use crate::app::App;
use axum::routing::{MethodRouter, delete, get, patch, post};
use telecoder_model::principal::Scope;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{HttpMethod, Ref, RefOr, Required, Schema};
use utoipa::{IntoParams, ToSchema};

/// A schema that the document shall hold.
#[derive(Clone, Copy)]
pub(crate) struct Wire {
    pub(crate) name: fn() -> String,
    pub(crate) collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Wire {
    pub(crate) fn of<T: ToSchema>() -> Self {
        Self {
            name: || T::name().into_owned(),
            collect: |all| {
                all.push((T::name().into_owned(), T::schema()));
                T::schemas(all);
            },
        }
    }
    pub(crate) fn reference(&self) -> Ref {
        Ref::from_schema_name((self.name)())
    }
}

/// What a successful answer holds.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// One object.
    Object(Wire),
    /// A bare array.
    List(Wire),
    /// A bare array with a `Link` to the next page.
    Page(Wire),
    /// Text of a media type.
    Text(&'static str),
    /// Any JSON.
    Json,
    /// Nothing.
    Empty,
}

impl Content {
    /// The schema of a JSON answer.
    pub(crate) fn schema(&self) -> Option<RefOr<Schema>> {
        match self {
            Self::Object(wire) => Some(wire.reference().into()),
            Self::List(wire) | Self::Page(wire) => Some(ArrayBuilder::new().items(wire.reference()).into()),
            Self::Text(_) | Self::Json | Self::Empty => None,
        }
    }
    pub(crate) fn wire(&self) -> Option<Wire> {
        match self {
            Self::Object(wire) | Self::List(wire) | Self::Page(wire) => Some(*wire),
            Self::Text(_) | Self::Json | Self::Empty => None,
        }
    }
}

/// A successful answer.
pub(crate) struct Success {
    pub(crate) status: u16,
    pub(crate) says: &'static str,
    pub(crate) content: Vec<Content>,
}

/// The body that a route takes.
pub(crate) struct Takes {
    pub(crate) wire: Wire,
    pub(crate) required: bool,
}

/// One route.
pub(crate) struct Route {
    pub(crate) method: HttpMethod,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) controller: MethodRouter<App>,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) details: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Takes>,
    pub(crate) successes: Vec<Success>,
    pub(crate) refers: bool,
    pub(crate) conflicts: bool,
    pub(crate) unprocessable: bool,
    pub(crate) streams: bool,
    pub(crate) identifies: bool,
}

impl Route {
    fn new(method: HttpMethod, path: &'static str, id: &'static str, controller: MethodRouter<App>) -> Self {
        Self {
            method,
            path,
            access: Access::Open,
            controller,
            id,
            summary: "",
            details: "",
            parameters: Vec::new(),
            body: None,
            successes: Vec::new(),
            refers: false,
            conflicts: false,
            unprocessable: false,
            streams: false,
            identifies: false,
        }
    }
    pub(crate) fn get<H, T>(path: &'static str, id: &'static str, controller: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self::new(HttpMethod::Get, path, id, get(controller))
    }
    pub(crate) fn post<H, T>(path: &'static str, id: &'static str, controller: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self::new(HttpMethod::Post, path, id, post(controller))
    }
    pub(crate) fn patch<H, T>(path: &'static str, id: &'static str, controller: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self::new(HttpMethod::Patch, path, id, patch(controller))
    }
    pub(crate) fn delete<H, T>(path: &'static str, id: &'static str, controller: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self::new(HttpMethod::Delete, path, id, delete(controller))
    }

    /// A principal with this scope is needed; without this the route is open.
    pub(crate) fn needs(mut self, scope: Scope) -> Self {
        self.access = Access::Needs(scope);
        self
    }
    /// What it does, in one line.
    pub(crate) fn does(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }
    /// What else there is to know.
    pub(crate) fn details(mut self, details: &'static str) -> Self {
        self.details = details;
        self
    }
    /// The parameters of its query.
    pub(crate) fn query<T: IntoParams>(mut self) -> Self {
        self.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
        self
    }
    /// A header that it reads.
    pub(crate) fn header(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }
    /// The body that it needs.
    pub(crate) fn takes<T: ToSchema>(mut self) -> Self {
        self.body = Some(Takes { wire: Wire::of::<T>(), required: true });
        self
    }
    /// The body that it may be given.
    pub(crate) fn may_take<T: ToSchema>(mut self) -> Self {
        self.body = Some(Takes { wire: Wire::of::<T>(), required: false });
        self
    }
    /// A successful answer with one object.
    pub(crate) fn gives<T: ToSchema>(self, status: u16, says: &'static str) -> Self {
        self.succeeds(status, says, vec![Content::Object(Wire::of::<T>())])
    }
    /// A successful answer with a bare array.
    pub(crate) fn lists<T: ToSchema>(self, says: &'static str) -> Self {
        self.succeeds(200, says, vec![Content::List(Wire::of::<T>())])
    }
    /// A successful answer with a page of a bare array.
    pub(crate) fn pages<T: ToSchema>(self, says: &'static str) -> Self {
        self.succeeds(200, says, vec![Content::Page(Wire::of::<T>())])
    }
    /// A successful answer of any kind.
    pub(crate) fn succeeds(mut self, status: u16, says: &'static str, content: Vec<Content>) -> Self {
        self.successes.push(Success { status, says, content });
        self
    }
    /// Its query or body may name another session (404), beside what its path names.
    pub(crate) fn refers_to_sessions(mut self) -> Self {
        self.refers = true;
        self
    }
    /// It may be refused because of the state (409).
    pub(crate) fn conflicts(mut self) -> Self {
        self.conflicts = true;
        self
    }
    /// It may be well-formed and impossible (422).
    pub(crate) fn may_be_impossible(mut self) -> Self {
        self.unprocessable = true;
        self
    }
    /// It opens an event stream, and there is a bound on those (429).
    pub(crate) fn streams(mut self) -> Self {
        self.streams = true;
        self
    }

    /// It is open, and finds out by its body who asks (401).
    pub(crate) fn identifies(mut self) -> Self {
        self.identifies = true;
        self
    }

    /// The names of the parameters that its query may hold.
    pub(crate) fn query_names(&self) -> Vec<String> {
        let is_query = |parameter: &&Parameter| matches!(parameter.parameter_in, ParameterIn::Query);
        self.parameters.iter().filter(is_query).map(|parameter| parameter.name.clone()).collect()
    }
    /// The names in its path, in order.
    pub(crate) fn path_names(&self) -> Vec<&'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
    }
    /// What the document groups it under.
    pub(crate) fn group(&self) -> &'static str {
        self.path.trim_start_matches("/api/").trim_start_matches('/').split('/').next().unwrap_or("")
    }
}

/// A header that a route reads.
pub(crate) fn text_header(name: &str, says: &str, required: bool) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(if required { Required::True } else { Required::False })
        .description(Some(says))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}
