//! A disk that loses its power: what was done to files, and what may be left of it.
//!
//! What a directory is told to do is done, and recorded. A cut at any point leaves what was synced, and of the rest
//! whatever a file system may have written by then: of the names in a directory those up to some moment, of a file
//! its length at some moment and any of the pages that were written since it was synced.

use super::Op;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// A page is on the disk, or it is not.
const PAGE: usize = 4096;

/// What was done, with names below the directory that is watched.
#[derive(Debug, Clone)]
enum Step {
    Directory { path: PathBuf, inode: u64 },
    Opened { path: PathBuf, inode: u64 },
    Written { inode: u64, bytes: Vec<u8> },
    Cut { path: PathBuf, len: u64 },
    Synced { inode: u64 },
    Renamed { from: PathBuf, to: PathBuf },
    Removed { path: PathBuf },
}

#[derive(Debug)]
struct Recording {
    root: PathBuf,
    steps: Vec<Step>,
    /// Syncs of these are not heard by the disk.
    deaf: fn(&Path) -> bool,
}

thread_local! {
    static RECORDING: RefCell<Option<Recording>> = const { RefCell::new(None) };
    static SPARING: Cell<bool> = const { Cell::new(false) };
}

/// Has the disk of this machine not wait for what this thread syncs: only the record of it counts.
pub(crate) fn spare_the_disk() {
    SPARING.set(true);
}

pub(super) fn spares_the_disk() -> bool {
    SPARING.get()
}

/// Records from now on what this thread does below `root`. Syncs of what `deaf` names never happen: it puts a fault
/// in the order of writes back.
pub(crate) fn begin(root: &Path, deaf: fn(&Path) -> bool) {
    let inode = fs::metadata(root).expect("a directory").ino();
    let steps = vec![Step::Directory { path: PathBuf::new(), inode }];
    let recording = Recording { root: root.to_owned(), steps, deaf };
    RECORDING.set(Some(recording));
}

/// Whether this thread is recorded, and so has to do by itself what others would do beside it.
pub(crate) fn is_on() -> bool {
    RECORDING.with_borrow(Option::is_some)
}

/// How much was done since the beginning.
pub(crate) fn steps() -> usize {
    RECORDING.with_borrow(|recording| recording.as_ref().map_or(0, |r| r.steps.len()))
}

/// Ends the recording.
pub(crate) fn end() -> Tape {
    let recording = RECORDING.take().expect("a recording was begun");
    Tape { steps: recording.steps, deaf: recording.deaf }
}

pub(super) fn note<'a>(op: impl FnOnce() -> Op<'a>) {
    RECORDING.with_borrow_mut(|recording| {
        let Some(recording) = recording else { return };
        let root = recording.root.clone();
        // What lies above the directory was there before.
        let below = |path: &Path| path.strip_prefix(&root).ok().map(Path::to_owned);
        let inode = |file: &fs::File| file.metadata().expect("an open file").ino();
        let step = match op() {
            Op::Directory { path } => below(path).map(|below| Step::Directory {
                path: below,
                inode: fs::metadata(path).expect("a directory").ino(),
            }),
            Op::Opened { path, file } => below(path).map(|path| Step::Opened { path, inode: inode(file) }),
            Op::Written { file, bytes } => Some(Step::Written { inode: inode(file), bytes }),
            Op::Cut { path, len } => below(path).map(|path| Step::Cut { path, len }),
            Op::Synced { file } => Some(Step::Synced { inode: inode(file) }),
            Op::Renamed { from, to } => {
                below(from).zip(below(to)).map(|(from, to)| Step::Renamed { from, to })
            }
            Op::Removed { path } => below(path).map(|path| Step::Removed { path }),
        };
        recording.steps.extend(step);
    });
}

/// What was done to a directory.
#[derive(Debug)]
pub(crate) struct Tape {
    steps: Vec<Step>,
    deaf: fn(&Path) -> bool,
}

/// How names reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// In the order of all changes, and a sync of anything brings all of them: a journal, as ext4's.
    Journalled,
    /// In the order of the changes of one directory, and only a sync of that brings them.
    Apart,
}

type Id = usize;

#[derive(Debug, Default)]
struct Node {
    path: PathBuf,
    directory: bool,
    /// A file's bytes, as they are synced.
    bytes: Vec<u8>,
    /// What was done to them since.
    pending: Vec<Change>,
    /// A directory's names, as they are synced, and what was done to them since, with the number of the step.
    names: BTreeMap<PathBuf, Id>,
    renames: Vec<(usize, Naming)>,
}

#[derive(Debug, Clone)]
enum Change {
    Append(Vec<u8>),
    Cut(u64),
}

#[derive(Debug, Clone)]
enum Naming {
    Link(PathBuf, Id),
    Unlink(PathBuf),
    Move(PathBuf, PathBuf),
}

fn named(names: &mut BTreeMap<PathBuf, Id>, naming: &Naming) {
    match naming {
        Naming::Link(name, id) => drop(names.insert(name.clone(), *id)),
        Naming::Unlink(name) => drop(names.remove(name)),
        Naming::Move(from, to) => {
            if let Some(id) = names.remove(from) {
                names.insert(to.clone(), id);
            }
        }
    }
}

/// The directory as programs see it, and as the disk has it.
#[derive(Debug)]
struct Tree {
    nodes: Vec<Node>,
    live: HashMap<PathBuf, Id>,
    inodes: HashMap<u64, Id>,
    /// The first step whose names a journal may not have.
    journalled: usize,
    at: usize,
}

impl Tree {
    fn new() -> Self {
        let root = Node { directory: true, ..Node::default() };
        Self {
            nodes: vec![root],
            live: HashMap::from([(PathBuf::new(), 0)]),
            inodes: HashMap::new(),
            journalled: 0,
            at: 0,
        }
    }

    fn parent(&mut self, path: &Path) -> (&mut Node, PathBuf) {
        let name = PathBuf::from(path.file_name().expect("a name"));
        let parent = self.live[path.parent().expect("a directory")];
        (&mut self.nodes[parent], name)
    }

    fn naming(&mut self, path: &Path, naming: impl FnOnce(PathBuf) -> Naming) {
        let at = self.at;
        let (parent, name) = self.parent(path);
        parent.renames.push((at, naming(name)));
    }

    /// What has this name, which is made if there is nothing.
    fn node(&mut self, path: &Path, inode: u64, directory: bool) {
        let id = if let Some(id) = self.live.get(path) {
            *id
        } else {
            let id = self.nodes.len();
            self.nodes.push(Node { directory, path: path.to_owned(), ..Node::default() });
            self.live.insert(path.to_owned(), id);
            if path != Path::new("") {
                self.naming(path, |name| Naming::Link(name, id));
            }
            id
        };
        self.inodes.insert(inode, id);
    }

    fn apply(&mut self, step: &Step, deaf: fn(&Path) -> bool) {
        self.at += 1;
        match step {
            Step::Directory { path, inode } => self.node(path, *inode, true),
            Step::Opened { path, inode } => self.node(path, *inode, false),
            Step::Written { inode, bytes } => {
                let id = self.inodes[inode];
                self.nodes[id].pending.push(Change::Append(bytes.clone()));
            }
            Step::Cut { path, len } => {
                let id = self.live[path];
                self.nodes[id].pending.push(Change::Cut(*len));
            }
            Step::Synced { inode } => {
                let Some(&id) = self.inodes.get(inode) else { return };
                let node = &mut self.nodes[id];
                if deaf(&node.path) {
                    return;
                }
                self.journalled = self.at;
                if node.directory {
                    for (_, naming) in std::mem::take(&mut node.renames) {
                        named(&mut node.names, &naming);
                    }
                } else {
                    node.bytes = changed(&node.bytes, &node.pending);
                    node.pending.clear();
                }
            }
            Step::Renamed { from, to } => {
                if let Some(id) = self.live.remove(from) {
                    self.live.insert(to.clone(), id);
                    self.nodes[id].path.clone_from(to);
                }
                let to = PathBuf::from(to.file_name().expect("a name"));
                self.naming(from, |from| Naming::Move(from, to));
            }
            Step::Removed { path } => {
                self.live.remove(path);
                self.naming(path, Naming::Unlink);
            }
        }
    }
}

fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes {
        match change {
            Change::Append(more) => bytes.extend(more),
            Change::Cut(len) => bytes.resize(*len as usize, 0),
        }
    }
    bytes
}

impl Tape {
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Puts into `to` what a loss of power after `steps` steps leaves.
    pub(crate) fn cut(&self, steps: usize, names: Names, chance: &mut Chance, to: &Path) {
        let mut tree = Tree::new();
        for step in &self.steps[..steps] {
            tree.apply(step, self.deaf);
        }
        let upto = tree.journalled + chance.below(steps + 1 - tree.journalled);
        fs::create_dir_all(to).expect("a directory");
        tree.write(0, to, names, upto, chance);
    }
}

impl Tree {
    fn write(&self, id: Id, to: &Path, names: Names, upto: usize, chance: &mut Chance) {
        let node = &self.nodes[id];
        let mut there = node.names.clone();
        let of_all = match names {
            Names::Journalled => node.renames.iter().take_while(|(at, _)| *at <= upto).count(),
            Names::Apart => chance.below(node.renames.len() + 1),
        };
        // The directory itself was there before it was watched.
        for (_, naming) in &node.renames[..of_all] {
            named(&mut there, naming);
        }
        for (name, id) in there {
            let path = to.join(name);
            if self.nodes[id].directory {
                fs::create_dir(&path).expect("a directory");
                self.write(id, &path, names, upto, chance);
            } else {
                fs::write(&path, self.nodes[id].left(chance)).expect("a file");
            }
        }
    }
}

impl Node {
    /// What may be left of a file: its length at some moment, and any of the pages since.
    fn left(&self, chance: &mut Chance) -> Vec<u8> {
        let done = chance.below(self.pending.len() + 1);
        let mut bytes = changed(&self.bytes, &self.pending[..done]);
        let synced = self.bytes.len().min(bytes.len());
        if let Some(Change::Append(more)) = self.pending.get(done)
            && chance.below(2) == 0
        {
            bytes.extend(&more[..chance.below(more.len() + 1)]);
        }
        // Most of the time the system writes in order.
        if chance.below(2) == 0 {
            for page in synced / PAGE..bytes.len().div_ceil(PAGE) {
                if chance.below(3) == 0 {
                    let end = bytes.len().min((page + 1) * PAGE);
                    bytes[synced.max(page * PAGE)..end].fill(0);
                }
            }
        }
        bytes
    }
}

/// Numbers that come again for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn below(&mut self, below: usize) -> usize {
        // The generator is splitmix64, which is public domain.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }
}
