//! Servers of the tests' own, and databases on them.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_store::{Cell, Change, Database as _, Datum, DbError, Mode, Rows, Session as _, Table};
use kadence_store_mysql::{Mysql, MysqlSession};
use tempfile::TempDir;

/// How long a server may take to start, in steps of 50 ms.
const START_STEPS: u32 = 1_200;

/// Names the `mysqld` of a MySQL that runs from where it is; MariaDB is looked for in the usual places.
const MYSQLD: &str = "KADENCE_TEST_MYSQLD";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    MariaDb,
    MySql,
}

/// A server that stops once nobody uses it.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    child: Mutex<Child>,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // Its data go with it: there is nothing to be written in order.
        let _ = (child.kill(), child.wait());
    }
}

static RUNNING: Mutex<[Weak<Server>; 2]> = Mutex::new([Weak::new(), Weak::new()]);

/// The servers that are there, started if need be.
fn servers() -> Vec<Arc<Server>> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut servers = Vec::new();
    for (kind, slot) in [Kind::MariaDb, Kind::MySql].into_iter().zip(running.iter_mut()) {
        let server = slot.upgrade().or_else(|| Some(Arc::new(start(kind)?)));
        if let Some(server) = server {
            *slot = Arc::downgrade(&server);
            servers.push(server);
        }
    }
    servers
}

fn start(kind: Kind) -> Option<Server> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    let user = is_root.then_some("--user=root");
    let (mysqld, mut making) = match kind {
        Kind::MariaDb => {
            let (Some(mariadbd), Some(install)) = (program("mariadbd"), program("mariadb-install-db")) else {
                eprintln!("passed over: no mariadbd and mariadb-install-db here");
                return None;
            };
            let mut making = Command::new(install);
            making.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
            (mariadbd, making)
        }
        Kind::MySql => {
            let Some(mysqld) = std::env::var_os(MYSQLD).map(PathBuf::from) else {
                eprintln!("passed over: {MYSQLD} names no mysqld");
                return None;
            };
            let mut making = Command::new(&mysqld);
            making.args(["--no-defaults", "--initialize-insecure"]);
            (mysqld, making)
        }
    };
    let data = argument("--datadir=", &data);
    let made = making.args(user).arg(&data).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(made.success(), "{kind:?} makes no data: {made}");
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut running = Command::new(mysqld);
    running.arg("--no-defaults").args(user).arg(&data).arg(argument("--socket=", &folder.path().join("s")));
    running.arg(format!("--port={port}")).args(["--bind-address=127.0.0.1", "--server-id=1"]);
    running.arg(match kind {
        Kind::MariaDb => "--log-bin=binlog",
        Kind::MySql => "--mysqlx=OFF",
    });
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let child = running.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let server = Server { kind, port, child: Mutex::new(child), _folder: folder };
    let url = format!("mysql://root@127.0.0.1:{port}/mysql");
    let wait = Stop::new();
    for _ in 0..START_STEPS {
        if Mysql::from_url(&url, None).unwrap().connect().is_ok() {
            return Some(server);
        }
        wait.wait(Duration::from_millis(50));
    }
    panic!("{kind:?} does not start");
}

fn argument(name: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(name);
    argument.push(path);
    argument
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(OsStr::new(name))).find(|program| program.is_file())
}

/// A database of one test's own.
pub(crate) struct Db {
    pub(crate) server: Arc<Server>,
    name: String,
}

/// A database of this name on each server that is there.
pub(crate) fn databases(name: &str) -> Vec<Db> {
    let servers = servers().into_iter();
    let made = servers.map(|server| {
        let url = format!("mysql://root@127.0.0.1:{}/mysql", server.port);
        let mut session = Mysql::from_url(&url, None).unwrap().connect().unwrap();
        session.define(&format!("DROP DATABASE IF EXISTS {name}")).unwrap();
        session.define(&format!("CREATE DATABASE {name}")).unwrap();
        Db { server, name: name.to_owned() }
    });
    made.collect()
}

impl Db {
    pub(crate) fn is_maria(&self) -> bool {
        self.server.kind == Kind::MariaDb
    }

    pub(crate) fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/{}", self.server.port, self.name)
    }

    pub(crate) fn mysql(&self) -> Mysql {
        Mysql::from_url(&self.url(), None).unwrap()
    }

    pub(crate) fn session(&self) -> MysqlSession {
        self.mysql().connect().unwrap()
    }

    /// Runs a statement that stands for itself.
    pub(crate) fn run(&self, sql: &str) {
        self.session().define(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Asks for rows, as the server writes them.
    pub(crate) fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.session().query(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.iter().map(shown).collect()).collect()
    }

    /// One number.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.ask(sql)[0][0].parse().unwrap()
    }

    /// A table as it is found, with all its columns to be written.
    pub(crate) fn table(&self, name: &str, mode: Mode, key: &[usize]) -> Table {
        let found = self.session().find(name).unwrap().unwrap_or_else(|| panic!("no table {name}"));
        Table { name: name.into(), columns: found.columns, key: key.to_vec(), mode, version: 1 }
    }
}

fn shown(datum: &Datum) -> String {
    match datum {
        Datum::Null => "NULL".into(),
        Datum::Int(value) => value.to_string(),
        Datum::Text(text) => text.clone(),
    }
}

pub(crate) fn rows(columns: usize, rows: &[(Change, &[Cell<'_>])]) -> Rows {
    let mut made = Rows::default();
    made.clear(columns);
    for (place, (change, cells)) in rows.iter().enumerate() {
        made.push(place, *change, cells);
    }
    made
}

/// Writes rows in a transaction of their own, or nothing.
pub(crate) fn write(session: &mut MysqlSession, table: &Table, rows: &Rows) -> Result<(), DbError> {
    session.begin()?;
    if let Err(error) = session.write(table, rows, 0..rows.len()) {
        session.roll_back()?;
        return Err(error);
    }
    session.commit().map_err(|error| panic!("{error:?}"))
}
