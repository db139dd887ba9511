//! Encrypted connections, and refusals of others.

use kadence_store::{Database as _, DbError, Kind, Session as _};
use kadence_store_mysql::Mysql;

use crate::server::Db;

on_both! {
    a_mode_says_how_much_is_asked_of_the_server,
}

/// The cipher that a connection to this URL has; empty without TLS.
fn cipher(url: &str) -> Result<String, DbError> {
    let mut session = Mysql::from_url(url, None).unwrap().connect()?;
    let rows = session.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'", &[])?;
    Ok(rows[0][1].text().unwrap().to_owned())
}

/// A MySQL makes a certificate for itself when it starts first, which no authority has signed that anybody knows. A
/// MariaDB of this age has no TLS until it is given some.
fn a_mode_says_how_much_is_asked_of_the_server(db: &Db) {
    let has_tls = !db.is_maria();
    assert_eq!(cipher(&format!("{}?ssl-mode=disabled", db.url())).unwrap(), "");
    assert_eq!(!cipher(&db.url()).unwrap().is_empty(), has_tls);
    let required = cipher(&format!("{}?ssl-mode=required", db.url()));
    assert_eq!(required.is_ok_and(|cipher| cipher.starts_with("TLS")), has_tls);
    let error = cipher(&format!("{}?ssl-mode=verify_identity", db.url())).unwrap_err();
    assert_eq!(error.kind, Kind::Stop, "{error}");
    let told = if has_tls { "name the certificate's authority with ssl-ca" } else { "the server has no TLS" };
    assert!(error.to_string().contains(told), "{error}");
}
