//! Which URL means which database: the only file that knows them all.

use kadence_core::fault::Fault;
use kadence_core::phrase;
use kadence_store::{Database, LandingOptions, Notice, SqlTarget, Store};
use kadence_store_mysql::Mysql;
use kadence_store_postgres::Postgres;
use kadence_store_sqlite::Sqlite;

/// What a URL may begin with, and what stands behind it.
pub(crate) const SCHEMES: &[(&str, &str)] = &[
    ("sqlite", "sqlite:FILE"),
    ("postgres", "postgres://USER@HOST/DATABASE"),
    ("mysql", "mysql://USER@HOST/DATABASE"),
];

/// Gets a target for the database that `url` names, not yet connected. `password` stands in for the one in the URL.
pub(crate) fn store(
    url: &str,
    password: Option<&str>,
    options: LandingOptions,
    notice: impl FnMut(Notice) + Send + 'static,
) -> Result<Box<dyn Store>, Vec<Fault>> {
    let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
    let password = password.map(str::to_owned);
    let one = |fault: Fault| vec![fault];
    match scheme {
        "sqlite" if password.is_some() => {
            let what = "SQLite's files have no password";
            return Err(one(Fault::new(phrase![@"password-file"], what).help("leave it out").misuse()));
        }
        "sqlite" => return boxed(Sqlite::from_url(url).map_err(one)?, options, notice),
        "postgres" | "postgresql" => {
            return boxed(Postgres::from_url(url, password).map_err(one)?, options, notice);
        }
        "mysql" | "mariadb" => return boxed(Mysql::from_url(url, password).map_err(one)?, options, notice),
        _ => {}
    }
    // What is no URL may be anything, a password too.
    let what = "is the URL of no database that is known here";
    let forms: Vec<&str> = SCHEMES.iter().map(|(_, form)| *form).collect();
    let help = format!("write {}", forms.join(", or "));
    Err(vec![Fault::new(phrase![@"into"], what).help(help).misuse()])
}

fn boxed<D: Database + 'static>(
    database: D,
    options: LandingOptions,
    notice: impl FnMut(Notice) + Send + 'static,
) -> Result<Box<dyn Store>, Vec<Fault>> {
    // The ledger learns the cluster's id once somebody has asked for it.
    Ok(Box::new(SqlTarget::new(database, options, "", notice)?))
}
