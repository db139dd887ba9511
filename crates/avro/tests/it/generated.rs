//! Schemas of any form, with values for them.

use kadence_core::data::RowBuilder;
use kadence_core::record::Timestamp;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// A type.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed(usize),
    Enum,
    Decimal(u32),
    FixedDecimal(u32),
    Uuid,
    FixedUuid,
    Date,
    TimeMillis,
    TimeMicros,
    /// By nanoseconds of its unit.
    Timestamp(i64),
    LocalTimestamp(i64),
    Duration,
    Array(Box<Kind>),
    Map(Box<Kind>),
    Union(Vec<Kind>),
    Record(Vec<Kind>),
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Bytes(Vec<u8>),
    Text(String),
    Enum(u32),
    Decimal(i128, u32),
    Uuid([u8; 16]),
    Date(i32),
    /// In nanoseconds.
    Time(i64),
    Timestamp(i64),
    LocalTimestamp(i64),
    Duration([u32; 3]),
    List(Vec<Datum>),
    Map(Vec<(String, Datum)>),
    Branch(u32, Box<Datum>),
    Record(Vec<Datum>),
}

pub(crate) const SYMBOLS: [&str; 3] = ["RED", "GREEN", "BLUE"];
pub(crate) const PRECISION: u32 = 30;
pub(crate) const FIXED_DECIMAL: usize = 15;

pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    use Kind::{Array, Map, Record, Union};
    let unit = prop::sample::select(vec![1_i64, 1_000, 1_000_000]);
    let leaf = prop_oneof![
        prop::sample::select(vec![
            Kind::Null,
            Kind::Boolean,
            Kind::Int,
            Kind::Long,
            Kind::Float,
            Kind::Double,
            Kind::Bytes,
            Kind::Text,
            Kind::Enum,
            Kind::Uuid,
            Kind::FixedUuid,
            Kind::Date,
            Kind::TimeMillis,
            Kind::TimeMicros,
            Kind::Duration,
        ]),
        (0_usize..5).prop_map(Kind::Fixed),
        (0_u32..10).prop_map(Kind::Decimal),
        (0_u32..10).prop_map(Kind::FixedDecimal),
        unit.clone().prop_map(Kind::Timestamp),
        unit.prop_map(Kind::LocalTimestamp),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_filter("of no bytes", |kind| !matches!(kind, Kind::Null))
                .prop_map(|kind| Array(Box::new(kind))),
            inner.clone().prop_map(|kind| Map(Box::new(kind))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|kinds| Union(told_apart(kinds))),
            prop::collection::vec(inner, 0..5).prop_map(Record),
        ]
    })
}

/// Branches that Avro takes beside each other, and that take no values of each other.
fn told_apart(kinds: Vec<Kind>) -> Vec<Kind> {
    let mut kept: Vec<Kind> = vec![Kind::Null];
    for kind in kinds {
        let (base, taken) = classes(&kind);
        if base != "union" && kept.iter().all(|other| classes(other).0 != base && classes(other).1 != taken) {
            kept.push(kind);
        }
    }
    kept
}

/// The type underneath, and the kind of values.
fn classes(kind: &Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Null => ("null", "null"),
        Kind::Boolean => ("boolean", "bool"),
        Kind::Int => ("int", "int"),
        Kind::Long => ("long", "int"),
        Kind::Float => ("float", "float"),
        Kind::Double => ("double", "float"),
        Kind::Bytes => ("bytes", "bytes"),
        Kind::Text => ("string", "text"),
        Kind::Fixed(_) => ("fixed", "bytes"),
        Kind::Enum => ("enum", "text"),
        Kind::Decimal(_) => ("bytes", "decimal"),
        Kind::FixedDecimal(_) => ("fixed decimal", "decimal"),
        Kind::Uuid => ("string", "uuid"),
        Kind::FixedUuid => ("fixed uuid", "uuid"),
        Kind::Date => ("int", "date"),
        Kind::TimeMillis => ("int", "time"),
        Kind::TimeMicros => ("long", "time"),
        Kind::Timestamp(_) => ("long", "timestamp"),
        Kind::LocalTimestamp(_) => ("long", "text"),
        Kind::Duration => ("fixed duration", "fields"),
        Kind::Array(_) => ("array", "list"),
        Kind::Map(_) => ("map", "fields"),
        Kind::Union(_) => ("union", ""),
        Kind::Record(_) => ("record", "fields"),
    }
}

impl Kind {
    /// The schema's JSON. Names are numbered.
    pub(crate) fn json(&self, names: &mut u32) -> Json {
        let mut name = || {
            *names += 1;
            format!("N{names}")
        };
        let unit = |unit: i64| match unit {
            1 => "nanos",
            1_000 => "micros",
            _ => "millis",
        };
        match self {
            Self::Null => json!("null"),
            Self::Boolean => json!("boolean"),
            Self::Int => json!("int"),
            Self::Long => json!("long"),
            Self::Float => json!("float"),
            Self::Double => json!("double"),
            Self::Bytes => json!("bytes"),
            Self::Text => json!("string"),
            Self::Fixed(size) => json!({"type": "fixed", "name": name(), "size": size}),
            Self::Enum => json!({"type": "enum", "name": name(), "symbols": SYMBOLS}),
            Self::Decimal(scale) => {
                json!({"type": "bytes", "logicalType": "decimal", "precision": PRECISION, "scale": scale})
            }
            Self::FixedDecimal(scale) => json!({
                "type": "fixed", "name": name(), "size": FIXED_DECIMAL,
                "logicalType": "decimal", "precision": PRECISION, "scale": scale,
            }),
            Self::Uuid => json!({"type": "string", "logicalType": "uuid"}),
            Self::FixedUuid => json!({"type": "fixed", "name": name(), "size": 16, "logicalType": "uuid"}),
            Self::Date => json!({"type": "int", "logicalType": "date"}),
            Self::TimeMillis => json!({"type": "int", "logicalType": "time-millis"}),
            Self::TimeMicros => json!({"type": "long", "logicalType": "time-micros"}),
            Self::Timestamp(of) => json!({"type": "long", "logicalType": format!("timestamp-{}", unit(*of))}),
            Self::LocalTimestamp(of) => {
                json!({"type": "long", "logicalType": format!("local-timestamp-{}", unit(*of))})
            }
            Self::Duration => json!({"type": "fixed", "name": name(), "size": 12, "logicalType": "duration"}),
            Self::Array(items) => json!({"type": "array", "items": items.json(names)}),
            Self::Map(values) => json!({"type": "map", "values": values.json(names)}),
            Self::Union(branches) => branches.iter().map(|branch| branch.json(names)).collect(),
            Self::Record(fields) => {
                let name = name();
                let field = |(place, field): (usize, &Self)| json!({"name": format!("f{place}"), "type": field.json(names)});
                let fields: Vec<Json> = fields.iter().enumerate().map(field).collect();
                json!({"type": "record", "name": name, "fields": fields})
            }
        }
    }

    /// A value of this type: another one for each seed.
    pub(crate) fn datum(&self, seed: &mut Seed) -> Datum {
        match self {
            Self::Null => Datum::Null,
            Self::Boolean => Datum::Bool(seed.below(2) == 1),
            Self::Int => Datum::Int((seed.next() as i32).into()),
            Self::Long => Datum::Int((seed.next() as i64) >> seed.below(60)),
            Self::Float => {
                Datum::Float((seed.below(2_000_000) as f64 - 1e6) / 10_f64.powi(seed.below(5) as i32))
            }
            Self::Double => Datum::Float(f64::from(seed.next() as i32) / 7.0),
            Self::Bytes => Datum::Bytes((0..seed.below(5)).map(|_| seed.next() as u8).collect()),
            Self::Text => Datum::Text("aß😀".repeat(seed.below(4) as usize)),
            Self::Fixed(size) => Datum::Bytes((0..*size).map(|_| seed.next() as u8).collect()),
            Self::Enum => Datum::Enum(seed.below(3) as u32),
            Self::Decimal(scale) | Self::FixedDecimal(scale) => {
                Datum::Decimal(i128::from(seed.next() as i64) * i128::from(seed.below(1 << 30)), *scale)
            }
            Self::Uuid | Self::FixedUuid => {
                let (high, low) = (seed.next(), seed.next());
                Datum::Uuid(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
            }
            Self::Date => Datum::Date(seed.next() as i32),
            Self::TimeMillis => Datum::Time(seed.below(86_400_000) as i64 * 1_000_000),
            Self::TimeMicros => Datum::Time(seed.below(86_400_000_000) as i64 * 1_000),
            Self::Timestamp(unit) => Datum::Timestamp((seed.next() as i64 / 4 / unit) * unit),
            Self::LocalTimestamp(unit) => Datum::LocalTimestamp((seed.next() as i64 / 4 / unit) * unit),
            Self::Duration => Datum::Duration([seed.next() as u32, seed.below(9) as u32, seed.next() as u32]),
            Self::Array(items) => Datum::List((0..seed.below(4)).map(|_| items.datum(seed)).collect()),
            Self::Map(values) => {
                Datum::Map((0..seed.below(2)).map(|key| (format!("k{key}"), values.datum(seed))).collect())
            }
            Self::Union(branches) => {
                let place = seed.below(branches.len() as u64) as usize;
                Datum::Branch(place as u32, Box::new(branches[place].datum(seed)))
            }
            Self::Record(fields) => Datum::Record(fields.iter().map(|field| field.datum(seed)).collect()),
        }
    }
}

/// Numbers that look random.
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 3) % end
    }
}

impl Datum {
    /// Appends the value as a row has it.
    pub(crate) fn write(&self, row: &mut RowBuilder<'_>) {
        match self {
            Self::Null => row.null(),
            Self::Bool(value) => row.bool(*value),
            Self::Int(value) => row.int(*value),
            Self::Float(value) => row.float(*value),
            Self::Bytes(bytes) => row.bytes(bytes),
            Self::Text(text) => row.text(text),
            Self::Enum(place) => row.text(SYMBOLS[*place as usize]),
            Self::Decimal(number, scale) => row.decimal(&decimal_text(*number, *scale)),
            Self::Uuid(uuid) => row.uuid(*uuid),
            Self::Date(days) => row.date(*days),
            Self::Time(nanos) => row.time(*nanos),
            Self::Timestamp(nanos) => row.timestamp(Timestamp::from_nanos(*nanos)),
            Self::LocalTimestamp(nanos) => row.text(&local_text(*nanos)),
            Self::Duration([months, days, millis]) => {
                row.begin_struct();
                row.name("months").int((*months).into());
                row.name("days").int((*days).into());
                row.name("millis").int((*millis).into());
                row.end();
            }
            Self::List(items) => {
                row.begin_list();
                for item in items {
                    item.write(row);
                }
                row.end();
            }
            Self::Map(entries) => {
                row.begin_map();
                for (name, value) in entries {
                    row.name(name);
                    value.write(row);
                }
                row.end();
            }
            Self::Branch(_, value) => value.write(row),
            Self::Record(fields) => {
                row.begin_struct();
                write_fields(fields, row);
                row.end();
            }
        }
    }
}

pub(crate) fn write_fields(fields: &[Datum], row: &mut RowBuilder<'_>) {
    for (place, field) in fields.iter().enumerate() {
        row.name(&format!("f{place}"));
        field.write(row);
    }
}

fn decimal_text(number: i128, scale: u32) -> String {
    let digits = format!("{:0>1$}", number.unsigned_abs(), scale as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    let sign = if number < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// As another program writes it.
fn local_text(nanos: i64) -> String {
    let time = jiff::Timestamp::from_nanosecond(nanos.into()).unwrap();
    jiff::tz::Offset::UTC.to_datetime(time).to_string()
}
