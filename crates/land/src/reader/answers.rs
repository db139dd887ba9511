//! What the writer answers.

use std::time::Duration;

use kadence_core::feed::Feed;
use kadence_core::target::Claim;

use super::Reader;
use super::held::{Held, Leaving, State};
use crate::orders::{Answer, Filled, Landed, Ledger, Stretch};
use crate::outcome::Ended;
use crate::planted::Rule;

impl<F: Feed> Reader<F> {
    /// Takes an answer of the writer.
    pub fn hear(&mut self, now: Duration, answer: Answer) {
        match answer {
            Answer::Claimed(claims) => self.claimed(claims),
            Answer::NotClaimed(stretches) => {
                self.claims = false;
                for stretch in &stretches {
                    if let Some(held) = self.claiming(stretch) {
                        held.not_ours(now);
                    }
                }
            }
            Answer::Settled { filled, landed, ledger, rejected } => {
                self.settled(now, filled, landed, &ledger, rejected);
            }
            Answer::Left(number) => {
                for held in self.desk.held.values_mut() {
                    if held.leaving == Some(Leaving::Asked(number)) {
                        held.leaving = Some(Leaving::Left);
                    }
                }
            }
            Answer::Failed(error) => self.end(Ended::Failed(error)),
        }
    }

    /// The partition whose claim is answered, unless it was lost meanwhile.
    fn claiming(&mut self, stretch: &Stretch) -> Option<&mut Held> {
        let held = self.desk.held(&stretch.partition)?;
        (held.stretch == stretch.number && matches!(held.state, State::Claiming)).then_some(held)
    }

    fn claimed(&mut self, claims: Vec<(Stretch, Claim)>) {
        self.claims = false;
        for (stretch, claim) in claims {
            if let Some(held) = self.claiming(&stretch) {
                held.state = State::Claimed(claim);
                held.looks = 0;
                held.from = Duration::ZERO;
            }
        }
    }

    fn settled(&mut self, now: Duration, filled: Filled, landed: Landed, ledger: &[Ledger], rejected: u64) {
        self.sent -= 1;
        let records = filled.run.len() as u64;
        match landed {
            Landed::Yes => self.landed(&filled, rejected),
            Landed::No => self.desk.kept -= records,
            Landed::Unknown => {
                self.desk.kept -= records;
                self.done.uncertain += records;
            }
        }
        if landed != Landed::Yes || ledger.contains(&Ledger::Others) {
            self.finished = false;
            if self.without != Some(Rule::ReadAgain) {
                self.go_back(now, &filled, landed, ledger);
            }
        }
        match self.desk.open {
            None => self.desk.take_up(now, filled.run),
            Some(_) => self.spare.push(filled.run),
        }
    }

    fn landed(&mut self, filled: &Filled, rejected: u64) {
        self.done.batches += 1;
        self.done.rejected += rejected;
        self.done.landed += filled.run.len() as u64 - rejected;
        let notes: Vec<_> = filled.parts.iter().map(|part| (part.partition.clone(), part.next)).collect();
        self.feed.note(&notes);
        for (part, stretch) in filled.parts.iter().zip(&filled.stretches) {
            if let Some(held) = self.desk.held(&part.partition)
                && held.stretch == *stretch
            {
                held.back_off.reset();
            }
        }
        self.done.next.extend(notes);
    }

    /// Reads again what was read beyond the ledger's place, and nothing of partitions that are not ours.
    fn go_back(&mut self, now: Duration, filled: &Filled, landed: Landed, ledger: &[Ledger]) {
        // What was read since may follow on what is rolled back.
        self.desk.discard();
        for ((part, stretch), ledger) in filled.parts.iter().zip(&filled.stretches).zip(ledger) {
            let number = self.next_number();
            let Some(held) = self.desk.held(&part.partition) else { continue };
            if held.stretch != *stretch {
                continue;
            }
            match ledger {
                Ledger::Others => held.not_ours(now),
                Ledger::Ours(next) if landed != Landed::Yes => held.place(number, *next),
                Ledger::Ours(_) => {}
            }
        }
    }
}
