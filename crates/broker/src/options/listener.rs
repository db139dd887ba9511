//! Where clients come, and what they are told.

use super::OptionsError;
use std::net::{SocketAddr, ToSocketAddrs as _};

/// One address to listen on. What is spoken there is plain; encryption and identities would be said here too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The address; port 0 takes a free port.
    pub bind: SocketAddr,
    /// The host clients of this listener are told to come to; by default the address they came to.
    pub advertised_host: Option<String>,
    /// The port they are told; by default the listener's.
    pub advertised_port: Option<u16>,
}

impl Listener {
    /// A listener that advertises the address its clients came to.
    pub fn on(bind: SocketAddr) -> Self {
        Self { bind, advertised_host: None, advertised_port: None }
    }

    /// The same listener, whose clients are told `address`: `HOST:PORT`, or `HOST` with the listener's own port.
    pub fn advertising(mut self, address: &str) -> Result<Self, OptionsError> {
        let (host, port) = split(address).ok_or_else(|| OptionsError::Value {
            name: "advertised.listeners",
            value: address.to_owned(),
            wanted: "HOST:PORT".to_owned(),
        })?;
        (self.advertised_host, self.advertised_port) = (Some(host.to_owned()), port);
        Ok(self)
    }

    /// Listeners from Kafka's form, `PLAINTEXT://127.0.0.1:9092,PLAINTEXT://[::1]:9092`.
    pub(super) fn parse_list(list: &str) -> Result<Vec<Self>, String> {
        let mut listeners = Vec::new();
        for address in entries(list)? {
            // Kafka's form of all interfaces, and a free port.
            let address = if address.starts_with(':') { format!("0.0.0.0{address}") } else { address };
            let no_port = split(&address).is_some_and(|(_, port)| port.is_none());
            let address = if no_port { format!("{address}:0") } else { address };
            let found = address.to_socket_addrs().map_err(|e| format!("PLAINTEXT://HOST:PORT ({e})"))?;
            listeners.extend(found.map(Self::on));
        }
        Ok(listeners)
    }

    /// Gives listeners, in their order, the addresses of a list in Kafka's form.
    pub(super) fn advertise_list(listeners: &mut [Self], list: &str) -> Result<(), String> {
        let entries = entries(list)?;
        if entries.len() != listeners.len() {
            return Err(format!("one address for each of the {} listeners", listeners.len()));
        }
        for (listener, address) in listeners.iter_mut().zip(entries) {
            let advertised = listener.clone().advertising(&address);
            *listener = advertised.map_err(|_| "PLAINTEXT://HOST:PORT".to_owned())?;
        }
        Ok(())
    }
}

/// The address of each entry.
fn entries(list: &str) -> Result<Vec<String>, String> {
    let entry = |entry: &str| match entry.trim().split_once("://") {
        Some((protocol, address)) if protocol.eq_ignore_ascii_case("plaintext") => Ok(address.to_owned()),
        _ => Err("PLAINTEXT://HOST:PORT, or several with commas; other protocols are not served".to_owned()),
    };
    list.split(',').map(entry).collect()
}

/// Host and port; the port may be missing, and an IPv6 host has brackets if there is one.
fn split(address: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, Some(port.parse().ok().filter(|port| *port > 0)?))
        }
        _ => (address, None),
    };
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let plain = |c: char| c.is_ascii_graphic() && !"/@[]".contains(c);
    (!host.is_empty() && host.len() <= 255 && host.chars().all(plain)).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertised_address_is_a_host_with_or_without_a_port() {
        for (address, expected) in [
            ("broker.test:9092", Some(("broker.test", Some(9092)))),
            ("broker.test", Some(("broker.test", None))),
            ("[::1]:9092", Some(("::1", Some(9092)))),
            ("::1", Some(("::1", None))),
            ("[::1]", Some(("::1", None))),
            ("", None),
            (":9092", None),
            ("a:0", None),
            ("a:99999", None),
            ("a b:1", None),
            ("http://a:1", None),
        ] {
            assert_eq!(split(address), expected, "{address}");
        }
    }

    #[test]
    fn listeners_are_read_in_kafkas_form() {
        let mut listeners =
            Listener::parse_list("PLAINTEXT://127.0.0.1:0, plaintext://[::1]:9093,PLAINTEXT://:7").unwrap();
        let bound: Vec<_> = listeners.iter().map(|l| l.bind.to_string()).collect();
        assert_eq!(bound, ["127.0.0.1:0", "[::1]:9093", "0.0.0.0:7"]);
        assert!(Listener::advertise_list(&mut listeners, "PLAINTEXT://a:1").is_err());
        Listener::advertise_list(&mut listeners, "PLAINTEXT://a:1,PLAINTEXT://b,PLAINTEXT://c:3").unwrap();
        assert_eq!(listeners[1].advertised_host.as_deref(), Some("b"));
        assert_eq!((listeners[1].advertised_port, listeners[2].advertised_port), (None, Some(3)));
        for bad in ["SSL://a:1", "127.0.0.1:9092", ""] {
            assert!(Listener::parse_list(bad).is_err(), "{bad}");
        }
    }
}
