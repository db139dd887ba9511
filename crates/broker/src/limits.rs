//! What the process may have.

/// Files that are neither a log's nor a connection's: the broker's own, and those of readers.
const OTHER_FILES: u64 = 64;

/// So many files may logs keep open, and so many connections may there be: neither takes what the other needs.
pub(crate) fn share_of_files() -> usize {
    #[cfg(unix)]
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let most = None::<u64>;
    most.map_or(usize::MAX, |most| {
        let others = OTHER_FILES.min(most / 2);
        usize::try_from((most - others) / 2).unwrap_or(usize::MAX).max(1)
    })
}
