//! How the C library's allocator keeps what clients fetch.

/// What is at least this large gets pages of its own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const APART: libc::c_int = 64 * 1024;

/// Has the process give large buffers back to the system as soon as they are free, as a program with many clients
/// wants it: glibc would keep each in an arena of the thread that took it, and the arenas grow beside each other. It
/// costs the pages of each buffer once more. Elsewhere than on glibc nothing is changed.
pub fn give_large_buffers_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: a threshold is stored, under the allocator's own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, APART);
    }
}
