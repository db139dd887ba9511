//! A private server, and databases on it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kadence_core::clock::{Clock as _, Stop, SystemClock};
use kadence_store::{Database as _, Datum, Mode, Rows, Session as _, Table};
use kadence_store_postgres::{Postgres, PostgresSession};
use tempfile::TempDir;

/// Whoever runs the server where the tests are run by root, which the server refuses.
const NOBODY: u32 = 65_534;
/// How long a server may take to start.
const LIMIT: Duration = Duration::from_mins(1);

/// A server that ends with its last user.
pub(crate) struct Server {
    child: Child,
    port: u16,
    databases: AtomicU32,
    folder: TempDir,
}

/// Where the server's programs are: the newest of the machine.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    let given = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].map(PathBuf::from);
    folders.into_iter().rev().chain(given).find(|folder| folder.join("initdb").is_file())
}

fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

impl Server {
    /// A server that all tests of this process share; `None`, with the reason printed, where there is none.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start(&["-c", "fsync=off"])?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A server of one's own.
    pub(crate) fn start(options: &[&str]) -> Option<Self> {
        Self::start_with(options, |_| {})
    }

    /// The same, once `prepare` has put files into its folder.
    pub(crate) fn start_with(options: &[&str], prepare: impl FnOnce(&Path)) -> Option<Self> {
        let Some(programs) = programs() else {
            println!("passed over: there is no PostgreSQL on this machine");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        let is_root = rustix::process::geteuid().is_root();
        let give = |path: &Path| {
            if is_root {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        };
        give(base);
        let data = base.join("data");
        let made = command(&programs.join("initdb"), base)
            .args(["-A", "trust", "-U", "kadence", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        prepare(&data);
        fs::read_dir(&data).unwrap().flatten().for_each(|entry| give(&entry.path()));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = File::create(base.join("log")).unwrap();
        let child = command(&programs.join("postgres"), base)
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "max_connections=200"])
            .args(options)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { child, port, databases: AtomicU32::new(0), folder };
        server.wait();
        Some(server)
    }

    fn wait(&self) {
        let deadline = SystemClock.now() + LIMIT;
        while let Err(error) = Postgres::from_url(&self.url("postgres"), None).unwrap().connect() {
            if SystemClock.now() > deadline {
                let log = fs::read_to_string(self.folder.path().join("log"));
                panic!("the server does not start: {error}\n{}", log.unwrap_or_default());
            }
            SystemClock.sleep_until(SystemClock.now() + Duration::from_millis(50), &Stop::new());
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://kadence@127.0.0.1:{}/{database}", self.port)
    }

    /// An empty database.
    pub(crate) fn database(&self) -> String {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.session("postgres").define(&format!("CREATE DATABASE {name}")).unwrap();
        name
    }

    pub(crate) fn session(&self, database: &str) -> PostgresSession {
        Postgres::from_url(&self.url(database), None).unwrap().connect().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id() as i32) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let _ = self.child.wait();
    }
}

/// A table that was found, with all columns that take values.
pub(crate) fn table(session: &mut PostgresSession, name: &str, key: &[&str], mode: Mode) -> Table {
    static VERSION: AtomicU32 = AtomicU32::new(1);
    let found = session.find(name).unwrap().unwrap();
    assert_eq!(found.unfit, None);
    let columns: Vec<_> = found.columns.into_iter().filter(|column| !column.is_generated).collect();
    let place = |name: &&str| columns.iter().position(|column| column.name == **name).unwrap();
    let key = key.iter().map(place).collect();
    let version = VERSION.fetch_add(1, Ordering::Relaxed).into();
    let table = Table { name: name.into(), columns, key, mode, version };
    session.prepare(&table).unwrap();
    table
}

/// Rows of so many columns.
pub(crate) fn rows(columns: usize) -> Rows {
    let mut rows = Rows::default();
    rows.clear(columns);
    rows
}

/// The answer's texts, one row a line.
pub(crate) fn ask(session: &mut PostgresSession, sql: &str) -> Vec<String> {
    let shown = |datum: &Datum| match datum {
        Datum::Null => "null".to_owned(),
        Datum::Int(value) => value.to_string(),
        Datum::Text(text) => text.clone(),
    };
    let rows = session.query(sql, &[]).unwrap();
    rows.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>().join("|")).collect()
}
