//! Tables, columns and keys as the server's catalogs have them.

use kadence_store::{DbError, Dialect as _, Parameter, table_name};

use crate::binary::Wire;
use crate::dialect::PostgresDialect;
use crate::link::Link;

const TABLE: &str = "
SELECT c.oid::int8, c.relname::text, c.relkind::text, c.relpersistence::text, row_security_active(c.oid),
  EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3', '4')),
  CASE WHEN c.relkind = 'p' THEN (SELECT p.relname::text FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid
    WHERE p.relkind = 'f' OR p.relpersistence <> 'p' LIMIT 1) END,
  EXISTS (SELECT FROM pg_trigger g WHERE NOT g.tgisinternal AND g.tgtype & 3 = 3
    AND (g.tgrelid = c.oid OR g.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid))))
FROM pg_class c WHERE c.oid = to_regclass($1)";

/// Columns, each with the type under its domains.
const COLUMNS: &str = "
WITH RECURSIVE under AS (
  SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier, false AS not_null, 0 AS depth
  FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT u.attnum, t.typbasetype, CASE WHEN u.modifier = -1 THEN t.typtypmod ELSE u.modifier END,
    u.not_null OR t.typnotnull, u.depth + 1
  FROM under u JOIN pg_type t ON t.oid = u.type WHERE t.typtype = 'd')
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull OR u.not_null,
  a.atthasdef OR a.attidentity = 'd' OR d.typdefault IS NOT NULL, a.attgenerated <> '' OR a.attidentity = 'a',
  u.type::int8, t.typname::text, t.typtype::text, u.modifier, format_type(u.type, u.modifier), u.depth
FROM pg_attribute a JOIN under u USING (attnum) JOIN pg_type t ON t.oid = u.type JOIN pg_type d ON d.oid = a.atttypid
WHERE a.attrelid = $1 AND t.typtype <> 'd' ORDER BY a.attnum";

/// Columns of unique indexes, each with the operator that the index compares it by, and its collation. An index by other
/// than a column's own rules is left out: by it other rows are the same.
const KEYS: &str = "
SELECT i.indexrelid::int8, i.indisprimary, a.attname::text, n.nspname::text, o.oprname::text,
  (SELECT s.nspname::text FROM pg_collation l JOIN pg_namespace s ON s.oid = l.collnamespace WHERE l.oid = i.indcollation[k]),
  (SELECT l.collname::text FROM pg_collation l WHERE l.oid = i.indcollation[k])
FROM pg_index i CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) k
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]
JOIN pg_opclass c ON c.oid = i.indclass[k]
JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
  AND m.amopstrategy = 3
JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
  AND NOT EXISTS (
    SELECT FROM generate_series(0, i.indnkeyatts - 1) p
    JOIN pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = i.indkey[p]
    JOIN pg_opclass e ON e.oid = i.indclass[p]
    WHERE NOT e.opcdefault OR i.indcollation[p] <> b.attcollation)
ORDER BY i.indisprimary DESC, i.indexrelid, k";

/// What a table is made of, in a text that is another one whenever that is; the triggers by which rows may be passed
/// over, also those of its partitions, are a part of it.
pub(crate) const SHAPE: &str = "
SELECT coalesce(string_agg(attrelid || ' ' || attname || ' ' || atttypid || ' ' || atttypmod, ',' ORDER BY attnum), '')
  || coalesce((SELECT string_agg(' ' || g.oid, '' ORDER BY g.oid) FROM pg_trigger g
    WHERE NOT g.tgisinternal AND g.tgtype & 3 = 3 AND (g.tgrelid = to_regclass($1)
      OR g.tgrelid IN (SELECT relid FROM pg_partition_tree(to_regclass($1))))), '')
FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";

/// A relation.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) oid: i64,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) persistence: String,
    pub(crate) has_row_security: bool,
    pub(crate) has_rules: bool,
    /// A partition that is emptied by a crash, or is elsewhere.
    pub(crate) unfit_partition: Option<String>,
    /// Whether a trigger may leave a row out.
    pub(crate) has_row_triggers: bool,
}

/// A column.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) declared: String,
    pub(crate) not_null: bool,
    pub(crate) has_default: bool,
    pub(crate) is_generated: bool,
    /// The type, which is under domains if there are some.
    pub(crate) base: Base,
    pub(crate) is_domain: bool,
}

/// A type that is no domain.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) oid: i64,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) modifier: i32,
    pub(crate) declared: String,
}

/// A unique index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key {
    pub(crate) is_primary: bool,
    pub(crate) columns: Vec<KeyColumn>,
}

/// A column of a unique index.
#[derive(Clone, Debug)]
pub(crate) struct KeyColumn {
    pub(crate) name: String,
    /// The operator by which its values are the same.
    pub(crate) operator: String,
    /// What names its collation behind it; nothing where it has none.
    pub(crate) collation: String,
}

impl Base {
    /// How values go over the wire; `None` where none are written.
    pub(crate) fn wire(&self) -> Option<Wire> {
        Some(match (self.oid, &*self.name, &*self.kind) {
            (16, ..) => Wire::Bool,
            (17, ..) => Wire::Bytea,
            (20, ..) => Wire::Int8,
            (21, ..) => Wire::Int2,
            (23, ..) => Wire::Int4,
            (25 | 114 | 1042 | 1043, ..) | (_, "citext", "b") | (.., "e") => Wire::Text,
            (700, ..) => Wire::Float4,
            (701, ..) => Wire::Float8,
            (1082, ..) => Wire::Date,
            (1083, ..) => Wire::Time,
            (1114 | 1184, ..) => Wire::Timestamp,
            (1700, ..) => Wire::Numeric,
            (2950, ..) => Wire::Uuid,
            (3802, ..) => Wire::Jsonb,
            _ => return None,
        })
    }
}

/// A table's name as the catalogs' functions read it.
pub(crate) fn regclass(table: &str) -> String {
    table_name(&PostgresDialect, table)
}

pub(crate) fn relation(link: &mut Link, table: &str) -> Result<Option<Relation>, DbError> {
    let rows = link.query(TABLE, &[Parameter::Text(&regclass(table))])?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Relation {
            oid: row.try_get(0)?,
            name: row.try_get(1)?,
            kind: row.try_get(2)?,
            persistence: row.try_get(3)?,
            has_row_security: row.try_get(4)?,
            has_rules: row.try_get(5)?,
            unfit_partition: row.try_get(6)?,
            has_row_triggers: row.try_get(7)?,
        })
    };
    rows.first().map(read).transpose().map_err(|error| link.failed(&error))
}

pub(crate) fn attributes(link: &mut Link, relation: i64) -> Result<Vec<Attribute>, DbError> {
    let rows = link.query(COLUMNS, &[Parameter::Int(relation)])?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Attribute {
            name: row.try_get(0)?,
            declared: row.try_get(1)?,
            not_null: row.try_get(2)?,
            has_default: row.try_get(3)?,
            is_generated: row.try_get(4)?,
            base: Base {
                oid: row.try_get(5)?,
                name: row.try_get(6)?,
                kind: row.try_get(7)?,
                modifier: row.try_get(8)?,
                declared: row.try_get(9)?,
            },
            is_domain: row.try_get::<_, i32>(10)? > 0,
        })
    };
    let attributes: Result<Vec<Attribute>, tokio_postgres::Error> = rows.iter().map(read).collect();
    attributes.map_err(|error| link.failed(&error))
}

pub(crate) fn keys(link: &mut Link, relation: i64) -> Result<Vec<Key>, DbError> {
    let rows = link.query(KEYS, &[Parameter::Int(relation)])?;
    let mut keys: Vec<(i64, Key)> = Vec::new();
    let mut read = |row: &tokio_postgres::Row| {
        let (index, is_primary): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
        let (name, schema, operator): (String, String, String) =
            (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        let collation: (Option<String>, Option<String>) = (row.try_get(5)?, row.try_get(6)?);
        if keys.last().is_none_or(|(last, _)| *last != index) {
            keys.push((index, Key { is_primary, columns: Vec::new() }));
        }
        if let Some((_, key)) = keys.last_mut() {
            let quoted = |name: &str| PostgresDialect.quoted(name);
            let collation = collation.0.zip(collation.1);
            key.columns.push(KeyColumn {
                name,
                // An operator's name is of signs that need no quotes.
                operator: format!("OPERATOR({}.{operator})", quoted(&schema)),
                collation: collation.map_or_else(String::new, |(schema, name)| {
                    format!(" COLLATE {}.{}", quoted(&schema), quoted(&name))
                }),
            });
        }
        Ok(())
    };
    let all: Result<(), tokio_postgres::Error> = rows.iter().try_for_each(&mut read);
    all.map_err(|error| link.failed(&error))?;
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}
