//! The registry beside the broker.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

use kadence_http::{Exposure, Listener};
use kadence_kafka::Connection;

use crate::fault::Error;
use crate::output::Voice;
use crate::registry::{Running, TOPIC};

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
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(Error::met(
            text,
            "the port is taken by another program",
            "stop it, or choose another with --registry-listen 127.0.0.1:0",
        )),
        Err(error) => Err(Error::misuse(
            "--registry-listen",
            format!("`{text}`: {error}"),
            "write it as HOST:PORT, such as 127.0.0.1:8081, on this machine only",
        )),
    }
}

fn bind(text: &str) -> io::Result<Listener> {
    let mut addresses = text.to_socket_addrs()?;
    let address: SocketAddr =
        addresses.next().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "is no address"))?;
    Listener::bind(address, Exposure::Loopback)
}

/// Starts a registry over a topic of the broker at the first of these addresses.
pub(super) fn start(listener: Listener, brokers: &[String], voice: Voice) -> Result<Running, Error> {
    let connection = Connection::to(brokers.first().cloned().unwrap_or_default());
    Running::start(listener, &connection, TOPIC, Box::new(move |text| voice.note(text)))
}
