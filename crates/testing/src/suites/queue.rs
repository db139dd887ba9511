//! Who runs when: two suites at a time, and one that measures alone.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use super::counterparts::{Counterpart, Lack, Process};
use super::place::{InRoom, LOOK_AGAIN, Place, Rooms, lock, said, say};
use super::run::{Row, Verdict, last_words, run as run_suite};
use super::table::{Suite, Turn, Without};

/// More would only be in each other's way on a small machine.
const AT_A_TIME: usize = 2;

/// A suite, and what it waits for.
type Wait = (&'static str, Vec<String>);

/// How a counterpart is.
enum Standing {
    Pending,
    There { env: Vec<(&'static str, String)>, processes: Vec<Process> },
    Lacking(Lack),
}

/// What is known to all threads.
struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// In the order in which they are looked at.
    waiting: Vec<&'static Suite>,
    running: Vec<&'static Suite>,
    counterparts: Vec<(&'static Counterpart, Standing)>,
    rows: Vec<Row>,
}

/// Runs the suites and gives their rows in the same order.
pub(super) fn run(place: &Place, suites: &[&'static Suite]) -> Vec<Row> {
    let mut waiting = suites.to_vec();
    // Who waits for others begins first, and who measures comes last.
    waiting.sort_by_key(|suite| (suite.measures, suite.needs.is_empty()));
    let wanted = wanted(suites);
    let counterparts = wanted.iter().map(|&counterpart| (counterpart, Standing::Pending)).collect();
    let state = State { waiting, running: Vec::new(), counterparts, rows: Vec::new() };
    let board = Board { state: Mutex::new(state), changed: Condvar::new() };
    thread::scope(|scope| {
        for counterpart in wanted {
            let board = &board;
            // Before any suite: they wait longest for what a counterpart has compiled.
            let room = counterpart.room.and_then(|room| place.rooms.enter(room, counterpart.name).ok());
            scope.spawn(move || board.prepare(place, counterpart, room));
        }
        let mut told = HashSet::new();
        loop {
            let mut state = lock(&board.state);
            if state.waiting.is_empty() && state.running.is_empty() {
                return;
            }
            let mut waits = Vec::new();
            if let Some((suite, room)) = state.next(&place.rooms, &mut waits) {
                state.running.push(suite);
                let board = &board;
                scope.spawn(move || board.run(place, suite, room));
                continue;
            }
            for (suite, reasons) in waits {
                // What is left of reasons that were told is no news.
                let news = reasons.iter().filter(|&reason| told.insert((suite, reason.clone()))).count();
                if news > 0 {
                    say(format!("{suite} waits for: {}", reasons.join(", ")));
                }
            }
            let changed = board.changed.wait_timeout(state, LOOK_AGAIN);
            drop(changed.unwrap_or_else(PoisonError::into_inner));
        }
    });
    let mut rows = lock(&board.state).rows.split_off(0);
    rows.sort_by_key(|row| suites.iter().position(|suite| suite.name == row.suite));
    rows
}

/// What the suites need, each once, unless they can do without it.
fn wanted(suites: &[&'static Suite]) -> Vec<&'static Counterpart> {
    let mut wanted: Vec<&'static Counterpart> = Vec::new();
    for need in suites.iter().flat_map(|suite| suite.needs) {
        let optional = matches!(need.without, Without::LeftOutUnlessThere(_));
        if !optional && wanted.iter().all(|known| known.name != need.what.name) {
            wanted.push(need.what);
        }
    }
    wanted
}

impl State {
    fn standing(&self, counterpart: &Counterpart) -> Option<&Standing> {
        self.counterparts
            .iter()
            .find(|(known, _)| known.name == counterpart.name)
            .map(|(_, standing)| standing)
    }

    /// Takes the next suite that can begin, with the room where it compiles; else says what those wait for that could,
    /// if that were not.
    fn next<'a>(
        &mut self,
        rooms: &'a Rooms,
        waits: &mut Vec<Wait>,
    ) -> Option<(&'static Suite, Option<InRoom<'a>>)> {
        if self.running.len() >= AT_A_TIME || self.running.iter().any(|suite| suite.measures) {
            return None;
        }
        for at in 0..self.waiting.len() {
            let suite = self.waiting[at];
            let mut reasons = self.obstacles(suite);
            if reasons.is_empty() {
                match suite.room.map(|room| (room, rooms.enter(room, suite.name))) {
                    None => return Some((self.waiting.remove(at), None)),
                    Some((_, Ok(inside))) => return Some((self.waiting.remove(at), Some(inside))),
                    Some((room, Err(who))) => reasons.push(format!("{who}, for which {room} is compiled")),
                }
            }
            waits.push((suite.name, reasons));
        }
        None
    }

    /// What has to be over before a suite can begin.
    fn obstacles(&self, suite: &Suite) -> Vec<String> {
        let is_pending =
            |counterpart: &Counterpart| matches!(self.standing(counterpart), Some(Standing::Pending));
        let pending = suite.needs.iter().map(|need| need.what).filter(|counterpart| is_pending(counterpart));
        let mut reasons: Vec<String> = pending.map(|counterpart| counterpart.name.to_owned()).collect();
        let others = self.running.iter().chain(self.waiting.iter().filter(|other| !other.measures));
        if suite.measures && others.count() > 0 {
            reasons.push("all others to end".to_owned());
        }
        reasons
    }

    /// Whether a suite that is still to end may need it.
    fn is_needed(&self, counterpart: &Counterpart) -> bool {
        let left = self.waiting.iter().chain(&self.running);
        left.flat_map(|suite| suite.needs).any(|need| need.what.name == counterpart.name)
    }
}

impl Board {
    /// Finds a counterpart and starts it.
    fn prepare(&self, place: &Place, counterpart: &'static Counterpart, room: Option<InRoom<'_>>) {
        let prepared = (counterpart.find)(place).and_then(|mut values| {
            let mut processes = Vec::new();
            if let Some(start) = counterpart.start {
                let started = start(place, room)?;
                values.extend(started.values);
                processes = started.processes;
            }
            let env = counterpart.env.iter().copied().zip(values).collect();
            Ok(Standing::There { env, processes })
        });
        let standing = prepared.unwrap_or_else(Standing::Lacking);
        let mut state = lock(&self.state);
        for (known, pending) in &mut state.counterparts {
            if known.name == counterpart.name {
                *pending = standing;
                break;
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Runs a suite and writes down its row.
    fn run(&self, place: &Place, suite: &'static Suite, room: Option<InRoom<'_>>) {
        let row = match self.equip(place, suite) {
            Ok(equipment) => {
                say(format!("==> {}", suite.name));
                run_suite(suite, &Turn { place, skips: equipment.skips }, &equipment.env, room)
            }
            Err(row) => row,
        };
        tell(place, &row);
        let mut state = lock(&self.state);
        state.rows.push(row);
        state.running.retain(|other| other.name != suite.name);
        let mut ended = Vec::new();
        let left = std::mem::take(&mut state.counterparts);
        for (counterpart, standing) in left {
            match standing {
                Standing::There { processes, .. } if !state.is_needed(counterpart) => ended.push(processes),
                standing => state.counterparts.push((counterpart, standing)),
            }
        }
        drop(state);
        self.changed.notify_all();
        // It takes a moment to end them.
        drop(ended);
    }

    /// What to skip and where counterparts are; or the row of a suite that cannot run.
    fn equip(&self, place: &Place, suite: &Suite) -> Result<Equipment, Row> {
        let state = lock(&self.state);
        let (mut equipment, mut lacking) = (Equipment::default(), Vec::new());
        for need in suite.needs {
            let lack = match state.standing(need.what) {
                Some(Standing::There { env, .. }) => {
                    equipment.env.extend(env.iter().cloned());
                    continue;
                }
                Some(Standing::Lacking(lack)) => lack.clone(),
                Some(Standing::Pending) | None => Lack::Missing("no other suite needs it".to_owned()),
            };
            match need.without {
                Without::Ignored => lacking.push(lack),
                Without::LeftOut(tests) | Without::LeftOutUnlessThere(tests) => {
                    place.note(format!("{} runs without {}: {}", suite.name, need.what.name, lack.text()));
                    equipment.skip(tests);
                }
            }
        }
        if lacking.is_empty() { Ok(equipment) } else { Err(cannot_run(place, suite, &lacking)) }
    }
}

/// What a suite is run with.
#[derive(Default)]
struct Equipment {
    skips: Vec<&'static str>,
    env: Vec<(&'static str, String)>,
}

impl Equipment {
    fn skip(&mut self, tests: &[&'static str]) {
        for test in tests {
            if !self.skips.contains(test) {
                self.skips.extend(["--skip", test]);
            }
        }
    }
}

/// The row of a suite that lacks something: whoever asked for it by name is told that it did not run.
fn cannot_run(place: &Place, suite: &Suite, lacking: &[Lack]) -> Row {
    let mut reasons: Vec<&str> = Vec::new();
    for lack in lacking {
        if !reasons.contains(&lack.text()) {
            reasons.push(lack.text());
        }
    }
    let broken = lacking.iter().any(|lack| matches!(lack, Lack::Broken(_)));
    let verdict = if place.named || broken { Verdict::Failed } else { Verdict::Ignored };
    Row::without_run(suite, verdict, format!("{} is ignored: {}", suite.name, reasons.join("; ")))
}

/// Says how a suite ended, and shows why.
fn tell(place: &Place, row: &Row) {
    match (row.result, &row.note) {
        (Verdict::Passed, _) => say(format!("==> {} passed in {} s", row.suite, row.seconds)),
        (Verdict::Ignored, Some(note)) => say(format!("==> {note}")),
        (_, note) if row.ran => {
            let log = place.log(row.suite);
            let why = note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            say(format!(
                "==> {} failed{why}:\n{}\n==> {} failed; the whole output is in {}",
                row.suite,
                last_words(&said(&log)),
                row.suite,
                place.shown(&log),
            ));
        }
        (_, note) => say(format!("==> {}", note.as_deref().unwrap_or("it did not run"))),
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
