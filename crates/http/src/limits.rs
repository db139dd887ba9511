//! What a client may take.

use std::time::Duration;

/// Bounds on what clients may send and hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request's body. A longer one is answered by 413.
    pub body: usize,
    /// How long the line and headers of a request may take, and how long a connection may idle between two.
    pub headers: Duration,
    /// Connections at a time. Those beyond wait until one ends.
    pub connections: usize,
    /// How long requests that are under way at the end may still take.
    pub farewell: Duration,
}

impl Default for Limits {
    /// 1 MiB, 30 seconds, 256 connections, 5 seconds.
    fn default() -> Self {
        Self {
            body: 1 << 20,
            headers: Duration::from_secs(30),
            connections: 256,
            farewell: Duration::from_secs(5),
        }
    }
}
