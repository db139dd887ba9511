//! The contract of a source.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};

use kadence_core::record::Facts;
use kadence_core::run::Run;
use kadence_core::source::{RecordingError, Source};

use crate::faults::{Broken, Trickle};

/// A recording, and what a source has to make of it.
#[derive(Clone, Debug)]
pub struct SourceCase {
    /// The name that the source was opened with: its errors start with it.
    pub name: String,
    /// The recording; its last line ends.
    pub text: Vec<u8>,
    /// Its records, three at least.
    pub records: Vec<ExpectedRecord>,
    /// What makes a bad record at the end of `text`; `None` where any text is good.
    pub bad: Option<Vec<u8>>,
}

/// A record as a source has to give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedRecord {
    /// Its body.
    pub body: Vec<u8>,
    /// The line on which it starts, counted from 1.
    pub line: u64,
}

/// Checks that the source that `open` makes of a reader keeps to what [`Source`] promises.
pub fn source(case: &SourceCase, open: impl Fn(Box<dyn Read + Send>) -> Box<dyn Source>) {
    assert!(case.records.len() >= 3, "a contract needs three records at least");
    let whole = || open(Box::new(Cursor::new(case.text.clone())));
    gives_everything_once_and_in_order(case, whole());
    counts_its_records(case, whole());
    for limit in 1..=4 {
        keeps_to_the_room_of_a_run(case, whole(), limit);
    }
    takes_one_record_where_bytes_are_short(case, whole());
    leaves_a_full_run_alone(case, whole());
    appends_behind_what_is_there(case, whole());
    stays_ended(case, whole());
    for size in [1, 2, 3, 7, 64] {
        let source = open(Box::new(Trickle::new(case.text.clone(), size)));
        assert_eq!(drain(source).0, case.records, "reads of at most {size} bytes");
    }
    gives_what_is_there_before_it_waits(case, &open);
    a_failing_reader_is_an_error_behind_the_good_records(case, &open);
    if let Some(bad) = &case.bad {
        a_bad_record_is_an_error_behind_the_good_ones(case, bad, &open);
    }
}

/// All that a source gives, and how it ends.
fn drain(mut source: Box<dyn Source>) -> (Vec<ExpectedRecord>, Result<(), RecordingError>) {
    let mut records = Vec::new();
    loop {
        let mut run = roomy();
        let result = source.fill(&mut run);
        records.extend(records_of(&run));
        match result {
            Ok(true) => assert!(!run.is_empty(), "a source that goes on gives a record at least"),
            Ok(false) => return (records, Ok(())),
            Err(error) => {
                stays_silent(&mut *source, "after an error");
                return (records, Err(error));
            }
        }
    }
}

fn roomy() -> Run {
    Run::new(1 << 20, 10_000)
}

fn records_of(run: &Run) -> Vec<ExpectedRecord> {
    run.records()
        .map(|record| ExpectedRecord {
            body: record.body.unwrap_or_default().to_vec(),
            line: record.facts.line,
        })
        .collect()
}

fn gives_everything_once_and_in_order(case: &SourceCase, source: Box<dyn Source>) {
    let (records, end) = drain(source);
    assert_eq!(records, case.records, "records in their order, once, with their lines");
    assert!(end.is_ok(), "a good recording ends well: {end:?}");
}

fn counts_its_records(case: &SourceCase, mut source: Box<dyn Source>) {
    let mut count = 0;
    let mut goes_on = true;
    while goes_on {
        let mut run = Run::new(1 << 20, 2);
        goes_on = source.fill(&mut run).expect("the recording is good");
        for index in 0..run.len() {
            let facts = run.facts(index);
            assert_eq!(facts.sequence, count, "the sequence counts from 0");
            count += 1;
        }
    }
    assert_eq!(count, case.records.len() as u64);
}

fn keeps_to_the_room_of_a_run(case: &SourceCase, mut source: Box<dyn Source>, limit: usize) {
    let mut records = Vec::new();
    let mut goes_on = true;
    while goes_on {
        let mut run = Run::new(1 << 20, limit);
        goes_on = source.fill(&mut run).expect("the recording is good");
        assert!(run.len() <= limit, "{} records in a run for {limit}", run.len());
        records.extend(records_of(&run));
    }
    assert_eq!(records, case.records, "runs of {limit}");
}

fn takes_one_record_where_bytes_are_short(case: &SourceCase, mut source: Box<dyn Source>) {
    let mut records = Vec::new();
    let mut goes_on = true;
    while goes_on {
        let mut run = Run::new(1, 10_000);
        goes_on = source.fill(&mut run).expect("the recording is good");
        let bytes: usize = records_of(&run).iter().rev().skip(1).map(|record| record.body.len()).sum();
        assert_eq!(bytes, 0, "a run of one byte is full with its first record that is not empty");
        records.extend(records_of(&run));
    }
    assert_eq!(records, case.records);
}

fn leaves_a_full_run_alone(case: &SourceCase, mut source: Box<dyn Source>) {
    let mut full = Run::new(1 << 20, 0);
    assert!(source.fill(&mut full).is_ok_and(|goes_on| goes_on), "a full run is no end");
    assert!(full.is_empty(), "a full run takes nothing");
    assert_eq!(drain(source).0, case.records, "and nothing is lost by it");
}

fn appends_behind_what_is_there(case: &SourceCase, mut source: Box<dyn Source>) {
    let mut run = roomy();
    let mut draft = run.draft();
    draft.bytes().extend_from_slice(b"there before");
    draft.finish(Facts::default());
    while run.len() < 2 {
        source.fill(&mut run).expect("the recording is good");
    }
    let records = records_of(&run);
    assert_eq!(records[0].body, b"there before");
    assert_eq!(records[1], case.records[0]);
}

fn stays_ended(case: &SourceCase, mut source: Box<dyn Source>) {
    let mut run = roomy();
    while source.fill(&mut run).expect("the recording is good") {}
    assert_eq!(run.len(), case.records.len());
    stays_silent(&mut *source, "after the end");
}

fn stays_silent(source: &mut dyn Source, when: &str) {
    for _ in 0..3 {
        let mut run = roomy();
        let result = source.fill(&mut run);
        assert!(matches!(result, Ok(false)), "{when} a source says it has ended: {result:?}");
        assert!(run.is_empty(), "{when} nothing more comes");
    }
}

/// Somebody types: each line leaves before the next one is waited for.
fn gives_what_is_there_before_it_waits(
    case: &SourceCase,
    open: &impl Fn(Box<dyn Read + Send>) -> Box<dyn Source>,
) {
    let lines = case.text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let mut source = open(Box::new(Typed { lines }));
    let mut records = Vec::new();
    loop {
        let mut run = roomy();
        let goes_on = source.fill(&mut run).expect("the recording is good");
        assert!(run.len() <= 1, "it asked for another line while it held {} records", run.len() - 1);
        records.extend(records_of(&run));
        if !goes_on {
            break;
        }
    }
    assert_eq!(records, case.records);
}

/// A reader that gives a line a read.
struct Typed {
    lines: VecDeque<Vec<u8>>,
}

impl Read for Typed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(line) = self.lines.pop_front() else { return Ok(0) };
        let length = line.len().min(buffer.len());
        buffer[..length].copy_from_slice(&line[..length]);
        if length < line.len() {
            self.lines.push_front(line[length..].to_vec());
        }
        Ok(length)
    }
}

fn a_failing_reader_is_an_error_behind_the_good_records(
    case: &SourceCase,
    open: &impl Fn(Box<dyn Read + Send>) -> Box<dyn Source>,
) {
    let (records, end) = drain(open(Box::new(Broken::new(case.text.clone()))));
    assert_eq!(records, case.records, "what was read before the reader failed");
    let error = end.expect_err("a reader's failure is no end");
    assert!(matches!(error, RecordingError::Read { .. }), "{error:?}");
    assert!(error.to_string().contains(&case.name), "the error names the recording: {error}");
}

fn a_bad_record_is_an_error_behind_the_good_ones(
    case: &SourceCase,
    bad: &[u8],
    open: &impl Fn(Box<dyn Read + Send>) -> Box<dyn Source>,
) {
    let text = [&case.text, bad].concat();
    let line = case.text.split(|&byte| byte == b'\n').count();
    for reader in
        [Box::new(Cursor::new(text.clone())) as Box<dyn Read + Send>, Box::new(Trickle::new(text.clone(), 1))]
    {
        let (records, end) = drain(open(reader));
        assert_eq!(records, case.records, "the records before a bad one are good");
        let error = end.expect_err("a bad record is an error").to_string();
        assert!(error.starts_with(&format!("{}:{line}: ", case.name)), "place first: {error}");
    }
}
