//! Kafka's programs, fetched once.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::KafkaError;

const POM: &str = include_str!("pom.xml");
const LOG4J: &str = include_str!("log4j2.properties");

/// The oldest Java that runs it.
const JAVA: u32 = 17;

/// How many lines of a program's output an error shows.
pub(super) const LAST_WORDS: usize = 12;

/// Kafka's programs on this machine.
#[derive(Clone, Debug)]
pub struct KafkaFiles {
    folder: PathBuf,
}

impl KafkaFiles {
    /// Fetches them with Maven, unless that was done before. Two at once do not harm each other.
    pub fn prepare() -> Result<Self, KafkaError> {
        check_java()?;
        Self::prepare_in(&super::cache()?, fetch)
    }

    /// As [`prepare`](Self::prepare), in this folder, with `fetch` filling the folder it is given.
    fn prepare_in(
        cache: &Path,
        fetch: impl FnOnce(&Path) -> Result<(), KafkaError>,
    ) -> Result<Self, KafkaError> {
        let files = Self { folder: cache.join(format!("kafka-{:016x}", hash(&[POM, LOG4J]))) };
        if files.folder.exists() {
            return Ok(files);
        }
        let write = |path: &Path, source| KafkaError::Write { path: path.to_owned(), source };
        std::fs::create_dir_all(cache).map_err(|error| write(cache, error))?;
        let unfinished = tempfile::Builder::new()
            .prefix("unfinished-")
            .tempdir_in(cache)
            .map_err(|error| write(cache, error))?;
        for (name, text) in [("pom.xml", POM), ("log4j2.properties", LOG4J)] {
            let path = unfinished.path().join(name);
            std::fs::write(&path, text).map_err(|error| write(&path, error))?;
        }
        fetch(unfinished.path())?;
        match std::fs::rename(unfinished.path(), &files.folder) {
            Ok(()) => drop(unfinished.keep()),
            // Somebody else was faster, and has the same.
            Err(_) if files.folder.exists() => {}
            Err(error) => return Err(write(&files.folder, error)),
        }
        Ok(files)
    }

    /// What `java -cp` takes. Quote it: a shell would expand the `*`.
    pub fn classpath(&self) -> String {
        format!("{}/libs/*", self.folder.display())
    }

    /// The settings of the log, which goes to standard error.
    pub fn log4j(&self) -> PathBuf {
        self.folder.join("log4j2.properties")
    }

    /// A program among them, by its main class.
    pub fn java(&self, jvm: &[String], main_class: &str) -> Command {
        java(self.classpath(), self.log4j(), jvm, main_class)
    }
}

/// `java` with these files.
pub(super) fn java(
    classpath: impl AsRef<OsStr>,
    log4j: impl AsRef<Path>,
    jvm: &[String],
    main_class: &str,
) -> Command {
    let mut command = Command::new("java");
    command
        .args(jvm)
        .arg(format!("-Dlog4j2.configurationFile={}", log4j.as_ref().display()))
        .arg("-cp")
        .arg(classpath)
        .arg(main_class);
    command
}

fn check_java() -> Result<(), KafkaError> {
    let output =
        Command::new("java").arg("-version").stdin(Stdio::null()).output().map_err(missing("java"))?;
    let found = String::from_utf8_lossy(&output.stderr).into_owned();
    let version = found.split('"').nth(1).unwrap_or("of no known version");
    let major = version.split(['.', '-', '+']).next().and_then(|major| major.parse().ok());
    if major.is_some_and(|major: u32| major >= JAVA) {
        Ok(())
    } else {
        Err(KafkaError::OldJava { found: version.to_owned() })
    }
}

/// Fills `folder/libs` with what `folder/pom.xml` asks for.
fn fetch(folder: &Path) -> Result<(), KafkaError> {
    let output = Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(folder.join("pom.xml"))
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", folder.join("libs").display()))
        .arg("-DincludeScope=runtime")
        .stdin(Stdio::null())
        .output()
        .map_err(missing("mvn"))?;
    if output.status.success() && folder.join("libs").is_dir() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // The first line has the cause; what follows is advice on Maven's own options.
    Err(KafkaError::Fetch { said: said.lines().take(1).map(ToOwned::to_owned).collect() })
}

fn missing(program: &'static str) -> impl FnOnce(io::Error) -> KafkaError {
    move |source| KafkaError::Missing { program, source }
}

/// The last lines of a text, without the frames of Java's stack traces.
pub(super) fn last_lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("\tat ")).collect();
    lines[lines.len().saturating_sub(LAST_WORDS)..].iter().map(|&line| line.to_owned()).collect()
}

/// FNV-1a: the same on every machine and in every version.
fn hash(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "as a fetch that can fail")]
    fn jar(folder: &Path) -> Result<(), KafkaError> {
        std::fs::create_dir(folder.join("libs")).unwrap();
        std::fs::write(folder.join("libs/kafka.jar"), "a jar").unwrap();
        Ok(())
    }

    #[test]
    fn files_are_fetched_once() {
        let cache = tempfile::tempdir().unwrap();
        let files = KafkaFiles::prepare_in(cache.path(), jar).unwrap();
        let again = KafkaFiles::prepare_in(cache.path(), |_| panic!("fetched twice")).unwrap();
        assert_eq!(files.folder, again.folder);
        assert_eq!(std::fs::read_to_string(files.folder.join("libs/kafka.jar")).unwrap(), "a jar");
        assert_eq!(std::fs::read_to_string(files.log4j()).unwrap(), LOG4J);
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1, "something is left over");
    }

    #[test]
    fn who_is_second_takes_what_the_first_has_fetched() {
        let cache = tempfile::tempdir().unwrap();
        let files = KafkaFiles::prepare_in(cache.path(), |folder| {
            KafkaFiles::prepare_in(cache.path(), jar).unwrap();
            jar(folder)
        })
        .unwrap();
        assert!(files.folder.join("libs/kafka.jar").exists());
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1, "something is left over");
    }

    #[test]
    fn a_fetch_that_failed_leaves_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let fails = |_: &Path| Err(KafkaError::Fetch { said: vec!["no network".to_owned()] });
        let error = KafkaFiles::prepare_in(cache.path(), fails).unwrap_err();
        assert_eq!(error.to_string(), "mvn did not fetch Kafka: no network");
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0);
    }
}
