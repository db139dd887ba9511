//! A table as PostgreSQL describes it.

use kadence_store::{Column, ColumnType, DbError, Digits, Found, TextLimits};

use crate::binary::Wire;
use crate::catalog::{Attribute, Base, Relation, attributes, keys, relation};
use crate::link::Link;

/// What a length's modifier has on top of it.
const HEAD: i32 = 4;
/// The digits behind a second, where none are declared.
const SECOND_DIGITS: u8 = 6;

/// Looks a table up, in the schema before the point in its name or on the search path.
pub(crate) fn find(link: &mut Link, table: &str) -> Result<Option<Found>, DbError> {
    let Some(relation) = relation(link, table)? else { return Ok(None) };
    let mut found = Found { unfit: unfit(&relation), ..Found::default() };
    for attribute in attributes(link, relation.oid)? {
        let Some(column_type) = column_type(&attribute.base) else {
            found.foreign.push((attribute.name, attribute.declared));
            continue;
        };
        let Attribute { name, declared, not_null, has_default, is_generated, .. } = attribute;
        found.columns.push(Column {
            name,
            column_type,
            declared,
            nullable: !not_null,
            has_default,
            is_generated,
        });
    }
    let keys = keys(link, relation.oid)?;
    found.has_primary_key = keys.first().is_some_and(|key| key.is_primary);
    found.keys =
        keys.into_iter().map(|key| key.columns.into_iter().map(|column| column.name).collect()).collect();
    Ok(Some(found))
}

/// Why nothing can be landed here exactly once, if so.
fn unfit(relation: &Relation) -> Option<String> {
    let kind = match &*relation.kind {
        "r" | "p" => "",
        "v" => "view",
        "m" => "materialized view",
        "f" => {
            return Some(
                "is a foreign table: what another server keeps is not in one transaction with the ledger"
                    .into(),
            );
        }
        "S" => "sequence",
        "i" | "I" => "index",
        _ => "type",
    };
    if !kind.is_empty() {
        return Some(format!("is a {kind}, and rows are landed in tables"));
    }
    match &*relation.persistence {
        "u" => return Some("is unlogged: a crash empties it, and the ledger would survive".into()),
        "t" => return Some("is temporary: it goes with its session, and the ledger would stay".into()),
        _ => {}
    }
    if let Some(partition) = &relation.unfit_partition {
        return Some(format!(
            "has a partition `{partition}` that is unlogged or foreign: a crash could empty it, and the ledger would survive"
        ));
    }
    if relation.has_rules {
        return Some("has rules for what is written, and COPY passes them over".into());
    }
    relation.has_row_security.then(|| "has row security for this user, which COPY does not serve".into())
}

/// What a column takes; `None` where nothing here writes its type.
fn column_type(base: &Base) -> Option<ColumnType> {
    let modifier = base.modifier;
    let digits = u8::try_from(modifier).unwrap_or(SECOND_DIGITS).min(SECOND_DIGITS);
    Some(match base.wire()? {
        Wire::Bool => ColumnType::Bool,
        Wire::Int2 => ColumnType::Int { bits: 16, signed: true },
        Wire::Int4 => ColumnType::Int { bits: 32, signed: true },
        Wire::Int8 => ColumnType::INT,
        Wire::Float4 => ColumnType::Float,
        Wire::Float8 => ColumnType::Double,
        Wire::Numeric => numeric(modifier)?,
        Wire::Text if &*base.name == "json" => ColumnType::Json,
        Wire::Text => ColumnType::Text(TextLimits {
            chars: u64::try_from(modifier - HEAD).ok().filter(|_| modifier >= HEAD),
            loses_spaces: base.name == "bpchar",
            ..TextLimits::default()
        }),
        Wire::Bytea => ColumnType::Bytes(None),
        Wire::Date => ColumnType::Date,
        Wire::Time => ColumnType::Time(digits),
        Wire::Timestamp => ColumnType::Timestamp(digits),
        Wire::Uuid => ColumnType::Uuid,
        Wire::Jsonb => ColumnType::Json,
    })
}

/// A `numeric`. One whose scale is below zero or above its precision is `None`: what it rounds is not seen here.
fn numeric(modifier: i32) -> Option<ColumnType> {
    if modifier < HEAD {
        return Some(ColumnType::Decimal(None));
    }
    let packed = modifier - HEAD;
    let precision = (packed >> 16) as u32 & 0xffff;
    // Eleven bits with a sign.
    let scale = ((packed & 0x7ff) ^ 1024) - 1024;
    let scale = u32::try_from(scale).ok().filter(|scale| *scale <= precision)?;
    Some(ColumnType::Decimal(Some(Digits { precision, scale })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_have_precision_and_scale() {
        let of = |precision: i32, scale: i32| numeric(((precision << 16) | (scale & 0x7ff)) + HEAD);
        let decimal = |precision, scale| Some(ColumnType::Decimal(Some(Digits { precision, scale })));
        assert_eq!([of(10, 2), of(1000, 1000)], [decimal(10, 2), decimal(1000, 1000)]);
        assert_eq!([of(2, -3), of(2, 5)], [None, None]);
        assert_eq!(numeric(-1), Some(ColumnType::Decimal(None)));
    }
}
