//! A registry behind locks: one request at a time writes, and nobody who reads waits for the log.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::error::RegistryError;
use crate::log::{AppendError, SchemaLog};
use crate::record::{BadRecord, Record};
use crate::state::{Answer, Registry, Request};

/// What a server does with requests that change something.
pub enum Role {
    /// It appends to this log, to which nobody else does.
    Writer(Box<dyn SchemaLog>),
    /// It refuses them.
    Reader {
        /// Where the server is that writes, if that is known.
        writer_url: Option<String>,
    },
}

/// A server's registry. Clones are of the same one.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    /// Held from the decision until all records of it are applied.
    role: Mutex<Role>,
    seen: RwLock<Seen>,
    skipped: AtomicU64,
}

/// What has been applied.
struct Seen {
    registry: Registry,
    /// The offset of the next record that is news.
    next: i64,
}

impl Server {
    /// A server where nothing is registered. What its log holds already has to be [applied](Server::apply).
    pub fn new(role: Role) -> Self {
        let seen = Seen { registry: Registry::new(), next: 0 };
        Self {
            inner: Arc::new(Inner {
                role: Mutex::new(role),
                seen: RwLock::new(seen),
                skipped: AtomicU64::new(0),
            }),
        }
    }

    /// Takes a record that is in the log. Records come in the order of their offsets; one that was taken already, as
    /// are those that this server wrote, changes nothing.
    ///
    /// # Errors
    /// Why the record is skipped. It is counted.
    pub fn apply(&self, offset: i64, key: &[u8], value: Option<&[u8]>) -> Result<(), BadRecord> {
        if self.next_offset() > offset {
            return Ok(());
        }
        let parsed = Record::parse(key, value);
        self.take(offset, parsed.as_ref().ok());
        parsed.map(|_| ()).inspect_err(|_| {
            self.inner.skipped.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// The offset after the last one that was taken.
    pub fn next_offset(&self) -> i64 {
        self.inner.seen.read().unwrap_or_else(PoisonError::into_inner).next
    }

    /// How many records were skipped.
    pub fn skipped(&self) -> u64 {
        self.inner.skipped.load(Ordering::Relaxed)
    }

    /// Takes another role, once the request that is under way is done.
    pub fn become_role(&self, role: Role) {
        *self.inner.role.lock().unwrap_or_else(PoisonError::into_inner) = role;
    }

    /// Whether it writes.
    pub fn is_writer(&self) -> bool {
        matches!(*self.inner.role.lock().unwrap_or_else(PoisonError::into_inner), Role::Writer(_))
    }

    /// Reads what is registered.
    pub fn read<T>(&self, read: impl FnOnce(&Registry) -> T) -> T {
        read(&self.inner.seen.read().unwrap_or_else(PoisonError::into_inner).registry)
    }

    /// Does a request. It blocks until the log has what it came to.
    ///
    /// # Errors
    /// Why it is not done. Where the log failed in the midst of it, a part may be. A server that was fenced, or does not
    /// know what became of a record, is a reader from then on: whoever has fed it all that the log holds makes it a
    /// writer [again](Server::become_role).
    pub fn write(&self, request: &Request) -> Result<Answer, RegistryError> {
        let mut role = self.inner.role.lock().unwrap_or_else(PoisonError::into_inner);
        let decided = self.read(|registry| registry.decide(request));
        let log = match &mut *role {
            Role::Writer(log) => log,
            Role::Reader { writer_url } => {
                // What is as it was asked for needs no writer. All else is for the one that knows the end of the log.
                return match decided {
                    Ok(decision) if decision.records.is_empty() => Ok(decision.answer),
                    _ => Err(RegistryError::NotWriter { at: writer_url.clone() }),
                };
            }
        };
        let decision = decided?;
        for record in &decision.records {
            match log.append(&record.key_bytes(), record.value_bytes().as_deref()) {
                Ok(offset) => self.take(offset, Some(record)),
                Err(AppendError::Fenced) => {
                    *role = Role::Reader { writer_url: None };
                    return Err(RegistryError::NotWriter { at: None });
                }
                Err(AppendError::Failed(reason)) => {
                    *role = Role::Reader { writer_url: None };
                    return Err(RegistryError::Store(reason));
                }
                Err(AppendError::Refused(reason)) => return Err(RegistryError::Store(reason)),
            }
        }
        Ok(decision.answer)
    }

    fn take(&self, offset: i64, record: Option<&Record>) {
        let mut seen = self.inner.seen.write().unwrap_or_else(PoisonError::into_inner);
        // Between a look at the next offset and this one the writer may have been here.
        if offset < seen.next {
            return;
        }
        if let Some(record) = record {
            seen.registry.apply(record);
        }
        seen.next = offset.saturating_add(1);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("next", &self.next_offset()).finish_non_exhaustive()
    }
}
