//! Serves HTTP/1.1 to a bounded number of connections, each with bounded requests.
//!
//! A [`Listener`] is bound first, so that a port that is taken is known at once; [`serve`](Listener::serve) then
//! answers with a router until it is told to stop.

mod connections;
mod limits;
mod listener;

pub use axum::Router;
pub use limits::Limits;
pub use listener::{Exposure, Listener};
