//! Parses the command line, runs the verb, and exits with its code.

use std::process::ExitCode;

use clap::Parser as _;
use kadence::cli::Cli;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no errors, and clap knows where each belongs.
        Err(error) => error.exit(),
    };
    cli.run().into()
}
