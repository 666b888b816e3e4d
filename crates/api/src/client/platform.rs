//! Calls on everything that is not one session: inbox, approvals, pull requests, agents, policies, tokens, doctor, health
//! (layer 0).

use super::{Client, ClientError, LONG_REQUEST_TIMEOUT, Method, Nothing, Page, Query};
use crate::agent::{Agent, InstallLine};
use crate::approval::{Approval, ApprovalAnswer};
use crate::doctor::Finding;
use crate::error::ErrorBody;
use crate::health::{Health, Readiness};
use crate::inbox::Inbox;
use crate::policy::Policy;
use crate::pull::{Pull, PullFilter};
use crate::repository::{InspectRequest, RepositoryFacts};
use crate::sign_in::SignInLink;
use crate::sse::{Frame, SseParser};
use crate::token::{CreatedToken, NewToken, Token};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, HeaderValue};
use serde_json::Value;

impl Client {
    /// The inbox, with the last `limit` (1 to 200, default 20) sessions that ended.
    ///
    /// # Errors
    /// See [`ClientError`], as for all calls.
    pub async fn inbox(&self, limit: Option<u32>) -> Result<Inbox, ClientError> {
        self.json(Query::default().with("limit", limit).on(self.get(&["api", "inbox"])?)).await
    }

    /// Clears the inbox's unread marks.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn inbox_seen(&self) -> Result<(), ClientError> {
        self.nothing(self.post(&["api", "inbox", "seen"], &Nothing {})?).await
    }

    /// What waits for an answer, newest first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn approvals(&self) -> Result<Vec<Approval>, ClientError> {
        self.json(self.get(&["api", "approvals"])?).await
    }

    /// Answers an approval.
    ///
    /// # Errors
    /// See [`ClientError`]; status 409 if somebody was faster.
    pub async fn answer_approval(&self, id: &str, answer: &ApprovalAnswer) -> Result<Approval, ClientError> {
        self.json(self.post(&["api", "approvals", id], answer)?).await
    }

    /// A page of local pull requests, newest first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn pulls(&self, filter: &PullFilter) -> Result<Page<Pull>, ClientError> {
        let query = Query::default()
            .with("state", filter.state.as_ref())
            .with("repo", filter.repo.as_ref())
            .with("session", filter.session.as_ref())
            .with("limit", filter.limit)
            .with("cursor", filter.cursor.as_ref());
        self.json_page(query.on(self.get(&["api", "pulls"])?), "cursor").await
    }

    /// A local pull request.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn pull(&self, number: u64) -> Result<Pull, ClientError> {
        self.json(self.get(&["api", "pulls", &number.to_string()])?).await
    }

    /// Merges a local pull request.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn merge_pull(&self, number: u64) -> Result<Pull, ClientError> {
        let request = self.post(&["api", "pulls", &number.to_string(), "merge"], &Nothing {})?;
        self.json(request.timeout(LONG_REQUEST_TIMEOUT)).await
    }

    /// Closes a local pull request without merging.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn close_pull(&self, number: u64) -> Result<Pull, ClientError> {
        self.json(self.post(&["api", "pulls", &number.to_string(), "close"], &Nothing {})?).await
    }

    /// All agents that the server knows.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn agents(&self) -> Result<Vec<Agent>, ClientError> {
        self.json(self.get(&["api", "agents"])?).await
    }

    /// Begins to install an agent and follows how far it is. Dropping the follower ends the install.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn install_agent(&self, name: &str) -> Result<InstallFollower, ClientError> {
        let request = self
            .post(&["api", "agents", name, "install"], &Nothing {})?
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"))
            .timeout(LONG_REQUEST_TIMEOUT);
        let response = self.send(request).await?;
        Ok(InstallFollower { client: self.clone(), response, parser: SseParser::default() })
    }

    /// Looks whether an agent really starts.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn check_agent(&self, name: &str) -> Result<Agent, ClientError> {
        self.json(self.post(&["api", "agents", name, "check"], &Nothing {})?).await
    }

    /// The policies that the server knows, strictest first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn policies(&self) -> Result<Vec<Policy>, ClientError> {
        self.json(self.get(&["api", "policies"])?).await
    }

    /// Makes a link that signs one browser in, once.
    ///
    /// # Errors
    /// See [`ClientError`]; status 403 if the token has not the scope `admin`.
    pub async fn create_sign_in_link(&self) -> Result<SignInLink, ClientError> {
        self.json(self.post(&["api", "login", "links"], &Nothing {})?).await
    }

    /// The tokens, newest first, without their secrets.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn tokens(&self) -> Result<Vec<Token>, ClientError> {
        self.json(self.get(&["api", "tokens"])?).await
    }

    /// Makes a token; the answer holds the secret, this once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn create_token(&self, token: &NewToken) -> Result<CreatedToken, ClientError> {
        self.json(self.post(&["api", "tokens"], token)?).await
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn revoke_token(&self, id: &str) -> Result<(), ClientError> {
        self.nothing(self.request(Method::DELETE, &["api", "tokens", id], Some(super::REQUEST_TIMEOUT))?)
            .await
    }

    /// What works on the server's host; with `prove`, each isolation claim is tried.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn doctor(&self, prove: bool) -> Result<Vec<Finding>, ClientError> {
        let query = Query::default().with("prove", prove.then_some(1));
        self.json(query.on(self.get(&["api", "doctor"])?).timeout(LONG_REQUEST_TIMEOUT)).await
    }

    /// Looks at a repository before work begins.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn inspect_repository(&self, repo: &str) -> Result<RepositoryFacts, ClientError> {
        self.json(self.post(&["api", "repositories", "inspect"], &InspectRequest { repo: repo.to_owned() })?)
            .await
    }

    /// The server's `OpenAPI` document.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn openapi(&self) -> Result<Value, ClientError> {
        self.json(self.get(&["api", "openapi.json"])?).await
    }

    /// Whether the server lives.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.json(self.get(&["health"])?).await
    }

    /// Whether the server can take work, and what fails if it cannot.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ready(&self) -> Result<Readiness, ClientError> {
        let response =
            self.get(&["health", "ready"])?.send().await.map_err(|error| self.unreachable(&error))?;
        if matches!(response.status(), StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE) {
            return self.read_json(response).await;
        }
        Err(self.api_error(response).await)
    }
}

/// What an install says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallStep {
    /// One line for a person.
    Line(String),
    /// It is done.
    Done(Box<Agent>),
}

/// Follows an install.
#[derive(Debug)]
pub struct InstallFollower {
    client: Client,
    response: reqwest::Response,
    parser: SseParser,
}

impl InstallFollower {
    /// Waits for the next step. [`InstallStep::Done`] is the last one.
    ///
    /// # Errors
    /// See [`ClientError`]; an `Api` error if the install failed.
    pub async fn next(&mut self) -> Result<InstallStep, ClientError> {
        loop {
            while let Some(frame) = self.parser.next_frame() {
                if let Frame::Event { event, data, .. } = frame {
                    return self.step(&event, &data);
                }
            }
            let piece = self.response.chunk().await.map_err(|error| self.client.unreachable(&error))?;
            let piece =
                piece.ok_or_else(|| self.client.broken("the connection ended before the install did"))?;
            self.parser.push(&piece).map_err(|error| self.client.protocol(error.to_string()))?;
        }
    }

    fn step(&self, event: &str, data: &str) -> Result<InstallStep, ClientError> {
        let protocol = |error: serde_json::Error| self.client.protocol(error.to_string());
        match event {
            "progress" => {
                let line: InstallLine = serde_json::from_str(data).map_err(protocol)?;
                Ok(InstallStep::Line(line.line))
            }
            "done" => Ok(InstallStep::Done(Box::new(serde_json::from_str(data).map_err(protocol)?))),
            "failed" => {
                let body: ErrorBody = serde_json::from_str(data).map_err(protocol)?;
                Err(ClientError::Api {
                    status: 422,
                    code: body.code,
                    message: body.error,
                    hint: body.hint,
                    request_id: Some(body.request_id),
                    retry_after: None,
                })
            }
            other => Err(self.client.protocol(format!("an install has no event `{other}`"))),
        }
    }
}
