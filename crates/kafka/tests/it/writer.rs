use kadence_kafka::{Admin, FencedWriter, WriteError};

use super::*;

fn writer(broker: &Broker) -> FencedWriter {
    FencedWriter::open(&connection(broker), "log", "the-writer", &SystemClock, &Stop::new()).unwrap()
}

fn bodies(broker: &Broker) -> Vec<Option<Vec<u8>>> {
    read_all(&reading(broker, "log")).into_iter().map(|record| record.body).collect()
}

#[test]
fn who_begins_later_fences_who_began_before() {
    let broker = broker();
    Admin::connect(&connection(&broker)).unwrap().create("log", Some(1), Some(1), &[]).unwrap();
    let first = writer(&broker);
    assert_eq!(first.write(b"a", Some(b"1")).unwrap(), 0);
    // Each transaction has a marker.
    assert_eq!(first.write(b"a", None).unwrap(), 2);
    let second = writer(&broker);
    assert_eq!(second.write(b"b", Some(b"2")).unwrap(), 4);
    for _ in 0..2 {
        let refused = first.write(b"a", Some(b"3"));
        assert!(matches!(refused, Err(WriteError::Fenced)), "{refused:?}");
    }
    assert_eq!(second.write(b"b", Some(b"4")).unwrap(), 6);
    let expected = [Some(&b"1"[..]), None, Some(b"2"), Some(b"4")];
    assert_eq!(bodies(&broker), expected.map(|body| body.map(<[u8]>::to_vec)));
}

#[test]
fn a_writer_that_was_cut_off_leaves_nothing_open() {
    let broker = broker();
    Admin::connect(&connection(&broker)).unwrap().create("log", Some(1), Some(1), &[]).unwrap();
    let first = writer(&broker);
    first.write(b"a", Some(b"1")).unwrap();
    drop(first);
    let second = writer(&broker);
    second.write(b"a", Some(b"2")).unwrap();
    assert_eq!(bodies(&broker).len(), 2);
}
