//! What is registered is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use super::{Held, Registry, Subject, Version, VersionName};
use crate::error::RegistryError;
use crate::schema::Schema;

/// A version of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The subject.
    pub subject: String,
    /// The version.
    pub version: i32,
    /// The id of its schema.
    pub id: i32,
    /// The id of its schema in all registries.
    pub guid: Uuid,
    /// Its schema.
    pub schema: Arc<Schema>,
    /// Whether it is deleted, but not for good.
    pub is_deleted: bool,
}

impl Found {
    pub(super) fn new(subject: &str, number: i32, version: &Version) -> Self {
        Self {
            subject: subject.to_owned(),
            version: number,
            id: version.id,
            guid: version.guid,
            schema: Arc::clone(&version.schema),
            is_deleted: version.is_deleted,
        }
    }
}

/// Which subjects or versions are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// With what the subject begins.
    pub prefix: String,
    /// Whether those that are deleted are listed as well.
    pub deleted: bool,
    /// Whether only those are.
    pub deleted_only: bool,
    /// Whether only the latest version of a subject is.
    pub latest_only: bool,
    /// How many are left out at the beginning.
    pub offset: usize,
    /// How many are listed at most; `None` for all.
    pub limit: Option<usize>,
}

impl Filter {
    /// Whether something is listed that is deleted or not.
    fn takes(&self, is_deleted: bool) -> bool {
        if self.deleted_only { is_deleted } else { self.deleted || !is_deleted }
    }

    fn page<T>(&self, all: impl Iterator<Item = T>) -> Vec<T> {
        all.skip(self.offset).take(self.limit.unwrap_or(usize::MAX)).collect()
    }
}

impl Registry {
    /// Subjects in the order of their names. A subject is deleted once all its versions are.
    pub fn subjects(&self, filter: &Filter) -> Vec<String> {
        let names = self.with_prefix(&filter.prefix).filter(|(_, entry)| filter.takes(entry.live == 0));
        filter.page(names.map(|(name, _)| name.to_string()))
    }

    /// Versions of all subjects, in the order of their names and numbers.
    pub fn schemas(&self, filter: &Filter) -> Vec<Found> {
        let versions = self.with_prefix(&filter.prefix).flat_map(|(name, entry)| {
            let taken = entry.versions.iter().rev().filter(|(_, version)| filter.takes(version.is_deleted));
            let most = if filter.latest_only { 1 } else { usize::MAX };
            let taken: Vec<_> = taken.take(most).collect();
            taken.into_iter().rev().map(move |(number, version)| (name, *number, version))
        });
        let page = filter.page(versions);
        page.into_iter().map(|(name, number, version)| Found::new(name, number, version)).collect()
    }

    fn with_prefix<'r>(&'r self, prefix: &'r str) -> impl Iterator<Item = (&'r Arc<str>, &'r Subject)> {
        let from = (std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded);
        self.subjects.range::<str, _>(from).take_while(move |(name, _)| name.starts_with(prefix))
    }

    /// Whether a subject is there.
    pub fn has(&self, subject: &str, deleted: bool) -> bool {
        self.subjects.get(subject).is_some_and(|entry| deleted || entry.live > 0)
    }

    /// The versions of a subject; at least one.
    ///
    /// # Errors
    /// Where there is none.
    pub fn versions(&self, subject: &str, filter: &Filter) -> Result<Vec<i32>, RegistryError> {
        let not_found = || RegistryError::SubjectNotFound(subject.to_owned());
        let entry = self.subjects.get(subject).ok_or_else(not_found)?;
        let taken = entry.versions.iter().filter(|(_, version)| filter.takes(version.is_deleted));
        let numbers: Vec<i32> = taken.map(|(number, _)| *number).collect();
        if numbers.is_empty() { Err(not_found()) } else { Ok(filter.page(numbers.into_iter())) }
    }

    /// A version of a subject.
    ///
    /// # Errors
    /// Where the subject or the version is not there.
    pub fn find(&self, subject: &str, version: VersionName, deleted: bool) -> Result<Found, RegistryError> {
        let number = self.number(subject, version, deleted)?;
        let entry = self.subjects.get(subject);
        let found = entry.and_then(|entry| entry.versions.get(&number));
        let found = found.filter(|version| deleted || !version.is_deleted);
        found
            .map(|version| Found::new(subject, number, version))
            .ok_or_else(|| RegistryError::VersionNotFound { subject: subject.to_owned(), version: number })
    }

    /// The number of a version. The latest one is one that is there, if there is one.
    pub(super) fn number(
        &self,
        subject: &str,
        version: VersionName,
        deleted: bool,
    ) -> Result<i32, RegistryError> {
        let not_found = || RegistryError::SubjectNotFound(subject.to_owned());
        let entry = self.subjects.get(subject).filter(|entry| deleted || entry.live > 0);
        let entry = entry.ok_or_else(not_found)?;
        let VersionName::Latest = version else {
            let VersionName::Number(number) = version else { return Err(not_found()) };
            return Ok(number);
        };
        let is_wanted = |version: &Version| !version.is_deleted || entry.live == 0;
        let latest = entry.versions.iter().rev().find(|(_, version)| is_wanted(version));
        latest.map(|(number, _)| *number).ok_or_else(not_found)
    }

    /// The schema of an id, with its id in all registries.
    pub fn by_id(&self, id: i32) -> Option<(Arc<Schema>, Uuid)> {
        self.schemas.get(&id).map(|held| (Arc::clone(&held.schema), held.guid))
    }

    /// The id of a schema by its id in all registries.
    pub fn by_guid(&self, guid: Uuid) -> Option<i32> {
        self.by_guid.get(&guid).and_then(BTreeSet::first).copied()
    }

    /// The greatest id that was ever given.
    pub fn last_id(&self) -> i32 {
        self.last_id
    }

    /// The versions that are the schema of an id.
    pub fn uses(&self, id: i32, deleted: bool) -> Option<Vec<(String, i32)>> {
        let Held { uses, .. } = self.schemas.get(&id)?;
        let is_there = |subject: &str, number: &i32| {
            let version = self.subjects.get(subject).and_then(|entry| entry.versions.get(number));
            version.is_some_and(|version| deleted || !version.is_deleted)
        };
        let taken = uses.iter().filter(|(subject, number)| is_there(subject, number));
        Some(taken.map(|(subject, number)| (subject.to_string(), *number)).collect())
    }

    /// The ids of schemas that use a version.
    pub fn referrer_ids(&self, subject: &str, version: i32) -> Vec<i32> {
        let spots = self.referrers.get(&(Arc::from(subject), version));
        let id =
            |(subject, number): &(Arc<str>, i32)| Some(self.subjects.get(subject)?.versions.get(number)?.id);
        spots.into_iter().flatten().filter_map(id).collect::<BTreeSet<i32>>().into_iter().collect()
    }
}
