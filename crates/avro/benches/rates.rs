//! A small flat record to bytes and back: ours, and what others take for it.
//!
//! `cargo bench -p kadence-avro`; `fastavro.py` beside this file measures a library of Python on the same record.

#![allow(missing_docs, reason = "the names are the table")]

use kadence_avro::Schema;
use kadence_core::data::RowBuffer;

fn main() {
    divan::main();
}

const RECORDS: usize = 1_000;

const SCHEMA: &str = r#"{"type":"record","name":"probe","fields":[{"name":"_id","type":"string"},
    {"name":"dateTime","type":"long"},{"name":"latitude","type":"double"},{"name":"longitude","type":"double"},
    {"name":"depth","type":"float"},{"name":"place","type":["null","string"],"default":null}]}"#;

/// A record as typed data.
#[derive(serde::Serialize, serde::Deserialize)]
struct Probe<'p> {
    #[serde(rename = "_id")]
    id: &'p str,
    #[serde(rename = "dateTime")]
    date_time: i64,
    latitude: f64,
    longitude: f64,
    depth: f32,
    place: Option<&'p str>,
}

fn ids() -> Vec<String> {
    (0..RECORDS).map(|number| format!("5e9f8a{number:018x}")).collect()
}

fn probes(ids: &[String]) -> Vec<Probe<'_>> {
    let mut probes = Vec::with_capacity(ids.len());
    for (number, id) in ids.iter().enumerate() {
        probes.push(Probe {
            id,
            date_time: 1_589_000_000_000 + number as i64 * 1_000,
            latitude: 54.321 + number as f64 / 1e4,
            longitude: 10.135 - number as f64 / 1e4,
            depth: (number % 400) as f32 / 10.0,
            place: (number % 2 == 0).then_some("Kieler Förde"),
        });
    }
    probes
}

fn rows() -> RowBuffer {
    let ids = ids();
    let mut rows = RowBuffer::new();
    for probe in probes(&ids) {
        let mut row = rows.build();
        row.name("_id").text(probe.id);
        row.name("dateTime").int(probe.date_time);
        row.name("latitude").float(probe.latitude);
        row.name("longitude").float(probe.longitude);
        row.name("depth").float(f64::from((probe.depth * 10.0).round()) / 10.0);
        row.name("place");
        match probe.place {
            Some(place) => row.text(place),
            None => row.null(),
        }
        row.finish().expect("it is small");
    }
    rows
}

fn schema() -> Schema {
    Schema::parse(SCHEMA).expect("it is a schema")
}

fn their_schema() -> apache_avro::Schema {
    apache_avro::Schema::parse_str(SCHEMA).expect("it is a schema")
}

/// The bodies of all records, behind a prefix.
fn bodies() -> Vec<Vec<u8>> {
    use kadence_core::codec::Encoder as _;
    let rows = rows();
    let mut encoder = kadence_avro::AvroEncoder::new(&schema(), 1);
    let body = |row| {
        let mut body = Vec::new();
        encoder.encode(row, &mut body).expect("it goes in");
        body
    };
    rows.iter().map(body).collect()
}

mod encode {
    use std::hint::black_box;

    use apache_avro::types::Value;
    use apache_avro::writer::datum::GenericDatumWriter;
    use divan::Bencher;
    use divan::counter::ItemsCount;
    use kadence_avro::AvroEncoder;
    use kadence_core::codec::Encoder as _;

    use super::{RECORDS, SCHEMA, ids, probes, rows, schema, their_schema};

    #[divan::bench]
    fn ours(bencher: Bencher<'_, '_>) {
        let (rows, mut encoder, mut body) = (rows(), AvroEncoder::new(&schema(), 1), Vec::new());
        bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
            for row in rows.iter() {
                body.clear();
                encoder.encode(row, &mut body).expect("it goes in");
                black_box(&body);
            }
        });
    }

    #[divan::bench]
    fn apache_avro_value(bencher: Bencher<'_, '_>) {
        let (schema, ids) = (their_schema(), ids());
        let probes = probes(&ids);
        let writer = GenericDatumWriter::builder(&schema).build().expect("it is a schema");
        let mut body = Vec::new();
        bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
            for probe in &probes {
                body.clear();
                let place = match probe.place {
                    Some(place) => Value::Union(1, Box::new(Value::String(place.to_owned()))),
                    None => Value::Union(0, Box::new(Value::Null)),
                };
                let value = Value::Record(vec![
                    ("_id".to_owned(), Value::String(probe.id.to_owned())),
                    ("dateTime".to_owned(), Value::Long(probe.date_time)),
                    ("latitude".to_owned(), Value::Double(probe.latitude)),
                    ("longitude".to_owned(), Value::Double(probe.longitude)),
                    ("depth".to_owned(), Value::Float(probe.depth)),
                    ("place".to_owned(), place),
                ]);
                writer.write_value(&mut body, value).expect("it goes in");
                black_box(&body);
            }
        });
    }

    #[divan::bench]
    fn serde_avro_fast(bencher: Bencher<'_, '_>) {
        let schema: serde_avro_fast::Schema = SCHEMA.parse().expect("it is a schema");
        let mut config = serde_avro_fast::ser::SerializerConfig::new(&schema);
        let ids = ids();
        let (probes, mut body) = (probes(&ids), Vec::new());
        bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
            for probe in &probes {
                body.clear();
                body = serde_avro_fast::to_datum(probe, std::mem::take(&mut body), &mut config)
                    .expect("it goes in");
                black_box(&body);
            }
        });
    }
}

mod decode {
    use std::hint::black_box;

    use apache_avro::reader::datum::GenericDatumReader;
    use divan::Bencher;
    use divan::counter::ItemsCount;
    use kadence_avro::AvroDecoder;
    use kadence_core::codec::Decoder as _;
    use kadence_core::data::RowBuffer;

    use super::{Probe, RECORDS, SCHEMA, bodies, schema, their_schema};

    fn measure(bencher: Bencher<'_, '_>, mut decoder: AvroDecoder) {
        let (bodies, mut rows) = (bodies(), RowBuffer::new());
        decoder.learn(1, &schema()).expect("it goes");
        bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
            rows.clear(1 << 20);
            for body in &bodies {
                decoder.decode(body, &mut rows).expect("it is a body");
            }
            black_box(&rows);
        });
    }

    #[divan::bench]
    fn ours(bencher: Bencher<'_, '_>) {
        measure(bencher, AvroDecoder::new());
    }

    #[divan::bench]
    fn ours_by_a_reader_schema(bencher: Bencher<'_, '_>) {
        measure(bencher, AvroDecoder::with_reader(&schema()));
    }

    #[divan::bench]
    fn apache_avro_value(bencher: Bencher<'_, '_>) {
        let (schema, bodies) = (their_schema(), bodies());
        let reader = GenericDatumReader::builder(&schema).build().expect("it is a schema");
        bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
            for body in &bodies {
                black_box(reader.read_value(&mut &body[5..]).expect("it is a body"));
            }
        });
    }

    #[divan::bench]
    fn serde_avro_fast(bencher: Bencher<'_, '_>) {
        let schema: serde_avro_fast::Schema = SCHEMA.parse().expect("it is a schema");
        let bodies = bodies();
        bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
            for body in &bodies {
                black_box(
                    serde_avro_fast::from_datum_slice::<Probe<'_>>(&body[5..], &schema).expect("a body"),
                );
            }
        });
    }
}
