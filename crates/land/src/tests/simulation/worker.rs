//! A worker: a reader and a writer, and what is on its way between them.

use std::collections::VecDeque;
use std::time::Duration;

use kadence_core::clock::{Clock, ManualClock};
use kadence_core::fault::Fault;
use kadence_core::target::{Claim, Committed, Part};

use super::Verdict;
use super::chance::Chance;
use crate::memory::{MemoryCluster, MemoryFeed, MemoryFeedOptions, MemoryStore, Seat, Transaction};
use crate::options::Options;
use crate::orders::{Answer, Landed, Order};
use crate::outcome::Outcome;
use crate::planted::{Rule, Without};
use crate::reader::{Reader, Turn};
use crate::writer::{Act, Verdicts, Writer};

pub(super) struct Worker {
    reader: Reader<MemoryFeed>,
    writer: Writer,
    orders: VecDeque<Order>,
    answers: VecDeque<Answer>,
    call: Option<Call>,
    pub(super) instance: Option<String>,
    /// It is stopped until then.
    pub(super) asleep: Option<Duration>,
    /// Another one was started with its name.
    pub(super) is_replaced: bool,
    pub(super) is_over: bool,
}

/// A call to the target that is under way.
enum Call {
    Claim(Result<Vec<Claim>, Fault>),
    Commit { transaction: Transaction, verdicts: Verdicts, fate: Fate },
}

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    Fails,
    AnswerLost,
    NotDoneAnswerLost,
    /// The answer is lost, and the server goes on with it some time later.
    Late,
}

/// What a step of the world has to know of its workers.
pub(super) struct Around<'w> {
    pub(super) clock: &'w ManualClock,
    pub(super) cluster: &'w MemoryCluster,
    pub(super) store: &'w MemoryStore,
    pub(super) chance: &'w mut Chance,
    /// Transactions with which the server goes on later.
    pub(super) late: &'w mut Vec<Transaction>,
    /// Whether anything goes wrong with the target.
    pub(super) is_quiet: bool,
}

impl Worker {
    pub(super) fn start(
        cluster: &MemoryCluster,
        options: Options,
        feed_options: MemoryFeedOptions,
        without: Without,
    ) -> Self {
        let instance = feed_options.instance.clone();
        let mut writer = Writer::new(options.on_reject);
        let mut reader = Reader::new(MemoryFeed::join(cluster, feed_options), options);
        reader.without(without);
        writer.without = without;
        if without == Some(Rule::OwnershipConfirmed) {
            // What was never confirmed was not confirmed long ago.
            writer.without = Some(Rule::ConfirmedJustNow);
        }
        Self {
            reader,
            writer,
            orders: VecDeque::new(),
            answers: VecDeque::new(),
            call: None,
            instance,
            asleep: None,
            is_replaced: false,
            is_over: false,
        }
    }

    /// Whether it is inside a call to the target.
    pub(super) fn is_inside(&self) -> bool {
        self.call.is_some()
    }

    pub(super) fn member(&self) -> u64 {
        self.reader.feed().member()
    }

    pub(super) fn stop(&mut self) {
        self.reader.stop();
    }

    /// The worker is killed: what is open ends in one way or another.
    pub(super) fn kill(self, around: &mut Around<'_>) -> Outcome {
        if let Some(Call::Commit { transaction, .. }) = self.call {
            match around.chance.below(3) {
                0 => drop(around.store.commit(transaction)),
                1 => around.late.push(transaction),
                _ => {}
            }
        }
        self.reader.outcome().0
    }

    /// The worker's run is over: it leaves the group.
    pub(super) fn leave(self) -> Outcome {
        let (outcome, feed) = self.reader.outcome();
        feed.leave();
        outcome
    }

    /// One step of one of its parts.
    pub(super) fn step(&mut self, around: &mut Around<'_>) -> Verdict {
        match around.chance.below(4) {
            0 => self.hear(around),
            1 => self.read(around),
            _ => self.write(around),
        }
    }

    fn hear(&mut self, around: &Around<'_>) -> Verdict {
        let Some(answer) = self.answers.pop_front() else { return Ok(()) };
        if let Answer::Settled { filled, landed: Landed::Yes, .. } = &answer {
            for part in &filled.parts {
                let next = around.store.place(&part.partition).next;
                if next.is_none_or(|next| next < part.next) {
                    return Err(format!("{part:?} is taken for landed, and the ledger has {next:?}"));
                }
            }
        }
        self.reader.hear(around.clock.now(), answer);
        Ok(())
    }

    fn read(&mut self, around: &Around<'_>) -> Verdict {
        let turn = self.reader.step(around.clock, Duration::ZERO);
        self.is_over = turn == Turn::Over;
        while let Some(order) = self.reader.order() {
            self.orders.push_back(order);
        }
        for (_, seat) in around.cluster.released() {
            if self.is_under_way(&seat) {
                return Err(format!("{}[{}] is released, and a batch of it is under way", seat.0, seat.1));
            }
        }
        Ok(())
    }

    fn is_under_way(&self, seat: &Seat) -> bool {
        let is_it = |partition: &kadence_core::feed::Partition| {
            (&partition.topic, partition.index) == (&seat.0, seat.1)
        };
        let is_sent = self.orders.iter().any(|order| match order {
            Order::Commit(filled) => filled.parts.iter().any(|part| is_it(&part.partition)),
            _ => false,
        });
        is_sent || self.writer.has(is_it)
    }

    fn write(&mut self, around: &mut Around<'_>) -> Verdict {
        if let Some(call) = self.call.take() {
            self.end(call, around);
        } else {
            for _ in 0..around.chance.below(4) {
                let Some(order) = self.orders.pop_front() else { break };
                self.writer.take(order);
            }
            self.begin(around)?;
        }
        while let Some(answer) = self.writer.answer() {
            self.answers.push_back(answer);
        }
        Ok(())
    }

    fn begin(&mut self, around: &mut Around<'_>) -> Verdict {
        let now = around.clock.now();
        let member = self.member();
        let mut verdicts = self.writer.verdicts();
        match self.writer.next(now) {
            Act::Wait(_) => {}
            Act::Claim(asked) => {
                if around.trouble(12) {
                    self.call = Some(Call::Claim(Err(no_connection())));
                    return Ok(());
                }
                around.cluster.tick();
                let fenced = around.cluster.fenced(member);
                for (partition, epoch) in asked {
                    let owner = around.cluster.owner(&partition.topic, partition.index);
                    // What it was told just before another one took its place is excused.
                    let is_excused = epoch.is_some()
                        || fenced.is_some_and(|at| now.saturating_sub(at) < Duration::from_secs(3));
                    if owner != Some(member) && !is_excused {
                        return Err(format!("member {member} claims {partition}, which {owner:?} has"));
                    }
                }
                let claims = around.store.claim(asked);
                let is_lost = around.trouble(12);
                self.call = Some(Call::Claim(if is_lost { Err(no_connection()) } else { Ok(claims) }));
            }
            Act::Commit(batch) => {
                for part in batch.parts {
                    is_the_same_log(around, part)?;
                }
                let transaction = around.store.open(&batch, &mut verdicts);
                let fate = around.fate();
                self.call = Some(Call::Commit { transaction, verdicts, fate });
            }
        }
        Ok(())
    }

    fn end(&mut self, call: Call, around: &mut Around<'_>) {
        let now = around.clock.now();
        match call {
            Call::Claim(result) => self.writer.claimed(now, result),
            Call::Commit { transaction, verdicts, fate } => {
                let result = match fate {
                    Fate::Done => Ok(around.store.commit(transaction)),
                    Fate::Fails => Err(no_connection()),
                    Fate::AnswerLost => {
                        around.store.commit(transaction);
                        Ok(Committed::Unknown)
                    }
                    Fate::NotDoneAnswerLost => Ok(Committed::Unknown),
                    Fate::Late => {
                        around.late.push(transaction);
                        Ok(Committed::Unknown)
                    }
                };
                self.writer.committed(now, result, verdicts);
            }
        }
    }
}

/// The record that was landed last stands in the log, if any does in its place.
fn is_the_same_log(around: &Around<'_>, part: &Part) -> Verdict {
    let Part { partition, epoch, .. } = part;
    let place = around.store.place(partition);
    let Some(landed) = place.mark.filter(|_| place.epoch == *epoch) else { return Ok(()) };
    if around.cluster.partition(&partition.topic, partition.index) != *partition {
        return Ok(());
    }
    match around.cluster.mark(&partition.topic, partition.index, landed.offset) {
        Some(found) if found != landed => Err(format!("{partition}: {part:?} goes on in another log")),
        _ => Ok(()),
    }
}

impl Around<'_> {
    fn trouble(&mut self, times: u64) -> bool {
        !self.is_quiet && self.chance.once_in(times)
    }

    fn fate(&mut self) -> Fate {
        if !self.trouble(3) {
            return Fate::Done;
        }
        *self.chance.of(&[Fate::Fails, Fate::AnswerLost, Fate::NotDoneAnswerLost, Fate::Late])
    }
}

fn no_connection() -> Fault {
    Fault::new("memory", "no connection").retry()
}
