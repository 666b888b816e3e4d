//! What works on this host, and what to do where something does not.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::{Finding, FindingState};
use telecoder_model::principal::{Principal, Scope};

impl Engine {
    /// Looks at everything that sessions need. With `prove`, lists each attempt to escape from a sandbox on this host.
    pub async fn doctor(&self, who: &Principal, prove: bool) -> Result<Vec<Finding>, EngineError> {
        allow(who, Scope::Read)?;
        if prove {
            allow(who, Scope::Admin)?;
        }
        let mut findings = self.ready().await?;
        if let Some(host) = &self.options().host {
            findings.extend(host.findings().await);
        }
        if prove {
            findings.extend(self.proofs().await);
        } else {
            findings.push(self.isolation().await);
        }
        findings.extend(self.model_findings());
        findings.extend(self.agent_findings().await?);
        findings.extend(self.forge_findings().await);
        Ok(findings)
    }

    /// As whom each forge is spoken to. That none is set up stops nothing, so a problem is only a warning.
    async fn forge_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for forge in &self.ports().forges {
            let Some(status) = forge.status().await else { continue };
            let subject = format!("forge {}", forge.kind());
            let told = match status.account {
                Some(account) => format!("{account}, by {}", status.how),
                None => status.how,
            };
            findings.push(match status.problem {
                Some((what, remedy)) => finding(&subject, FindingState::Warning, what, Some(remedy)),
                None => finding(&subject, FindingState::Ok, told, None),
            });
        }
        findings
    }

    /// What must work for the server to take on work: the store.
    pub async fn ready(&self) -> Result<Vec<Finding>, EngineError> {
        let store = match self.ports().store.depth().await {
            Ok(depth) => finding(
                "store",
                FindingState::Ok,
                self.named(&format!("{} queued, {} at work", depth.queued, depth.leased)),
                None,
            ),
            Err(error) => finding("store", FindingState::Failed, self.named(&error.chain()), error.remedy),
        };
        let mut findings = vec![store];
        if let Some(host) = &self.options().host {
            findings.extend(host.failures().await);
        }
        if let Some(over) = self.upkeep().over_quota() {
            let told = format!("{} bytes of {} are taken, and nothing more can go", over.used, over.quota);
            let remedy = "remove sessions, or raise TELECODER_DISK_QUOTA".to_owned();
            findings.push(finding("disk quota", FindingState::Failed, told, Some(remedy)));
        }
        Ok(findings)
    }

    fn named(&self, told: &str) -> String {
        let name = &self.options().store;
        if name.is_empty() { told.to_owned() } else { format!("{name}; {told}") }
    }

    /// Whether sessions will be accepted by the sandbox: proved at most once a start.
    async fn isolation(&self) -> Finding {
        let subject = format!("sandbox {}", self.ports().driver.kind());
        match self.prove().await {
            Ok(()) => {
                finding(&subject, FindingState::Ok, "isolation is proved on this host".to_owned(), None)
            }
            Err(error) => finding(&subject, FindingState::Failed, error.chain(), error.remedy),
        }
    }

    async fn proofs(&self) -> Vec<Finding> {
        let driver = &self.ports().driver;
        match driver.prove().await {
            Ok(proofs) => proofs
                .into_iter()
                .map(|proof| {
                    let state = if proof.held { FindingState::Ok } else { FindingState::Failed };
                    finding(&format!("sandbox: {}", proof.attempt), state, proof.detail, proof.remedy)
                })
                .collect(),
            Err(error) => vec![finding(
                &format!("sandbox {}", driver.kind()),
                FindingState::Failed,
                error.chain(),
                error.remedy,
            )],
        }
    }

    fn model_findings(&self) -> Vec<Finding> {
        let providers = self.ports().gateway.providers();
        let any = providers.iter().any(|provider| provider.ready);
        providers
            .into_iter()
            .map(|status| {
                let subject = format!("model {}", status.provider.as_str());
                if status.ready {
                    return finding(&subject, FindingState::Ok, status.base_url, None);
                }
                let state = if any { FindingState::Ok } else { FindingState::Warning };
                let remedy =
                    format!("set {}_API_KEY for the server", status.provider.as_str().to_uppercase());
                finding(&subject, state, "no key".to_owned(), Some(remedy))
            })
            .collect()
    }

    async fn agent_findings(&self) -> Result<Vec<Finding>, EngineError> {
        let agents = self.agents().await?;
        let any = agents.iter().any(|agent| agent.installed);
        Ok(agents
            .into_iter()
            .map(|agent| {
                let subject = format!("agent {}", agent.name);
                let version = agent.version.clone().unwrap_or_default();
                match (agent.installed, agent.problem) {
                    (true, None) => {
                        let detail = format!("installed {version}");
                        finding(&subject, FindingState::Ok, detail.trim_end().to_owned(), None)
                    }
                    (true, Some(problem)) => finding(&subject, FindingState::Warning, problem, None),
                    (false, _) => {
                        let state = if any { FindingState::Ok } else { FindingState::Warning };
                        let remedy = format!("telecoder agents install {}", agent.name);
                        finding(&subject, state, "not installed".to_owned(), Some(remedy))
                    }
                }
            })
            .collect())
    }
}

fn finding(subject: &str, state: FindingState, detail: String, remedy: Option<String>) -> Finding {
    Finding { subject: subject.to_owned(), state, detail, remedy }
}
