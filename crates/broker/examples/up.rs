//! A broker until the process is ended, for trying clients by hand: `up [ADDRESS:PORT] [name=value…]`.

use kadence_broker::{Broker, FullHook, Listener, Options};
use std::error::Error;

#[expect(clippy::print_stdout, reason = "an example says where it listens")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options {
        on_full: Some(FullHook::new(|limit| println!("the limit of {limit} bytes is reached"))),
        ..Options::default()
    };
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some(("memory", bytes)) => options.memory_limit_bytes = bytes.parse()?,
            Some((name, value)) => options.set(name, value)?,
            None => {
                options.listeners =
                    argument.split(',').map(|a| a.parse().map(Listener::on)).collect::<Result<_, _>>()?;
            }
        }
    }
    let broker = Broker::start(options)?;
    for address in broker.addresses() {
        println!("{address}");
    }
    loop {
        std::thread::park();
    }
}
