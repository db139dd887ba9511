//! Certificates.

use std::path::Path;
use std::process::Command;

use kadence_store::{Database as _, Kind, Session as _};
use kadence_store_postgres::Postgres;
use kadence_testing::database::{Kind as ServerKind, Server};

use crate::server::ask;

/// A root of one's own, and a server's certificate for `localhost` that it signed.
fn certificates(folder: &Path) {
    let script = "set -e
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=root -keyout root.key -out root.pem
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' > ext
        openssl x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -days 2 -extfile ext -out server.crt
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other.key -out other.pem
        chmod 600 server.key";
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn certificates_are_looked_at_as_the_mode_says() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let copy = |data: &Path| {
        for file in ["server.key", "server.crt"] {
            std::fs::copy(folder.path().join(file), data.join(file)).unwrap();
        }
    };
    let server = Server::start_with(ServerKind::Postgres, &["-c", "fsync=off", "-c", "ssl=on"], copy);
    let root = |file: &str| folder.path().join(file).display().to_string();
    let (own, other, pinned) = (root("root.pem"), root("other.pem"), root("server.crt"));
    let is_encrypted = |host: &str, parameters: &str| {
        let url = format!("postgres://kadence@{host}:{}/postgres?{parameters}", server.port());
        let mut session = Postgres::from_url(&url, None).unwrap().connect()?;
        Ok(ask(&mut session, "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == ["true"])
    };
    let check = |host: &str, parameters: String, expected: Result<bool, &str>| {
        let found: Result<bool, kadence_store::DbError> = is_encrypted(host, &parameters);
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{host} {parameters}"),
            (Err(error), Err(part)) => {
                let text = error.to_string();
                assert!(error.kind == Kind::Stop && text.contains(part), "{host} {parameters}: {text}");
            }
            _ => panic!("{host} {parameters}: {found:?}, and expected was {expected:?}"),
        }
    };
    check("127.0.0.1", "sslmode=disable".into(), Ok(false));
    check("127.0.0.1", String::new(), Ok(true));
    check("127.0.0.1", "sslmode=require".into(), Ok(true));
    check("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={own}"), Ok(true));
    check("127.0.0.1", format!("sslmode=require&sslrootcert={other}"), Err("certificate"));
    check("127.0.0.1", format!("sslmode=verify-full&sslrootcert={own}"), Err("certificate"));
    check("localhost", format!("sslmode=verify-full&sslrootcert={own}"), Ok(true));
    check("localhost", format!("sslmode=verify-full&sslrootcert={other}"), Err("certificate"));
    check("localhost", format!("sslmode=verify-full&sslrootcert={pinned}"), Ok(true));
    check("127.0.0.1", format!("sslmode=verify-full&sslrootcert={pinned}"), Err("certificate"));
    // A large answer and a large request pass through.
    let url = format!("postgres://kadence@localhost:{}/postgres?sslmode=require", server.port());
    let mut session = Postgres::from_url(&url, None).unwrap().connect().unwrap();
    assert_eq!(ask(&mut session, "SELECT repeat('x', 3000000)")[0].len(), 3_000_000);
    let long = "y".repeat(3_000_000);
    let rows = session.query("SELECT length($1::text)", &[kadence_store::Parameter::Text(&long)]).unwrap();
    assert_eq!(rows[0][0].int(), Some(3_000_000));
}
