//! Many subjects.

use kadence_registry::state::{Filter, Proposal, Registry, Request, VersionName};

fn request(number: usize) -> Request {
    let schema = format!(
        r#"{{"type":"record","name":"R{number}","fields":[{{"name":"a","type":["null","string"],"default":null}}]}}"#
    );
    Request::Register {
        subject: format!("subject-{number:05}"),
        proposal: Proposal { schema, ..Proposal::default() },
    }
}

#[test]
fn ten_thousand_subjects_are_registered_and_found() {
    let mut registry = Registry::new();
    for number in 0..10_000 {
        let decision = registry.decide(&request(number)).unwrap();
        assert_eq!(decision.records.len(), 1);
        decision.records.iter().for_each(|record| registry.apply(record));
    }
    for number in 0..10_000 {
        let Request::Register { subject, proposal } = request(number) else { unreachable!() };
        let found = registry.lookup(&subject, &proposal, false).unwrap();
        assert_eq!((found.id, found.version), (number as i32 + 1, 1));
        assert_eq!(registry.find(&subject, VersionName::Latest, false).unwrap(), found);
        assert_eq!(registry.by_guid(found.guid), Some(found.id));
    }
    let page = Filter { offset: 9_990, limit: Some(100), ..Filter::default() };
    assert_eq!(registry.subjects(&page).len(), 10);
}
