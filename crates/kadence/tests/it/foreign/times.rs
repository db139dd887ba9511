//! Python reads times as kadence does.

use std::collections::BTreeMap;
use std::process::Command;

use kadence_core::record::Timestamp;
use kadence_core::run::Run;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions, Source as _};

use super::program;
use crate::support::{finish, json, root};

/// How many times of each form are compared.
const TIMES: &str = "10000";

/// The event times of a recording with these texts in its one column.
fn event_times(format: &str, zone: &str, texts: &[String]) -> Vec<Timestamp> {
    let rows: String = texts.iter().map(|text| format!("\"{text}\"\n")).collect();
    let options = RecordingOptions {
        time: Some("t".into()),
        time_format: format.parse().unwrap(),
        time_zone: Some(zone.into()),
        schedule: Schedule::Unpaced,
        ..RecordingOptions::new(RecordingKind::Csv(CsvOptions::default()))
    };
    let reader = Box::new(std::io::Cursor::new(format!("t\n{rows}").into_bytes()));
    let mut recording =
        Recording::open("times", reader, &options).map_err(|faults| faults[0].to_string()).unwrap();
    let mut found = Vec::new();
    let mut run = Run::new(1 << 20, 1_000);
    loop {
        run.clear();
        let more = recording.fill(&mut run).unwrap_or_else(|error| panic!("{format}: {error}"));
        found.extend((0..run.len()).map(|index| run.time(index).unwrap()));
        if !more {
            return found;
        }
    }
}

#[test]
#[ignore = "needs Python at KADENCE_TEST_PYTHON"]
fn python_reads_every_form_of_a_time_alike() {
    let mut python = Command::new(program("KADENCE_TEST_PYTHON"));
    python.arg(root().join("crates/kadence/tests/foreign/python/times.py")).arg(TIMES);
    let said = finish(python).ok();
    let mut forms: BTreeMap<(String, String), (Vec<String>, Vec<i64>)> = BTreeMap::new();
    for line in said.lines() {
        let case = json(line);
        let text = |name: &str| case[name].as_str().unwrap().to_owned();
        let (texts, nanos) = forms.entry((text("format"), text("zone"))).or_default();
        texts.push(text("text"));
        nanos.push(case["nanos"].as_i64().unwrap());
    }
    assert!(forms.len() > 200, "{}", forms.len());
    for ((format, zone), (texts, nanos)) in forms {
        let found = event_times(&format, &zone, &texts);
        assert_eq!(found.len(), texts.len());
        for ((text, found), expected) in texts.iter().zip(found).zip(nanos) {
            assert_eq!(found.as_nanos(), expected, "{format} in {zone}: {text}");
        }
    }
}
