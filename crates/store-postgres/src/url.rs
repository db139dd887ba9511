//! What a database's URL says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kadence_core::fault::Fault;
use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::tls::{Check, Tls};

/// Where a fault of a URL is: the URL itself may have a password.
const PLACE: &str = "the database's URL";
/// How long connecting to an address may take, if the URL does not say.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a silent connection stays unasked, and how long what is sent may stay unacknowledged, if the URL does not
/// say.
const SILENCE: Duration = Duration::from_secs(30);
/// The parameters that a URL may have, but for those that say how it is encrypted.
const PARAMETERS: &[&str] = &[
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
    "sslnegotiation",
];

/// A URL, read.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) tls: Tls,
    pub(crate) place: String,
}

/// Reads a URL. A password beside it wins over the one in it.
pub(crate) fn read(url: &str, password: Option<String>) -> Result<Address, Fault> {
    let fault = |what: String| Fault::new(PLACE, what).misuse();
    let scheme = ["postgres://", "postgresql://"].into_iter().find(|scheme| url.starts_with(scheme));
    let Some(scheme) = scheme else {
        return Err(
            fault("names no PostgreSQL database".into()).help("write postgres://USER@HOST:PORT/DATABASE")
        );
    };
    let (base, query) = split(url, scheme.len());
    if let Some((_, rest)) = base[scheme.len()..].split_once('@')
        && rest.contains('@')
    {
        return Err(fault("has more than one @".into()).help("write %40 for an @ in a user or password"));
    }
    let (mut kept, mut mode, mut roots) = (Vec::new(), None, None);
    let mut is_said = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let decoded = || percent_decode_str(value).decode_utf8_lossy().into_owned();
        match name {
            "sslmode" => mode = Some(decoded()),
            "sslrootcert" => roots = Some(decoded()),
            name if PARAMETERS.contains(&name) => {
                kept.push(parameter);
                is_said.push(name);
            }
            other => {
                let what = format!("has a parameter `{other}`, which is not known here");
                let known = PARAMETERS.join(", ");
                return Err(fault(what).help(format!("the parameters are sslmode, sslrootcert, {known}")));
            }
        }
    }
    let mut config: Config =
        format!("{base}?{}", kept.join("&")).parse().map_err(|error: tokio_postgres::Error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            fault(format!("is not read: {}", source.unwrap_or_else(|| error.to_string())))
        })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(fault("names no host".into()).help("write postgres://USER@HOST:PORT/DATABASE"));
    }
    let (ssl_mode, check) = security(mode.as_deref(), roots.as_deref())?;
    let path = roots.as_deref().filter(|roots| *roots != "system").map(PathBuf::from);
    let tls = Tls::new(check, path.as_deref()).map_err(|what| {
        let file = path.as_deref().unwrap_or(Path::new("sslrootcert=system"));
        Fault::new(file.display().to_string(), what)
            .help("name the file of a root certificate with sslrootcert")
            .misuse()
    })?;
    // A socket of this machine's needs no TLS, and has no name to check.
    let is_local = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
    config.ssl_mode(if is_local { SslMode::Disable } else { ssl_mode });
    if let Some(password) = password {
        config.password(password);
    }
    set_defaults(&mut config, &is_said);
    let place = place(&config);
    Ok(Address { config, tls, place })
}

/// The URL up to its parameters, and these. As the driver reads it, an `@` ends user and password, whatever is in
/// them.
fn split(url: &str, scheme: usize) -> (&str, &str) {
    let host = url[scheme..].find('@').map_or(scheme, |at| scheme + at + 1);
    match url[host..].find('?') {
        Some(at) => (&url[..host + at], &url[host + at + 1..]),
        None => (url, ""),
    }
}

/// How a connection is encrypted, and what is looked at. As with libpq, who names a root certificate wants it looked
/// at, and does not look at the system's without a look at the name.
fn security(mode: Option<&str>, roots: Option<&str>) -> Result<(SslMode, Check), Fault> {
    let fault = |what: String, help: &str| Fault::new(PLACE, what).help(help.to_owned()).misuse();
    let system = roots == Some("system");
    let found = match mode {
        None if system => (SslMode::Require, Check::Full),
        None | Some("prefer") => (SslMode::Prefer, Check::Nothing),
        Some("disable") => (SslMode::Disable, Check::Nothing),
        Some("require") if roots.is_some() => (SslMode::Require, Check::Chain),
        Some("require") => (SslMode::Require, Check::Nothing),
        Some("verify-ca") => (SslMode::Require, Check::Chain),
        Some("verify-full") => (SslMode::Require, Check::Full),
        Some(other) => {
            let what = format!("has sslmode={other}, which is not known here");
            return Err(fault(what, "say disable, prefer, require, verify-ca or verify-full"));
        }
    };
    if system && found.1 != Check::Full {
        let what = "has sslrootcert=system, under which anybody's certificate would do".into();
        return Err(fault(what, "say sslmode=verify-full"));
    }
    Ok(found)
}

fn set_defaults(config: &mut Config, is_said: &[&str]) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_LIMIT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    if !is_said.contains(&"keepalives_idle") {
        config.keepalives_idle(SILENCE);
    }
    if config.get_application_name().is_none() {
        config.application_name("kadence");
    }
}

/// Which database it is, without secrets.
fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let name = |host: &Host| match host {
        Host::Tcp(name) if name.contains(':') => format!("[{name}]"),
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<String> = if config.get_hosts().is_empty() {
        config.get_hostaddrs().iter().map(ToString::to_string).collect()
    } else {
        config.get_hosts().iter().map(name).collect()
    };
    let hosts: Vec<String> =
        hosts.iter().enumerate().map(|(at, host)| format!("{host}:{}", port(at))).collect();
    let user = config.get_user().map_or_else(String::new, |user| format!("{user}@"));
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{user}{}/{database}", hosts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_of(url: &str) -> String {
        read(url, None).map_or_else(|fault| format!("! {fault}"), |address| address.place)
    }

    #[test]
    fn a_place_has_all_but_the_password() {
        let cases = [
            ("postgres://anna:s3cret@db/shop", "postgres://anna@db:5432/shop"),
            ("postgresql://anna@db:6000", "postgres://anna@db:6000/anna"),
            ("postgres://anna:a%40b?c/d@db/shop?sslmode=disable", "postgres://anna@db:5432/shop"),
            ("postgres://a@one:1,two:2/d", "postgres://a@one:1,two:2/d"),
            ("postgres://a@[::1]:7/d?connect_timeout=3", "postgres://a@[::1]:7/d"),
            ("postgres://a@%2Frun%2Fpg/d", "postgres://a@/run/pg:5432/d"),
        ];
        for (url, place) in cases {
            assert_eq!(place_of(url), place, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        let cases = [
            ("mysql://a:s3cret@db/d", "names no PostgreSQL database"),
            ("postgres://a:s3cret@x@db/d", "more than one @"),
            ("postgres://a:s3cret@db/d?sslmod=require", "`sslmod`"),
            ("postgres://a:s3cret@db/d?sslmode=allow", "sslmode=allow"),
            ("postgres://a:s3cret@db:port/d", "port"),
            ("postgres://a:s3cret@/d", "no host"),
            ("postgres://a:s3cret@db/d?sslmode=verify-ca&sslrootcert=/none/root.pem", "/none/root.pem"),
            ("postgres://a:s3cret@db/d?sslmode=require&sslrootcert=system", "verify-full"),
        ];
        for (url, part) in cases {
            let text = place_of(url);
            assert!(text.starts_with("! ") && text.contains(part) && !text.contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn a_password_beside_the_url_wins() {
        let address = read("postgres://a:one@db/d", Some("two".into())).expect("it is a URL");
        assert_eq!(address.config.get_password(), Some(&b"two"[..]));
        let address = read("postgres://a:one@db/d", None).expect("it is a URL");
        assert_eq!(address.config.get_password(), Some(&b"one"[..]));
    }

    #[test]
    fn modes_are_those_of_libpq() {
        let is = |mode, roots| security(mode, roots).ok();
        assert_eq!(is(None, None), Some((SslMode::Prefer, Check::Nothing)));
        assert_eq!(is(None, Some("system")), Some((SslMode::Require, Check::Full)));
        assert_eq!(is(Some("require"), None), Some((SslMode::Require, Check::Nothing)));
        assert_eq!(is(Some("require"), Some("root.pem")), Some((SslMode::Require, Check::Chain)));
        assert_eq!(is(Some("verify-ca"), None), Some((SslMode::Require, Check::Chain)));
        assert_eq!(is(Some("verify-full"), Some("system")), Some((SslMode::Require, Check::Full)));
    }
}
