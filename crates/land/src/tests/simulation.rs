//! Workers on one cluster and one store, all under one seed: no threads, no clock but one that is set.
//!
//! Each worker is a reader and a writer, whose steps, orders and answers come in any order. A commit is opened in one
//! step and ends in a later one, so whatever there is can happen in between. After a while of random trouble there is
//! a quiet end, in which all that is left has to be landed.

mod chance;
mod operator;
mod reasons;
mod truth;
mod worker;
mod world;

use crate::planted::{Rule, Without};
use world::World;

/// What is wrong, if something is.
type Verdict = Result<(), String>;

fn run(seed: u64, without: Without) -> Verdict {
    let mut world = World::new(seed, without);
    world.trouble()?;
    world.quiet()
}

fn run_all(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        if let Err(wrong) = run(seed, None) {
            panic!("seed {seed}: {wrong}");
        }
    }
}

#[test]
fn each_record_is_landed_once_whatever_happens() {
    run_all(0..1_000);
}

/// The same, on another thread.
#[test]
fn each_record_is_landed_once_whatever_else_happens() {
    run_all(1_000..2_000);
}

#[test]
#[ignore = "takes minutes; KADENCE_LAND_SEEDS says how many, KADENCE_LAND_FIRST which is the first"]
fn each_record_is_landed_once_over_many_seeds() {
    let first = number("KADENCE_LAND_FIRST").unwrap_or(1 << 32);
    let seeds = number("KADENCE_LAND_SEEDS").unwrap_or(100_000);
    run_all(first..first + seeds);
}

#[expect(clippy::disallowed_methods, reason = "a test that is called by hand has no other options")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// The first seed of a thousand at which it is found that a rule is taken out.
fn found(rule: Rule, first: u64) -> Option<(u64, String)> {
    (first..first + 1_000).find_map(|seed| Some((seed - first, run(seed, Some(rule)).err()?)))
}

fn is_found(rule: Rule) {
    for first in [0, 1_000_000, 2_000_000] {
        let Some((seed, wrong)) = found(rule, first) else { panic!("{rule:?}: not found from {first} on") };
        println!("{rule:?}: found at seed {first} + {seed}: {wrong}");
    }
}

/// A test for each rule: it is found when the rule is taken out.
macro_rules! planted {
    ($($name:ident: $rule:ident,)*) => {
        $(
            #[test]
            fn $name() {
                is_found(Rule::$rule);
            }
        )*
    };
}

planted! {
    a_commit_that_does_not_compare_is_found: CommitsCompare,
    a_comparison_made_before_a_stop_is_found: ComparedAtTheEnd,
    a_release_before_the_commit_is_found: ReleasedLast,
    a_lost_answer_that_is_taken_for_done_is_found: LedgerBelieved,
    a_claim_after_a_lost_answer_that_takes_any_epoch_is_found: ClaimedAgainByEpoch,
    a_claim_that_nobody_confirmed_is_found: OwnershipConfirmed,
    a_claim_that_was_confirmed_long_ago_is_found: ConfirmedJustNow,
    a_topic_made_anew_that_is_not_noticed_is_found: TopicIdAsked,
    a_place_outside_the_log_that_is_not_noticed_is_found: PlaceCompared,
    another_log_that_is_not_noticed_is_found: MarkCompared,
    a_rollback_that_is_not_read_again_is_found: ReadAgain,
    an_end_told_before_that_is_believed_is_found: OldEndsPassedOver,
}
