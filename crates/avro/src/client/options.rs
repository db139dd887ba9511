//! Where a registry is, who asks, and how long that may take.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::error::RegistryError;
use super::url::BaseUrl;

/// Waits for a while. Whoever knows the clock, and who wants to stop, brings one along.
#[derive(Clone)]
pub struct Waiter(Arc<dyn Fn(Duration) + Send + Sync>);

impl Waiter {
    /// Waits by calling `wait`.
    pub fn new(wait: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self(Arc::new(wait))
    }

    pub(super) fn wait(&self, time: Duration) {
        (self.0)(time);
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiter")
    }
}

/// How often a request is made, and how long is waited in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often all URLs are gone through; at least once.
    pub rounds: u32,
    /// The wait after the first round. It doubles from round to round.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { rounds: 4, first_wait: Duration::from_millis(200), longest_wait: Duration::from_secs(2) }
    }
}

impl RetryPolicy {
    /// The wait after this round, counted from 0.
    pub(super) fn wait_after(&self, round: u32) -> Duration {
        self.first_wait.saturating_mul(1 << round.min(16)).min(self.longest_wait)
    }
}

/// Where a registry is, who asks, and how long that may take.
#[derive(Clone)]
pub struct RegistryOptions {
    /// The registry's URLs, which are tried in turn.
    pub urls: Vec<BaseUrl>,
    /// User and password for all URLs that bring none along.
    pub credentials: Option<(String, String)>,
    /// Certificates that are trusted in place of the usual authorities', in PEM.
    pub authorities: Option<Vec<u8>>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub read_timeout: Duration,
    /// The most bytes that an answer may have.
    pub most_bytes: u64,
    /// How often is tried again.
    pub retries: RetryPolicy,
    /// Waits between one round and the next.
    pub waiter: Waiter,
}

impl RegistryOptions {
    /// The usual options for a registry at these URLs, with commas between them.
    pub fn new(urls: &str, waiter: Waiter) -> Result<Self, RegistryError> {
        let texts = urls.split(',').map(str::trim).filter(|text| !text.is_empty());
        let urls: Vec<BaseUrl> = texts.map(BaseUrl::parse).collect::<Result<_, _>>()?;
        Ok(Self {
            urls,
            credentials: None,
            authorities: None,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            most_bytes: 16 << 20,
            retries: RetryPolicy::default(),
            waiter,
        })
    }
}

/// Without the password.
impl fmt::Debug for RegistryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryOptions")
            .field("urls", &self.urls)
            .field("user", &self.credentials.as_ref().map(|(user, _)| user))
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("most_bytes", &self.most_bytes)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
