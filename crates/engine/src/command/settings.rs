//! The configuration while the server runs: shown without secrets, changed at once where that is possible.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::request::{Configuration, KeyCheck, ProviderKey};
use telecoder_model::ErrorClass;
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::settings::Wishes;
use telecoder_model::principal::{Principal, Scope};

/// Settings that one request may change.
const MAX_WISHES: usize = 50;
/// The longest value, in bytes.
const MAX_VALUE: usize = 10_000;

impl Engine {
    /// All settings, and the providers' keys with what their last check found.
    pub async fn configuration(&self, who: &Principal) -> Result<Configuration, EngineError> {
        allow(who, Scope::Admin)?;
        let rows = self.ports().settings.rows().await?;
        let checks = self.key_checks();
        let providers = self.ports().gateway.providers().into_iter().map(|status| ProviderKey {
            key: rows.iter().find(|row| row.key_of == Some(status.provider)).cloned(),
            check: checks.get(&status.provider).cloned(),
            status,
        });
        Ok(Configuration { providers: providers.collect(), rows, restart: Vec::new() })
    }

    /// Changes settings, all or none.
    pub async fn configure(&self, who: &Principal, wishes: Wishes) -> Result<Configuration, EngineError> {
        allow(who, Scope::Admin)?;
        let invalid = |text: &str| Err(EngineError::invalid("invalid_setting", text));
        if wishes.0.is_empty() || wishes.0.len() > MAX_WISHES {
            return invalid("between 1 and 50 settings were expected");
        }
        if wishes.0.values().flatten().any(|value| value.len() > MAX_VALUE) {
            return invalid("a value has at most 10,000 bytes");
        }
        let changed = self.ports().settings.change(wishes).await.map_err(|error| match error.class {
            ErrorClass::Conflict => EngineError {
                fault: Fault::Conflict,
                code: "setting_elsewhere",
                message: error.chain(),
                hint: error.remedy,
            },
            ErrorClass::Permanent | ErrorClass::NotFound => EngineError {
                fault: Fault::Invalid,
                code: "invalid_setting",
                message: error.chain(),
                hint: error.remedy,
            },
            ErrorClass::Transient | ErrorClass::Denied | ErrorClass::Full => error.into(),
        })?;
        self.set_defaults(changed.defaults);
        // What was found of a key says nothing about another one.
        self.forget_key_checks();
        self.tell_all();
        let configuration = self.configuration(who).await?;
        Ok(Configuration { restart: changed.restart, ..configuration })
    }

    /// Makes the cheapest live call that proves a provider's key. A key that is wrong is an answer, no error.
    pub async fn check_key(&self, who: &Principal, provider: Provider) -> Result<KeyCheck, EngineError> {
        allow(who, Scope::Admin)?;
        let found = self.ports().gateway.check(provider).await.err();
        let check = KeyCheck {
            ok: found.is_none(),
            remedy: found.as_ref().and_then(|error| error.remedy.clone()),
            problem: found.map(|error| error.chain()),
            at: self.now(),
        };
        self.keep_key_check(provider, check.clone());
        self.tell_all();
        Ok(check)
    }
}
