//! One provider as the gateway reaches it: address, credential, and which path a route becomes there (layer 1).

use crate::options::ProviderOptions;
use crate::route::Route;
use crate::secret::Secret;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use std::error::Error;
use telecoder_model::PortError;
use telecoder_model::port::gateway::{Provider, ProviderStatus};

/// A provider, ready to be called.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) provider: Provider,
    pub(crate) key: Option<Secret>,
    pub(crate) key_setting: String,
    pub(crate) credential: Option<(HeaderName, HeaderValue)>,
    needs_key: bool,
    base: Url,
}

impl Upstream {
    pub(crate) fn new(options: ProviderOptions) -> Result<Self, PortError> {
        let provider = options.provider;
        check_base(provider, &options.base_url)?;
        let key = options.key.filter(|key| !key.is_empty());
        let credential =
            key.as_ref().map(|key| credential(provider, key, &options.key_setting)).transpose()?;
        if credential.is_some() && options.base_url.scheme() == "http" && !is_local(&options.base_url) {
            tracing::warn!(
                provider = provider.as_str(),
                "the key goes to this provider unencrypted: its address is http"
            );
        }
        Ok(Self {
            provider,
            key,
            key_setting: options.key_setting,
            credential,
            needs_key: options.needs_key,
            base: options.base_url,
        })
    }

    pub(crate) fn ready(&self) -> bool {
        self.credential.is_some() || !self.needs_key
    }

    pub(crate) fn status(&self) -> ProviderStatus {
        ProviderStatus { provider: self.provider, base_url: self.base.to_string(), ready: self.ready() }
    }

    /// The host, for messages to the operator.
    pub(crate) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// The address of a route. None where the base cannot have a path, which `new` refused.
    pub(crate) fn target(&self, route: &Route) -> Option<Url> {
        let mut url = self.base.clone();
        let version = self.version(route);
        url.path_segments_mut().ok()?.pop_if_empty().extend(version).extend(&route.segments);
        if !route.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&route.query);
        }
        Some(url)
    }

    /// The version that the base still lacks.
    fn version<'a>(&self, route: &'a Route) -> Option<&'a str> {
        let last = self.base.path_segments()?.rfind(|segment| !segment.is_empty());
        match (self.provider, last) {
            (Provider::Openai, None) | (Provider::Anthropic, None) => Some("v1"),
            (Provider::Anthropic, Some(last)) => (last != "v1").then_some("v1"),
            (Provider::Openai, Some(_)) | (Provider::Gemini, Some("v1" | "v1beta" | "v1alpha")) => None,
            (Provider::Gemini, _) => Some(route.version.as_deref().unwrap_or("v1beta")),
        }
    }

    /// The words of a connection's error, without the key and without its address.
    pub(crate) fn words(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        self.hide(&text)
    }

    /// A text without the key.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_owned(), |key| key.hide_in(text))
    }
}

fn check_base(provider: Provider, base: &Url) -> Result<(), PortError> {
    let name = provider.as_str();
    let refuse = |why: &str| {
        let message = format!("the address of {name} {why}");
        Err(PortError::permanent(message).remedy("write it as https://host/path"))
    };
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() || base.cannot_be_a_base() {
        return refuse("is not an http or https address");
    }
    if !base.username().is_empty() || base.password().is_some() {
        return refuse("holds a user name or password; the key has a setting of its own");
    }
    if base.query().is_some() || base.fragment().is_some() {
        return refuse("has a query or a fragment");
    }
    Ok(())
}

fn is_local(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn credential(
    provider: Provider,
    key: &Secret,
    setting: &str,
) -> Result<(HeaderName, HeaderValue), PortError> {
    let (name, text) = match provider {
        Provider::Anthropic => (HeaderName::from_static("x-api-key"), key.expose().to_owned()),
        Provider::Openai => (AUTHORIZATION, format!("Bearer {}", key.expose())),
        Provider::Gemini => (HeaderName::from_static("x-goog-api-key"), key.expose().to_owned()),
    };
    // Printable, and without spaces, which come with copying.
    let plain = key.expose().bytes().all(|byte| byte.is_ascii_graphic());
    let value = HeaderValue::from_str(&text).ok().filter(|_| plain);
    let mut value = value.ok_or_else(|| {
        PortError::permanent(format!("the key of {} has characters that no key has", provider.as_str()))
            .remedy(format!("check {setting} for spaces and line ends"))
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Format;
    use crate::route::{Purpose, Screened, screen};
    use expect_test::expect;

    const CASES: [(Provider, &str, &str); 7] = [
        (Provider::Anthropic, "/v1/messages", "https://a.example https://a.example/v1/ https://gw.example/x"),
        (Provider::Anthropic, "/messages", "https://a.example https://a.example/v1"),
        (
            Provider::Openai,
            "/v1/responses",
            "https://o.example https://o.example/v1 https://o.example/paas/v4/",
        ),
        (Provider::Openai, "/chat/completions", "https://o.example/ https://o.example/v1beta/openai"),
        (Provider::Gemini, "/v1beta/models/m:generateContent", "https://g.example https://g.example/v1"),
        (Provider::Gemini, "/models/m:generateContent", "https://g.example https://g.example/v1alpha"),
        (Provider::Gemini, "/v1/models/m:generateContent", "https://g.example/x"),
    ];

    #[test]
    fn a_base_with_and_without_its_version_reaches_the_same_path() {
        let mut out = String::new();
        for (provider, path, bases) in CASES {
            let request = hyper::Request::post(path).header("host", "localhost");
            let parts = request.body(()).unwrap().into_parts().0;
            let Ok(Screened::Pass(route)) = screen(provider, &parts) else { panic!("{path}") };
            for base in bases.split(' ') {
                let upstream =
                    Upstream::new(ProviderOptions::new(provider, base.parse().unwrap(), None)).unwrap();
                out.push_str(&format!("{path} at {base} -> {}\n", upstream.target(&route).unwrap()));
            }
        }
        expect![[r#"
            /v1/messages at https://a.example -> https://a.example/v1/messages
            /v1/messages at https://a.example/v1/ -> https://a.example/v1/messages
            /v1/messages at https://gw.example/x -> https://gw.example/x/v1/messages
            /messages at https://a.example -> https://a.example/v1/messages
            /messages at https://a.example/v1 -> https://a.example/v1/messages
            /v1/responses at https://o.example -> https://o.example/v1/responses
            /v1/responses at https://o.example/v1 -> https://o.example/v1/responses
            /v1/responses at https://o.example/paas/v4/ -> https://o.example/paas/v4/responses
            /chat/completions at https://o.example/ -> https://o.example/v1/chat/completions
            /chat/completions at https://o.example/v1beta/openai -> https://o.example/v1beta/openai/chat/completions
            /v1beta/models/m:generateContent at https://g.example -> https://g.example/v1beta/models/m:generateContent
            /v1beta/models/m:generateContent at https://g.example/v1 -> https://g.example/v1/models/m:generateContent
            /models/m:generateContent at https://g.example -> https://g.example/v1beta/models/m:generateContent
            /models/m:generateContent at https://g.example/v1alpha -> https://g.example/v1alpha/models/m:generateContent
            /v1/models/m:generateContent at https://g.example/x -> https://g.example/x/v1/models/m:generateContent
        "#]].assert_eq(&out);
    }

    #[test]
    fn nothing_of_a_route_can_leave_its_path() {
        let upstream = Upstream::new(ProviderOptions::new(
            Provider::Openai,
            "https://o.example/v1".parse().unwrap(),
            None,
        ))
        .unwrap();
        let route = Route {
            method: hyper::Method::GET,
            purpose: Purpose::Call(Format::Chat),
            version: None,
            segments: ["models", "a?b#c/d\\e"].map(str::to_owned).to_vec(),
            query: vec![("limit".to_owned(), "1&key=2#".to_owned())],
            model: None,
            streams: false,
        };
        let target = upstream.target(&route).unwrap();
        assert_eq!(target.as_str(), "https://o.example/v1/models/a%3Fb%23c%2Fd%5Ce?limit=1%26key%3D2%23");
    }
}
