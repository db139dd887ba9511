//! The password of a database.

use std::path::PathBuf;

use crate::fault::Error;

/// Where it stands.
#[derive(Debug, clap::Args)]
pub(crate) struct PasswordOption {
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Where to",
        help = "Read the password from this file; without it the URL's counts, then [env: KADENCE_PASSWORD]"
    )]
    password_file: Option<PathBuf>,
}

impl PasswordOption {
    /// The password for this URL, where it is not in there.
    #[expect(clippy::disallowed_methods, reason = "this is the option's other spelling")]
    pub(crate) fn password(&self, url: &str) -> Result<Option<String>, Error> {
        let Some(file) = &self.password_file else {
            // A file of SQLite's has none, and a URL that has its own is meant, whatever the environment says for others.
            if url.starts_with("sqlite:") || has_password(url) {
                return Ok(None);
            }
            return Ok(std::env::var("KADENCE_PASSWORD").ok().filter(|password| !password.is_empty()));
        };
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error::misuse(file.display().to_string(), format!("cannot be read ({error})"), "")
        })?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// Whether a URL has a password of its own.
fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place.split('/').next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
        || parameters.split('&').any(|parameter| parameter.starts_with("password="))
}
