use proptest::prelude::*;

use super::*;
use crate::record::{DeleteSubjectValue, Reference};

/// A record named `R` with fields of type int; those in `optional` have defaults.
fn schema(fields: u8, optional: u8) -> String {
    let field = |bit: u8| {
        let default = if optional & (1 << bit) == 0 { "" } else { r#","default":0"# };
        format!(r#"{{"name":"f{bit}","type":"int"{default}}}"#)
    };
    let fields: Vec<String> = (0..4).filter(|bit| fields & (1 << bit) != 0).map(field).collect();
    format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","))
}

fn subject() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("c/d e")].prop_map(str::to_owned)
}

fn version() -> impl Strategy<Value = VersionName> {
    prop_oneof![Just(VersionName::Latest), (1..5).prop_map(VersionName::Number)]
}

fn proposal() -> impl Strategy<Value = Proposal> {
    let reference = (subject(), -1..4).prop_map(|(subject, version)| Reference {
        name: "R".to_owned(),
        subject,
        version,
    });
    let used = proptest::option::weighted(0.2, reference);
    let id = proptest::option::weighted(0.2, 1..20);
    (0..16_u8, 0..16_u8, used, id).prop_map(|(fields, optional, used, id)| Proposal {
        schema: if used.is_some() {
            r#"{"type":"array","items":"R"}"#.to_owned()
        } else {
            schema(fields, optional)
        },
        references: used.into_iter().collect(),
        id,
        ..Proposal::default()
    })
}

fn request() -> impl Strategy<Value = Request> {
    let level = prop_oneof![Just(Level::None), Just(Level::Backward), Just(Level::FullTransitive)];
    let mode = prop_oneof![3 => Just(Mode::Readwrite), 1 => Just(Mode::Readonly), 2 => Just(Mode::Import)];
    let whose = || proptest::option::of(subject());
    prop_oneof![
        6 => (subject(), proposal()).prop_map(|(subject, proposal)| Request::Register { subject, proposal }),
        1 => (subject(), any::<bool>())
            .prop_map(|(subject, permanent)| Request::DeleteSubject { subject, permanent }),
        2 => (subject(), version(), any::<bool>()).prop_map(|(subject, version, permanent)| {
            Request::DeleteVersion { subject, version, permanent }
        }),
        2 => (whose(), level).prop_map(|(subject, level)| Request::SetLevel { subject, level }),
        1 => whose().prop_map(|subject| Request::DeleteLevel { subject }),
        1 => (whose(), mode, any::<bool>())
            .prop_map(|(subject, mode, force)| Request::SetMode { subject, mode, force }),
        1 => whose().prop_map(|subject| Request::DeleteMode { subject }),
    ]
}

/// A registry that has taken all records of a log.
fn replayed<'r>(log: impl IntoIterator<Item = &'r (Vec<u8>, Option<Vec<u8>>)>) -> Registry {
    let mut registry = Registry::new();
    for (key, value) in log {
        registry.apply(&Record::parse(key, value.as_deref()).unwrap());
    }
    registry
}

/// What is left of a log where of records with one key only the last one stays.
fn compacted(log: &[(Vec<u8>, Option<Vec<u8>>)]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let is_last = |place: usize, key: &Vec<u8>| log.iter().skip(place + 1).all(|(later, _)| later != key);
    let left = log.iter().enumerate().filter(|(place, (key, _))| is_last(*place, key));
    left.map(|(_, entry)| entry.clone()).collect()
}

proptest! {
    #[test]
    fn the_log_says_all_that_is_there(requests in proptest::collection::vec(request(), 1..60)) {
        let mut registry = Registry::new();
        let mut log = Vec::new();
        for request in &requests {
            let before = registry.clone();
            let Ok(decision) = registry.decide(request) else { continue };
            prop_assert_eq!(&registry, &before);
            for record in &decision.records {
                registry.apply(record);
                log.push((record.key_bytes(), record.value_bytes()));
            }
            if let (Request::Register { subject, proposal }, Answer::Registered { id, version, .. }) =
                (request, &decision.answer)
                // What was the latest one may now be another.
                && proposal.references.iter().all(|used| used.version > 0)
            {
                let found = registry.lookup(subject, proposal, false).unwrap();
                prop_assert_eq!(found.id, *id);
                prop_assert_eq!(found.version, *version);
                prop_assert!(registry.by_id(*id).is_some());
            }
        }
        prop_assert_eq!(&replayed(&log), &registry);
        let mut after = replayed(&compacted(&log));
        // Ids of schemas that are gone for good may be forgotten.
        prop_assert!(after.last_id <= registry.last_id);
        after.last_id = registry.last_id;
        prop_assert_eq!(&after, &registry);
    }
}

fn applied(registry: &mut Registry, request: &Request) -> Result<Answer, crate::RegistryError> {
    let decision = registry.decide(request)?;
    decision.records.iter().for_each(|record| registry.apply(record));
    Ok(decision.answer)
}

fn register(registry: &mut Registry, subject: &str, fields: u8) -> i32 {
    let proposal = Proposal { schema: schema(fields, 15), ..Proposal::default() };
    let request = Request::Register { subject: subject.to_owned(), proposal };
    match applied(registry, &request) {
        Ok(Answer::Registered { id, .. }) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_there_before_it_is_applied() {
    let registry = Registry::new();
    let proposal = Proposal { schema: schema(1, 0), ..Proposal::default() };
    let decision = registry.decide(&Request::Register { subject: "s".to_owned(), proposal }).unwrap();
    assert_eq!(decision.records.len(), 1);
    assert_eq!(registry, Registry::new());
}

#[test]
fn what_other_registries_wrote_is_served() {
    let mut registry = Registry::new();
    let guid = "01234567-89ab-4cde-8f01-23456789abcd";
    let value = format!(
        r#"{{"subject":"s","version":4,"id":9,"schema":"{{ \"type\" : \"int\" }}","deleted":false,"guid":"{guid}","ruleSet":{{"a":1}}}}"#
    );
    let key = br#"{"keytype":"SCHEMA","subject":"s","version":4,"magic":1}"#;
    registry.apply(&Record::parse(key, Some(value.as_bytes())).unwrap());
    assert_eq!(registry.by_guid(guid.parse().unwrap()), Some(9));
    let proposal = Proposal { schema: r#"{ "type" : "int" }"#.to_owned(), ..Proposal::default() };
    let found = registry.lookup("s", &proposal, false).unwrap();
    assert_eq!((found.id, found.version), (9, 4), "the text is that of another registry");
    let delete =
        Request::DeleteVersion { subject: "s".to_owned(), version: VersionName::Latest, permanent: false };
    let decision = registry.decide(&delete).unwrap();
    let written = String::from_utf8(decision.records[0].value_bytes().unwrap()).unwrap();
    assert!(written.contains("ruleSet") && written.contains(guid) && written.contains(r#""deleted":true"#));
}

#[test]
fn a_cleared_subject_keeps_what_is_not_deleted() {
    let mut registry = Registry::new();
    register(&mut registry, "s", 1);
    register(&mut registry, "s", 3);
    let value = DeleteSubjectValue { subject: "s".to_owned(), version: 1, extra: Map::new() };
    registry.apply(&Record::DeleteSubject { subject: "s".to_owned(), value: Some(value) });
    registry.apply(&Record::ClearSubject { subject: "s".to_owned() });
    let all = Filter { deleted: true, ..Filter::default() };
    assert_eq!(registry.versions("s", &all).unwrap(), [2]);
    assert_eq!(registry.by_id(1), None);
    assert_eq!(register(&mut registry, "t", 7), 3, "ids are given once");
}

#[test]
fn references_that_lead_far_come_to_an_end() {
    let mut registry = Registry::new();
    for number in 0..100 {
        let used =
            Reference { name: "x".to_owned(), subject: format!("s{}", (number + 1) % 100), version: 1 };
        let value = serde_json::json!({
            "subject": format!("s{number}"), "version": 1, "id": number + 1, "schema": "\"int\"",
            "references": [used],
        });
        let key = format!(r#"{{"keytype":"SCHEMA","subject":"s{number}","version":1,"magic":1}}"#);
        registry.apply(&Record::parse(key.as_bytes(), Some(value.to_string().as_bytes())).unwrap());
    }
    let used = Reference { name: "x".to_owned(), subject: "s0".to_owned(), version: 1 };
    let proposal = Proposal { schema: "\"int\"".to_owned(), references: vec![used], ..Proposal::default() };
    let error = registry.decide(&Request::Register { subject: "t".to_owned(), proposal }).unwrap_err();
    assert_eq!(error.code(), 42201);
}
