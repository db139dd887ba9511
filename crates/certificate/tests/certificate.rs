//! Certificates as pages and as data.

use std::collections::BTreeMap;

use kadence_certificate::{
    Bucket, Certificate, Fault, Machine, Percentiles, PlaceVerdict, Promise, Report, Slice, Source, Topic,
};

const HOSTILE: &str = "</script><b onclick=\"x\">&\u{202e}\u{1b}[31m";

/// A run that was paced, with texts from outside.
fn paced(text: &str) -> Certificate {
    let late = Percentiles { p50: 12.3, p90: 45.6, p99: 789.0, p999: 1_234.0, max: 56_789.0 };
    Certificate {
        format: 1,
        kadence: "1.2.3".into(),
        client: "librdkafka 4.5.6".into(),
        machine: Machine {
            system: "Linux 6".into(),
            architecture: "x86_64".into(),
            processor: Some(text.into()),
            processors: 2,
        },
        run: Some("00112233445566ff".into()),
        started: "2026-12-01T00:00:00Z".into(),
        ended: "2026-12-01T00:01:00Z".into(),
        command: vec!["replay".into(), text.into()],
        pace: "20×".into(),
        sources: vec![Source { name: text.into(), bytes: Some(98_765), sha256: Some("ab".repeat(32)) }],
        brokers: "127.0.0.1:9092".into(),
        topics: vec![Topic { name: text.into(), partitions: BTreeMap::from([(0, 1_111), (1, 2_222)]) }],
        report: Report {
            accepted: 3_333,
            acknowledged: Some(3_330),
            bytes: 7_654_321,
            failed: 3,
            elapsed_s: 60.25,
            ideal_s: Some(59.5),
            skew_percent: Some(0.0123),
            lateness_us: Some(late),
            arrival_lateness_us: Some(Percentiles { p99: 4_321.0, ..late }),
            missed: Some(17),
            retries: Some(4),
            ..Report::default()
        },
        lateness: vec![
            Bucket { to_us: 0.988_888_888_888_888_8, records: 3_000 },
            Bucket { to_us: 56_789.0, records: 333 },
        ],
        arrival_lateness: vec![Bucket { to_us: 1_000.0, records: 3_330 }],
        timeline: (0..60)
            .map(|at| Slice {
                from_s: f64::from(at),
                to_s: f64::from(at + 1),
                planned: 55,
                sent: 55,
                mean_us: 12.0,
                max_us: 100.0,
            })
            .collect(),
        promises: vec![Promise { promise: text.into(), kept: Some(false), found: text.into() }],
        verdict: None,
    }
}

fn unpaced() -> Certificate {
    let mut unpaced = paced("x");
    unpaced.report = Report { accepted: 5, elapsed_s: 0.5, ..Report::default() };
    (unpaced.lateness, unpaced.arrival_lateness, unpaced.timeline) = (Vec::new(), Vec::new(), Vec::new());
    unpaced
}

fn judged(text: &str) -> Certificate {
    let mut judged = paced(text);
    judged.add(
        "2026-12-01T00:02:00Z".into(),
        PlaceVerdict {
            place: text.into(),
            sound: false,
            sent: Some(3_333),
            found: 3_332,
            faults: vec![Fault { kind: "lost".into(), records: 1, examples: vec![text.into()] }],
            notes: vec![text.into()],
        },
    );
    judged
}

fn all() -> [Certificate; 5] {
    [paced("plain"), paced(HOSTILE), unpaced(), judged("plain"), judged(HOSTILE)]
}

#[test]
fn what_is_written_is_read() {
    for certificate in all() {
        assert_eq!(Certificate::read(&certificate.to_html()).unwrap(), certificate);
        assert_eq!(Certificate::read(&certificate.to_json()).unwrap(), certificate);
    }
}

/// The elements of a page that are open at its end, or where one is closed that is not.
fn unbalanced(page: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        let name: String = tag.chars().take_while(|char| !char.is_whitespace() && *char != '/').collect();
        if let Some(closed) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(closed) {
                return vec![format!("/{closed}")];
            }
        } else if !tag.ends_with('/') && !["!doctype", "meta", "br"].contains(&&*name) {
            open.push(name);
        }
    }
    open
}

#[test]
fn a_page_holds_nothing_but_what_it_is_made_of() {
    for certificate in all() {
        let page = certificate.to_html();
        assert_eq!(unbalanced(&page), [""; 0], "{page}");
        assert!(!page.contains("<b onclick"), "{page}");
        assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'), "{page}");
        assert_eq!(page.matches("<script").count(), 1);
        for outside in ["http:", "https:", "src=", "url(", "@import", "<link"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}

#[test]
fn a_page_has_the_numbers_of_the_report() {
    let page = judged("plain").to_html();
    let numbers = [
        "3,333",
        "3,330",
        "7.7 MB",
        "59.50 s",
        "1 min 00.2 s",
        "0.0123 %",
        "<dd>17</dd>",
        "12 µs",
        "789 µs",
        "56.8 ms",
        "4.3 ms",
        "<dd>4</dd>",
        "98,765",
        "1,111",
        "2,222",
        "00112233445566ff",
        "kadence 1.2.3, librdkafka 4.5.6",
        "3,332 found",
    ];
    for number in numbers {
        assert!(page.contains(number), "{number}");
    }
    assert!(page.contains("Not sound.") && page.contains("not kept"));
    assert!(paced("x").to_html().contains("Not verified yet."));
    assert!(unpaced().to_html().contains("no pace"));
}

#[test]
fn a_page_says_what_the_run_was() {
    let mut stopped = paced("x");
    stopped.report.interrupted = true;
    assert!(stopped.to_html().contains("Not verified yet.</strong>The run was stopped before its end."));
    let unsealed = Certificate { run: None, ..paced("x") };
    assert!(unsealed.to_html().contains("Not sealed.") && !unsealed.to_html().contains("Not verified yet."));
    let mut judged = judged("topic t");
    let sound = PlaceVerdict {
        place: "table fine".into(),
        sound: true,
        sent: Some(1),
        found: 1,
        faults: Vec::new(),
        notes: Vec::new(),
    };
    judged.add("then".into(), sound);
    let page = judged.to_html();
    let (head, rest) = page.split_once("<dl").unwrap();
    assert!(
        head.contains("topic t") && !head.contains("table fine") && rest.contains("table fine"),
        "{head}"
    );
}

#[test]
fn pages_of_odd_numbers_come_to_an_end() {
    for number in [0.0, -1.0, 1e-300, 1e300, f64::MIN_POSITIVE, f64::MAX] {
        let mut odd = paced("x");
        odd.lateness = vec![Bucket { to_us: number, records: 1 }, Bucket { to_us: 10.0, records: u64::MAX }];
        let slice = |from_s, to_s, planned, sent| Slice {
            from_s,
            to_s,
            planned,
            sent,
            mean_us: number,
            max_us: number,
        };
        odd.timeline =
            vec![slice(0.0, number, u64::MAX, 1), slice(number, 2.0, 1, u64::MAX), slice(2.0, 1.0, 0, 0)];
        let page = odd.to_html();
        assert!(page.len() < 100_000, "{number}: {}", page.len());
        assert_eq!(unbalanced(&page), [""; 0], "{number}");
        assert!(!page.contains("NaN") && !page.contains("inf"), "{number}: {page}");
    }
}

#[test]
fn a_second_look_takes_the_place_of_the_first() {
    let mut certificate = judged("table t");
    let sound = PlaceVerdict {
        place: "table t".into(),
        sound: true,
        sent: Some(3_333),
        found: 3_333,
        faults: Vec::new(),
        notes: Vec::new(),
    };
    certificate.add("later".into(), sound.clone());
    let verdict = certificate.verdict.clone().unwrap();
    assert_eq!((verdict.sound, verdict.places.len(), &*verdict.at), (true, 1, "later"));
    certificate.add("last".into(), PlaceVerdict { place: "topic t".into(), sound: false, ..sound });
    assert!(!certificate.verdict.unwrap().sound);
}

#[test]
fn what_is_no_certificate_is_said_to_be_none() {
    let page = paced("x").to_html();
    let json = paced("x").to_json();
    for (text, expected) in [
        ("", "is no certificate of a run"),
        ("{}", "is no certificate of a run (missing field"),
        ("[1]", "is no certificate of a run"),
        ("<!doctype html><p>x</p>", "is a page, and none that holds a certificate"),
        (&page[..page.len() / 2], "is a page"),
        (&json[..json.len() / 2], "is no certificate of a run (EOF"),
        (&json.replace("\"format\": 1", "\"format\": 2"), "is a certificate of form 2"),
    ] {
        let said = Certificate::read(text).unwrap_err().to_string();
        assert!(said.starts_with(expected), "{said}");
    }
}
