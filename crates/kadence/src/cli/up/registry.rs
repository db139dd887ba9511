//! The registry beside the broker.

use std::io;
use std::sync::Arc;

use kadence_broker::Broker;
use kadence_core::clock::Stop;
use kadence_http::Listener;

use crate::cli::listening::{bind, not_bound};
use crate::fault::Error;
use crate::output::Voice;
use crate::registry::{LocalLog, Running, TOPIC};

/// Where registries listen.
const ADDRESS: &str = "127.0.0.1:8081";

/// Binds the address that is `wanted`, or the usual one if nobody else has it; none if it is not wanted.
pub(super) fn listener(wanted: Option<&str>, voice: Voice) -> Result<Option<Listener>, Error> {
    let text = match wanted {
        Some("off") => return Ok(None),
        Some(address) => address,
        None => ADDRESS,
    };
    match bind(text) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if wanted.is_none() && error.kind() == io::ErrorKind::AddrInUse => {
            voice.note(format!(
                "no Schema Registry is started: {ADDRESS} is taken by another program; --registry-listen HOST:PORT chooses another"
            ));
            Ok(None)
        }
        Err(error) => Err(not_bound("--registry-listen", text, &error)),
    }
}

/// Starts a registry over a topic of the broker.
pub(super) fn start(listener: Listener, broker: &Broker, voice: Voice) -> Result<Running, Error> {
    let stop = Arc::<Stop>::default();
    let log = LocalLog::open(broker, TOPIC, &stop)?;
    Running::start(listener, Box::new(log), stop, Box::new(move |text| voice.note(text)))
}
