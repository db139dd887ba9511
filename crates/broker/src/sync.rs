//! A mutex that outlives a panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic in one connection must not close a partition to all others, so poison is passed over: what the locks
/// here guard is changed in steps that leave it consistent.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    #[test]
    fn a_panic_under_the_lock_does_not_close_it() {
        let lock = Arc::new(Lock::new(1));
        let other = Arc::clone(&lock);
        let panicked = thread::spawn(move || {
            let mut value = other.lock();
            *value = 2;
            panic!("a panic for the test");
        });
        assert!(panicked.join().is_err());
        assert_eq!(*lock.lock(), 2);
    }
}
