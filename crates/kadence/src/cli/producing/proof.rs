//! What a run leaves behind for others to look at.

use std::ffi::OsStr;
use std::path::PathBuf;

use kadence_kafka::is_secret;

use crate::Proof;

/// What a run leaves behind.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Proof")]
pub(crate) struct ProofOptions {
    /// Seal each record with its place in the run and a checksum, and write what was sent to this manifest: `kadence
    /// verify FILE` finds what was lost, doubled, reordered or changed
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    seal: Option<PathBuf>,
    /// Write a certificate of the run: how punctual it was, and what was promised and kept; a page, or data
    #[arg(long, value_name = "FILE.html|FILE.json")]
    certificate: Option<PathBuf>,
}

impl ProofOptions {
    /// Gives what is asked for, if it is.
    pub(crate) fn proof(&self, pace: String) -> Option<Proof> {
        if self.seal.is_none() && self.certificate.is_none() {
            return None;
        }
        let mut proof = Proof::new(command_line(std::env::args_os()), pace);
        (proof.seal, proof.certificate) = (self.seal.clone(), self.certificate.clone());
        Some(proof)
    }
}

/// The command line without the values of properties that are secret.
fn command_line<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Vec<String> {
    let shown = |argument: A| {
        let text = argument.as_ref().to_string_lossy();
        // Whatever stands before the name: `-X=`, `-qX=`.
        let mut name = 0;
        for (end, _) in text.match_indices('=') {
            if is_secret(&text[name..end]) {
                return format!("{}=…", &text[..end]);
            }
            name = end + 1;
        }
        text.into_owned()
    };
    arguments.into_iter().skip(1).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        let given =
            ["kadence", "replay", "-X", "sasl.password=hush", "-Xssl.key.password=hush", "-X", "linger.ms=5"];
        let shown = command_line(given);
        let also = ["kadence", "-X=sasl.password=hush", "-qX=ssl.key.password=hush", "-X=linger.ms=5"];
        assert_eq!(command_line(also), ["-X=sasl.password=…", "-qX=ssl.key.password=…", "-X=linger.ms=5"]);
        assert_eq!(shown, ["replay", "-X", "sasl.password=…", "-Xssl.key.password=…", "-X", "linger.ms=5"]);
    }
}
