//! How to reach a Schema Registry.

use std::sync::Arc;

use kadence_avro::{RegistryClient, RegistryOptions, Waiter};
use kadence_core::clock::Stop;
use kadence_core::fault::Explain as _;

use crate::fault::Error;

/// Where registries listen.
const DEFAULT_URL: &str = "http://localhost:8081";

/// Where the registry is.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Schema Registry")]
pub(crate) struct RegistryOption {
    // The environment is not clap's business: its usage would list the option as if it had been typed.
    #[arg(
        long,
        value_name = "URL,…",
        help = "Schema Registry to ask, with or without http://; USER:PASSWORD@ may stand before the host [env: KADENCE_REGISTRY] [default: http://localhost:8081]"
    )]
    registry: Option<String>,
}

impl RegistryOption {
    /// A client of the registry, which asks nothing yet, and waits no longer once `stop` is raised.
    pub(crate) fn client(&self, stop: &Arc<Stop>) -> Result<RegistryClient, Error> {
        let urls =
            self.registry.clone().or_else(urls_of_environment).unwrap_or_else(|| DEFAULT_URL.to_owned());
        let stop = Arc::clone(stop);
        let waiter = Waiter::new(move |time| {
            stop.wait(time);
        });
        let options = RegistryOptions::new(&urls, waiter);
        options.and_then(RegistryClient::new).map_err(|error| error.explain().into())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the option's other spelling")]
pub(super) fn urls_of_environment() -> Option<String> {
    std::env::var("KADENCE_REGISTRY").ok().filter(|urls| !urls.is_empty())
}
