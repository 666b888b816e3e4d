//! The client for outgoing calls (layer 1). Reading the host's root certificates takes tens of milliseconds, so it is made for
//! the first call, not when the server starts.

use crate::options::GatewayOptions;
use crate::secret::Secret;
use reqwest::{Client, Proxy, Url, redirect, retry};
use std::time::Duration;
use telecoder_model::PortError;
use tokio::sync::OnceCell;

/// A client that is made when it is first asked for.
#[derive(Debug)]
pub(crate) struct Outgoing {
    connect_timeout: Duration,
    proxy: Option<Proxy>,
    made: OnceCell<Client>,
}

impl Outgoing {
    /// Takes the options; fails for a proxy that cannot be used.
    pub(crate) fn new(options: &GatewayOptions) -> Result<Self, PortError> {
        let proxy = options.proxy.as_ref().map(proxy_of).transpose()?;
        Ok(Self { connect_timeout: options.connect_timeout, proxy, made: OnceCell::new() })
    }

    /// The client.
    pub(crate) async fn client(&self) -> Result<&Client, PortError> {
        let make = async || {
            let (timeout, proxy) = (self.connect_timeout, self.proxy.clone());
            let made = tokio::task::spawn_blocking(move || build(timeout, proxy)).await;
            made.map_err(|error| {
                PortError::transient("the HTTP client for model calls was not made").because(error)
            })?
        };
        self.made.get_or_try_init(make).await
    }
}

/// The client for outgoing calls: HTTP/1.1, so that no two calls share the fate of one connection; no redirect, because the
/// key would follow it; no cookie, no retry, no proxy but the one of the options; certificates by the host's own roots.
fn build(connect_timeout: Duration, proxy: Option<Proxy>) -> Result<Client, PortError> {
    let mut builder = Client::builder()
        .http1_only()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .no_proxy()
        .connect_timeout(connect_timeout)
        // Shorter than any provider's, so that a call seldom goes out on a connection that is just being closed.
        .pool_idle_timeout(Duration::from_secs(30))
        .tcp_nodelay(true);
    if let Some(proxy) = proxy {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| {
        PortError::permanent("the HTTP client for model calls cannot be made").because(error)
    })
}

/// The error says nothing of the address, which may hold a password.
fn proxy_of(address: &Secret) -> Result<Proxy, PortError> {
    let url = Url::parse(address.expose())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.and_then(|url| Proxy::all(url).ok()).ok_or_else(|| {
        PortError::permanent("the proxy for model calls is not an http address")
            .remedy("write it as http://host:port")
    })
}
