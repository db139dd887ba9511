//! Parses the command line, runs the verb, and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    kadence::cli::run(std::env::args_os().collect()).into()
}
