//! What an error of the server's means for a landing.

use std::error::Error as _;

use kadence_core::fault::Fault;
use kadence_store::{CommitError, DbError, Kind};
use tokio_postgres::error::{DbError as Told, Severity};

/// What a lost connection is called.
const GONE: &str = "the connection is gone";

/// An error of a session that was open.
pub(crate) fn failed(place: &str, error: &tokio_postgres::Error) -> DbError {
    match error.as_db_error() {
        Some(told) => of_server(place, told, None),
        None => of_driver(place, error, Kind::Lost),
    }
}

/// An error of a COPY into the table of this name, without a schema's: of which row it is stands in the error.
pub(crate) fn failed_copy(place: &str, error: &tokio_postgres::Error, table: &str) -> DbError {
    match error.as_db_error() {
        Some(told) => of_server(place, told, Some(table)),
        None => of_driver(place, error, Kind::Lost),
    }
}

/// An error before there was a session.
pub(crate) fn not_connected(place: &str, error: &tokio_postgres::Error) -> DbError {
    match error.as_db_error() {
        Some(told) => of_server(place, told, None),
        None => of_driver(place, error, Kind::Stop),
    }
}

/// What is known after a COMMIT that did not go well.
pub(crate) fn not_committed(place: &str, error: &tokio_postgres::Error) -> CommitError {
    let Some(told) = error.as_db_error() else { return CommitError::Unknown };
    let is_error = matches!(told.parsed_severity(), Some(Severity::Error));
    if !is_error || leaves_open(told.code().code()) {
        return CommitError::Unknown;
    }
    let DbError { kind, fault } = of_server(place, told, None);
    // Constraints are checked with each statement, so no row is to blame here.
    let kind = if matches!(kind, Kind::Row(_)) { Kind::Stop } else { kind };
    CommitError::NotDone(DbError::new(kind, *fault))
}

/// Whether an error leaves open if a COMMIT was done. One that ends the statement alone does not. One that ends the
/// connection may have come behind the commit, while a standby was waited for; some that stand between client and
/// server tell such a one as if it ended the statement alone.
fn leaves_open(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "40003" | "57P01" | "57P02" | "57P03")
}

/// The error of a session whose connection is known to be gone.
pub(crate) fn gone(place: &str) -> DbError {
    DbError::new(Kind::Lost, Fault::new(place, GONE))
}

/// What a SQLSTATE means, and what to do about it.
fn meaning(code: &str, is_fatal: bool) -> (Kind, &'static str) {
    match code {
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => (Kind::Lost, ""),
        "55P03" => (Kind::Locked, ""),
        "55006" | "57014" | "25P02" => (Kind::Again, ""),
        "53100" => (Kind::Again, "make room on the server's disk"),
        "53300" => (Kind::Again, "raise max_connections, or end other sessions"),
        "25006" => {
            (Kind::Again, "name the primary server, or add target_session_attrs=read-write to the URL")
        }
        // Texts that are too long for an index, rows that are too long for a page.
        "54000" => (Kind::Row(None), ""),
        "42501" => (Kind::Stop, "grant it to the user, or name another one"),
        "3D000" => (Kind::Stop, "make the database, or name another one"),
        "3F000" => (Kind::Stop, "make the schema, or name another one"),
        "42P01" | "42703" => (Kind::Stop, "the table was changed; start again"),
        _ => match code.get(..2).unwrap_or_default() {
            "08" => (Kind::Lost, ""),
            "40" | "53" | "58" => (Kind::Again, ""),
            "22" | "23" | "44" | "P0" => (Kind::Row(None), ""),
            "28" => (Kind::Stop, "check user and password, and who may connect from where (pg_hba.conf)"),
            "42" | "0A" | "3D" => (Kind::Stop, ""),
            _ if is_fatal => (Kind::Lost, ""),
            _ => (Kind::Stop, ""),
        },
    }
}

fn of_server(place: &str, told: &Told, copied: Option<&str>) -> DbError {
    let code = told.code().code();
    let is_fatal = matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    let (mut kind, help) = meaning(code, is_fatal);
    if matches!(kind, Kind::Row(_)) {
        kind = Kind::Row(copied.zip(told.where_()).and_then(|(table, context)| row_of(context, table)));
    }
    let help = told.hint().filter(|_| help.is_empty()).map_or_else(|| help.to_owned(), line);
    // A whole row may have what is nobody's business.
    let detail = told.detail().filter(|_| !matches!(code, "23502" | "23514" | "44000"));
    let detail = detail.map(|detail| format!("; {}", line(detail).trim_end_matches('.'))).unwrap_or_default();
    let what = format!("{} (SQLSTATE {code}{detail})", line(told.message()));
    DbError::new(kind, Fault::new(place, what).help(help))
}

/// The row that an error's context names, counted from 0: `COPY table, line 3` in the server's language.
fn row_of(context: &str, table: &str) -> Option<usize> {
    let rest = context
        .lines()
        .find_map(|line| line.strip_prefix("COPY ")?.strip_prefix(table)?.strip_prefix(','))?;
    let digits = rest.trim_start_matches(|char: char| !char.is_ascii_digit());
    let end = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse::<usize>().ok()?.checked_sub(1)
}

/// What the driver says by itself: mostly that the connection does not go on. `else_kind` is what other things mean.
fn of_driver(place: &str, error: &tokio_postgres::Error, else_kind: Kind) -> DbError {
    let mut causes = vec![error.to_string()];
    let (mut is_io, mut tls) = (error.is_closed(), None);
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            is_io = true;
            tls = tls.or_else(|| io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        }
        let text = cause.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        source = cause.source();
    }
    let what = line(&causes.join(": "));
    let (kind, help) = match tls {
        Some(rustls::Error::InvalidCertificate(_)) => {
            (Kind::Stop, "check the certificate, and sslrootcert and the host's name in the URL")
        }
        _ if is_io => (Kind::Lost, ""),
        _ if what.contains("does not support TLS") => (Kind::Stop, "say sslmode=disable if that is meant"),
        _ if what.contains("password missing") => (Kind::Stop, "state the password"),
        _ => (else_kind, ""),
    };
    let what = if error.is_closed() { GONE.to_owned() } else { what };
    DbError::new(kind, Fault::new(place, what).help(help))
}

/// A text as one line.
fn line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_mean_what_a_landing_has_to_know() {
        let cases = [
            ("08006", Kind::Lost),
            ("57P01", Kind::Lost),
            ("40001", Kind::Again),
            ("40P01", Kind::Again),
            ("53100", Kind::Again),
            ("53300", Kind::Again),
            ("55P03", Kind::Locked),
            ("22003", Kind::Row(None)),
            ("23505", Kind::Row(None)),
            ("P0001", Kind::Row(None)),
            ("42P01", Kind::Stop),
            ("42501", Kind::Stop),
            ("28P01", Kind::Stop),
            ("3D000", Kind::Stop),
            ("XX000", Kind::Stop),
            ("", Kind::Stop),
        ];
        for (code, kind) in cases {
            assert_eq!(meaning(code, false).0, kind, "{code}");
        }
        assert_eq!(meaning("XX000", true).0, Kind::Lost);
        assert_eq!(meaning("28P01", true).0, Kind::Stop);
    }

    #[test]
    fn what_ends_the_connection_leaves_a_commit_open() {
        assert!(["08006", "08007", "40003", "57P01", "57P02"].into_iter().all(leaves_open));
        assert!(!["23503", "25P02", "40001", "53100", "57014"].into_iter().any(leaves_open));
    }

    #[test]
    fn a_context_names_its_row() {
        let cases = [
            ("COPY t, line 3", Some(2)),
            ("COPY t, line 12, column a: \"7\"", Some(11)),
            ("PL/pgSQL function f() line 3 at RAISE\nCOPY t, line 5", Some(4)),
            ("COPY t, Zeile 4", Some(3)),
            ("COPY other, line 4", None),
            ("COPY t", None),
            ("SQL statement \"SELECT 1\"", None),
        ];
        for (context, row) in cases {
            assert_eq!(row_of(context, "t"), row, "{context}");
        }
        assert_eq!(row_of("COPY a, line 2, line 3", "a, line 2"), Some(2));
    }
}
