use super::*;

/// Keys and values as Confluent's registry writes them.
const WRITTEN: [(&str, Option<&str>); 9] = [
    (
        r#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#,
        Some(r#"{"subject":"s","version":1,"id":1,"schema":"\"int\"","deleted":false}"#),
    ),
    (r#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#, None),
    (
        r#"{"keytype":"CONFIG","subject":null,"magic":0}"#,
        Some(r#"{"subject":null,"compatibilityLevel":"FULL"}"#),
    ),
    (
        r#"{"keytype":"CONFIG","subject":"s","magic":0}"#,
        Some(r#"{"subject":"s","compatibilityLevel":"BACKWARD_TRANSITIVE"}"#),
    ),
    (r#"{"keytype":"CONFIG","subject":"s","magic":0}"#, None),
    (
        r#"{"keytype":"MODE","subject":null,"magic":0}"#,
        Some(r#"{"subject":null,"mode":"READONLY_OVERRIDE"}"#),
    ),
    (r#"{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}"#, Some(r#"{"subject":"s","version":3}"#)),
    (r#"{"keytype":"CLEAR_SUBJECT","subject":"s","magic":0}"#, Some(r#"{"subject":"s"}"#)),
    (r#"{"keytype":"NOOP","magic":0}"#, None),
];

fn parse(key: &str, value: Option<&str>) -> Result<Record, BadRecord> {
    Record::parse(key.as_bytes(), value.map(str::as_bytes))
}

#[test]
fn records_are_written_as_they_are_read() {
    for (key, value) in WRITTEN {
        let record = parse(key, value).unwrap();
        assert_eq!(String::from_utf8(record.key_bytes()).unwrap(), key);
        assert_eq!(record.value_bytes().map(|bytes| String::from_utf8(bytes).unwrap()).as_deref(), value);
    }
}

#[test]
fn what_is_not_known_stays() {
    let value = r#"{"subject":"s","version":1,"id":1,"schemaType":"JSON","references":[{"name":"n","subject":"t","version":2}],"schema":"{}","deleted":false,"guid":"x","md5":"AAAA","metadata":{"a":[1]},"ruleSet":null}"#;
    let record =
        parse(r#"{"magic":1,"version":1,"subject":"s","keytype":"SCHEMA","new":1}"#, Some(value)).unwrap();
    assert_eq!(String::from_utf8(record.value_bytes().unwrap()).unwrap(), value);
    assert_eq!(
        parse(r#"{"keytype":"CONTEXT","magic":0}"#, Some("x")),
        Ok(Record::Unknown { keytype: "CONTEXT".to_owned() })
    );
    let config = r#"{"subject":"s","alias":"t","normalize":true}"#;
    let record = parse(r#"{"keytype":"CONFIG","subject":"s","magic":0}"#, Some(config)).unwrap();
    assert_eq!(String::from_utf8(record.value_bytes().unwrap()).unwrap(), config);
}

#[test]
fn bad_records_have_a_reason() {
    let schema = r#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#;
    for (key, value, reason) in [
        ("", None, "key"),
        ("[]", None, "key"),
        (r#"{"subject":"s"}"#, None, "keytype"),
        (r#"{"keytype":"SCHEMA","version":1}"#, None, "subject"),
        (r#"{"keytype":"SCHEMA","subject":"s","version":0}"#, None, "version"),
        (r#"{"keytype":"DELETE_SUBJECT"}"#, None, "subject"),
        (r#"{"keytype":"SCHEMA","subject":":.c:s","version":1}"#, None, "context"),
        (schema, Some("{"), "SCHEMA"),
        (schema, Some(r#"{"subject":"t","version":1,"id":1,"schema":"x"}"#), "`t`"),
        (schema, Some(r#"{"subject":"s","version":1,"id":-1,"schema":"x"}"#), "-1"),
        (schema, Some(r#"{"subject":"s","version":1,"id":1}"#), "schema"),
        (r#"{"keytype":"CONFIG"}"#, Some(r#"{"compatibilityLevel":"UP"}"#), "UP"),
        (r#"{"keytype":"MODE"}"#, Some("{}"), "mode"),
    ] {
        let error = parse(key, value).unwrap_err().to_string();
        assert!(error.contains(reason), "{reason} in {error}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_too_odd(key in proptest::collection::vec(proptest::num::u8::ANY, 0..100), place in 0..9_usize) {
        let _ = Record::parse(&key, Some(&key));
        let (known, _) = WRITTEN[place];
        let _ = Record::parse(known.as_bytes(), Some(&key));
    }
}
