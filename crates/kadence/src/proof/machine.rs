//! What a run was made on.

use kadence_certificate::Machine;

/// This machine.
pub(super) fn machine() -> Machine {
    Machine {
        system: system(),
        architecture: std::env::consts::ARCH.to_owned(),
        processor: processor(),
        processors: std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
    }
}

#[cfg(unix)]
fn system() -> String {
    let name = rustix::system::uname();
    format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy())
}

#[cfg(not(unix))]
fn system() -> String {
    std::env::consts::OS.to_owned()
}

/// The processor's name, where the system has it in a file.
fn processor() -> Option<String> {
    let told = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = told.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
