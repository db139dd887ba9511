//! Shell completions.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Exit};
use crate::fault::Error;
use crate::output::ok_if_closed;

/// Print shell completions
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  kadence completions bash > ~/.local/share/bash-completion/completions/kadence\n  \
    kadence completions zsh > ~/.zfunc/_kadence"
)]
pub(crate) struct CompletionsOptions {
    /// Shell to complete for
    shell: Shell,
}

impl CompletionsOptions {
    pub(crate) fn run(self) -> Result<Exit, Error> {
        use std::io::Write as _;
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "kadence", &mut script);
        ok_if_closed(std::io::stdout().write_all(&script))?;
        Ok(Exit::Done)
    }
}
