//! Runs the suites: `./test` is the door to it.

fn main() -> std::process::ExitCode {
    kadence_testing::suites::run_as_program(std::env::args().skip(1))
}
