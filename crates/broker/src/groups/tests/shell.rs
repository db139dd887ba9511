use crate::{
    groups::{Commit, Committer, Groups},
    journal::{Journal, State},
    memory::Memory,
    options::{FullHook, Options},
};
use kafka_protocol::ResponseError;
use std::{
    sync::{
        Arc, OnceLock,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

const OUTSIDE: Committer<'_> = Committer { member: "", instance: None, generation: -1 };

/// Groups beside data that fill the memory, and a hook that asks for the groups.
fn beside_data(limit: u64, told: SyncSender<usize>) -> Arc<Groups> {
    let groups: Arc<OnceLock<Arc<Groups>>> = Arc::new(OnceLock::new());
    let asked = Arc::clone(&groups);
    let hook = FullHook::new(move |_| {
        let (count, _) = asked.get().expect("the groups are there").counts();
        told.send(count).expect("the test listens");
    });
    let data = Memory::new(limit, Some(hook));
    Arc::clone(groups.get_or_init(|| {
        let journal = Arc::new(Journal::none());
        Groups::new(&Options::default(), &data, journal, &State::default()).expect("nothing is kept")
    }))
}

fn commit_many(groups: &Groups, count: i32) -> Vec<Result<(), ResponseError>> {
    let commit = |partition| Commit { topic: "t", partition, offset: 1, leader_epoch: 0, metadata: "" };
    let commits: Vec<_> = (0..count).map(commit).collect();
    groups.commit("g", &OUTSIDE, &commits, |_, _| true)
}

#[test]
fn groups_have_a_reserve_beside_the_data() {
    let (told, hook) = sync_channel(1);
    let groups = beside_data(0, told);
    assert!(commit_many(&groups, 10_000).iter().all(Result::is_ok));
    assert!(hook.try_recv().is_err());
}

/// The hook may ask the broker for its numbers, which takes the lock of the groups.
#[test]
fn the_hook_is_called_without_the_lock() {
    let (told, hook) = sync_channel(1);
    let groups = beside_data(0, told);
    thread::spawn(move || commit_many(&groups, 50_000));
    assert_eq!(hook.recv_timeout(Duration::from_secs(20)), Ok(1));
}
