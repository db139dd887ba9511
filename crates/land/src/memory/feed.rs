//! A feed from a cluster in memory: one member of its group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::fault::Fault;
use kadence_core::feed::{Event, Feed, LogSpan, Mark, Partition, TopicId};
use kadence_core::run::Run;

use super::cluster::MemoryCluster;
use super::group::{Seat, Told};

/// The options by which a feed reads.
#[derive(Clone, Debug)]
pub struct MemoryFeedOptions {
    /// The name of a static member.
    pub instance: Option<String>,
    /// Whether it is finished once all its partitions are read to their ends.
    pub until_end: bool,
    /// How many records it gives at once.
    pub records: usize,
    /// Whether it takes two attempts to begin at another place in a partition that is being read.
    pub goes_back_slowly: bool,
}

impl Default for MemoryFeedOptions {
    fn default() -> Self {
        Self { instance: None, until_end: false, records: 1_000, goes_back_slowly: false }
    }
}

/// A member of a cluster's group. Dropping it is what a killed process does: its session goes on until its time is
/// over.
pub struct MemoryFeed {
    cluster: MemoryCluster,
    options: MemoryFeedOptions,
    member: u64,
    topics: Vec<Arc<str>>,
    /// What it was given, by the ids of that moment.
    given: BTreeMap<Seat, Partition>,
    places: BTreeMap<Seat, Place>,
    /// The seat that was read last.
    last: Option<Seat>,
    run: Run,
    paused: bool,
    /// Whether an attempt to go back was refused.
    is_going_back: bool,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    at: i64,
    is_end_told: bool,
}

/// What was found to read.
enum Found {
    Records,
    End(Seat, i64),
    Nothing,
}

impl MemoryFeed {
    /// Joins the cluster's group.
    pub fn join(cluster: &MemoryCluster, options: MemoryFeedOptions) -> Self {
        let member = cluster.join(options.instance.as_deref());
        Self {
            cluster: cluster.clone(),
            run: Run::new(usize::MAX / 4, options.records),
            options,
            member,
            topics: Vec::new(),
            given: BTreeMap::new(),
            places: BTreeMap::new(),
            last: None,
            paused: false,
            is_going_back: false,
        }
    }

    /// Its number in the group. It has another one after its session was over.
    pub fn member(&self) -> u64 {
        self.member
    }

    /// Leaves the group, as a clean stop does.
    pub fn leave(self) {
        self.cluster.leave(self.member);
    }

    /// What the group tells; nothing if the member has its partitions and may read them.
    fn told(&mut self) -> Result<Option<Event<'static>>, Fault> {
        let now = self.cluster.now();
        self.cluster.tick();
        let mut state = self.cluster.lock();
        if state.group.fenced(self.member).is_some() {
            return Err(Fault::new("the group", "another member has this one's name"));
        }
        if !state.group.beat(now, self.member) {
            drop(state);
            self.places.clear();
            let lost = std::mem::take(&mut self.given).into_values().collect();
            self.member = self.cluster.join(self.options.instance.as_deref());
            return Ok(Some(Event::Lost(lost)));
        }
        let event = match state.group.told(self.member) {
            None => return Ok(None),
            Some(Told::Given(seats)) => {
                let mut given = Vec::new();
                for seat in seats {
                    if !self.topics.contains(&seat.0) {
                        self.topics.push(Arc::clone(&seat.0));
                    }
                    let partition = state.partition(&seat);
                    given.push(partition.clone());
                    self.given.insert(seat, partition);
                }
                Event::Given(given)
            }
            Some(Told::Taken(seats)) => {
                Event::Taken(seats.iter().filter_map(|seat| self.given.get(seat).cloned()).collect())
            }
        };
        Ok(Some(event))
    }

    /// Looks for records, in one partition after the other.
    fn look(&mut self) -> Result<Found, Fault> {
        let state = self.cluster.lock();
        if self.paused || state.silent {
            return Ok(Found::Nothing);
        }
        let seats: Vec<&Seat> = self.places.keys().collect();
        let first = seats.iter().position(|seat| Some(*seat) > self.last.as_ref()).unwrap_or(0);
        let order = (0..seats.len()).map(|at| seats[(first + at) % seats.len()].clone());
        for seat in order.collect::<Vec<_>>() {
            let (Some(log), Some(place)) = (state.log(&seat), self.places.get_mut(&seat)) else { continue };
            let LogSpan { start, end } = log.span();
            if place.at < start || place.at > end {
                let name = format!("{}[{}]", seat.0, seat.1);
                let what = format!("offset {} is out of range ({start} to {end})", place.at);
                return Err(Fault::new(name, what));
            }
            let lane = self.topics.iter().position(|topic| *topic == seat.0).unwrap_or_default();
            self.run.clear();
            while place.at < end && self.run.has_room() {
                log.copy(place.at, lane as u32, seat.1, &mut self.run);
                place.at += 1;
                place.is_end_told = false;
            }
            if self.run.is_empty() && place.is_end_told {
                continue;
            }
            self.last = Some(seat.clone());
            if self.run.is_empty() {
                place.is_end_told = true;
                return Ok(Found::End(seat, place.at));
            }
            return Ok(Found::Records);
        }
        Ok(Found::Nothing)
    }

    fn is_finished(&self) -> bool {
        let is_at_end = |seat| self.places.get(seat).is_some_and(|place| place.is_end_told);
        self.options.until_end && !self.given.is_empty() && self.given.keys().all(is_at_end)
    }

    fn seats(partitions: &[Partition]) -> Vec<Seat> {
        partitions.iter().map(seat).collect()
    }
}

impl Feed for MemoryFeed {
    fn next(&mut self, at_most: Duration) -> Result<Event<'_>, Fault> {
        for attempt in 0..2 {
            if let Some(event) = self.told()? {
                return Ok(event);
            }
            match self.look()? {
                Found::Records => return Ok(Event::Records(&self.run)),
                Found::End(seat, offset) => {
                    let Some(partition) = self.given.get(&seat).cloned() else { continue };
                    return Ok(Event::End { partition, offset });
                }
                Found::Nothing if self.is_finished() => return Ok(Event::Finished),
                Found::Nothing if attempt == 0 && !at_most.is_zero() => self.cluster.wait(at_most),
                Found::Nothing => break,
            }
        }
        Ok(Event::Nothing)
    }

    fn topics(&self) -> &[Arc<str>] {
        &self.topics
    }

    fn begin(&mut self, starts: &[(Partition, i64)]) -> Result<(), Fault> {
        self.cluster.command("the cluster")?;
        let is_read = |partition| self.places.contains_key(&seat(partition));
        self.is_going_back = !self.is_going_back && starts.iter().any(|(partition, _)| is_read(partition));
        if self.options.goes_back_slowly && self.is_going_back {
            // Until then it goes on as before, and may tell what it has told.
            self.places.values_mut().for_each(|place| place.is_end_told = false);
            return Err(Fault::new("the cluster", "not now").retry());
        }
        for (partition, at) in starts {
            if self.given.contains_key(&seat(partition)) {
                self.places.insert(seat(partition), Place { at: *at, is_end_told: false });
            }
        }
        Ok(())
    }

    fn release(&mut self, partitions: &[Partition]) -> Result<(), Fault> {
        self.cluster.command("the group")?;
        let seats = Self::seats(partitions);
        for seat in &seats {
            self.given.remove(seat);
            self.places.remove(seat);
        }
        self.cluster.release(self.member, &seats);
        Ok(())
    }

    fn pause(&mut self) -> Result<(), Fault> {
        self.paused = true;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Fault> {
        self.paused = false;
        Ok(())
    }

    fn owns(&mut self, partitions: &[Partition]) -> Result<bool, Fault> {
        let now = self.cluster.now();
        self.cluster.tick();
        let seats = Self::seats(partitions);
        let owns = self
            .cluster
            .ask("the group", |state| Some(seats.iter().all(|seat| state.group.owns(self.member, seat))))?;
        // The one who asks is alive.
        self.cluster.lock().group.beat(now, self.member);
        Ok(owns)
    }

    fn topic_id(&mut self, topic: &str) -> Result<TopicId, Fault> {
        self.cluster.ask(topic, |state| state.topics.get(topic).map(|topic| topic.id))
    }

    fn span(&mut self, partition: &Partition) -> Result<LogSpan, Fault> {
        let seat = seat(partition);
        self.cluster.ask(&partition.to_string(), |state| Some(state.log(&seat)?.span()))
    }

    fn origin(&mut self, partition: &Partition) -> Result<i64, Fault> {
        Ok(self.span(partition)?.start)
    }

    fn mark(&mut self, partition: &Partition, offset: i64) -> Result<Option<Mark>, Fault> {
        let seat = seat(partition);
        self.cluster.ask(&partition.to_string(), |state| Some(state.log(&seat)?.mark(offset)))
    }

    fn note(&mut self, offsets: &[(Partition, i64)]) {
        self.cluster.lock().note(offsets);
    }
}

fn seat(partition: &Partition) -> Seat {
    (Arc::clone(&partition.topic), partition.index)
}
