//! Serves an empty registry on loopback until standard input ends, for clients that are tried by hand.
//! The argument is the port; without it, or with 0, the system chooses one.

#![allow(clippy::print_stdout)]

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};

use kadence_http::{Exposure, Limits, Listener};
use kadence_registry::{MemoryLog, Role, Server};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Exposure::Loopback)?;
    println!("http://{}", listener.address());
    let server = Server::new(Role::Writer(Box::new(MemoryLog::new())));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let end = async {
        let wait = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        let _ = wait.await;
    };
    runtime.block_on(listener.serve(server.router(), Limits::default(), end))?;
    Ok(())
}
