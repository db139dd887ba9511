//! Reader and writer on a thread each.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::feed::Feed;
use kadence_core::target::Target;

use crate::gauges::Gauges;
use crate::options::Options;
use crate::orders::{Answer, Order};
use crate::outcome::Outcome;
use crate::reader::{Reader, Turn};
use crate::writer::{Rest, Writer};

/// Orders on their way. What has no room stays with the reader.
const ORDERS: usize = 8;
/// Answers on their way. The reader never waits for the writer, so the writer may wait for it.
const ANSWERS: usize = 8;
/// How long the reader waits for the feed before it looks around.
const PATIENCE: Duration = Duration::from_millis(100);

/// Lands all that `feed` gives in `target`, until it has no more, a limit is reached, `stop` is raised or something is
/// wrong. The feed is read on the calling thread, and the target is written to on another one. Gives the feed back.
pub fn land<F: Feed>(
    feed: F,
    target: impl Target,
    options: Options,
    clock: &dyn Clock,
    stop: &Stop,
    gauges: Arc<Gauges>,
) -> (Outcome, F) {
    // The hasher of a new map is seeded at random.
    let seed = RandomState::new().build_hasher().finish();
    let writer = Writer::new(options.on_reject).seeded(seed);
    let reader = Reader::new(feed, options).watched_by(gauges);
    thread::scope(|scope| {
        let (give, orders) = sync_channel(ORDERS);
        let (tell, answers) = sync_channel(ANSWERS);
        let write = move || write(writer, target, clock, &orders, &tell);
        // Without a thread the channels close at once, which the reader reports.
        let _ = thread::Builder::new().name("writer".into()).spawn_scoped(scope, write);
        read(reader, clock, stop, &give, &answers)
    })
}

fn read<F: Feed>(
    mut reader: Reader<F>,
    clock: &dyn Clock,
    stop: &Stop,
    give: &SyncSender<Order>,
    answers: &Receiver<Answer>,
) -> (Outcome, F) {
    loop {
        if stop.is_raised() {
            reader.stop();
        }
        let turn = reader.step(clock, PATIENCE);
        while let Some(order) = reader.order() {
            match give.try_send(order) {
                Ok(()) => {}
                Err(TrySendError::Full(order)) => {
                    reader.order_later(order);
                    break;
                }
                Err(TrySendError::Disconnected(_)) => reader.writer_gone(),
            }
        }
        let answer = match turn {
            Turn::Over => return reader.outcome(),
            Turn::Again => answers.try_recv().map_err(|error| error == TryRecvError::Disconnected),
            Turn::Answers(at_most) => {
                let answer = answers.recv_timeout(at_most);
                answer.map_err(|error| error == RecvTimeoutError::Disconnected)
            }
        };
        match answer {
            Ok(answer) => reader.hear(clock.now(), answer),
            Err(is_gone) if is_gone => reader.writer_gone(),
            Err(_) => {}
        }
        while let Ok(answer) = answers.try_recv() {
            reader.hear(clock.now(), answer);
        }
    }
}

fn write(
    mut writer: Writer,
    mut target: impl Target,
    clock: &dyn Clock,
    orders: &Receiver<Order>,
    tell: &SyncSender<Answer>,
) {
    loop {
        let rest = writer.step(&mut target, clock);
        while let Some(answer) = writer.answer() {
            if tell.send(answer).is_err() {
                return;
            }
        }
        let order = match rest {
            Rest::None => Err(RecvTimeoutError::Timeout),
            Rest::Until(None) => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Rest::Until(Some(until)) => orders.recv_timeout(until.saturating_sub(clock.now())),
        };
        match order {
            Ok(order) => writer.take(order),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        while let Ok(order) = orders.try_recv() {
            writer.take(order);
        }
    }
}
