//! Where clients connect.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};

use axum::Router;

use crate::connections;
use crate::limits::Limits;

/// Who may reach a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Programs on this machine.
    Loopback,
    /// Whoever can reach the address.
    Anywhere,
}

/// A port that is bound. Clients can connect; they are answered once it serves.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address; with port 0, the system chooses the port.
    ///
    /// # Errors
    /// Where the address is taken or is none of this machine's, and where it is beyond loopback but `exposure` is not.
    pub fn bind(address: SocketAddr, exposure: Exposure) -> io::Result<Self> {
        if exposure == Exposure::Loopback && !address.ip().to_canonical().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{address} can be reached from other machines; bind 127.0.0.1 or ::1, or allow exposure"
                ),
            ));
        }
        let socket = TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The address it is bound to, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers with `router` until `stop` is ready, then lets requests that are under way end.
    /// It wants to run on a tokio runtime with input, output and time.
    ///
    /// # Errors
    /// Where the runtime cannot take the socket.
    pub async fn serve(
        self,
        router: Router,
        limits: Limits,
        stop: impl Future<Output = ()> + Send,
    ) -> io::Result<()> {
        let socket = tokio::net::TcpListener::from_std(self.socket)?;
        connections::serve(&socket, router, limits, stop).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_beyond_loopback_are_refused_unless_allowed() {
        for beyond in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
            let address: SocketAddr = beyond.parse().unwrap();
            let error = Listener::bind(address, Exposure::Loopback).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains("other machines"), "{error}");
        }
        assert!(Listener::bind("0.0.0.0:0".parse().unwrap(), Exposure::Anywhere).is_ok());
    }

    #[test]
    fn a_port_that_is_taken_is_known_at_once() {
        let first = Listener::bind("127.0.0.1:0".parse().unwrap(), Exposure::Loopback).unwrap();
        let error = Listener::bind(first.address(), Exposure::Loopback).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
