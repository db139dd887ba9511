//! Database servers of the tests' own, each in a folder and on a port of its own.
//!
//! Where their programs are, the suites say in [`POSTGRES`], [`MARIADB`] and [`MYSQLD`]: nothing is looked for here, so
//! that what a machine happens to have decides nothing.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kadence_core::clock::Stop;
use tempfile::TempDir;

/// Names the folder with `postgres`, `initdb` and `psql`.
pub const POSTGRES: &str = "KADENCE_TEST_POSTGRES";
/// Names the folder with `mariadbd`; `mariadb` and `mariadb-install-db` are in the path.
pub const MARIADB: &str = "KADENCE_TEST_MARIADB";
/// Is the command that starts a `mysqld`, words between blanks.
pub const MYSQLD: &str = "KADENCE_TEST_MYSQLD";

/// Whoever runs PostgreSQL where the tests are run by root, which the server refuses.
#[cfg(unix)]
const NOBODY: u32 = 65_534;
/// Looks at a server that starts, 50 ms apart: a minute.
const LOOKS: u32 = 1_200;

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    MariaDb,
    /// MySQL.
    MySql,
}

/// A server that runs until it is dropped, or the test's process ends.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    port: u16,
    options: Vec<String>,
    /// Stops the server when its standard input ends.
    keeper: Mutex<Option<Child>>,
    databases: AtomicU32,
    folder: TempDir,
}

static SHARED: Mutex<[Weak<Server>; 3]> = Mutex::new([Weak::new(), Weak::new(), Weak::new()]);

impl Server {
    /// The server that all tests of this process share while one of them uses it. It syncs nothing.
    ///
    /// # Panics
    ///
    /// Where nobody says where the server's programs are, and where it does not start.
    pub fn shared(kind: Kind) -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let place = &mut shared[kind as usize];
        place.upgrade().unwrap_or_else(|| {
            let quick: &[&str] = match kind {
                Kind::Postgres => &["-c", "fsync=off"],
                Kind::MariaDb | Kind::MySql => &["--innodb-flush-log-at-trx-commit=0"],
            };
            let server = Arc::new(Self::start(kind, quick));
            *place = Arc::downgrade(&server);
            server
        })
    }

    /// A server of one's own, with more options for its command line.
    ///
    /// # Panics
    ///
    /// As [`Self::shared`].
    pub fn start(kind: Kind, options: &[&str]) -> Self {
        Self::start_with(kind, options, |_| {})
    }

    /// The same, once `prepare` has put files into the folder with the data.
    ///
    /// # Panics
    ///
    /// As [`Self::shared`].
    pub fn start_with(kind: Kind, options: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let server = Self {
            kind,
            port: port.expect("there is a free port").port(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            keeper: Mutex::new(None),
            databases: AtomicU32::new(0),
            folder,
        };
        server.give_away(server.folder.path());
        server.run_to_its_end(&server.making());
        prepare(&server.data());
        for file in fs::read_dir(server.data()).into_iter().flatten().flatten() {
            server.give_away(&file.path());
        }
        server.go_on();
        server
    }

    /// Ends the server as a crash does.
    pub fn kill(&self) {
        if let Some(mut keeper) = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }

    /// Starts a server that was killed, on the same port, and waits until it answers.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub fn go_on(&self) {
        // The shell ends the server with itself, also where this process is killed.
        let script = r#""$@" & server=$!; cat; kill -9 "$server"; wait "$server""#;
        let log = File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("a log can be written");
        let mut keeper = Command::new("sh");
        keeper.args(["-c", script, "sh"]).args(self.running()).current_dir(self.folder.path());
        keeper.stdin(Stdio::piped()).stdout(log.try_clone().expect("a log has two writers")).stderr(log);
        let keeper = keeper.spawn().expect("a shell can be started");
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(keeper);
        let never = Stop::new();
        for _ in 0..LOOKS {
            if self.client(None, "SELECT 1").output().is_ok_and(|output| output.status.success()) {
                return;
            }
            never.wait(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("{:?} does not start: {log}", self.kind);
    }

    /// The port it listens on, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whose it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The URL of a database, for whoever may do everything, by this port: the server's, or that of a proxy.
    pub fn url_by(&self, port: u16, database: &str) -> String {
        match self.kind {
            Kind::Postgres => format!("postgres://kadence@127.0.0.1:{port}/{database}"),
            Kind::MariaDb | Kind::MySql => format!("mysql://root@127.0.0.1:{port}/{database}"),
        }
    }

    /// The URL of a database, for whoever may do everything.
    pub fn url(&self, database: &str) -> String {
        self.url_by(self.port, database)
    }

    /// The name of a new database.
    ///
    /// # Panics
    ///
    /// Where it cannot be made.
    pub fn database(&self) -> String {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.ask(None, &format!("CREATE DATABASE {name}"));
        name
    }

    /// What a query gives by the server's own client, each row as its texts with tabs between them.
    ///
    /// # Panics
    ///
    /// Where the client has something to complain about.
    pub fn ask(&self, database: Option<&str>, sql: &str) -> Vec<String> {
        let output = self.client(database, sql).output().expect("the client can be started");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// The server's own client with a query.
    pub fn client(&self, database: Option<&str>, sql: &str) -> Command {
        let port = self.port.to_string();
        if self.kind == Kind::Postgres {
            let mut client = Command::new(place(POSTGRES).join("psql"));
            client.args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-F",
                "\t",
                "-P",
                "null=NULL",
                "-h",
                "127.0.0.1",
                "-p",
                &port,
            ]);
            client.args([
                "-U",
                "kadence",
                "-d",
                database.unwrap_or("postgres"),
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                sql,
            ]);
            return client;
        }
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-P", &port, "-u", "root"]);
        client.args(["--default-character-set=utf8mb4", "-B", "-N", "-r", "-e", sql]).args(database);
        client
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What makes the folder with the data.
    fn making(&self) -> Vec<String> {
        let data = self.data().display().to_string();
        let user = is_root().then(|| "--user=root".to_owned());
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        match self.kind {
            Kind::Postgres => {
                let initdb = place(POSTGRES).join("initdb").display().to_string();
                let options =
                    ["-A", "trust", "-U", "kadence", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"];
                [Self::as_nobody(), vec![initdb], words(&options), vec![data]].concat()
            }
            Kind::MariaDb => {
                let options = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"];
                let mut command = [words(&["mariadb-install-db"]), words(&options)].concat();
                command.extend(user);
                command.push(format!("--datadir={data}"));
                command
            }
            Kind::MySql => {
                let mut command = mysqld();
                command.extend(words(&["--no-defaults", "--initialize-insecure"]));
                command.extend(user);
                command.push(format!("--datadir={data}"));
                command
            }
        }
    }

    /// What runs the server.
    fn running(&self) -> Vec<String> {
        let (data, port) = (self.data().display().to_string(), self.port);
        let mut command = match self.kind {
            Kind::Postgres => {
                let server = place(POSTGRES).join("postgres").display().to_string();
                let fixed = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
                let mut command = [Self::as_nobody(), vec![server, "-D".into(), data]].concat();
                command.extend(["-p".to_owned(), port.to_string()]);
                command.extend(fixed.map(str::to_owned));
                command
            }
            Kind::MariaDb | Kind::MySql => {
                let mut command = match self.kind {
                    Kind::MariaDb => vec![place(MARIADB).join("mariadbd").display().to_string()],
                    _ => mysqld(),
                };
                command.push("--no-defaults".into());
                command.extend(is_root().then(|| "--user=root".to_owned()));
                command.extend([
                    format!("--datadir={data}"),
                    format!("--socket={}", self.folder.path().join("s").display()),
                    format!("--port={port}"),
                    "--bind-address=127.0.0.1".into(),
                    "--server-id=1".into(),
                ]);
                command
                    .push(if self.kind == Kind::MySql { "--mysqlx=OFF" } else { "--log-bin=binlog" }.into());
                command
            }
        };
        command.extend(self.options.iter().cloned());
        command
    }

    /// What makes somebody else than root run a command.
    fn as_nobody() -> Vec<String> {
        #[cfg(unix)]
        if is_root() {
            let nobody = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into()];
            return [vec!["setpriv".to_owned()], nobody.into()].concat();
        }
        Vec::new()
    }

    fn give_away(&self, path: &Path) {
        #[cfg(unix)]
        if self.kind == Kind::Postgres && is_root() {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("root gives files away");
        }
        #[cfg(not(unix))]
        let _ = path;
    }

    fn run_to_its_end(&self, command: &[String]) {
        let mut words = command.iter();
        let program = words.next().expect("a command has a program");
        let output = Command::new(program).args(words).current_dir(self.folder.path()).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What the suites say.
#[expect(clippy::disallowed_methods, reason = "the suites say where other people's programs are")]
fn said(variable: &str) -> String {
    env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} says where the server's programs are: ./test databases"))
}

fn place(variable: &str) -> PathBuf {
    PathBuf::from(said(variable))
}

fn mysqld() -> Vec<String> {
    said(MYSQLD).split(' ').map(str::to_owned).collect()
}

fn is_root() -> bool {
    #[cfg(unix)]
    {
        rustix::process::geteuid().is_root()
    }
    #[cfg(not(unix))]
    false
}
