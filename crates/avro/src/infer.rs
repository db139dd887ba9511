//! From columns to the text of a schema.

use std::collections::HashSet;

use kadence_core::data::{Column, DataType, Schema as Columns};
use serde_json::{Value as Json, json};

use crate::error::SchemaError;

/// The text of a schema for rows of these columns, as a record of this full name.
///
/// | Column | Type |
/// |---|---|
/// | bool, int, float, text, bytes | `boolean`, `long`, `double`, `string`, `bytes` |
/// | unsigned int | `decimal` of twenty digits |
/// | decimal | `string`, with a note in `doc`: how many digits there will be is not known |
/// | date, time, timestamp | `date`, `time-micros`, `timestamp-micros` |
/// | uuid | `uuid` as `string` |
/// | list, map, struct | `array`, `map`, `record` |
///
/// A column that may be null, or has nothing but nulls, may be missing as well. Any other column is an error, and one
/// whose name Avro does not take.
pub fn infer(name: &str, columns: &Columns) -> Result<String, SchemaError> {
    if !name.split('.').all(is_name) {
        let what = "is the name of the record, which Avro does not take: a name has letters, digits and `_`, and \
                    does not begin with a digit";
        return Err(SchemaError::Column { column: name.into(), what: what.into() });
    }
    let mut inference = Inference { path: Vec::new(), taken: HashSet::from([short(name).to_owned()]) };
    let record = inference.record(name, columns)?;
    Ok(record.to_string())
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn is_name(name: &str) -> bool {
    let is_letter = |char: char| char.is_ascii_alphabetic() || char == '_';
    name.starts_with(is_letter) && name.chars().all(|char| is_letter(char) || char.is_ascii_digit())
}

struct Inference<'c> {
    path: Vec<&'c str>,
    /// The names of records, each of which may stand there once.
    taken: HashSet<String>,
}

impl<'c> Inference<'c> {
    fn record(&mut self, name: &str, columns: &'c Columns) -> Result<Json, SchemaError> {
        let fields = columns.columns.iter().map(|column| self.field(column));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "type": "record", "name": name, "fields": fields }))
    }

    fn field(&mut self, column: &'c Column) -> Result<Json, SchemaError> {
        let Column { name, data_type, nullable } = column;
        self.path.push(name);
        if !is_name(name) {
            return Err(self.error(
                "is no name in Avro, which takes letters, digits and `_`, and no digit in front; select the column \
                 under another name",
            ));
        }
        let of = self.data_type(data_type)?;
        self.path.pop();
        let is_null = *data_type == DataType::Null;
        let mut field = match (is_null, nullable) {
            (true, _) => json!({ "name": **name, "type": "null", "default": null }),
            (false, true) => json!({ "name": **name, "type": ["null", of], "default": null }),
            (false, false) => json!({ "name": **name, "type": of }),
        };
        if *data_type == DataType::Decimal {
            field["doc"] = "a decimal number as text".into();
        }
        Ok(field)
    }

    fn data_type(&mut self, data_type: &'c DataType) -> Result<Json, SchemaError> {
        Ok(match data_type {
            DataType::Null => json!("null"),
            DataType::Bool => json!("boolean"),
            DataType::Int => json!("long"),
            DataType::UInt => {
                json!({ "type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 0 })
            }
            DataType::Float => json!("double"),
            DataType::Decimal | DataType::Text => json!("string"),
            DataType::Bytes => json!("bytes"),
            DataType::Date => json!({ "type": "int", "logicalType": "date" }),
            DataType::Time => json!({ "type": "long", "logicalType": "time-micros" }),
            DataType::Timestamp => json!({ "type": "long", "logicalType": "timestamp-micros" }),
            DataType::Uuid => json!({ "type": "string", "logicalType": "uuid" }),
            DataType::List(items) => json!({ "type": "array", "items": self.data_type(items)? }),
            DataType::Map(values) => json!({ "type": "map", "values": self.data_type(values)? }),
            DataType::Struct(columns) => {
                let name = self.record_name();
                self.record(&name, columns)?
            }
            DataType::Json => {
                return Err(self.error("is JSON of any form, for which Avro has no type; state the schema"));
            }
            DataType::Any => {
                return Err(
                    self.error("mixes values of several types, for which Avro has no type; state the schema")
                );
            }
        })
    }

    /// A name for the record in the column that is being looked at.
    fn record_name(&mut self) -> String {
        let name = self.path.join("_");
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !self.taken.contains(name));
        let name = free.unwrap_or(name);
        self.taken.insert(name.clone());
        name
    }

    fn error(&self, what: &str) -> SchemaError {
        SchemaError::Column { column: self.path.join("."), what: what.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    fn column(name: &str, data_type: DataType, nullable: bool) -> Column {
        Column { name: name.into(), data_type, nullable }
    }

    #[test]
    fn columns_become_fields() {
        let place = Columns { columns: vec![column("lat", DataType::Float, false)] };
        let columns = Columns {
            columns: vec![
                column("id", DataType::Int, false),
                column("count", DataType::UInt, false),
                column("price", DataType::Decimal, true),
                column("at", DataType::Timestamp, false),
                column("of_day", DataType::Time, false),
                column("uuid", DataType::Uuid, true),
                column("nothing", DataType::Null, true),
                column("place", DataType::Struct(place.clone()), false),
                column("places", DataType::List(Box::new(DataType::Struct(place))), false),
                column("tags", DataType::Map(Box::new(DataType::Text)), false),
            ],
        };
        let text = infer("sea.Probe", &columns).unwrap();
        let schema = Schema::parse(&text).unwrap();
        assert_eq!(schema.name(), Some("sea.Probe"));
        let json: Json = serde_json::from_str(&text).unwrap();
        let field = |at: usize| json["fields"][at].clone();
        assert_eq!(field(0), json!({"name": "id", "type": "long"}));
        assert_eq!(field(2)["type"], json!(["null", "string"]));
        assert_eq!((field(2)["default"].clone(), field(2)["doc"].is_string()), (Json::Null, true));
        assert_eq!(field(3)["type"]["logicalType"], "timestamp-micros");
        assert_eq!(field(6)["type"], "null");
        assert_eq!(field(7)["type"]["name"], "place");
        assert_eq!(field(8)["type"]["items"]["name"], "places");
    }

    #[test]
    fn columns_that_avro_has_no_place_for_are_named() {
        let of = |name: &str, data_type| {
            let inner = Columns { columns: vec![column(name, data_type, false)] };
            let columns = Columns { columns: vec![column("outer", DataType::Struct(inner), false)] };
            infer("R", &columns).unwrap_err().to_string()
        };
        assert_eq!(
            of("sea depth", DataType::Int),
            "column `outer.sea depth`: is no name in Avro, which takes letters, digits and `_`, and no digit in front; \
             select the column under another name"
        );
        assert!(of("doc", DataType::Json).starts_with("column `outer.doc`: is JSON of any form"));
        assert!(of("mix", DataType::Any).starts_with("column `outer.mix`: mixes values"));
        assert!(infer("a-b", &Columns::default()).is_err());
    }
}
