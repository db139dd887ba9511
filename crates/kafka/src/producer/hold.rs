//! Partitions that are kept from sending for a while.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Pauses the topic's partitions (`true`), or has them go on.
type Turn = Box<dyn Fn(bool) + Send + Sync>;

/// The partitions of a topic, and whether they are paused.
pub(super) struct Hold {
    topic: String,
    turn: Turn,
    is_held: AtomicBool,
    /// Held while they are paused or go on.
    turning: Mutex<()>,
}

impl Hold {
    pub(super) fn new(topic: &str, turn: impl Fn(bool) + Send + Sync + 'static) -> Self {
        let turn = Box::new(turn);
        Self { topic: topic.to_owned(), turn, is_held: AtomicBool::new(false), turning: Mutex::new(()) }
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    pub(super) fn is_held(&self) -> bool {
        self.is_held.load(Ordering::Relaxed)
    }

    pub(super) fn hold(&self) {
        self.turn(true);
    }

    /// Has paused partitions go on; costs nothing if they are not.
    pub(super) fn release(&self) {
        if self.is_held() {
            self.turn(false);
        }
    }

    fn turn(&self, to: bool) {
        let _turning = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_held.swap(to, Ordering::Relaxed) != to {
            (self.turn)(to);
        }
    }
}
