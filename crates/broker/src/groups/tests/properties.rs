use super::{GROUP, Says, Sim, metadata, rules, says};
use crate::groups::{Committer, Id, Rules, Ticket, group::State};
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    test_runner::{Config, RngSeed, TestRunner},
};
use std::{collections::HashMap, time::Duration};

/// What one of a handful of clients does next, or time passing.
#[derive(Debug, Clone)]
enum Step {
    Join { who: usize, topics: bool },
    Sync { who: usize },
    Heartbeat { who: usize },
    Leave { who: usize },
    Vanish { who: usize },
    Commit { who: usize },
    Restart { who: usize },
    Pass { ms: u64 },
}

const CLIENTS: usize = 5;

fn step() -> impl Strategy<Value = Step> {
    (0..8_u8, 0..CLIENTS, any::<bool>(), 0..12_000_u64).prop_map(|(what, who, topics, ms)| match what {
        0 => Step::Join { who, topics },
        1 => Step::Sync { who },
        2 => Step::Heartbeat { who },
        3 => Step::Leave { who },
        4 => Step::Vanish { who },
        5 => Step::Commit { who },
        6 => Step::Restart { who },
        _ => Step::Pass { ms },
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
        }
    }

    /// The last two clients are static; the first one is old and is not asked to come back with an id.
    fn says(who: usize, topics: bool) -> Says {
        let topics: &[&str] = if topics { &["t"] } else { &["t", "u"] };
        Says {
            instance: [None, None, None, Some("a"), Some("b")][who],
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
            Step::Join { who, topics } => {
                let id = self.clients[who].id.clone().unwrap_or_default();
                let ticket = self.sim.join(GROUP, &id, &Self::says(who, topics));
                self.tickets.push(ticket);
                self.clients[who].waiting = Some(ticket);
            }
            Step::Sync { who } => {
                let (id, generation) = self.name(who);
                let ticket = self.sim.sync(&id, generation, &[]);
                self.tickets.push(ticket);
                self.clients[who].syncing = Some(ticket);
            }
            Step::Heartbeat { who } => {
                let (id, generation) = self.name(who);
                let _ = self.sim.heartbeat(&id, generation);
            }
            Step::Leave { who } => {
                let (id, _) = self.name(who);
                let _ = self.sim.leave(&id, None);
            }
            Step::Commit { who } => {
                let (id, generation) = self.name(who);
                let _ = self.sim.commit(&Committer { member: &id, instance: None, generation }, "t", 1);
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
        for client in &mut self.clients {
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
        }
    }

    fn check(&self) {
        let Some(group) = self.sim.machine.groups.get(GROUP) else { return };
        let ids: std::collections::HashSet<&Id> = group.members.iter().map(|m| &m.id).collect();
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
            assert!(due > self.sim.now || group.scheduled.is_some_and(|at| at <= due));
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

#[test]
fn whatever_clients_do_a_group_is_sound_and_comes_to_rest() {
    let mut runner = TestRunner::new(Config {
        cases: 3_000,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&(proptest::bool::ANY, vec(step(), 1..60)), |(delayed, steps)| {
            let mut world = World::new(if delayed { 3_000 } else { 0 });
            for step in &steps {
                world.act(step);
            }
            world.end();
            Ok(())
        })
        .unwrap();
}
