//! Work that waits for a disk, on a thread that others need.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does `work` while the other tasks of this thread go elsewhere.
pub(crate) fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // Nobody else is on this thread, or it is the only one there is.
        _ => work(),
    }
}
