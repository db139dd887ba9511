use super::{GROUP, Says, Sim, metadata, rules, says};
use crate::groups::{Committer, Id, Rules, Ticket, group::State};
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    sample::select,
    test_runner::{Config, RngSeed, TestRunner},
};
use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
    time::Duration,
};

/// What one of a handful of clients does next, or time passing.
#[derive(Debug, Clone)]
enum Step {
    Join { who: usize, topics: bool, session: u64, rebalance: u64 },
    Sync { who: usize },
    Heartbeat { who: usize },
    Leave { who: usize },
    Vanish { who: usize },
    Commit { who: usize },
    Restart { who: usize },
    Pass { ms: u64 },
}

const CLIENTS: usize = 5;
const INSTANCES: [Option<&str>; CLIENTS] = [None, None, None, Some("a"), Some("b")];

fn step() -> impl Strategy<Value = Step> {
    let times = (0..12_000_u64, select(vec![6, 10, 40]), select(vec![0, 1, 30]));
    (0..8_u8, 0..CLIENTS, any::<bool>(), times).prop_map(|(what, who, topics, times)| match what {
        0 => Step::Join { who, topics, session: times.1, rebalance: times.2 },
        1 => Step::Sync { who },
        2 => Step::Heartbeat { who },
        3 => Step::Leave { who },
        4 => Step::Vanish { who },
        5 => Step::Commit { who },
        6 => Step::Restart { who },
        _ => Step::Pass { ms: times.0 },
    })
}

/// What a client knows.
#[derive(Default, Clone)]
struct Client {
    id: Option<Id>,
    generation: i32,
    waiting: Option<Ticket>,
    syncing: Option<Ticket>,
}

struct World {
    sim: Sim,
    clients: Vec<Client>,
    leaders: HashMap<i32, Id>,
    tickets: Vec<Ticket>,
    given_up: Vec<Ticket>,
    /// The ids each client has had.
    had: Vec<HashSet<Id>>,
    /// Shares that were handed out.
    shares: usize,
}

impl World {
    fn new(delay: u64) -> Self {
        let rules = Rules { initial_rebalance_delay: Duration::from_millis(delay), max_size: 4, ..rules() };
        Self {
            sim: Sim::with(rules),
            clients: vec![Client::default(); CLIENTS],
            leaders: HashMap::new(),
            tickets: Vec::new(),
            given_up: Vec::new(),
            had: vec![HashSet::new(); CLIENTS],
            shares: 0,
        }
    }

    /// The last two clients are static; the first one is old and is not asked to come back with an id.
    fn says(who: usize, topics: bool, session: u64, rebalance: u64) -> Says {
        let topics: &[&str] = if topics { &["t"] } else { &["t", "u"] };
        Says {
            instance: INSTANCES[who],
            session: Duration::from_secs(session),
            rebalance: Duration::from_secs(rebalance),
            asks_for_id: who > 0,
            protocols: vec![("range", metadata(topics, b""))],
            ..says()
        }
    }

    /// A connection does one thing at a time.
    fn is_busy(&self, who: usize) -> bool {
        let client = &self.clients[who];
        [client.waiting, client.syncing].into_iter().flatten().any(|ticket| self.sim.waits(ticket))
    }

    fn act(&mut self, step: &Step) {
        match *step {
            Step::Pass { ms } => self.sim.pass(Duration::from_millis(ms)),
            Step::Vanish { who } => self.vanish(who),
            Step::Restart { who } => {
                self.vanish(who);
                self.clients[who] = Client::default();
            }
            Step::Join { who, .. }
            | Step::Sync { who }
            | Step::Heartbeat { who }
            | Step::Leave { who }
            | Step::Commit { who }
                if self.is_busy(who) => {}
            Step::Join { who, topics, session, rebalance } => {
                let id = self.clients[who].id.clone().unwrap_or_default();
                let ticket = self.sim.join(GROUP, &id, &Self::says(who, topics, session, rebalance));
                self.tickets.push(ticket);
                self.clients[who].waiting = Some(ticket);
            }
            Step::Sync { who } => {
                let (id, generation) = self.name(who);
                // Used where it is the leader's: everybody's share is its own id.
                let ids: Vec<Id> = self.clients.iter().filter_map(|client| client.id.clone()).collect();
                let shares: Vec<_> = ids.iter().map(|id| (&**id, id.as_bytes())).collect();
                let ticket = self.sim.sync_as(&as_member(who, &id, generation), &shares);
                self.tickets.push(ticket);
                self.clients[who].syncing = Some(ticket);
            }
            Step::Heartbeat { who } => {
                let (id, generation) = self.name(who);
                let _ = self.sim.heartbeat_as(&as_member(who, &id, generation));
            }
            Step::Leave { who } => {
                let (id, _) = self.name(who);
                let _ = self.sim.leave(&id, INSTANCES[who]);
            }
            Step::Commit { who } => {
                let (id, generation) = self.name(who);
                let _ = self.sim.commit(&as_member(who, &id, generation), "t", 1);
            }
        }
        self.read_answers();
        self.check();
    }

    fn name(&self, who: usize) -> (Id, i32) {
        (self.clients[who].id.clone().unwrap_or_else(|| Id::from("nobody")), self.clients[who].generation)
    }

    fn vanish(&mut self, who: usize) {
        let client = &mut self.clients[who];
        for ticket in [client.waiting.take(), client.syncing.take()].into_iter().flatten() {
            if self.sim.waits(ticket) {
                self.given_up.push(ticket);
                self.sim.give_up(ticket);
            }
        }
    }

    fn read_answers(&mut self) {
        for (client, had) in self.clients.iter_mut().zip(&mut self.had) {
            if let Some(Ok(synced)) = client.syncing.and_then(|ticket| self.sim.syncs.get(&ticket)) {
                let share = &*synced.assignment;
                assert!(share.is_empty() || had.iter().any(|id| id.as_bytes() == share), "another's share");
                self.shares += usize::from(!share.is_empty());
                client.syncing = None;
            }
            let Some(answer) = client.waiting.and_then(|ticket| self.sim.joins.get(&ticket)) else {
                continue;
            };
            client.waiting = None;
            match answer {
                Ok(joined) => {
                    client.id = Some(joined.member.clone());
                    client.generation = joined.generation;
                    if joined.leader == joined.member && !joined.skip_assignment {
                        let leader = self.leaders.entry(joined.generation).or_insert(joined.leader.clone());
                        assert_eq!(*leader, joined.member, "two leaders in generation {}", joined.generation);
                    }
                }
                Err(refused) => client.id = Some(refused.member.clone()).filter(|id| !id.is_empty()),
            }
            had.extend(client.id.clone());
        }
    }

    fn check(&self) {
        let Some(group) = self.sim.machine.groups.get(GROUP) else { return };
        let ids: HashSet<&Id> = group.members.iter().map(|m| &m.id).collect();
        assert_eq!(ids.len(), group.members.len(), "ids are unique");
        assert_eq!(group.leader.as_ref().is_some_and(|id| ids.contains(id)), !group.members.is_empty());
        assert_eq!(group.state == State::Empty, group.members.is_empty() && group.join_until.is_none());
        if matches!(group.state, State::Stable | State::CompletingRebalance) {
            assert!(group.members.iter().all(|m| m.join.is_none() && !m.joined));
        }
        if group.state != State::CompletingRebalance {
            assert!(group.members.iter().all(|m| m.sync.is_none()));
        }
        if let Some(due) = group.deadline() {
            assert!(group.scheduled.is_some_and(|at| at <= due), "the group is called in time");
        }
    }

    /// After a long silence everybody is gone, everybody was answered, and all memory is given back.
    fn end(mut self) {
        self.sim.pass(Duration::from_hours(1));
        self.check();
        for ticket in self.tickets.iter().filter(|ticket| !self.given_up.contains(ticket)) {
            assert!(!self.sim.waits(*ticket), "{ticket:?} is never answered");
        }
        if self.sim.sizes().0 > 0 {
            assert_eq!(self.sim.sizes(), (1, 0));
            self.sim.machine.delete(GROUP).expect("the group is empty");
        }
        assert_eq!(self.sim.memory.used(), 0);
        assert_eq!(self.sim.machine.deadline(), None);
    }
}

/// A client as the member it takes itself for.
fn as_member(who: usize, id: &Id, generation: i32) -> Committer<'_> {
    Committer { member: id, instance: INSTANCES[who], generation }
}

#[test]
fn whatever_clients_do_a_group_is_sound_and_comes_to_rest() {
    let mut runner = TestRunner::new(Config {
        cases: 3_000,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..Config::default()
    });
    let shares = Cell::new(0);
    runner
        .run(&(proptest::bool::ANY, vec(step(), 1..60)), |(delayed, steps)| {
            let mut world = World::new(if delayed { 3_000 } else { 0 });
            for step in &steps {
                world.act(step);
            }
            shares.set(shares.get() + world.shares);
            world.end();
            Ok(())
        })
        .unwrap();
    assert!(shares.get() > 0, "some group came to its shares");
}
