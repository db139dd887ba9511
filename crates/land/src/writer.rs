//! The half that has the target, as a machine without target and clock.
//!
//! It says what is to be done next ([`Writer::next`]), and is told what came of it ([`Writer::claimed`],
//! [`Writer::committed`]). What the ledger has for its partitions it knows from the answers, and so it knows which
//! batches still follow on it: a batch of which one part does not is rolled back whole.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kadence_core::clock::Clock;
use kadence_core::fault::{Disposition, Fault};
use kadence_core::feed::Partition;
use kadence_core::target::{Batch, Claim, Committed, Rejects, Target, Verdict};

use crate::back_off::BackOff;
use crate::error::LandError;
use crate::options::OnReject;
use crate::orders::{Answer, Filled, Landed, Ledger, Order, Stretch};
use crate::planted::{Rule, Without};

/// How long a claim may rest on what the feed confirmed. A session, whose end makes a partition somebody else's, is
/// longer than that.
const CONFIRMED_FOR: Duration = Duration::from_secs(2);

/// Claims and commits what it is told to.
#[derive(Debug)]
pub struct Writer {
    on_reject: OnReject,
    orders: VecDeque<Order>,
    answers: VecDeque<Answer>,
    /// What is ours by the ledger.
    ours: BTreeMap<Partition, Place>,
    task: Option<Task>,
    /// When the task may be tried.
    from: Duration,
    back_off: BackOff,
    /// What a claim under way asks for.
    asked: Vec<(Partition, Option<i64>)>,
    failed: bool,
    pub(crate) without: Without,
}

/// What the ledger has.
#[derive(Clone, Copy, Debug)]
struct Place {
    epoch: i64,
    next: Option<i64>,
}

/// What is under way.
#[derive(Debug)]
enum Task {
    /// Partitions are claimed that the feed confirmed.
    Claim {
        wanted: Vec<Stretch>,
        confirmed: Duration,
    },
    Commit(Filled),
    /// The answer to a commit was lost: the ledger is asked.
    Ask {
        filled: Filled,
        rejected: u64,
    },
}

/// The act that is to be done next.
#[derive(Debug)]
pub enum Act<'w> {
    /// To claim, and to tell [`Writer::claimed`].
    Claim(&'w [(Partition, Option<i64>)]),
    /// To commit, and to tell [`Writer::committed`].
    Commit(Batch<'w>),
    /// Nothing before this time, unless there are more orders.
    Wait(Option<Duration>),
}

/// The answer to whether a step left nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// There may be more to do.
    None,
    /// There is nothing to do before this time, unless orders come.
    Until(Option<Duration>),
}

impl Writer {
    /// A writer without orders.
    pub fn new(on_reject: OnReject) -> Self {
        Self {
            on_reject,
            orders: VecDeque::new(),
            answers: VecDeque::new(),
            ours: BTreeMap::new(),
            task: None,
            from: Duration::ZERO,
            back_off: BackOff::default(),
            asked: Vec::new(),
            failed: false,
            without: None,
        }
    }

    /// Has pauses between attempts differ from those of writers with another seed.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { back_off: BackOff::seeded(seed), ..self }
    }

    /// Takes an order. Partitions that are lost are so at once, also for the orders before.
    pub fn take(&mut self, order: Order) {
        let Order::Lost(lost) = order else { return self.orders.push_back(order) };
        self.ours.retain(|partition, _| !lost.contains(partition));
        let drop_lost = |wanted: &mut Vec<Stretch>| wanted.retain(|one| !lost.contains(&one.partition));
        for order in &mut self.orders {
            if let Order::Claim { wanted, .. } = order {
                drop_lost(wanted);
            }
        }
        if let Some(Task::Claim { wanted, .. }) = &mut self.task {
            drop_lost(wanted);
        }
    }

    /// An answer for the reader.
    pub fn answer(&mut self) -> Option<Answer> {
        self.answers.pop_front()
    }

    /// Says what is to be done now.
    pub fn next(&mut self, now: Duration) -> Act<'_> {
        loop {
            let Some(task) = self.task.take() else {
                let Some(order) = self.orders.pop_front() else { return Act::Wait(None) };
                self.begin(order);
                continue;
            };
            if !self.is_due(&task, now) {
                self.give_up(task);
                continue;
            }
            self.task = Some(task);
            if now < self.from {
                return Act::Wait(Some(self.from));
            }
            break;
        }
        match self.task.as_mut() {
            Some(Task::Commit(filled)) => {
                for part in &mut filled.parts {
                    part.epoch = self.ours.get(&part.partition).map_or(0, |place| place.epoch);
                }
                Act::Commit(Batch { parts: &filled.parts, records: &filled.run })
            }
            Some(task) => {
                self.asked = asked(task, &self.ours, self.without);
                Act::Claim(&self.asked)
            }
            None => Act::Wait(None),
        }
    }

    fn begin(&mut self, order: Order) {
        self.from = Duration::ZERO;
        match order {
            Order::Claim { wanted, confirmed } => self.task = Some(Task::Claim { wanted, confirmed }),
            Order::Commit(filled) => self.task = Some(Task::Commit(filled)),
            Order::Leave { number, partitions } => {
                self.ours.retain(|partition, _| !partitions.contains(partition));
                self.answers.push_back(Answer::Left(number));
            }
            Order::Lost(_) => {}
        }
    }

    /// Whether it is still to be done. A commit that failed once gives way to partitions that are to be left or claimed:
    /// a lock that it waits for may be that of a worker whom the claim puts aside.
    fn is_due(&self, task: &Task, now: Duration) -> bool {
        let gives_way = || {
            let is_next = |order: &Order| match order {
                Order::Leave { .. } => true,
                Order::Claim { .. } => matches!(task, Task::Commit(_)),
                _ => false,
            };
            now < self.from && self.orders.iter().any(is_next)
        };
        if self.failed || gives_way() {
            return false;
        }
        match task {
            Task::Claim { wanted, confirmed } => {
                let is_old = now.saturating_sub(*confirmed) > CONFIRMED_FOR;
                !wanted.is_empty() && (!is_old || self.without == Some(Rule::ConfirmedJustNow))
            }
            Task::Commit(filled) => self.follows(filled),
            Task::Ask { filled, .. } => {
                filled.parts.iter().any(|part| self.ours.contains_key(&part.partition))
            }
        }
    }

    /// Whether a batch goes on where the ledger is.
    fn follows(&self, filled: &Filled) -> bool {
        filled
            .parts
            .iter()
            .all(|part| self.ours.get(&part.partition).is_some_and(|place| place.next == part.expected))
    }

    fn give_up(&mut self, task: Task) {
        match task {
            Task::Claim { wanted, .. } => self.answers.push_back(Answer::NotClaimed(wanted)),
            Task::Commit(filled) => self.settle(filled, Landed::No, 0),
            Task::Ask { filled, .. } => {
                // What the ledger has is not known either.
                self.ours
                    .retain(|partition, _| !filled.parts.iter().any(|part| part.partition == *partition));
                self.settle(filled, Landed::Unknown, 0);
            }
        }
    }

    fn settle(&mut self, filled: Filled, landed: Landed, rejected: u64) {
        let ledger =
            |partition| self.ours.get(partition).map_or(Ledger::Others, |place| Ledger::Ours(place.next));
        let ledger = filled.parts.iter().map(|part| ledger(&part.partition)).collect();
        self.answers.push_back(Answer::Settled { filled, landed, ledger, rejected });
    }

    fn fail(&mut self, error: LandError) {
        if !std::mem::replace(&mut self.failed, true) {
            self.answers.push_back(Answer::Failed(error));
        }
    }

    /// Tries again later, or never.
    fn later(&mut self, now: Duration, task: Task, error: Fault) {
        if error.disposition == Disposition::Retry {
            self.from = now + self.back_off.next();
        } else {
            self.fail(LandError::Target(error));
        }
        self.task = Some(task);
    }

    /// Takes note of what came of [`Act::Claim`].
    pub fn claimed(&mut self, now: Duration, result: Result<Vec<Claim>, Fault>) {
        let Some(task) = self.task.take() else { return };
        let claims = match result {
            Ok(claims) => claims,
            Err(error) => return self.later(now, task, error),
        };
        self.back_off.reset();
        match task {
            Task::Claim { wanted, .. } => self.claimed_first(wanted, claims),
            Task::Ask { filled, rejected } => self.claimed_again(filled, rejected, &claims),
            Task::Commit(_) => self.task = Some(task),
        }
    }

    fn claimed_first(&mut self, wanted: Vec<Stretch>, mut claims: Vec<Claim>) {
        let (mut claimed, mut missing) = (Vec::new(), Vec::new());
        for stretch in wanted {
            let Some(at) = claims.iter().position(|claim| claim.partition == stretch.partition) else {
                missing.push(stretch);
                continue;
            };
            let claim = claims.swap_remove(at);
            let place = Place { epoch: claim.epoch, next: claim.next };
            self.ours.insert(stretch.partition.clone(), place);
            claimed.push((stretch, claim));
        }
        if !missing.is_empty() {
            self.answers.push_back(Answer::NotClaimed(missing));
        }
        self.answers.push_back(Answer::Claimed(claimed));
    }

    /// The ledger says what became of a batch: its parts are landed all or none.
    fn claimed_again(&mut self, filled: Filled, rejected: u64, claims: &[Claim]) {
        let (mut is_landed, mut known) = (false, 0);
        for part in &filled.parts {
            let claim = claims.iter().find(|claim| claim.partition == part.partition);
            // One that was lost meanwhile is not ours, but its ledger tells as well.
            if let Some(claim) = claim {
                is_landed |= claim.next == Some(part.next);
                known += 1;
            }
            let Some(place) = self.ours.get_mut(&part.partition) else { continue };
            match claim {
                Some(claim) => *place = Place { epoch: claim.epoch, next: claim.next },
                None => drop(self.ours.remove(&part.partition)),
            }
        }
        match known {
            _ if is_landed => self.settle(filled, Landed::Yes, rejected),
            0 => self.settle(filled, Landed::Unknown, 0),
            // If it still follows on the ledger it is tried again.
            _ => self.task = Some(Task::Commit(filled)),
        }
    }

    /// Takes note of what came of [`Act::Commit`], and of what was rejected.
    pub fn committed(&mut self, now: Duration, result: Result<Committed, Fault>, verdicts: Verdicts) {
        let Some(Task::Commit(filled)) = self.task.take() else { return };
        let committed = match result {
            Ok(committed) => committed,
            Err(error) => return self.later(now, Task::Commit(filled), error),
        };
        self.back_off.reset();
        let rejected = verdicts.rejected;
        match committed {
            Committed::Done => self.landed(filled, rejected),
            Committed::Unknown if self.without == Some(Rule::LedgerBelieved) => self.landed(filled, rejected),
            Committed::Unknown => self.task = Some(Task::Ask { filled, rejected }),
            Committed::Refused => {
                self.fail(refused(&filled, verdicts.refused));
                self.settle(filled, Landed::No, 0);
            }
            Committed::Fenced(others) => {
                // A target that names nobody has to mean all.
                let are_named = filled.parts.iter().any(|part| others.contains(&part.partition));
                for part in &filled.parts {
                    if !are_named || others.contains(&part.partition) {
                        self.ours.remove(&part.partition);
                    }
                }
                self.settle(filled, Landed::No, 0);
            }
        }
    }

    fn landed(&mut self, filled: Filled, rejected: u64) {
        for part in &filled.parts {
            if let Some(place) = self.ours.get_mut(&part.partition) {
                place.next = Some(part.next);
            }
        }
        self.settle(filled, Landed::Yes, rejected);
    }

    /// Whether something is under way of this partition.
    #[cfg(test)]
    pub(crate) fn has(&self, is_it: impl Fn(&Partition) -> bool) -> bool {
        let has_part = |filled: &Filled| filled.parts.iter().any(|part| is_it(&part.partition));
        let task = match &self.task {
            Some(Task::Commit(filled) | Task::Ask { filled, .. }) => has_part(filled),
            _ => false,
        };
        task || self.orders.iter().any(|order| matches!(order, Order::Commit(filled) if has_part(filled)))
    }

    /// Gives whoever decides about records that the target does not take.
    pub fn verdicts(&self) -> Verdicts {
        Verdicts { on_reject: self.on_reject, rejected: 0, refused: None }
    }

    /// Does with `target` what is to be done now.
    pub fn step(&mut self, target: &mut impl Target, clock: &dyn Clock) -> Rest {
        let mut verdicts = self.verdicts();
        match self.next(clock.now()) {
            Act::Wait(until) => return Rest::Until(until),
            Act::Claim(asked) => {
                let result = target.claim(asked);
                self.claimed(clock.now(), result);
            }
            Act::Commit(batch) => {
                let result = target.commit(&batch, &mut verdicts);
                self.committed(clock.now(), result, verdicts);
            }
        }
        Rest::None
    }
}

/// What a claim asks for. After an unknown outcome it is made only where nobody else made one.
fn asked(task: &Task, ours: &BTreeMap<Partition, Place>, without: Without) -> Vec<(Partition, Option<i64>)> {
    match task {
        Task::Claim { wanted, .. } => wanted.iter().map(|one| (one.partition.clone(), None)).collect(),
        Task::Commit(filled) | Task::Ask { filled, .. } => {
            let epoch = |partition| {
                let epoch = ours.get(partition)?.epoch;
                Some((without != Some(Rule::ClaimedAgainByEpoch)).then_some(epoch))
            };
            let parts = filled.parts.iter();
            parts.filter_map(|part| Some((part.partition.clone(), epoch(&part.partition)?))).collect()
        }
    }
}

fn refused(filled: &Filled, record: Option<(usize, String)>) -> LandError {
    let Some((place, reason)) = record else {
        return LandError::Target(Fault::new("the target", "it refuses a batch, and names no record"));
    };
    let facts = filled.run.facts(place);
    let partition = filled.parts[facts.lane as usize].partition.clone();
    LandError::Rejected { partition, offset: facts.sequence as i64, reason }
}

/// Counts what is rejected, and rolls back where it ends the landing.
#[derive(Debug)]
pub struct Verdicts {
    on_reject: OnReject,
    rejected: u64,
    /// The record that ends the landing, by its place in the batch, with the reason.
    refused: Option<(usize, String)>,
}

impl Rejects for Verdicts {
    fn rejected(&mut self, place: usize, reason: &str) -> Verdict {
        self.rejected += 1;
        match self.on_reject {
            OnReject::Stop => {
                self.refused = Some((place, reason.to_owned()));
                Verdict::RollBack
            }
            OnReject::Skip => Verdict::LeaveOut,
        }
    }
}
