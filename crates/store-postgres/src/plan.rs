//! How rows go into a table.

use kadence_core::fault::Fault;
use kadence_store::{DbError, Dialect as _, Kind, Mode, Parameter, Table};
use tokio_postgres::Statement;

use crate::binary::Wire;
use crate::catalog::{Attribute, KeyColumn, SHAPE, attributes, keys, regclass, relation};
use crate::dialect::PostgresDialect;
use crate::link::Link;

/// Statements that change a table, for one version of its columns.
pub(crate) struct Plan {
    pub(crate) table: String,
    pub(crate) version: u64,
    /// The table's own name, which errors have in their context.
    pub(crate) copied: String,
    pub(crate) wires: Vec<Wire>,
    /// Takes rows, where there is a column.
    pub(crate) copy: Option<Statement>,
    pub(crate) name: String,
    pub(crate) staging: Option<Staging>,
    shape: String,
    /// Whether the shape was found to be the same since the transaction or the savepoint began.
    pub(crate) is_checked: bool,
    /// Whether the lock that this rests on was taken before the savepoint.
    pub(crate) outlasts_savepoint: bool,
}

/// Where rows stand until the server has picked the last one of each key.
pub(crate) struct Staging {
    pub(crate) name: String,
    pub(crate) delete: String,
    pub(crate) put: String,
    /// Says how many rows are put, where a trigger may leave some out.
    pub(crate) count: Option<String>,
    /// The same for one row, which is given with the statement.
    pub(crate) delete_one: String,
    pub(crate) put_one: String,
    /// Whether a row that is there is changed as well.
    pub(crate) puts_always: bool,
    /// The places of the key's columns, and of all.
    pub(crate) key: Vec<usize>,
    pub(crate) all: Vec<usize>,
}

impl Plan {
    /// Looks the table up, and makes its staging table if it needs one. `staging` is the name of that.
    pub(crate) fn new(link: &mut Link, table: &Table, staging: &str) -> Result<Self, DbError> {
        let name = regclass(&table.name);
        // Whatever changes from here on is seen by the comparison in each transaction.
        let shape = shape(link, &name)?;
        let relation = relation(link, &table.name)?.ok_or_else(|| changed(&link.place, &table.name))?;
        let found = attributes(link, relation.oid)?;
        let mut columns = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            let is_same = |other: &&Attribute| other.name == column.name && other.declared == column.declared;
            columns.push(found.iter().find(is_same).ok_or_else(|| changed(&link.place, &table.name))?);
        }
        let wires: Option<Vec<Wire>> = columns.iter().map(|column| column.base.wire()).collect();
        let wires = wires.ok_or_else(|| changed(&link.place, &table.name))?;
        let mut plan = Self {
            table: table.name.clone(),
            version: table.version,
            copied: relation.name,
            wires,
            copy: None,
            name,
            staging: None,
            shape,
            is_checked: false,
            outlasts_savepoint: false,
        };
        if table.mode == Mode::Upsert {
            let key = key_of(link, table, relation.oid)?;
            link.run(&create_staging(staging, &plan.name, &columns))?;
            let statements = Staging::new(staging, &plan.name, table, &key, relation.has_row_triggers);
            plan.staging = Some(statements);
            staging.trim_start_matches("pg_temp.").clone_into(&mut plan.copied);
        }
        let names: Vec<String> = columns.iter().map(|column| PostgresDialect.quoted(&column.name)).collect();
        if plan.staging.is_some() {
            let copy = format!("COPY {staging} FROM STDIN (FORMAT binary)");
            plan.copy = Some(link.prepare(&copy)?);
        } else if !names.is_empty() {
            let copy = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", plan.name, names.join(", "));
            plan.copy = Some(link.prepare(&copy)?);
        }
        Ok(plan)
    }

    /// Makes sure that the table is as it was when the plan was made, and stays so until the transaction's end. Values
    /// go over the wire without their types: in a column that got another one they would be others.
    pub(crate) fn check(&mut self, link: &mut Link) -> Result<(), DbError> {
        if self.is_checked {
            return Ok(());
        }
        link.run(&format!("LOCK TABLE ONLY {} IN ROW EXCLUSIVE MODE", self.name))?;
        if shape(link, &self.name)? != self.shape {
            return Err(changed(&link.place, &self.table));
        }
        self.is_checked = true;
        Ok(())
    }
}

fn shape(link: &mut Link, name: &str) -> Result<String, DbError> {
    let rows = link.query(SHAPE, &[Parameter::Text(name)])?;
    let shape = rows.first().map_or(Ok(String::new()), |row| row.try_get(0));
    shape.map_err(|error| link.failed(&error))
}

/// The table is another one than the rows are for.
pub(crate) fn changed(place: &str, table: &str) -> DbError {
    let what = format!("table {table} was changed while rows were made for it; it is looked at anew");
    DbError::new(Kind::Changed, Fault::new(place, what))
}

/// The key's columns as its index has them. The search path may lead to other operators, and to a table may belong
/// another index over the same columns, by which other rows are the same.
fn key_of(link: &mut Link, table: &Table, relation: i64) -> Result<Vec<KeyColumn>, DbError> {
    let names: Vec<&str> = table.key.iter().map(|at| table.columns[*at].name.as_str()).collect();
    for key in keys(link, relation)? {
        let column = |name: &&str| key.columns.iter().find(|column| column.name == **name).cloned();
        let columns: Option<Vec<KeyColumn>> = names.iter().map(column).collect();
        if let Some(columns) = columns.filter(|_| key.columns.len() == names.len()) {
            return Ok(columns);
        }
    }
    Err(changed(&link.place, &table.name))
}

/// The statement that makes a staging table: types and collations are the target's, without its domains, whose
/// conditions a row that is deleted need not meet.
fn create_staging(staging: &str, table: &str, columns: &[&Attribute]) -> String {
    let column = |column: &&Attribute| {
        let name = PostgresDialect.quoted(&column.name);
        if column.is_domain { format!("{name}::{} AS {name}", column.base.declared) } else { name }
    };
    let columns: Vec<String> = columns.iter().map(column).collect();
    format!(
        "DROP TABLE IF EXISTS {staging}; CREATE TEMP TABLE {staging} ON COMMIT DELETE ROWS AS SELECT {}, \
         0::int4 AS _kadence_place, false AS _kadence_delete FROM {table} WITH NO DATA",
        columns.join(", ")
    )
}

impl Staging {
    fn new(staging: &str, name: &str, table: &Table, key: &[KeyColumn], has_row_triggers: bool) -> Self {
        let quoted = |at: usize| PostgresDialect.quoted(&table.columns[at].name);
        let columns: Vec<String> = (0..table.columns.len()).map(quoted).collect();
        let each = |text: &dyn Fn(&KeyColumn, &str) -> String, between: &str| {
            let texts = key.iter().map(|column| text(column, &PostgresDialect.quoted(&column.name)));
            texts.collect::<Vec<_>>().join(between)
        };
        let (keys, all) = (each(&|_, name| name.to_owned(), ", "), columns.join(", "));
        let index = each(&|column, name| format!("{name}{}", column.collation), ", ");
        let same = each(&|column, name| format!("t.{name} {} s.{name}", column.operator), " AND ");
        // Rows of this write, which are the last ones. The server decides which keys are the same.
        let last = format!(
            "(SELECT DISTINCT ON ({keys}) * FROM {staging} WHERE _kadence_place >= $1 \
             ORDER BY {keys}, _kadence_place DESC) AS s"
        );
        let delete = format!("DELETE FROM {name} AS t USING {last} WHERE s._kadence_delete AND {same}");
        let rest = table.rest().map(quoted);
        let set: Vec<String> = rest.map(|column| format!("{column} = excluded.{column}")).collect();
        let action =
            if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
        let conflict = format!("ON CONFLICT ({index}) DO {action}");
        let parameters: Vec<String> =
            (1..=columns.len()).map(|place| PostgresDialect.parameter(place)).collect();
        let given = key.iter().zip(1..).map(|(column, place)| {
            format!("t.{} {} ${place}", PostgresDialect.quoted(&column.name), column.operator)
        });
        let given: Vec<String> = given.collect();
        let wanted = format!("FROM {last} WHERE NOT s._kadence_delete");
        Self {
            name: staging.to_owned(),
            delete,
            put: format!("INSERT INTO {name} ({all}) SELECT {all} {wanted} {conflict}"),
            count: (has_row_triggers && !set.is_empty()).then(|| format!("SELECT count(*) {wanted}")),
            delete_one: format!("DELETE FROM {name} AS t WHERE {}", given.join(" AND ")),
            put_one: format!("INSERT INTO {name} ({all}) VALUES ({}) {conflict}", parameters.join(", ")),
            puts_always: !set.is_empty(),
            key: table.key.clone(),
            all: (0..table.columns.len()).collect(),
        }
    }
}
