//! What a URL says.

use std::fmt;

use kadence_core::fault::Fault;
use mysql_async::{Opts, OptsBuilder, SslOpts};

use crate::server::Kind;

/// How much is asked of TLS, as the servers' own clients mean it. That a certificate's authority is known and the
/// host's name is not in it, `verify_ca`, the driver does not tell apart: the name counts there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// None.
    Disabled,
    /// TLS if the server has it.
    Preferred,
    /// TLS, whoever the server is.
    Required,
    /// TLS with a certificate for the host, from an authority that is trusted.
    Verified,
}

/// The names that stand for [`Tls`].
const MODES: [(&str, Tls); 5] = [
    ("disabled", Tls::Disabled),
    ("preferred", Tls::Preferred),
    ("required", Tls::Required),
    ("verify_ca", Tls::Verified),
    ("verify_identity", Tls::Verified),
];

/// Where a database is, and how to get in.
#[derive(Clone)]
pub(crate) struct Address {
    /// Kind, user, host and database, without secrets.
    pub(crate) place: String,
    pub(crate) database: String,
    /// What the URL takes the server for; it may be the other one.
    pub(crate) kind: Kind,
    pub(crate) tls: Tls,
    options: Opts,
    /// The authorities that are trusted, in PEM or DER.
    authorities: Option<Vec<u8>>,
}

/// A password is in the options.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("place", &self.place).field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl Address {
    /// Reads a URL. The password beside it wins over the one in it.
    pub(crate) fn read(url: &str, password: Option<String>) -> Result<Self, Fault> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (scheme, kind) = match base.split_once("://") {
            Some(("mysql", _)) => ("mysql", Kind::MySql),
            Some(("mariadb", _)) => ("mariadb", Kind::MariaDb),
            _ => return Err(misuse("begins with neither mysql:// nor mariadb://", "")),
        };
        let rest = &base[scheme.len()..];
        // What is wrong with it is not told in its own words, which may have the password in them.
        let unread = || {
            misuse(
                "cannot be read",
                "write characters such as / : @ # ? % in names and passwords as %2F and the like",
            )
        };
        let options = Opts::from_url(&format!("mysql{rest}")).map_err(|_| unread())?;
        if base.contains('#') {
            return Err(unread());
        }
        let user = options.user().filter(|user| !user.is_empty());
        let is_one = rest.matches('/').count() == ":///".len() - 1;
        let database = options.db_name().filter(|name| is_one && !name.is_empty());
        let user = user.ok_or_else(|| misuse("names no user", ""))?.to_owned();
        let database = database.ok_or_else(|| misuse("names no database", ""))?.to_owned();
        let host = options.ip_or_hostname().to_owned();
        let place = format!("{scheme}://{user}@{host}:{}/{database}", options.tcp_port());
        let password = password.or_else(|| options.pass().map(str::to_owned));
        let (tls, authorities) = parameters(query)?;
        let options = OptsBuilder::from_opts(options)
            .ip_or_hostname(host.trim_start_matches('[').trim_end_matches(']'))
            .pass(password);
        Ok(Self { place, database, kind, tls, options: options.into(), authorities })
    }

    /// The driver's options, with TLS or without.
    pub(crate) fn options(&self, with_tls: bool) -> OptsBuilder {
        let builder = OptsBuilder::from_opts(self.options.clone());
        if !with_tls {
            return builder.ssl_opts(None);
        }
        let authorities = self.authorities.iter().map(|bytes| bytes.clone().into()).collect();
        let ssl = SslOpts::default()
            .with_root_certs(authorities)
            .with_disable_built_in_roots(self.authorities.is_some())
            .with_danger_accept_invalid_certs(self.tls != Tls::Verified);
        builder.ssl_opts(ssl)
    }
}

fn misuse(what: &str, help: &str) -> Fault {
    let help = if help.is_empty() { "write mysql://USER@HOST:PORT/DATABASE, or mariadb://…" } else { help };
    Fault::new("the database's URL", what.to_owned()).help(help).misuse()
}

/// What stands behind the question mark: the mode, and the authorities.
fn parameters(query: &str) -> Result<(Tls, Option<Vec<u8>>), Fault> {
    let (mut mode, mut authorities) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "ssl-mode" => {
                let lower = value.to_ascii_lowercase().replace('-', "_");
                let known = MODES.iter().find(|(name, _)| *name == lower).map(|(_, mode)| *mode);
                let names = MODES.map(|(name, _)| name).join(", ");
                let unknown = || {
                    misuse(&format!("has the unknown ssl-mode `{value}`"), &format!("the modes are {names}"))
                };
                mode = Some(known.ok_or_else(unknown)?);
            }
            "ssl-ca" => {
                let file = unescaped(value);
                let bytes = std::fs::read(&file).map_err(|error| {
                    Fault::new(file.clone(), error.to_string())
                        .help("name a certificate's file with ssl-ca")
                        .misuse()
                })?;
                authorities = Some(bytes);
            }
            _ => {
                let help = "the parameters are ssl-mode and ssl-ca";
                return Err(misuse(&format!("has the unknown parameter `{name}`"), help));
            }
        }
    }
    // The servers' own clients verify once there is something to verify with.
    let mode = mode.unwrap_or(if authorities.is_some() { Tls::Verified } else { Tls::Preferred });
    Ok((mode, authorities))
}

/// A value without its percent signs.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let digits = others.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = &others[if byte.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_who_and_never_the_password() {
        let address = Address::read("mysql://u%40x:se%2Fcret@db.example:3307/shop", None).unwrap();
        assert_eq!(address.place, "mysql://u@x@db.example:3307/shop");
        assert_eq!(address.options.pass(), Some("se/cret"));
        assert_eq!((address.kind, address.tls), (Kind::MySql, Tls::Preferred));
        assert!(!format!("{address:?}").contains("cret"), "{address:?}");
        let address = Address::read("mariadb://root@[::1]/test", Some("other".into())).unwrap();
        assert_eq!(
            (&*address.place, address.options.ip_or_hostname()),
            ("mariadb://root@[::1]:3306/test", "::1")
        );
        assert_eq!((address.options.pass(), address.kind), (Some("other"), Kind::MariaDb));
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_the_password() {
        for (url, what) in [
            ("postgres://u:secret@h/d", "begins with neither"),
            ("mysql://u:secret@h", "names no database"),
            ("mysql://u:secret@h/", "names no database"),
            ("mysql://u:secret@h/a/b", "names no database"),
            ("mysql://:secret@h/d", "names no user"),
            ("mysql://u:se#cret@h/d", "cannot be read"),
            ("mysql://u:secret@h:port/d", "cannot be read"),
            ("mysql://u:secret@h/d?pool_max=3", "unknown parameter `pool_max`"),
            ("mysql://u:secret@h/d?ssl-mode=on", "unknown ssl-mode `on`"),
            ("mysql://u:secret@h/d?ssl-ca=/nowhere/ca.pem", "No such file"),
        ] {
            let fault = Address::read(url, None).unwrap_err().to_string();
            assert!(fault.contains(what) && !fault.contains("cret"), "{url}: {fault}");
        }
        let tls = |query: &str| Address::read(&format!("mysql://u@h/d?{query}"), None).unwrap().tls;
        assert_eq!(
            [tls("ssl-mode=DISABLED"), tls("ssl-mode=verify-identity")],
            [Tls::Disabled, Tls::Verified]
        );
    }
}
