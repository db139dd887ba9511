//! The cluster's group: who has which partition.
//!
//! Partitions are known by name here, as in Kafka: a topic that is made anew keeps its readers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A partition by its name.
pub type Seat = (Arc<str>, i32);

/// A way for a group to hand partitions on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// All members give back all partitions before any is given.
    #[default]
    Eager,
    /// Only partitions that move are taken.
    Cooperative,
}

/// What a member is told.
#[derive(Debug)]
pub(super) enum Told {
    Given(Vec<Seat>),
    Taken(Vec<Seat>),
}

#[derive(Debug, Default)]
struct Member {
    /// The name under which it comes back, if it is a static one.
    instance: Option<String>,
    seen: Duration,
    told: VecDeque<Told>,
    /// What it was asked to give back.
    taken: BTreeSet<Seat>,
}

#[derive(Debug)]
pub(super) struct Group {
    protocol: Protocol,
    session: Duration,
    members: BTreeMap<u64, Member>,
    /// Members whose place another one with their name took, and when.
    fenced: BTreeMap<u64, Duration>,
    owners: BTreeMap<Seat, u64>,
    /// Who is to have what.
    wanted: BTreeMap<Seat, u64>,
    last: u64,
}

impl Group {
    pub(super) fn new(protocol: Protocol, session: Duration) -> Self {
        Self {
            protocol,
            session,
            members: BTreeMap::new(),
            fenced: BTreeMap::new(),
            owners: BTreeMap::new(),
            wanted: BTreeMap::new(),
            last: 0,
        }
    }

    /// A member joins. A static one that is there already goes on under a new number, and the old number is fenced.
    pub(super) fn join(&mut self, now: Duration, instance: Option<&str>, seats: &BTreeSet<Seat>) -> u64 {
        self.last += 1;
        let number = self.last;
        let is_it = |member: &Member| instance.is_some() && member.instance.as_deref() == instance;
        let before = self.members.iter().find(|(_, member)| is_it(member)).map(|(&number, _)| number);
        let mut member = Member { instance: instance.map(ToOwned::to_owned), seen: now, ..Member::default() };
        let Some(before) = before else {
            self.members.insert(number, member);
            self.rebalance(seats);
            return number;
        };
        let taken = self.members.remove(&before).map(|member| member.taken).unwrap_or_default();
        self.fenced.insert(before, now);
        let mut has = Vec::new();
        for (seat, owner) in &mut self.owners {
            if *owner == before {
                *owner = number;
                has.push(seat.clone());
            }
        }
        for wanted in self.wanted.values_mut().filter(|wanted| **wanted == before) {
            *wanted = number;
        }
        // What it held before it died is given to it, and taken again where it has to go.
        member.told.push_back(Told::Given(has));
        if !taken.is_empty() {
            member.told.push_back(Told::Taken(taken.iter().cloned().collect()));
            member.taken = taken;
        }
        self.members.insert(number, member);
        // The one before may have given some back of its own accord, and nobody was to have those then.
        if self.wanted.len() < seats.len() {
            self.rebalance(seats);
        }
        number
    }

    /// Ends the sessions of those that were not seen, and says whether there were any.
    pub(super) fn tick(&mut self, now: Duration) -> bool {
        let before = self.members.len();
        self.members.retain(|_, member| now.saturating_sub(member.seen) <= self.session);
        self.members.len() != before
    }

    pub(super) fn leave(&mut self, number: u64, seats: &BTreeSet<Seat>) {
        if self.members.remove(&number).is_some() {
            self.rebalance(seats);
        }
    }

    /// When another member took this one's place.
    pub(super) fn fenced(&self, number: u64) -> Option<Duration> {
        self.fenced.get(&number).copied()
    }

    /// Whether the member is one; if so its session goes on.
    pub(super) fn beat(&mut self, now: Duration, number: u64) -> bool {
        let Some(member) = self.members.get_mut(&number) else { return false };
        member.seen = now;
        true
    }

    pub(super) fn told(&mut self, number: u64) -> Option<Told> {
        self.members.get_mut(&number)?.told.pop_front()
    }

    /// Who has this partition.
    pub(super) fn owner(&self, seat: &Seat) -> Option<u64> {
        self.owners.get(seat).copied()
    }

    /// Whether the member has this partition, and was not asked to give it back.
    pub(super) fn owns(&self, number: u64, seat: &Seat) -> bool {
        let is_asked = self.members.get(&number).is_none_or(|member| member.taken.contains(seat));
        self.owner(seat) == Some(number) && !is_asked
    }

    /// The member gives partitions back.
    pub(super) fn release(&mut self, number: u64, seats: &[Seat]) {
        let Some(member) = self.members.get_mut(&number) else { return };
        for seat in seats {
            let was_taken = member.taken.remove(seat);
            if self.owners.get(seat) == Some(&number) {
                self.owners.remove(seat);
            }
            // What it gives back of its own accord it does not get again.
            if !was_taken && self.wanted.get(seat) == Some(&number) {
                self.wanted.remove(seat);
            }
        }
        self.give();
    }

    /// Decides anew who is to have what, and asks for what has to move.
    pub(super) fn rebalance(&mut self, seats: &BTreeSet<Seat>) {
        self.owners.retain(|_, owner| self.members.contains_key(owner));
        self.wanted.clear();
        let numbers: Vec<u64> = self.members.keys().copied().collect();
        if !numbers.is_empty() {
            for (at, seat) in seats.iter().enumerate() {
                self.wanted.insert(seat.clone(), numbers[at % numbers.len()]);
            }
        }
        for (&number, member) in &mut self.members {
            let moves =
                |seat: &Seat| self.protocol == Protocol::Eager || self.wanted.get(seat) != Some(&number);
            let has = self.owners.iter().filter(|(_, owner)| **owner == number).map(|(seat, _)| seat);
            let mut taken = Vec::new();
            for seat in has.filter(|seat| moves(seat)) {
                if member.taken.insert(seat.clone()) {
                    taken.push(seat.clone());
                }
            }
            if !taken.is_empty() {
                member.told.push_back(Told::Taken(taken));
            }
        }
        self.give();
    }

    /// Gives partitions that nobody has to those who are to have them.
    fn give(&mut self) {
        let is_held_up =
            self.protocol == Protocol::Eager && self.members.values().any(|member| !member.taken.is_empty());
        if is_held_up {
            return;
        }
        let mut given: BTreeMap<u64, Vec<Seat>> = BTreeMap::new();
        for (seat, &number) in &self.wanted {
            if !self.owners.contains_key(seat) {
                self.owners.insert(seat.clone(), number);
                given.entry(number).or_default().push(seat.clone());
            }
        }
        for (number, seats) in given {
            if let Some(member) = self.members.get_mut(&number) {
                member.told.push_back(Told::Given(seats));
            }
        }
    }
}
