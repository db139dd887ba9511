//! Runs a real Kafka until standard input ends or a signal comes, and says on standard output where it is.

fn main() -> std::process::ExitCode {
    #[cfg(unix)]
    return kadence_testing::kafka::run_as_program(std::env::args().skip(1));
    #[cfg(not(unix))]
    panic!("it is written for Unix");
}
