//! Addresses that are listened on over HTTP.

use std::io;
use std::net::ToSocketAddrs as _;

use kadence_http::{Exposure, Listener};

use crate::fault::Error;

/// Binds the first address that `text` means, which has to be on this machine's loopback.
pub(super) fn bind(text: &str) -> io::Result<Listener> {
    let address = text.to_socket_addrs()?.next();
    let address = address.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "is no address"))?;
    Listener::bind(address, Exposure::Loopback)
}

/// Why an address that `option` names cannot be listened on.
pub(super) fn not_bound(option: &str, text: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::AddrInUse {
        let help = format!("stop it, or choose another with {option} 127.0.0.1:0");
        return Error::met(text, "the port is taken by another program", help);
    }
    let what = format!("`{text}` cannot be listened on ({error})");
    Error::misuse(option, what, "write it as HOST:PORT, such as 127.0.0.1:8081, on this machine")
}
