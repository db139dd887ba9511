use super::{Due, End, ID, Init, Sim, producer, writer};
use crate::{
    journal::{Event, Producer},
    transactions::machine::Writer,
};
use kafka_protocol::ResponseError;
use uuid::Uuid;

#[test]
fn a_producer_that_begins_gets_the_next_epoch() {
    let mut sim = Sim::new();
    assert_eq!(sim.machine.init(ID, 500, None), Ok(Init::Fresh { last: (-1, -1) }));
    assert_eq!(sim.machine.init(ID, 500, Some((3, 4))), Ok(Init::Fresh { last: (-1, -1) }));
    sim.begin(producer(0));
    let next = Producer { epoch: 1, timeout_ms: 900, ..producer(0) };
    assert_eq!(sim.machine.init(ID, 900, None), Ok(Init::Bump(next)));
    let again = Producer { epoch: 1, last_id: 7, last_epoch: 0, ..producer(0) };
    assert_eq!(sim.machine.init(ID, 500, Some((7, 0))), Ok(Init::Bump(again)));
    sim.begin(again);
    assert_eq!(sim.machine.init(ID, 500, Some((7, 0))), Ok(Init::Again(again)), "it has not heard");
    assert!(matches!(sim.machine.init(ID, 500, Some((7, 1))), Ok(Init::Bump(_))));
    for had in [(7, 2), (8, 1), (8, 0)] {
        assert_eq!(sim.machine.init(ID, 500, Some(had)), Err(ResponseError::ProducerFenced), "{had:?}");
    }
    for id in ["", &"x".repeat(2_000)] {
        assert_eq!(sim.machine.init(id, 500, None), Err(ResponseError::InvalidRequest));
    }
}

#[test]
fn a_producer_without_epochs_left_gets_a_new_id() {
    let mut sim = Sim::new();
    sim.begin(producer(i16::MAX - 2));
    assert!(matches!(sim.machine.init(ID, 500, None), Ok(Init::Bump(p)) if p.epoch == i16::MAX - 1));
    sim.begin(producer(i16::MAX - 1));
    assert_eq!(sim.machine.init(ID, 500, None), Ok(Init::Fresh { last: (-1, -1) }));
    let had = (7, i16::MAX - 1);
    assert_eq!(sim.machine.init(ID, 500, Some(had)), Ok(Init::Fresh { last: had }));
    sim.join(0);
    assert_eq!(sim.machine.init(ID, 500, None), Ok(Init::Abort { epoch: i16::MAX }), "one is left to fence");
    let (last_id, last_epoch) = had;
    let fresh = Producer { id: 8, epoch: 0, last_id, last_epoch, timeout_ms: 500 };
    sim.begin(fresh);
    assert_eq!(sim.machine.init(ID, 500, Some(had)), Ok(Init::Again(fresh)));
}

#[test]
fn an_open_transaction_is_aborted_for_the_current_producer_only() {
    let mut sim = Sim::new();
    sim.begin(Producer { last_id: 7, last_epoch: 2, ..producer(3) });
    sim.join(0);
    assert_eq!(sim.machine.init(ID, 500, None), Ok(Init::Abort { epoch: 4 }));
    assert_eq!(sim.machine.init(ID, 500, Some((7, 3))), Ok(Init::Abort { epoch: 4 }));
    assert_eq!(sim.machine.init(ID, 500, Some((7, 2))), Err(ResponseError::ProducerFenced));
    sim.decide(false, 4);
    assert_eq!(sim.machine.init(ID, 500, None), Err(ResponseError::ConcurrentTransactions));
    assert_eq!(sim.machine.end(&writer(3), true), Err(ResponseError::ProducerFenced));
    sim.ended();
    assert!(matches!(sim.machine.init(ID, 500, None), Ok(Init::Bump(p)) if p.epoch == 5));
    assert_eq!(sim.machine.init(ID, 500, Some((7, 2))), Err(ResponseError::ProducerFenced));
}

/// What real Kafka 4.3 answers, also when the broker was restarted before.
#[test]
fn an_end_is_judged_by_the_end_before() {
    let invalid = Err(ResponseError::InvalidTxnState);
    let concurrent = Err(ResponseError::ConcurrentTransactions);
    let mut sim = Sim::new();
    sim.begin(producer(0));
    let check = |sim: &Sim, commit, abort| {
        for machine in [&sim.machine, &sim.restarted()] {
            assert_eq!(machine.end(&writer(0), true), commit);
            assert_eq!(machine.end(&writer(0), false), abort);
        }
    };
    check(&sim, invalid, invalid);
    for committed in [true, false] {
        sim.join(0);
        check(&sim, Ok(End::Now), Ok(End::Now));
        sim.decide(committed, 0);
        let (same, other) = (concurrent, invalid);
        check(&sim, if committed { same } else { other }, if committed { other } else { same });
        assert_eq!(sim.machine.add(&writer(0), &[]), Err(ResponseError::ConcurrentTransactions));
        sim.ended();
        let (same, other) = (Ok(End::Before), invalid);
        check(&sim, if committed { same } else { other }, if committed { other } else { same });
    }
    let unknown = Err(ResponseError::InvalidProducerIdMapping);
    assert_eq!(sim.machine.end(&Writer { producer_id: 8, ..writer(0) }, true), unknown);
    assert_eq!(sim.machine.end(&Writer { id: "other", ..writer(0) }, true), unknown);
    assert_eq!(sim.machine.end(&writer(1), true), Err(ResponseError::ProducerFenced));
}

#[test]
fn a_timeout_runs_on_over_a_restart() {
    let mut sim = Sim::new();
    sim.begin(producer(3));
    assert_eq!(sim.machine.deadline(), None);
    sim.join(0);
    sim.now += 100;
    sim.join(1);
    for machine in [&sim.machine, &sim.restarted()] {
        assert_eq!(machine.deadline(), Some(1_500), "since the first partition");
        assert_eq!(machine.due(1_499), []);
        assert_eq!(machine.due(1_500), [Due::Expired { id: ID.into(), epoch: 4 }]);
    }
    sim.decide(false, 4);
    assert_eq!(sim.machine.due(sim.now + 1_000), [Due::Unfinished { id: ID.into() }]);
    assert_eq!(sim.machine.ending(ID).unwrap().places.len(), 2);
    sim.machine.marked(ID, (Uuid::nil(), 0));
    assert_eq!(sim.machine.ending(ID).unwrap().places, [(Uuid::nil(), 1)]);
    sim.ended();
    assert_eq!((sim.machine.deadline(), sim.machine.ending(ID)), (None, None));
}

#[test]
fn idle_ids_make_room_and_busy_ones_do_not() {
    let mut sim = Sim::new();
    let named = |at: i64| format!("id{at}");
    for at in 0..10 {
        sim.now += 1;
        assert!(sim.machine.admit(&named(at)).is_ok());
        sim.write(Event::Transactional { id: named(at), producer: producer(0), ended: None });
    }
    let partitions = vec![(Uuid::nil(), 0)];
    sim.write(Event::Joined { id: named(0), since_ms: 5, partitions });
    assert!(sim.machine.admit("more").is_err());
    assert_eq!(sim.machine.idle(), ["id1".into()], "the oldest without a transaction");
    sim.write(Event::TransactionalDeleted { id: named(1) });
    assert!(sim.machine.admit("more").is_ok());
    assert_eq!(sim.restarted().ids.len(), 9);
    sim.write(Event::TransactionalDeleted { id: named(0) });
    assert_eq!(sim.machine.deadline(), None);
}

#[test]
fn what_a_transaction_holds_is_counted_and_given_back() {
    let mut sim = Sim::new();
    let share = sim.machine.admit(ID).unwrap();
    let event = Event::Transactional { id: ID.to_owned(), producer: producer(0), ended: None };
    sim.machine.apply(sim.now, &event, Some(share));
    let idle = sim.memory.used();
    assert!(idle > 0);
    let places: Vec<_> = (0..100).map(|at| (Uuid::nil(), at)).collect();
    sim.machine.make_room(ID, places.len(), "").unwrap();
    let held = sim.memory.used();
    sim.write(Event::Joined { id: ID.to_owned(), since_ms: 1, partitions: places });
    assert_eq!(sim.memory.used(), held);
    assert!(sim.machine.make_room(ID, 1_000_000, "").is_err());
    sim.decide(true, 0);
    sim.ended();
    assert_eq!(sim.memory.used(), idle);
    sim.write(Event::TransactionalDeleted { id: ID.to_owned() });
    assert_eq!(sim.memory.used(), 0);
}
