//! The model gateway itself (layer 1): the port's three methods, and what its connections share.

use crate::lane::Lanes;
use crate::options::{GatewayOptions, ProviderOptions, default_base_url};
use crate::outgoing::Outgoing;
use crate::upstream::Upstream;
use crate::{check, connection};
use async_trait::async_trait;
use reqwest::Url;
use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use telecoder_model::PortError;
use telecoder_model::port::gateway::{CallSink, ModelGateway, Provider, ProviderStatus};
use telecoder_model::port::sandbox::Duplex;

/// Carries model calls out of sandboxes over HTTP.
pub struct Gateway {
    shared: Arc<Shared>,
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) options: GatewayOptions,
    pub(crate) outgoing: Outgoing,
    pub(crate) lanes: Lanes,
    upstreams: RwLock<BTreeMap<Provider, Arc<Upstream>>>,
}

impl Gateway {
    /// Makes a gateway. Fails for an address, a key or a proxy that cannot be used, without showing it.
    pub fn new(mut options: GatewayOptions) -> Result<Self, PortError> {
        let mut upstreams = BTreeMap::new();
        for provider in std::mem::take(&mut options.providers) {
            let name = provider.provider;
            if upstreams.insert(name, Arc::new(Upstream::new(provider)?)).is_some() {
                let message = format!("the provider {} is set up twice", name.as_str());
                return Err(PortError::permanent(message).remedy("keep one of the two"));
            }
        }
        for provider in Provider::ALL {
            if let btree_map::Entry::Vacant(place) = upstreams.entry(provider) {
                let base_url = Url::parse(default_base_url(provider))
                    .map_err(|error| PortError::permanent("a built-in address is wrong").because(error))?;
                let options = ProviderOptions::new(provider, base_url, None);
                place.insert(Arc::new(Upstream::new(options)?));
            }
        }
        let outgoing = Outgoing::new(&options)?;
        let shared = Shared { options, outgoing, lanes: Lanes::default(), upstreams: RwLock::new(upstreams) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Sets a provider up anew, for calls that begin from now on. Fails for an address or a key that cannot be used, without
    /// showing it, and then leaves everything as it was.
    pub fn replace(&self, provider: ProviderOptions) -> Result<(), PortError> {
        let name = provider.provider;
        let upstream = Arc::new(Upstream::new(provider)?);
        self.shared.upstreams.write().unwrap_or_else(PoisonError::into_inner).insert(name, upstream);
        Ok(())
    }
}

impl Shared {
    fn all(&self) -> RwLockReadGuard<'_, BTreeMap<Provider, Arc<Upstream>>> {
        self.upstreams.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The provider. `Gateway::new` has put all of them in.
    pub(crate) fn upstream(&self, provider: Provider) -> Option<Arc<Upstream>> {
        self.all().get(&provider).cloned()
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("providers", &self.providers()).finish_non_exhaustive()
    }
}

#[async_trait]
impl ModelGateway for Gateway {
    fn providers(&self) -> Vec<ProviderStatus> {
        self.shared.all().values().map(|upstream| upstream.status()).collect()
    }

    async fn serve(&self, provider: Provider, stream: Box<dyn Duplex>, calls: Arc<dyn CallSink>) {
        if let Some(upstream) = self.shared.upstream(provider) {
            connection::serve(Arc::clone(&self.shared), upstream, stream, calls).await;
        }
    }

    async fn check(&self, provider: Provider) -> Result<(), PortError> {
        match self.shared.upstream(provider) {
            Some(upstream) => check::check(&self.shared, &upstream).await,
            None => Err(PortError::not_found(format!("no provider {}", provider.as_str()))),
        }
    }
}
