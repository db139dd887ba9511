//! Keeps an idempotent librdkafka from polling in circles while it may not send.
//!
//! While five records of a partition are under way, an idempotent librdkafka sends no more of it; if there are more,
//! the thread that would send them looks again and again, without a pause, until a report comes. It does not look at
//! partitions that are paused. So they are paused once nothing has moved for a moment, and go on at the next report.
//! Since what was under way may have come back unsent, when a connection broke, they also go on for a moment now and
//! then.

use std::time::Duration;

use super::hold::Hold;
use super::receipts::Receipts;
use crate::properties::Properties;

/// So many records of a partition may be under way.
const MOST_UNDER_WAY: u64 = 5;
/// How long the client may look in circles before partitions are paused none of which may send.
const SHORT: Duration = Duration::from_micros(500);
/// How long nothing has to move before partitions of which some may be free to send are paused. It is longer than a
/// round trip, so that it takes a broker that answers nothing.
const STANDSTILL: Duration = Duration::from_millis(500);
/// Where records move or do not for long, the topic is asked for this often.
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// Where nothing is under way, it is asked for this often: the next record may be long in coming.
const ASKED_EVERY_AT_REST: Duration = Duration::from_millis(1_800);
/// One broker may not know for a moment what the others do; so often in turn it is gone.
const ABSENT: u32 = 2;
/// How long partitions are paused before they go on for a while: first so long, for the thread that sends may only have
/// been late itself, and each further time twice as long, up to so long.
const FIRST_HELD: Duration = Duration::from_millis(5);
const HELD: Duration = Duration::from_millis(100);
/// For how long they go on then; before that, for a [`SHORT`] while.
const OPEN: Duration = Duration::from_millis(2);
/// Lingering for longer than this makes no difference to when partitions are paused.
const MOST_LINGER: Duration = Duration::from_millis(500);

/// When to pause and when to go on; kept by whoever polls the client.
#[derive(Debug, Default)]
pub(super) struct Brake {
    /// How many partitions there are; `None` for a client that never looks in circles.
    partitions: Option<u64>,
    /// What the client waits for by itself.
    linger: Duration,
    /// What was done when something moved last.
    done: u64,
    /// How long nothing has moved with more under way than is sent at once.
    idle: Duration,
    /// How long the partitions have been paused.
    held: Duration,
    /// How long they are paused this time; zero as long as they have not been since something moved.
    hold_for: Duration,
    /// How long nothing has moved with anything under way, since then or since the topic was asked for.
    still: Duration,
    /// How long nothing has been under way, likewise.
    rest: Duration,
    /// How often in turn the topic was not there.
    absent: u32,
    /// How long ago the topic was asked for, and what was done then.
    since_asked: Duration,
    done_when_asked: u64,
}

impl Brake {
    /// For a topic of so many partitions. `linger` is what the client waits for by itself.
    pub(super) fn new(properties: &Properties, partitions: usize) -> Self {
        let linger = properties.get("linger.ms").and_then(|millis| millis.trim().parse().ok());
        let linger = linger.map_or(STANDSTILL, |millis: f64| Duration::from_secs_f64(millis.max(0.0) / 1e3));
        let is_idempotent =
            properties.get("enable.idempotence").is_some() && !properties.is_false("enable.idempotence");
        let partitions = is_idempotent.then_some(partitions as u64);
        Self { partitions, linger: linger.min(MOST_LINGER) * 2, ..Self::default() }
    }

    /// How long nothing has to move before partitions are paused, with so many records under way.
    fn patience(&self, under_way: u64) -> Duration {
        let partitions = self.partitions.unwrap_or(u64::MAX);
        // Of one partition, or of many with far more than they may send, none is free to send.
        let is_full = partitions == 1 || under_way >= partitions.saturating_mul(MOST_UNDER_WAY * 2);
        self.linger + if is_full { SHORT } else { STANDSTILL }
    }

    /// How long the next look for reports may take, of `at_most`, with so many records accepted.
    pub(super) fn look(&self, accepted: u64, receipts: &Receipts, at_most: Duration) -> Duration {
        let may_spin = self.may_spin(accepted, receipts.done());
        let is_held = receipts.hold().is_some_and(Hold::is_held);
        match (may_spin, is_held) {
            (true, false) => SHORT.min(at_most),
            // The bell wakes a little late rather than early; so this is not asked for in ever smaller pieces.
            (true, true) => self.hold_for.saturating_sub(self.held).clamp(SHORT, at_most.max(SHORT)),
            (false, _) => at_most,
        }
    }

    /// Takes note of a look that took so long, and pauses the partitions or has them go on.
    pub(super) fn looked(&mut self, took: Duration, accepted: u64, receipts: &Receipts) {
        let (Some(hold), done) = (receipts.hold(), receipts.done()) else { return };
        let is_at_rest = accepted == done;
        self.since_asked = self.since_asked.saturating_add(took);
        if done != self.done {
            self.absent = 0;
        }
        if done != self.done || is_at_rest {
            self.still = Duration::ZERO;
        }
        if is_at_rest {
            self.rest = self.rest.saturating_add(took);
        } else {
            self.rest = Duration::ZERO;
            self.still = self.still.saturating_add(took);
        }
        if done != self.done || !self.may_spin(accepted, done) {
            (self.done, self.idle, self.hold_for) = (done, Duration::ZERO, Duration::ZERO);
            return hold.release();
        }
        self.idle = self.idle.saturating_add(took);
        // Before the first report there may be other reasons why nothing was sent yet.
        let patience = if done == 0 { STANDSTILL } else { self.patience(accepted.saturating_sub(done)) };
        let patience = match self.hold_for {
            Duration::ZERO => patience,
            HELD => OPEN,
            _ => SHORT,
        };
        if !hold.is_held() {
            if self.idle >= patience {
                self.held = Duration::ZERO;
                self.hold_for = (self.hold_for * 2).clamp(FIRST_HELD, HELD);
                hold.hold();
            }
            return;
        }
        self.held = self.held.saturating_add(took);
        if self.held >= self.hold_for {
            self.idle = Duration::ZERO;
            hold.release();
        }
    }

    /// Whether nothing has moved for so long that the topic may be gone, or enough that it may be another one.
    pub(super) fn shall_ask(&self, done: u64) -> bool {
        let has_moved = done != self.done_when_asked && self.since_asked >= ASKED_EVERY;
        has_moved || self.still >= ASKED_EVERY || self.rest >= ASKED_EVERY_AT_REST
    }

    /// Takes note of whether the topic is there, as far as that is known; says whether it is gone.
    pub(super) fn asked(&mut self, is_absent: Option<bool>, done: u64) -> bool {
        (self.still, self.rest, self.since_asked) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        self.done_when_asked = done;
        match is_absent {
            Some(true) => self.absent += 1,
            Some(false) => self.absent = 0,
            None => {}
        }
        self.absent == ABSENT
    }

    /// Whether the client may be looking in circles, or begin to.
    pub(super) fn may_spin(&self, accepted: u64, done: u64) -> bool {
        self.partitions.is_some() && Self::is_over(accepted, done)
    }

    /// Whether more is under way than is sent at once.
    pub(super) fn is_over(accepted: u64, done: u64) -> bool {
        accepted.saturating_sub(done) > MOST_UNDER_WAY
    }
}
