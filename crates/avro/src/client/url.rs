//! The URL of a registry.

use std::fmt;

use percent_encoding::percent_decode_str;

use super::error::RegistryError;

/// The URL of a registry. User and password are kept apart, so that it can be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// With `http://` or `https://`, without a slash at the end.
    url: String,
    credentials: Option<(String, String)>,
}

impl BaseUrl {
    /// Reads `[http[s]://][user:password@]host[:port][/path]`; without a scheme it is `http://`.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".to_owned(), text),
        };
        let path = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path);
        let (user_info, host) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(user_info), host),
            None => (None, authority),
        };
        let is_plain = |char: char| !char.is_whitespace() && !char.is_control() && char != '\\';
        let is_url = matches!(scheme.as_str(), "http" | "https")
            && !host.is_empty()
            && host.chars().all(is_plain)
            && path.chars().all(|char| is_plain(char) && !matches!(char, '?' | '#' | '@'));
        let credentials = user_info.map(credentials_of);
        if !is_url || credentials == Some(None) {
            // A text with a user may hold a password anywhere.
            let shown = if text.contains('@') { "…@…" } else { text };
            return Err(RegistryError::Url { shown: shown.to_owned() });
        }
        let url = format!("{scheme}://{host}{}", path.trim_end_matches('/'));
        Ok(Self { url, credentials: credentials.flatten() })
    }

    /// The URL without user and password.
    pub fn shown(&self) -> &str {
        &self.url
    }

    pub(super) fn credentials(&self) -> Option<&(String, String)> {
        self.credentials.as_ref()
    }
}

/// Without user and password.
impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BaseUrl").field(&self.url).finish()
    }
}

fn credentials_of(user_info: &str) -> Option<(String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    Some((decoded(user)?, decoded(password)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_with_and_without_a_scheme() {
        for (text, shown, user) in [
            ("localhost:8081", "http://localhost:8081", None),
            ("https://r.example.com/api/", "https://r.example.com/api", None),
            ("http://me:p%40ss@host", "http://host", Some(("me", "p@ss"))),
            ("me@host:1", "http://host:1", Some(("me", ""))),
            ("HTTPS://[::1]:8081", "https://[::1]:8081", None),
        ] {
            let url = BaseUrl::parse(text).unwrap();
            let user = user.map(|(user, password): (&str, &str)| (user.to_owned(), password.to_owned()));
            assert_eq!((url.shown(), url.credentials()), (shown, user.as_ref()), "{text}");
            assert!(!format!("{url:?}").contains("p@ss"));
        }
        for text in [
            "",
            "ftp://x",
            "http://",
            "http://a b",
            "http://h/p?q",
            "user:HUSH@",
            "http://u:HUSH@/x",
            "http://u:HU/SH@h",
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(!error.to_string().contains("HU"), "{error}");
        }
    }
}
