//! Waiting for a client to have something to say.
//!
//! The wrapper's own poll ends with its time and not with an event, and spends the last millisecond of that time
//! asking again and again.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::bindings as rd;
use rdkafka::client::Client;

/// Rings when the client's main queue is no longer empty. It must not outlive the client.
pub(crate) struct Bell {
    queue: NonNull<rd::rd_kafka_queue_t>,
    /// At one place for the bell's life: librdkafka has its address.
    clapper: Box<Clapper>,
}

#[derive(Default)]
struct Clapper {
    has_rung: Mutex<bool>,
    wake: Condvar,
}

// SAFETY: librdkafka locks its queues itself, and the rest is a lock and a condition.
unsafe impl Send for Bell {}
// SAFETY: as above.
unsafe impl Sync for Bell {}

impl Bell {
    pub(crate) fn of<C: ClientContext>(client: &Client<C>) -> Self {
        // SAFETY: the client lives during the call; the reference is given back on drop.
        let queue = unsafe { rd::rd_kafka_queue_get_main(client.native_ptr()) };
        let queue = NonNull::new(queue).expect("a client has a main queue");
        let clapper = Box::new(Clapper::default());
        let address = (&raw const *clapper).cast_mut().cast::<c_void>();
        // SAFETY: the clapper stays where it is until the callback is taken away again, on drop.
        unsafe { rd::rd_kafka_queue_cb_event_enable(queue.as_ptr(), Some(ring), address) };
        Self { queue, clapper }
    }

    /// Whether the client has something to say.
    pub(crate) fn has_events(&self) -> bool {
        // SAFETY: the queue is referenced by this value.
        unsafe { rd::rd_kafka_queue_length(self.queue.as_ptr()) > 0 }
    }

    /// Ends a wait.
    pub(crate) fn strike(&self) {
        self.clapper.strike();
    }

    /// Blocks until the client has something to say, or for `at_most`.
    pub(crate) fn wait(&self, at_most: Duration) {
        // What is left of the last time does not ring again. It is looked for without the lock, which is taken with the
        // queue locked when it rings.
        if self.has_events() {
            return;
        }
        let has_rung = self.clapper.has_rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.clapper.wake.wait_timeout_while(has_rung, at_most, |has_rung| !*has_rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

impl Clapper {
    fn strike(&self) {
        *self.has_rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_one();
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        // SAFETY: the queue is referenced by this value; once the first call is back, nobody has the clapper's address.
        unsafe {
            rd::rd_kafka_queue_cb_event_enable(self.queue.as_ptr(), None, std::ptr::null_mut());
            rd::rd_kafka_queue_destroy(self.queue.as_ptr());
        }
    }
}

/// Called by librdkafka's threads, with the queue locked.
unsafe extern "C" fn ring(_client: *mut rd::rd_kafka_t, clapper: *mut c_void) {
    // SAFETY: it is the address given with this function, and valid as long as that is in force.
    unsafe { &*clapper.cast::<Clapper>() }.strike();
}
