//! What the servers' errors mean for a landing.

use std::io;

use kadence_core::fault::Fault;
use kadence_store::{DbError, Kind};
use mysql_async::{DriverError, Error, IoError, ServerError};

/// A database, a table, a column or an index is there already.
const EXISTS: [u16; 4] = [1007, 1050, 1060, 1061];

/// Whether a statement would have made what exists already.
pub(crate) fn exists_already(error: &Error) -> bool {
    matches!(error, Error::Server(ServerError { code, .. }) if EXISTS.contains(code))
}

/// Whether a COMMIT that was answered so has changed nothing, for certain.
pub(crate) fn is_surely_not_done(error: &Error) -> bool {
    // A deadlock, a server that is read-only, a group that did not agree.
    matches!(error, Error::Server(ServerError { code: 1213 | 1290 | 1792 | 1836 | 3101, .. }))
}

/// Whether an attempt to connect came to nothing since there is no TLS between here and the server, or none that is
/// trusted.
pub(crate) fn is_of_tls(error: &Error) -> bool {
    match error {
        Error::Driver(DriverError::NoClientSslFlagFromServer) | Error::Io(IoError::Tls(_)) => true,
        Error::Io(IoError::Io(error)) => error.kind() == io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// What such an error means. Another attempt would find the same.
pub(crate) fn tls_failed(place: &str, error: &Error) -> DbError {
    let (what, help) = if let Error::Driver(DriverError::NoClientSslFlagFromServer) = error {
        (
            "the server has no TLS".to_owned(),
            "set it up there, or say ssl-mode=disabled in the database's URL",
        )
    } else {
        (text(error), "name the certificate's authority with ssl-ca, or say ssl-mode=required to trust any")
    };
    DbError::new(Kind::Stop, Fault::new(place, what).help(help))
}

/// What an error means.
pub(crate) fn failed(place: &str, error: &Error) -> DbError {
    match error {
        Error::Server(error) => server_failed(place, error),
        // The line is broken, or packets make no sense: the connection is of no more use.
        other => DbError::new(Kind::Lost, Fault::new(place, text(other))),
    }
}

fn text(error: &Error) -> String {
    match error {
        Error::Io(IoError::Io(error)) => line(&error.to_string()),
        other => line(&other.to_string()),
    }
}

fn server_failed(place: &str, error: &ServerError) -> DbError {
    let ServerError { code, message, state } = error;
    let (kind, help) = meaning(*code, state);
    let kind = match kind {
        Kind::Row(_) => Kind::Row(row(message)),
        other => other,
    };
    DbError::new(kind, Fault::new(place, format!("{} (error {code})", line(message))).help(help))
}

/// The kind of a server's error, and what to do about it.
fn meaning(code: u16, state: &str) -> (Kind, &'static str) {
    match code {
        // Shutting down, aborted connections, killed connections.
        1053 | 1079 | 1152 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 | 4031 => (Kind::Lost, ""),
        // Deadlocks, rows that changed meanwhile, locks that are not waited for or not there; members of a cluster that
        // are not ready, or did not agree; killed or too slow statements, savepoints that went with their transaction,
        // tables that changed.
        1020 | 1206 | 1213 | 1614 | 3058 | 3572 | 1047 | 3100 | 3101 | 1305 | 1317 | 1412 | 1615 | 1969
        | 3024 => (Kind::Again, ""),
        // Read-only servers are on their way to be, or to be no more, the ones that are written to.
        1223 | 1290 | 1792 | 1836 => (Kind::Again, "the server is read-only at the moment"),
        // Too many connections, too little memory.
        1037 | 1038 | 1040 | 1041 | 1203 | 1226 => {
            (Kind::Again, "the server has no room for this at the moment")
        }
        1205 => (Kind::Locked, ""),
        // Values that a column, a constraint or a document's reader does not take. Classes 22 and 23 are values and
        // constraints, and 45000 is a trigger's own error; others are of no class.
        1118 | 1263..=1265 | 1300 | 1364 | 1366 | 1411 | 1525 | 1526 | 1644 | 1748 | 1906 | 3105 => {
            (Kind::Row(None), "")
        }
        3140..=3158 | 3819 | 3988 | 4025 | 4035..=4044 => (Kind::Row(None), ""),
        1044 | 1142 | 1143 | 1227 | 1370 => (Kind::Stop, "grant the user what is missing"),
        1045 | 1698 => (Kind::Stop, "check user and password"),
        1049 => (Kind::Stop, "create the database, or name another one in its URL"),
        1051 | 1054 | 1136 | 1146 => {
            (Kind::Stop, "the table was changed while it was written to: start again")
        }
        1021 | 1114 => (Kind::Stop, "make room on the server's disk"),
        1095 => (
            Kind::Stop,
            "grant the user CONNECTION_ADMIN (in MariaDB: CONNECTION ADMIN), or end that session yourself",
        ),
        1129 => (Kind::Stop, "run FLUSH HOSTS on the server"),
        1130 => (Kind::Stop, "let the user connect from this host"),
        1153 => (Kind::Stop, "raise max_allowed_packet on the server"),
        1665 => (Kind::Stop, "set binlog_format to ROW on the server"),
        _ if state == "45000" || state.starts_with("22") || state.starts_with("23") => (Kind::Row(None), ""),
        _ => (Kind::Stop, ""),
    }
}

/// The row that a message ends with, counted from 0.
fn row(message: &str) -> Option<usize> {
    let (_, number) = message.rsplit_once(" at row ")?;
    number.trim().parse::<usize>().ok()?.checked_sub(1)
}

/// A text in one line.
fn line(text: &str) -> String {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |line, word| line + " " + word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: u16, state: &str, message: &str) -> DbError {
        let error = ServerError { code, state: state.into(), message: message.into() };
        failed("db", &Error::Server(error))
    }

    #[test]
    fn errors_say_what_is_to_become_of_the_work() {
        for (code, state, kind) in [
            (1213, "40001", Kind::Again),
            (1020, "HY000", Kind::Again),
            (1290, "HY000", Kind::Again),
            (1205, "HY000", Kind::Locked),
            (1927, "70100", Kind::Lost),
            (1062, "23000", Kind::Row(None)),
            (4025, "23000", Kind::Row(None)),
            (3819, "HY000", Kind::Row(None)),
            (1142, "42000", Kind::Stop),
        ] {
            assert_eq!(told(code, state, "no").kind, kind, "{code}");
        }
        assert_eq!(told(9_999, "45000", "a trigger").kind, Kind::Row(None));
        let error = told(1264, "22003", "Out of range value\n for column 'a' at row 3");
        assert_eq!(error.kind, Kind::Row(Some(2)));
        assert_eq!(error.to_string(), "db: Out of range value for column 'a' at row 3 (error 1264)");
    }
}
