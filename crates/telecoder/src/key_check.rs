//! Proving a model key before it is kept (layer 3).

use crate::config::{Config, Given};
use crate::wiring::providers;
use telecoder_broker::{Gateway, GatewayOptions};
use telecoder_model::PortError;
use telecoder_model::port::gateway::{ModelGateway, Provider};

/// Asks a provider for its models with a key, at the address that the configuration names.
///
/// # Errors
/// `Denied` where the provider refuses the key, `Transient` where it cannot be asked; others where it answers something else.
pub async fn check_key(given: &Given, provider: Provider, key: &str) -> Result<(), PortError> {
    let mut trial = given.clone();
    trial.flags.insert(format!("{}_api_key", provider.as_str()), key.to_owned());
    let config = Config::read(&trial)
        .map_err(|error| PortError::permanent("the key cannot be used").because(error))?;
    Gateway::new(GatewayOptions::new(providers(&config)?))?.check(provider).await
}
