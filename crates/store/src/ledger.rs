//! The ledger: which landings there are, and how far each has come in each partition.
//!
//! Two tables stand beside the rows, so that one transaction changes both. `kadence_landings` has a line for each
//! landing: the version of the ledger's form, the consumer group, where it started, and what it writes where.
//! `kadence_ledger` has a line for each of its partitions: the next offset, the epoch that each claim raises, the
//! name of the lock that the owner's session holds, and the last record that was read.

mod statements;

use std::collections::HashSet;

use kadence_core::fault::Fault;
use kadence_core::feed::{Mark, Partition, TopicId};
use kadence_core::phrase;
use kadence_core::record::Timestamp;
use kadence_core::target::{Claim, Part};

pub(crate) use self::statements::Statements;
use crate::session::{CommitError, Datum, DbError, Kind, Parameter, Session};
use crate::table::Found;

/// The version of the ledger's form.
pub(crate) const VERSION: i64 = 1;

/// A landing, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// Its name.
    pub name: String,
    /// The consumer group that its workers share.
    pub group: String,
    /// Where it started.
    pub origin: String,
    /// What it writes where.
    pub fingerprint: String,
}

/// A partition's line in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The cluster's id; empty where brokers have none.
    pub cluster: String,
    /// The topic.
    pub topic: String,
    /// The topic's id as 32 hexadecimal digits; empty where brokers have none.
    pub topic_id: String,
    /// The partition's number.
    pub partition: i32,
    /// The offset that comes next, once something was landed.
    pub next: Option<i64>,
    /// How often it was claimed.
    pub epoch: i64,
    /// The lock that the owner's session holds.
    pub token: String,
    /// The last record that was read.
    pub mark: Option<Mark>,
}

/// A topic's id as the ledger writes it.
pub fn id_text(id: TopicId) -> String {
    id.map_or_else(String::new, |id| uuid::Uuid::from_bytes(id).simple().to_string())
}

/// The ledger of one landing.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) name: String,
    pub(crate) cluster: String,
    statements: Statements,
    /// The landing's group, once it is known: whoever claims belongs to it.
    pub(crate) group: Option<String>,
    /// What was claimed here before: its lines cannot be missing.
    claimed: HashSet<Partition>,
}

impl Ledger {
    pub(crate) fn new(name: &str, cluster: &str, statements: Statements) -> Self {
        let (name, cluster) = (name.to_owned(), cluster.to_owned());
        Self { name, cluster, statements, group: None, claimed: HashSet::new() }
    }

    /// The statements that make the ledger's tables.
    pub(crate) fn definitions(&self) -> [&str; 2] {
        [&self.statements.create_landings, &self.statements.create_ledger]
    }

    /// Makes the ledger's tables where they are missing.
    pub(crate) fn define(&self, session: &mut impl Session) -> Result<(), DbError> {
        for (table, statement) in [
            ("kadence_landings", &self.statements.create_landings),
            ("kadence_ledger", &self.statements.create_ledger),
        ] {
            match session.find(table)? {
                Some(Found { unfit: Some(unfit), .. }) => {
                    return Err(Fault::new(format!("table {table}"), unfit).into());
                }
                Some(_) => {}
                None => session.define(statement)?,
            }
        }
        Ok(())
    }

    /// What the ledger has of this landing.
    pub(crate) fn landing(&self, session: &mut impl Session) -> Result<Option<Landing>, DbError> {
        let rows = session.query(&self.statements.landing, &[Parameter::Text(&self.name)])?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let version = row.first().and_then(Datum::int).unwrap_or_default();
        if version > VERSION {
            let what = format!(
                "the ledger of landing {} has form {version}, and this program knows {VERSION}",
                self.name
            );
            return Err(Fault::new("kadence_landings", what).help("use a newer kadence").into());
        }
        let text = |place: usize| row.get(place).and_then(Datum::text).unwrap_or_default().to_owned();
        let landing =
            Landing { name: self.name.clone(), group: text(1), origin: text(2), fingerprint: text(3) };
        Ok(Some(landing))
    }

    /// Notes a landing, and where its partitions start, in one transaction.
    pub(crate) fn begin(
        &self,
        session: &mut impl Session,
        landing: &Landing,
        starts: &[(Partition, i64)],
    ) -> Result<(), DbError> {
        session.begin()?;
        let Landing { name, group, origin, fingerprint } = landing;
        let parameters = [
            Parameter::Text(name),
            Parameter::Int(VERSION),
            Parameter::Text(group),
            Parameter::Text(origin),
            Parameter::Text(fingerprint),
        ];
        let begun = session.execute(&self.statements.insert_landing, &parameters).and_then(|_| {
            starts
                .iter()
                .try_for_each(|(partition, next)| self.insert(session, partition, 0, "", Some(*next)))
        });
        finish(session, begun)
    }

    fn insert(
        &self,
        session: &mut impl Session,
        partition: &Partition,
        epoch: i64,
        token: &str,
        next: Option<i64>,
    ) -> Result<(), DbError> {
        let id = id_text(partition.id);
        let mut parameters = self.key(partition, &id).to_vec();
        parameters.extend([next.into(), Parameter::Int(epoch), Parameter::Text(token)]);
        session.execute(&self.statements.insert_line, &parameters).map(drop)
    }

    fn key<'p>(&'p self, partition: &'p Partition, id: &'p str) -> [Parameter<'p>; 5] {
        [
            Parameter::Text(&self.name),
            Parameter::Text(&self.cluster),
            Parameter::Text(&partition.topic),
            Parameter::Text(id),
            Parameter::Int(partition.index.into()),
        ]
    }

    /// Lines of this landing.
    pub(crate) fn lines(&self, session: &mut impl Session) -> Result<Vec<Line>, DbError> {
        let rows = session.query(&self.statements.lines, &[Parameter::Text(&self.name)])?;
        Ok(rows.iter().map(|row| line(row)).collect())
    }

    /// Claims partitions: all that are told, or none. Where a condition is told, those that it does not hold for are
    /// left out.
    pub(crate) fn claim(
        &mut self,
        session: &mut impl Session,
        partitions: &[(Partition, Option<i64>)],
    ) -> Result<Vec<Claim>, DbError> {
        let mut sorted: Vec<_> = partitions.iter().collect();
        // Whoever claims several takes their locks in one order.
        sorted.sort_by(|one, other| one.0.cmp(&other.0));
        session.begin()?;
        let mut claims = Vec::with_capacity(sorted.len());
        let claimed = self.is_still_there(session).and_then(|()| {
            sorted.into_iter().try_for_each(|(partition, condition)| {
                claims.extend(self.claim_one(session, partition, *condition)?);
                Ok(())
            })
        });
        finish(session, claimed)?;
        self.claimed.extend(claims.iter().map(|claim| claim.partition.clone()));
        Ok(claims)
    }

    /// Makes sure, until the transaction's end, that the landing is the one that this worker belongs to: it may have been
    /// dropped, and begun anew.
    fn is_still_there(&self, session: &mut impl Session) -> Result<(), DbError> {
        let Some(group) = &self.group else { return Ok(()) };
        let rows = session.query(&self.statements.group_held, &[Parameter::Text(&self.name)])?;
        let found = rows.first().and_then(|row| row.first()).and_then(Datum::text);
        let what = match found {
            Some(found) if found == group => return Ok(()),
            Some(_) => "was dropped and begun anew",
            None => "was dropped",
        };
        let what = format!("landing {} {what} while this worker had it", self.name);
        Err(Fault::new("kadence_landings", what).help("start again to land anew").into())
    }

    fn claim_one(
        &self,
        session: &mut impl Session,
        partition: &Partition,
        condition: Option<i64>,
    ) -> Result<Option<Claim>, DbError> {
        let parameters = [
            Parameter::Text(&self.name),
            Parameter::Text(&partition.topic),
            Parameter::Int(partition.index.into()),
        ];
        let rows = session.query(&self.statements.lines_of_partition, &parameters)?;
        let id = id_text(partition.id);
        let is_ours = |line: &Line| line.cluster == self.cluster && line.topic_id == id;
        let lines: Vec<Line> = rows.iter().map(|row| line(row)).collect();
        let Some(ours) = lines.iter().find(|line| is_ours(line)) else {
            if let Some(other) = lines.first() {
                return Err(self.another(partition, &id, other).into());
            }
            if condition.is_some() {
                return Ok(None);
            }
            if self.claimed.contains(partition) {
                let what = format!(
                    "the ledger of landing {} has lost its line: it was dropped, or deleted",
                    self.name
                );
                return Err(Fault::new(partition.to_string(), what)
                    .help("start again to land it anew")
                    .into());
            }
            let token = session.token().to_owned();
            self.insert(session, partition, 1, &token, None)?;
            return Ok(Some(Claim { partition: partition.clone(), epoch: 1, next: None, mark: None }));
        };
        if condition.is_some_and(|epoch| epoch != ours.epoch) {
            return Ok(None);
        }
        let Some(epoch) = ours.epoch.checked_add(1) else {
            let what = "the ledger has the largest epoch there is";
            return Err(Fault::new(partition.to_string(), what).into());
        };
        let token = session.token().to_owned();
        let mut parameters = vec![Parameter::Int(epoch), Parameter::Text(&token)];
        parameters.extend(self.key(partition, &id));
        parameters.push(Parameter::Int(ours.epoch));
        if session.execute(&self.statements.raise_epoch, &parameters)? != 1 {
            return Ok(None);
        }
        let partition = partition.clone();
        Ok(Some(Claim { partition, epoch, next: ours.next, mark: ours.mark }))
    }

    /// Says that a topic is another one than the ledger knows under its name.
    fn another(&self, partition: &Partition, id: &str, other: &Line) -> Fault {
        let what = if other.cluster == self.cluster {
            format!(
                "landing {} has landed another topic of this name (its id was {}, and is {}): it was deleted and made anew",
                self.name,
                shown(&other.topic_id),
                shown(id)
            )
        } else {
            format!(
                "landing {} has landed a topic of this name from another cluster ({}, and this one is {})",
                self.name,
                shown(&other.cluster),
                shown(&self.cluster)
            )
        };
        Fault::new(partition.to_string(), what).help(phrase![
            @"ledger",
            " adopt goes on where that one ended, if the records are the same; ",
            @"ledger",
            " restart lands this one from its beginning"
        ])
    }

    /// Locks of whoever owns these partitions by the ledger, without waiting for anybody.
    pub(crate) fn tokens(
        &self,
        session: &mut impl Session,
        partitions: &[(Partition, Option<i64>)],
    ) -> Result<Vec<String>, DbError> {
        let lines = self.lines(session)?;
        let mut tokens: Vec<String> = Vec::new();
        for line in lines {
            let is_asked = |(partition, _): &(Partition, Option<i64>)| {
                partition.index == line.partition && *partition.topic == *line.topic
            };
            let is_new =
                !line.token.is_empty() && line.token != session.token() && !tokens.contains(&line.token);
            if is_new && partitions.iter().any(is_asked) {
                tokens.push(line.token);
            }
        }
        Ok(tokens)
    }

    /// Moves a partition's line on, in the transaction that is open. `false` if the line is another one than the part
    /// was read for: somebody else claimed it.
    pub(crate) fn advance(&self, session: &mut impl Session, part: &Part) -> Result<bool, DbError> {
        let id = id_text(part.partition.id);
        let mark = part.mark;
        let mut parameters = vec![
            Parameter::Int(part.next),
            mark.map(|mark| mark.offset).into(),
            mark.and_then(|mark| mark.timestamp).map(Timestamp::as_nanos).into(),
            mark.map(|mark| i64::from(mark.crc)).into(),
        ];
        parameters.extend(self.key(&part.partition, &id));
        parameters.push(Parameter::Int(part.epoch));
        let statement = match (part.expected, mark.is_some()) {
            (None, true) => &self.statements.advance_first,
            (None, false) => {
                parameters.drain(1..4);
                &self.statements.advance_first_unmarked
            }
            (Some(expected), true) => {
                parameters.push(Parameter::Int(expected));
                &self.statements.advance
            }
            (Some(expected), false) => {
                parameters.drain(1..4);
                parameters.push(Parameter::Int(expected));
                &self.statements.advance_unmarked
            }
        };
        Ok(session.execute(statement, &parameters)? == 1)
    }

    /// Puts lines under the topic's present identity in the place of all others of these partitions, in one
    /// transaction.
    pub(crate) fn place(
        &self,
        session: &mut impl Session,
        lines: &[(Partition, Option<i64>, Option<Mark>)],
    ) -> Result<(), DbError> {
        session.begin()?;
        let placed = lines.iter().try_for_each(|(partition, next, mark)| {
            let parameters = [
                Parameter::Text(&self.name),
                Parameter::Text(&partition.topic),
                Parameter::Int(partition.index.into()),
            ];
            let before = session.query(&self.statements.lines_of_partition, &parameters)?;
            // Whoever still writes under the old line is fenced.
            let epoch = before.iter().map(|row| line(row).epoch).max().unwrap_or_default().saturating_add(1);
            session.execute(&self.statements.delete_partition, &parameters)?;
            self.insert(session, partition, epoch, "", *next)?;
            let Some(mark) = mark else { return Ok(()) };
            let id = id_text(partition.id);
            let mut parameters = vec![
                Parameter::Int(mark.offset),
                mark.timestamp.map(Timestamp::as_nanos).into(),
                Parameter::Int(mark.crc.into()),
            ];
            parameters.extend(self.key(partition, &id));
            session.execute(&self.statements.set_mark, &parameters).map(drop)
        });
        finish(session, placed)
    }

    /// Forgets the lines of these topics' partitions, under whatever id.
    pub(crate) fn forget(
        &self,
        session: &mut impl Session,
        partitions: &[(String, i32)],
    ) -> Result<(), DbError> {
        if partitions.is_empty() {
            return Ok(());
        }
        session.begin()?;
        let forgotten = partitions.iter().try_for_each(|(topic, index)| {
            let parameters =
                [Parameter::Text(&self.name), Parameter::Text(topic), Parameter::Int((*index).into())];
            session.execute(&self.statements.delete_partition, &parameters).map(drop)
        });
        finish(session, forgotten)
    }

    /// Notes another fingerprint.
    pub(crate) fn note_fingerprint(
        &self,
        session: &mut impl Session,
        fingerprint: &str,
    ) -> Result<(), DbError> {
        self.note(session, &self.statements.set_fingerprint, fingerprint)
    }

    /// Notes another origin.
    pub(crate) fn note_origin(&self, session: &mut impl Session, origin: &str) -> Result<(), DbError> {
        self.note(session, &self.statements.set_origin, origin)
    }

    fn note(&self, session: &mut impl Session, statement: &str, value: &str) -> Result<(), DbError> {
        session.begin()?;
        let parameters = [Parameter::Text(value), Parameter::Text(&self.name)];
        let noted = session.execute(statement, &parameters).map(drop);
        finish(session, noted)
    }

    /// Forgets the landing.
    pub(crate) fn drop_landing(&self, session: &mut impl Session) -> Result<(), DbError> {
        session.begin()?;
        let parameters = [Parameter::Text(&self.name)];
        let dropped = session
            .execute(&self.statements.delete_landing, &parameters)
            .and_then(|_| session.execute(&self.statements.delete_lines, &parameters))
            .map(drop);
        finish(session, dropped)
    }

    /// The names of all landings of this database.
    pub(crate) fn names(&self, session: &mut impl Session) -> Result<Vec<String>, DbError> {
        let rows = session.query(&self.statements.names, &[])?;
        Ok(rows.iter().filter_map(|row| row.first().and_then(Datum::text).map(str::to_owned)).collect())
    }
}

/// Commits what went well, and rolls back what did not.
fn finish(session: &mut impl Session, result: Result<(), DbError>) -> Result<(), DbError> {
    if let Err(error) = result {
        // Where this fails too, the session is of no more use, and the first error says why.
        let _ = session.roll_back();
        return Err(error);
    }
    session.commit().map_err(|error| match error {
        CommitError::NotDone(error) => error,
        CommitError::Unknown => {
            DbError::new(Kind::Lost, Fault::new("the ledger", "the answer to a change was lost"))
        }
    })
}

fn shown(id: &str) -> &str {
    if id.is_empty() { "unknown" } else { id }
}

fn line(row: &[Datum]) -> Line {
    let text = |place: usize| row.get(place).and_then(Datum::text).unwrap_or_default().to_owned();
    let int = |place: usize| row.get(place).and_then(Datum::int);
    let mark = int(7).zip(int(9)).map(|(offset, crc)| Mark {
        offset,
        timestamp: int(8).map(Timestamp::from_nanos),
        crc: crc as u32,
    });
    Line {
        cluster: text(0),
        topic: text(1),
        topic_id: text(2),
        partition: int(3).unwrap_or_default() as i32,
        next: int(4),
        epoch: int(5).unwrap_or_default(),
        token: text(6),
        mark,
    }
}
