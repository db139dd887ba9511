//! Requests are decided: what the log would have to say, and what is answered then.

use super::register::{check_subject, deleted, not_permitted, read_only};
use super::{Answer, Decision, Registry, Request, Subject, VersionName};
use crate::error::RegistryError;
use crate::level::Level;
use crate::mode::Mode;
use crate::record::{DeleteSubjectValue, Record};

type Decided = Result<Decision, RegistryError>;

impl Registry {
    /// Decides a request. Nothing changes until the records are applied, in their order.
    ///
    /// # Errors
    /// Why it is not done.
    pub fn decide(&self, request: &Request) -> Decided {
        match request {
            Request::Register { subject, proposal } => self.register(subject, proposal),
            Request::DeleteSubject { subject, permanent } => self.delete_subject(subject, *permanent),
            Request::DeleteVersion { subject, version, permanent } => {
                self.delete_version(subject, *version, *permanent)
            }
            Request::SetLevel { subject, level } => self.set_level(subject.as_deref(), *level),
            Request::DeleteLevel { subject } => self.delete_level(subject.as_deref()),
            Request::SetMode { subject, mode, force } => self.set_mode(subject.as_deref(), *mode, *force),
            Request::DeleteMode { subject } => self.delete_mode(subject.as_deref()),
        }
    }

    fn delete_subject(&self, subject: &str, permanent: bool) -> Decided {
        let Some(entry) = self.subjects.get(subject) else {
            return Err(RegistryError::SubjectNotFound(subject.to_owned()));
        };
        self.check_writable(Some(subject))?;
        if permanent && entry.live > 0 {
            return Err(RegistryError::SubjectNotDeleted(subject.to_owned()));
        }
        if !permanent && entry.live == 0 {
            return Err(RegistryError::SubjectDeleted(subject.to_owned()));
        }
        let numbers: Vec<i32> = entry
            .versions
            .iter()
            .filter(|(_, version)| permanent || !version.is_deleted)
            .map(|(number, _)| *number)
            .collect();
        for number in &numbers {
            self.check_unused(subject, *number)?;
        }
        let mut records = self.forget(subject);
        if permanent {
            let gone = |version: &i32| Record::Schema {
                subject: subject.to_owned(),
                version: *version,
                value: None,
            };
            records.extend(numbers.iter().map(gone));
        } else if let Some(last) = numbers.last() {
            records.push(delete_through(subject, *last));
        }
        Ok(Decision { records, answer: Answer::Deleted(numbers) })
    }

    fn delete_version(&self, subject: &str, version: VersionName, permanent: bool) -> Decided {
        let Some(entry) = self.subjects.get(subject) else {
            return Err(RegistryError::SubjectNotFound(subject.to_owned()));
        };
        self.check_writable(Some(subject))?;
        let number = self.number(subject, version, true)?;
        let Some(there) = entry.versions.get(&number) else {
            return Err(RegistryError::VersionNotFound { subject: subject.to_owned(), version: number });
        };
        let subject_name = subject.to_owned();
        if permanent && !there.is_deleted {
            return Err(RegistryError::VersionNotDeleted { subject: subject_name, version: number });
        }
        if !permanent && there.is_deleted {
            return Err(RegistryError::VersionDeleted { subject: subject_name, version: number });
        }
        self.check_unused(subject, number)?;
        let mut records = if is_last(entry, permanent) { self.forget(subject) } else { Vec::new() };
        records.push(if permanent {
            Record::Schema { subject: subject_name, version: number, value: None }
        } else {
            deleted(subject, number, there)
        });
        Ok(Decision { records, answer: Answer::DeletedVersion(number) })
    }

    fn set_level(&self, subject: Option<&str>, level: Level) -> Decided {
        subject.map_or(Ok(()), check_subject)?;
        self.check_writable(subject)?;
        let before = self.levels.get(&subject.map(str::to_owned));
        let records = vec![Record::config(subject, Some(level), before)];
        Ok(Decision { records, answer: Answer::Level(level) })
    }

    fn delete_level(&self, subject: Option<&str>) -> Decided {
        let level = match (subject, self.own_level(subject)) {
            (_, Some(level)) => level,
            (Some(subject), None) => return Err(RegistryError::SubjectNotFound(subject.to_owned())),
            (None, None) => {
                return Ok(Decision { records: Vec::new(), answer: Answer::Level(Level::default()) });
            }
        };
        self.check_writable(subject)?;
        Ok(Decision { records: vec![Record::config(subject, None, None)], answer: Answer::Level(level) })
    }

    fn set_mode(&self, subject: Option<&str>, mode: Mode, force: bool) -> Decided {
        subject.map_or(Ok(()), check_subject)?;
        let begins_import = mode == Mode::Import && self.mode(subject) != Mode::Import;
        let is_in_use = match subject {
            Some(subject) => self.has(subject, false),
            None => self.subjects.values().any(|entry| entry.live > 0),
        };
        if begins_import && is_in_use && !force {
            let reason =
                "schemas are registered already, and their ids could be taken; say force=true to import";
            return Err(not_permitted(reason.to_owned()));
        }
        let before = self.modes.get(&subject.map(str::to_owned));
        let records = vec![Record::mode(subject, Some(mode), before)];
        Ok(Decision { records, answer: Answer::Mode(mode) })
    }

    fn delete_mode(&self, subject: Option<&str>) -> Decided {
        let mode = match (subject, self.own_mode(subject)) {
            (_, Some(mode)) => mode,
            (Some(subject), None) => return Err(RegistryError::SubjectNotFound(subject.to_owned())),
            (None, None) => {
                return Ok(Decision { records: Vec::new(), answer: Answer::Mode(Mode::default()) });
            }
        };
        Ok(Decision { records: vec![Record::mode(subject, None, None)], answer: Answer::Mode(mode) })
    }

    /// The records that let a subject have no level and no mode of its own.
    fn forget(&self, subject: &str) -> Vec<Record> {
        let mode = self.own_mode(Some(subject)).map(|_| Record::mode(Some(subject), None, None));
        let key = Some(subject.to_owned());
        let level = self.levels.contains_key(&key).then(|| Record::config(Some(subject), None, None));
        mode.into_iter().chain(level).collect()
    }

    fn check_writable(&self, subject: Option<&str>) -> Result<(), RegistryError> {
        if self.mode(subject).is_read_only() { Err(read_only(subject)) } else { Ok(()) }
    }

    fn check_unused(&self, subject: &str, version: i32) -> Result<(), RegistryError> {
        let ids = self.referrer_ids(subject, version);
        if ids.is_empty() {
            return Ok(());
        }
        Err(RegistryError::Referenced { subject: subject.to_owned(), version, ids })
    }
}

/// Whether one version is left: of those that are there, or of all.
fn is_last(entry: &Subject, permanent: bool) -> bool {
    if permanent { entry.versions.len() == 1 } else { entry.live == 1 }
}

fn delete_through(subject: &str, version: i32) -> Record {
    let value = DeleteSubjectValue { subject: subject.to_owned(), version, extra: serde_json::Map::new() };
    Record::DeleteSubject { subject: subject.to_owned(), value: Some(value) }
}
