//! Committing offsets, as a member or for a transaction.

use super::{
    group::{Group, State, Turn},
    offsets::{Commit, Committer, Offsets},
};
use crate::memory::Share;
use kafka_protocol::ResponseError;

impl Group {
    /// Whether `who` may commit now, as Kafka has it.
    pub(super) fn check_committer(
        &mut self,
        turn: &Turn<'_>,
        who: &Committer<'_>,
    ) -> Result<(), ResponseError> {
        if who.generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        if who.generation < 0 && who.member.is_empty() && who.instance.is_none() {
            // Somebody outside the group would interfere with its members.
            return Err(ResponseError::UnknownMemberId);
        }
        let at = self.find_current(who.member, who.instance, who.generation)?;
        if self.state == State::CompletingRebalance {
            return Err(ResponseError::RebalanceInProgress);
        }
        self.members[at].seen(turn.now);
        Ok(())
    }

    /// Whether `who` may have a transaction commit now. Kafka lets somebody outside the group do so, as old producers
    /// do not say who they are.
    pub(super) fn check_pending_committer(
        &mut self,
        turn: &Turn<'_>,
        who: &Committer<'_>,
    ) -> Result<(), ResponseError> {
        let is_named = who.generation >= 0 || !who.member.is_empty() || who.instance.is_some();
        if !is_named || who.generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        let at = self.find_current(who.member, who.instance, who.generation)?;
        self.members[at].seen(turn.now);
        Ok(())
    }

    /// Finds room for what a transaction will commit.
    pub(super) fn prepare_pending(turn: &Turn<'_>, commit: &Commit<'_>) -> Result<Share, ResponseError> {
        if commit.metadata.len() > turn.rules.max_offset_metadata_bytes {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        Offsets::pending_share(turn.memory, commit, false)
    }

    /// Keeps what a transaction will commit. A restart keeps what was kept before, whatever the limit says now.
    pub(super) fn pend(&mut self, turn: &Turn<'_>, producer: i64, commit: &Commit<'_>, share: Option<Share>) {
        let insisted = || Offsets::pending_share(turn.memory, commit, true);
        if let Some(share) = share.or_else(|| insisted().ok()) {
            self.offsets.pend(producer, commit, share);
        }
    }

    pub(super) fn commit(&mut self, turn: &Turn<'_>, commit: &Commit<'_>) -> Result<(), ResponseError> {
        if commit.metadata.len() > turn.rules.max_offset_metadata_bytes {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        self.offsets.put(turn.memory, commit)
    }
}
