//! Event times and zones.

use kadence_core::schedule::{OutOfOrder, Schedule, Timeline};
use kadence_core::source::{RecordingOptions, TimeFormat};

use crate::{csv, json_lines, open, read};

fn recorded(options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { schedule: Schedule::Recorded { speed: "1".parse().unwrap() }, ..options }
}

/// The event times of a recording in RFC 3339.
fn event_times(text: &str, options: &RecordingOptions) -> Vec<String> {
    let given = read(text, options);
    assert_eq!(given.error, None, "{text}");
    given.facts.iter().map(|facts| facts.time.unwrap().to_rfc3339()).collect()
}

fn decision(text: &str, options: &RecordingOptions) -> String {
    open(text, options).unwrap().decisions().iter().map(crate::spelled).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_column_and_the_format_are_found_and_said() {
    for (text, said) in [
        ("id,at\n7,2021-01-01 00:00:00\n", "event time: column `at`, ISO 8601 without offset, read as UTC"),
        ("id,at\n7,2021-01-01T00:00:00Z\n", "event time: column `at`, ISO 8601 with offset"),
        ("name,t\nice,9656.196248\n", "event time: column `t`, s (epoch seconds)"),
        ("t,v\n1618055496288,1\n", "event time: column `t`, ms (epoch milliseconds)"),
        ("t,v\n1618055496288123,1\n", "event time: column `t`, us (epoch microseconds)"),
        ("t,v\n1618055496288123456,1\n", "event time: column `t`, ns (epoch nanoseconds)"),
    ] {
        assert_eq!(decision(text, &recorded(csv())), said);
    }
    let named = RecordingOptions { time: Some("b".into()), ..recorded(csv()) };
    assert_eq!(decision("a,b\n1,2\n", &named), "event time: column `b`, s (epoch seconds)");
    let stated = RecordingOptions { time_format: "ms".parse().unwrap(), ..named };
    assert_eq!(decision("a,b\n1,2\n", &stated), "", "nothing was left to decide");
}

#[test]
fn nested_fields_can_be_the_time() {
    let options = RecordingOptions { time: Some("meta.at".into()), ..recorded(json_lines()) };
    let text = "{\"v\":1,\"meta\":{\"at\":\"2021-01-01T00:00:00+01:00\"}}\n{\"meta\":{\"at\":\"2021-01-01T00:00:01+01:00\"}}";
    assert_eq!(event_times(text, &options), ["2020-12-31T23:00:00Z", "2020-12-31T23:00:01Z"]);
}

#[test]
fn every_digit_counts() {
    let options = RecordingOptions {
        time_format: TimeFormat::Epoch(kadence_core::source::EpochUnit::Seconds),
        ..recorded(csv())
    };
    assert_eq!(
        event_times("t\n-1.5\n0\n0.000000001\n1618055496.287301999\n", &options),
        [
            "1969-12-31T23:59:58.5Z",
            "1970-01-01T00:00:00Z",
            "1970-01-01T00:00:00.000000001Z",
            "2021-04-10T11:51:36.287301999Z"
        ]
    );
    assert_eq!(
        event_times("t\n2021-04-10 11:51:36.287301999\n", &recorded(csv())),
        ["2021-04-10T11:51:36.287301999Z"]
    );
}

#[test]
fn local_times_are_read_in_their_zone_through_the_change_of_clocks() {
    let berlin = RecordingOptions { time_zone: Some("Europe/Berlin".into()), ..recorded(csv()) };
    // In spring 02:00 to 03:00 does not exist: an hour passes between these two, not two.
    assert_eq!(
        event_times("t\n2021-03-28 01:30:00\n2021-03-28 03:30:00\n", &berlin),
        ["2021-03-28T00:30:00Z", "2021-03-28T01:30:00Z"]
    );
    assert_eq!(event_times("t\n2021-03-28 02:30:00\n", &berlin), ["2021-03-28T01:30:00Z"]);
    // In autumn 02:00 to 03:00 comes twice; the text does not say which, so the second time goes backwards.
    let autumn = "t\n2021-10-31 02:59:59\n2021-10-31 02:00:00\n2021-10-31 03:00:00\n";
    let error = read(autumn, &berlin).error.unwrap();
    assert!(error.starts_with("data:3: column 1 `t`: `2021-10-31 02:00:00` is 3599s earlier"), "{error}");
    let clamped = RecordingOptions { out_of_order: OutOfOrder::Clamp, ..berlin };
    let mut timeline = Timeline::new(clamped.schedule);
    let given = read(autumn, &clamped);
    let dues: Vec<_> = given.facts.iter().map(|facts| timeline.due(facts.time).as_secs()).collect();
    assert_eq!(dues, [0, 0, 3_601]);
}

#[test]
fn an_offset_in_the_text_outranks_the_zone() {
    let tokyo = RecordingOptions { time_zone: Some("Asia/Tokyo".into()), ..recorded(csv()) };
    assert_eq!(
        event_times("t\n2021-01-01T00:00:00-05:00\n2021-01-01T14:00:01\n", &tokyo),
        ["2021-01-01T05:00:00Z", "2021-01-01T05:00:01Z"]
    );
}

#[test]
fn strftime_formats_read_other_texts() {
    let format = |format: &str, zone: Option<&str>| RecordingOptions {
        time_format: format.parse().unwrap(),
        time_zone: zone.map(Into::into),
        ..recorded(csv())
    };
    let mouse = "id\n2021/04/10-20:51:36:287301\n";
    assert_eq!(
        event_times(mouse, &format("%Y/%m/%d-%H:%M:%S:%f", Some("Asia/Tokyo"))),
        ["2021-04-10T11:51:36.287301Z"]
    );
    assert_eq!(event_times("d\n10.04.2021\n", &format("%d.%m.%Y", None)), ["2021-04-10T00:00:00Z"]);
    let error = read("d\n2021-04-10\n", &format("%d.%m.%Y", None)).error.unwrap();
    assert!(error.starts_with("data:2: no column holds a time (found: d)"), "{error}");
}
