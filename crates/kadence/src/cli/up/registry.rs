//! The registry beside the broker.

use std::io;
use std::sync::Arc;

use kadence_broker::Broker;
use kadence_core::clock::Stop;
use kadence_http::Listener;

use crate::cli::listening::{bind, not_bound};
use crate::fault::{Error, line};
use crate::output::Voice;
use crate::registry::{LocalLog, Running, TOPIC};

/// Where registries listen.
const ADDRESS: &str = "127.0.0.1:8081";

/// Binds the address that is `wanted`, or the usual one if nobody else has it; none if it is not wanted.
fn listener(wanted: Option<&str>, voice: Voice) -> Result<Option<Listener>, Error> {
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

/// Starts a registry over a topic of the broker, at the address that is `wanted`. One that nobody asked for is done
/// without where it cannot be had.
pub(super) fn start(wanted: Option<&str>, broker: &Broker, voice: Voice) -> Result<Option<Running>, Error> {
    let Some(listener) = listener(wanted, voice)? else { return Ok(None) };
    let stop = Arc::<Stop>::default();
    let running = LocalLog::open(broker, TOPIC, &stop).and_then(|log| {
        Running::start(listener, Box::new(log), stop, Box::new(move |text| voice.note(text)))
    });
    match running {
        Ok(running) => Ok(Some(running)),
        Err(error) if wanted.is_none() => {
            for fault in &error.faults {
                voice.note(format!("no Schema Registry is started: {}", line(fault)));
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
