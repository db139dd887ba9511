//! Prints pairs of Avro schemas as lines of JSON, with the verdict on each, to be held against another library's.
//! The arguments are a seed and how many. Some schemas are invalid on purpose.

#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;

use kadence_registry::{Avro, Compatibility};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (seed, pairs) = (number(1)?, number(2_000)?);
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..pairs {
        let choices: Vec<u32> = (0..600).map(|_| random.next()).collect();
        let mut changed = choices.clone();
        for _ in 0..random.next() % 12 {
            let place = random.next() as usize % 60;
            changed[place] = random.next();
        }
        let (reader, writer) = (Maker::new(&choices).make(), Maker::new(&changed).make());
        println!("{}", line(&reader, &writer));
    }
    Ok(())
}

fn line(reader: &str, writer: &str) -> String {
    let (read, written) = (Avro::parse(reader, &[], true), Avro::parse(writer, &[], true));
    let printed = read.as_ref().map_or_else(|_| String::new(), Avro::canonical);
    let mut rules = BTreeSet::new();
    let verdict = match (&read, &written) {
        (Ok(read), Ok(written)) => match read.reads(written) {
            Compatibility::Compatible => "COMPATIBLE",
            Compatibility::Incompatible(reasons) => {
                rules.extend(reasons.iter().map(|reason| reason.rule.name()));
                "INCOMPATIBLE"
            }
            Compatibility::Undecided => "UNDECIDED",
        },
        _ => "INVALID",
    };
    let invalid: Vec<String> =
        [&read, &written].into_iter().filter_map(|parsed| Some(parsed.as_ref().err()?.to_string())).collect();
    let line = json!({
        "reader": reader,
        "writer": writer,
        "verdict": verdict,
        "rules": rules,
        "printed": printed,
        "invalid": invalid,
    });
    line.to_string()
}

/// Xorshift: the same numbers for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) as u32
    }
}

/// Makes a schema of a list of choices. Lists that differ in little make schemas that do.
struct Maker<'c> {
    choices: std::iter::Cycle<std::slice::Iter<'c, u32>>,
    defined: Vec<String>,
}

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
const PROPERTIES: [&str; 6] = [
    r#""custom" : {"z":1, "a":[true,null, 1.50, 1e10]}"#,
    r#""logicalType":"decimal", "precision": 4"#,
    r#""logicalType" : "uuid""#,
    r#""é":"\u00e9\n\/""#,
    r#""avro.java.string":"String""#,
    r#""doc":"of it""#,
];

impl<'c> Maker<'c> {
    fn new(choices: &'c [u32]) -> Self {
        Self { choices: choices.iter().cycle(), defined: Vec::new() }
    }

    fn make(mut self) -> String {
        self.schema(0)
    }

    fn choose(&mut self, of: u32) -> u32 {
        self.choices.next().map_or(0, |choice| choice % of)
    }

    fn is(&mut self, percent: u32) -> bool {
        self.choose(100) < percent
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.choose(of.len() as u32) as usize]
    }

    fn schema(&mut self, depth: u32) -> String {
        let kinds = if depth > 3 { 5 } else { 14 };
        match self.choose(kinds) {
            0..=2 => self.primitive(),
            3 => self.enumeration(),
            4 => self.fixed(),
            5 => {
                let inner = self.schema(depth + 1);
                self.object(vec![r#""type":"array""#.to_owned(), format!("\"items\": {inner}")], 20)
            }
            6 => {
                let inner = self.schema(depth + 1);
                self.object(vec![r#""type":"map""#.to_owned(), format!("\"values\":{inner}")], 20)
            }
            7..=8 if !self.defined.is_empty() => {
                let place = self.choose(self.defined.len() as u32) as usize;
                let name = &self.defined[place];
                format!("\"{name}\"")
            }
            7..=9 => {
                let branches: Vec<String> = (0..self.choose(4)).map(|_| self.schema(depth + 1)).collect();
                format!("[{}]", branches.join(" , "))
            }
            _ => self.record(depth),
        }
    }

    fn primitive(&mut self) -> String {
        let name = self.one(&PRIMITIVES);
        if self.is(70) {
            return format!("\"{name}\"");
        }
        self.object(vec![format!("\"type\":\"{name}\"")], 80)
    }

    fn enumeration(&mut self) -> String {
        let symbols: Vec<&str> = ["A", "B", "C", "D"].into_iter().filter(|_| self.is(65)).collect();
        let mut attributes = self.named("enum", &["E0", "E1"]);
        attributes.push(format!("\"symbols\":{}", json!(symbols)));
        if let Some(first) = symbols.first().filter(|_| self.is(40)) {
            let default = if self.is(5) { "X" } else { first };
            attributes.push(format!("\"default\":\"{default}\""));
        }
        self.object(attributes, 15)
    }

    fn fixed(&mut self) -> String {
        let mut attributes = self.named("fixed", &["F0", "F1"]);
        let size = self.one(&[2, 2, 2, 16]);
        attributes.push(format!("\"size\":{size}"));
        self.object(attributes, 15)
    }

    fn record(&mut self, depth: u32) -> String {
        let kind = self.one(&["record", "record", "record", "error"]);
        let mut attributes = self.named(kind, &["R0", "R1", "R2"]);
        let mut fields = Vec::new();
        for name in ["a", "b", "c"] {
            if !self.is(60) {
                continue;
            }
            let name = if self.is(2) { "a" } else { name };
            fields.push(self.field(name, depth));
        }
        attributes.push(format!("\"fields\":[{}]", fields.join(", ")));
        self.object(attributes, 15)
    }

    fn field(&mut self, name: &str, depth: u32) -> String {
        let schema = self.schema(depth + 1);
        let mut attributes = vec![format!("\"name\":\"{name}\""), format!("\"type\" : {schema}")];
        if self.is(45) {
            let default = if self.is(12) { self.one(&VALUES).to_owned() } else { self.value(&schema) };
            attributes.push(format!("\"default\":{default}"));
        }
        if self.is(20) {
            let aliases = self.one(&[r#"["b"]"#, r#"["c"]"#, r#"["b","c"]"#, "[]"]);
            attributes.push(format!("\"aliases\":{aliases}"));
        }
        if self.is(10) {
            let order = self.one(&["ascending", "descending", "ignore"]);
            attributes.push(format!("\"order\":\"{order}\""));
        }
        if self.is(10) {
            attributes.push("\"doc\": \"a field\"".to_owned());
        }
        self.object(attributes, 10)
    }

    /// A value that fits the schema, where that is plain to see.
    fn value(&mut self, schema: &str) -> String {
        let kind = PRIMITIVES
            .iter()
            .find(|kind| schema.trim_start_matches(['[', ' ']).starts_with(&format!("\"{kind}\"")));
        match kind {
            Some(&"null") => "null",
            Some(&"boolean") => "true",
            Some(&("int" | "long")) => self.one(&["0", "-7", "2147483647"]),
            Some(&("float" | "double")) => self.one(&["1", "1.5", "1e10", "-0.00001", "\"2.5\""]),
            Some(_) => "\"\\u0001x\"",
            None if schema.contains("\"array\"") => "[]",
            None if schema.contains("\"fixed\"") || schema.contains("\"enum\"") => "\"A\"",
            None => "{}",
        }
        .to_owned()
    }

    fn named(&mut self, kind: &str, names: &[&str]) -> Vec<String> {
        // A name is mostly taken once, for two types of one name make no schema.
        let is_free = |maker: &Self, name: &str| !maker.defined.iter().any(|taken| taken.ends_with(name));
        let mut name = self.one(names);
        if !self.is(5) {
            name = names.iter().copied().find(|name| is_free(self, name)).unwrap_or(name);
        }
        let space = self.one(&["", "", "n", "m.o"]);
        let mut attributes = vec![format!("\"type\":\"{kind}\"")];
        if space.is_empty() {
            attributes.push(format!("\"name\":\"{name}\""));
            self.defined.push(name.to_owned());
        } else if self.is(50) {
            attributes.push(format!("\"name\":\"{space}.{name}\""));
            self.defined.push(format!("{space}.{name}"));
        } else {
            attributes.push(format!("\"name\":\"{name}\",\"namespace\":\"{space}\""));
            self.defined.push(format!("{space}.{name}"));
        }
        if self.is(15) {
            let aliases =
                self.one(&[r#"["R0"]"#, r#"["n.R0","R1"]"#, r#"["E0","m.o.E1"]"#, r#"["F0","n.F1"]"#]);
            attributes.push(format!("\"aliases\" : {aliases}"));
        }
        if self.is(10) {
            attributes.push("\"doc\":\"a type\"".to_owned());
        }
        attributes
    }

    /// An object of attributes in some order, and now and then a property.
    fn object(&mut self, mut attributes: Vec<String>, properties: u32) -> String {
        if self.is(properties) {
            attributes.push(self.one(&PROPERTIES).to_owned());
        }
        let by = self.choose(attributes.len() as u32) as usize;
        attributes.rotate_left(by);
        format!("{{ {} }}", attributes.join(" ,"))
    }
}

const VALUES: [&str; 9] =
    ["null", "true", "1", "3000000000", "1.5", "\"NaN\"", "[1]", "{\"a\":1}", "9300000000000000000"];
