//! Requests: to one URL after the other, and again where that may help.

use std::time::Duration;

use base64::Engine as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, http};

use super::error::RegistryError;
use super::messages::ErrorAnswer;
use super::options::RegistryOptions;

/// What registries speak.
const JSON: &str = "application/vnd.schemaregistry.v1+json";
/// What is understood: some stand behind servers that know plain JSON only.
const ACCEPTED: &str =
    "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json";
/// Of a message that is no JSON so much is shown.
const MOST_SHOWN: usize = 200;

/// The methods that change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Post,
    Put,
}

/// Requests to a registry.
pub(super) struct Transport {
    options: RegistryOptions,
    agent: Agent,
    /// Which URL answered last: it is asked first.
    first: usize,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.options.fmt(f)
    }
}

/// The outcome of one attempt.
enum Attempt {
    Answer(http::Response<Body>),
    /// It may go well elsewhere, or the next time.
    Failed(RegistryError),
}

impl Transport {
    pub(super) fn new(options: RegistryOptions) -> Result<Self, RegistryError> {
        if options.urls.is_empty() {
            return Err(RegistryError::NoUrl);
        }
        let tls = TlsConfig::builder();
        let tls = match &options.authorities {
            Some(pem) => tls.root_certs(authorities(pem)?),
            None => tls,
        };
        let config = Agent::config_builder()
            .tls_config(tls.build())
            // A proxy would be found in the environment.
            .proxy(None)
            .http_status_as_error(false)
            .user_agent(concat!("kadence/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_send_request(Some(options.read_timeout))
            .timeout_send_body(Some(options.read_timeout))
            .timeout_recv_response(Some(options.read_timeout))
            .timeout_recv_body(Some(options.read_timeout))
            .build();
        Ok(Self { options, agent: config.new_agent(), first: 0 })
    }

    pub(super) fn get<A: DeserializeOwned>(&mut self, path: &str) -> Result<A, RegistryError> {
        self.request(path, |agent, url, authorization| {
            let request = agent.get(url).header(ACCEPT, ACCEPTED);
            authorized(request, authorization).call()
        })
    }

    pub(super) fn delete<A: DeserializeOwned>(&mut self, path: &str) -> Result<A, RegistryError> {
        self.request(path, |agent, url, authorization| {
            let request = agent.delete(url).header(ACCEPT, ACCEPTED);
            authorized(request, authorization).call()
        })
    }

    pub(super) fn send<A: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, RegistryError> {
        let body = serde_json::to_vec(body).map_err(|error| self.unexpected(path, error.to_string()))?;
        self.request(path, |agent, url, authorization| {
            let request = match method {
                Method::Post => agent.post(url),
                Method::Put => agent.put(url),
            };
            let request = request.header(ACCEPT, ACCEPTED).header(CONTENT_TYPE, JSON);
            authorized(request, authorization).send(&body)
        })
    }

    /// Asks one URL after the other, and all of them again after a wait.
    fn request<A: DeserializeOwned>(
        &mut self,
        path: &str,
        call: impl Fn(&Agent, &str, Option<&str>) -> Result<http::Response<Body>, ureq::Error>,
    ) -> Result<A, RegistryError> {
        let rounds = self.options.retries.rounds.max(1);
        let count = self.options.urls.len();
        let mut attempts = 0;
        let mut last = None;
        for round in 0..rounds {
            if round > 0 {
                let time: Duration = self.options.retries.wait_after(round - 1);
                self.options.waiter.wait(time);
            }
            let first = self.first;
            for place in (0..count).map(|step| (first + step) % count) {
                attempts += 1;
                match self.attempt(place, path, attempts, &call)? {
                    Attempt::Answer(answer) => {
                        self.first = place;
                        match self.read(place, path, attempts, answer)? {
                            Ok(answer) => return Ok(answer),
                            Err(error) => last = Some(error),
                        }
                    }
                    Attempt::Failed(error) => last = Some(error),
                }
            }
        }
        Err(last.unwrap_or(RegistryError::NoUrl))
    }

    fn attempt(
        &self,
        place: usize,
        path: &str,
        attempts: u32,
        call: impl Fn(&Agent, &str, Option<&str>) -> Result<http::Response<Body>, ureq::Error>,
    ) -> Result<Attempt, RegistryError> {
        let Some(base) = self.options.urls.get(place) else { return Err(RegistryError::NoUrl) };
        let url = format!("{}{path}", base.shown());
        let credentials = base.credentials().or(self.options.credentials.as_ref());
        let authorization = credentials.map(|(user, password)| {
            format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}")))
        });
        match call(&self.agent, &url, authorization.as_deref()) {
            Ok(answer) if answer.status().is_server_error() || answer.status().as_u16() == 429 => {
                Ok(Attempt::Failed(self.refused(url, answer)))
            }
            Ok(answer) => Ok(Attempt::Answer(answer)),
            Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_))) => {
                Err(RegistryError::Unexpected { url, what: error.to_string() })
            }
            Err(error) => {
                Ok(Attempt::Failed(RegistryError::Unreachable { url, attempts, source: Box::new(error) }))
            }
        }
    }

    /// Reads an answer. A connection that ends within one may hold the next time.
    fn read<A: DeserializeOwned>(
        &self,
        place: usize,
        path: &str,
        attempts: u32,
        mut answer: http::Response<Body>,
    ) -> Result<Result<A, RegistryError>, RegistryError> {
        let url = self.url(place, path);
        if !answer.status().is_success() {
            return Err(self.refused(url, answer));
        }
        let body = match answer.body_mut().with_config().limit(self.options.most_bytes).read_to_vec() {
            Ok(body) => body,
            Err(ureq::Error::BodyExceedsLimit(most)) => {
                let what = format!("the answer has more than {most} bytes");
                return Err(RegistryError::Unexpected { url, what });
            }
            Err(error) => {
                return Ok(Err(RegistryError::Unreachable { url, attempts, source: Box::new(error) }));
            }
        };
        serde_json::from_slice(&body).map(Ok).map_err(|error| RegistryError::Unexpected {
            url,
            what: format!("the answer is no such JSON ({error}): {}", excerpt(&body)),
        })
    }

    fn refused(&self, url: String, mut answer: http::Response<Body>) -> RegistryError {
        let status = answer.status();
        let most = self.options.most_bytes;
        let body = answer.body_mut().with_config().limit(most).read_to_vec().unwrap_or_default();
        let (error_code, message) = match serde_json::from_slice(&body) {
            Ok(ErrorAnswer { error_code, message }) if !message.is_empty() => (error_code, message),
            _ => (None, excerpt(&body)),
        };
        let message = if message.is_empty() {
            status.canonical_reason().unwrap_or("no reason").to_owned()
        } else {
            message
        };
        RegistryError::Refused { url, status: status.as_u16(), error_code, message }
    }

    fn url(&self, place: usize, path: &str) -> String {
        let base = self.options.urls.get(place).map_or("", |base| base.shown());
        format!("{base}{path}")
    }

    /// What was asked for last, for errors.
    pub(super) fn shown(&self, path: &str) -> String {
        self.url(self.first, path)
    }

    pub(super) fn unexpected(&self, path: &str, what: String) -> RegistryError {
        RegistryError::Unexpected { url: self.shown(path), what }
    }

    /// Registries leave the kind out where it is Avro.
    pub(super) fn must_be_avro(&self, path: &str, kind: Option<&str>) -> Result<(), RegistryError> {
        match kind {
            None | Some("AVRO") => Ok(()),
            Some(kind) => {
                Err(RegistryError::Kind { url: self.shown(path), kind: kind.chars().take(20).collect() })
            }
        }
    }
}

fn authorized<B>(request: ureq::RequestBuilder<B>, authorization: Option<&str>) -> ureq::RequestBuilder<B> {
    match authorization {
        Some(authorization) => request.header(AUTHORIZATION, authorization),
        None => request,
    }
}

fn authorities(pem: &[u8]) -> Result<RootCerts, RegistryError> {
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(RegistryError::Authorities(error.to_string())),
        }
    }
    if certificates.is_empty() {
        return Err(RegistryError::Authorities("there is none".into()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// The beginning of an answer, on one line.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    text.take(MOST_SHOWN).collect::<String>().trim().to_owned()
}
