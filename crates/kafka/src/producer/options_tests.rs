use kadence_core::fault::Disposition;

use super::*;

fn is_misuse(fault: &Fault) -> bool {
    fault.disposition == Disposition::Misuse
}

fn options(given: &[(&str, &str)]) -> ProducerOptions {
    let properties = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ProducerOptions {
        topic: "t".into(),
        connection: Connection { properties, ..Connection::default() },
        ..ProducerOptions::default()
    }
}

fn value(options: &ProducerOptions, name: &str) -> Option<String> {
    options.resolve().unwrap().properties.get(name).map(str::to_owned)
}

#[test]
fn idempotence_is_on_without_a_word_about_it() {
    let plain = options(&[]);
    assert_eq!(value(&plain, "enable.idempotence").as_deref(), Some("true"));
    assert!(plain.check().unwrap().is_empty());
}

#[test]
fn what_excludes_idempotence_turns_it_off_with_one_notice() {
    let cases = [
        ProducerOptions { acks: Some(Acks::One), ..options(&[]) },
        ProducerOptions { retries: Some(0), ..options(&[]) },
        ProducerOptions { send: SendMode::Forget, ..options(&[]) },
        options(&[("request.required.acks", "1")]),
        options(&[("max.in.flight", "6")]),
    ];
    for case in cases {
        let notices = case.check().unwrap();
        assert_eq!(notices.len(), 1, "{case:?}");
        assert!(notices[0].to_string().starts_with("idempotence is off because of "), "{notices:?}");
        assert_eq!(value(&case, "enable.idempotence").as_deref(), Some("false"));
    }
    let forget = ProducerOptions { send: SendMode::Forget, ..options(&[]) };
    assert_eq!(
        forget.check().unwrap(),
        [phrase!["idempotence is off because of ", @"send", " forget: a record may be lost"]]
    );
}

#[test]
fn asking_for_idempotence_and_for_what_excludes_it_is_misuse() {
    let asked = [("enable.idempotence", "true")];
    let cases = [
        ProducerOptions { acks: Some(Acks::One), ..options(&asked) },
        ProducerOptions { retries: Some(0), ..options(&asked) },
        ProducerOptions { send: SendMode::Forget, ..options(&asked) },
        ProducerOptions { send: SendMode::Forget, acks: Some(Acks::All), ..options(&[]) },
        ProducerOptions { send: SendMode::Sync, acks: Some(Acks::None), ..options(&[]) },
    ];
    for case in cases {
        let faults = case.check().unwrap_err();
        assert!(faults.len() == 1 && is_misuse(&faults[0]), "{faults:?}");
    }
    let both = ProducerOptions { acks: Some(Acks::One), retries: Some(0), ..options(&asked) };
    assert_eq!(both.check().unwrap_err().len(), 2);
}

#[test]
fn an_override_beats_the_flag_and_turning_idempotence_off_is_no_news() {
    let beaten = ProducerOptions { acks: Some(Acks::One), ..options(&[("acks", "all")]) };
    assert_eq!(value(&beaten, "enable.idempotence").as_deref(), Some("true"));
    assert!(options(&[("enable.idempotence", "false")]).check().unwrap().is_empty());
}

#[test]
fn paced_records_leave_at_once_and_others_in_large_batches() {
    let paced = ProducerOptions { paced: true, ..options(&[]) };
    assert_eq!(value(&paced, "linger.ms").as_deref(), Some("0"));
    let chosen = ProducerOptions { paced: true, linger: Some(Duration::from_micros(2_500)), ..options(&[]) };
    assert_eq!(value(&chosen, "linger.ms").as_deref(), Some("2.5"));
    assert_ne!(value(&options(&[]), "linger.ms").as_deref(), Some("0"));
}

#[test]
fn faults_of_all_kinds_come_together() {
    let mut bad = ProducerOptions { batch_size: Some(0), ..options(&[("lingerms", "1")]) };
    bad.topic = "a topic".into();
    let faults = bad.check().unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults.iter().all(is_misuse));
}

#[test]
fn a_header_has_a_name() {
    let nameless = Header { name: String::new(), value: Vec::new() };
    let faults = ProducerOptions { headers: vec![nameless], ..options(&[]) }.check().unwrap_err();
    assert_eq!(faults[0].to_string(), "header: has no name; write NAME=VALUE");
}
