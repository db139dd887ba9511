//! What a landing has done, or would do, for people and machines.

use kadence_core::target::Delivery;
use kadence_store::TablePreview;

use super::Exit;
use crate::fault::Error;
use crate::landing::{Control, Landed, Landing};
use crate::output::{Voice, count, duration, print_json, print_line, print_plain_line, records};

pub(super) fn ledger_definitions(landing: &Landing, voice: Voice) -> Result<Exit, Error> {
    let definitions = landing.ledger_definitions()?;
    if voice.json {
        print_json(&serde_json::json!({ "verb": "land", "ledger": definitions }), false)?;
    } else {
        definitions.iter().try_for_each(|sql| print_line(&format!("{sql};")))?;
    }
    Ok(Exit::Done)
}

pub(super) fn preview(
    landing: &Landing,
    is_ddl: bool,
    control: &Control,
    voice: Voice,
) -> Result<Exit, Error> {
    let Some(preview) = landing.preview(control)? else {
        if control.stop.is_raised() {
            return Ok(Exit::Interrupted);
        }
        let what = "no record to look at";
        return Err(Error::met(landing.reader.topics.join(", "), what, "write some first"));
    };
    let ledger = if is_ddl { landing.ledger_definitions()? } else { Vec::new() };
    if voice.json {
        let tables: Vec<_> = preview.tables.iter().map(table_json).collect();
        let rejected: Vec<_> = preview.rejected.iter().map(|(_, reason)| reason).collect();
        let json =
            serde_json::json!({ "verb": "land", "ledger": ledger, "tables": tables, "rejected": rejected });
        print_json(&json, false)?;
        return Ok(Exit::Done);
    }
    for sql in ledger {
        print_line(&format!("{sql};"))?;
    }
    for table in &preview.tables {
        table.definitions.iter().try_for_each(|sql| print_plain_block(&format!("{sql};")))?;
        if !is_ddl {
            print_table(table)?;
        }
    }
    if !is_ddl {
        for (_, reason) in preview.rejected.iter().take(10) {
            print_plain_line(&format!("rejected: {reason}"))?;
        }
        if !preview.untyped.is_empty() {
            print_plain_line(&format!("no column yet, all null: {}", preview.untyped.join(", ")))?;
        }
    }
    Ok(Exit::Done)
}

/// Writes lines about what others have named.
fn print_plain_block(text: &str) -> Result<(), Error> {
    text.lines().try_for_each(print_plain_line)
}

fn print_table(table: &TablePreview) -> Result<(), Error> {
    print_plain_line(&format!("table {}", table.name))?;
    let columns: Vec<String> = table.columns.iter().map(|(name, of)| format!("{name} {of}")).collect();
    print_plain_line(&format!("  {}", columns.join(" | ")))?;
    for row in &table.rows {
        let cells: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or("null")).collect();
        print_plain_line(&format!("  {}", cells.join(" | ")))?;
    }
    Ok(())
}

fn table_json(table: &TablePreview) -> serde_json::Value {
    let columns: Vec<_> =
        table.columns.iter().map(|(name, of)| serde_json::json!({ "name": name, "type": of })).collect();
    serde_json::json!({
        "name": table.name,
        "definitions": table.definitions,
        "columns": columns,
        "rows": table.rows,
    })
}

pub(super) fn as_json(landing: &Landing, landed: Option<&Landed>) -> serde_json::Value {
    serde_json::json!({
        "verb": "land",
        "name": landing.rows.name,
        "read": landed.map_or(0, |landed| landed.read),
        "written": landed.map_or(0, |landed| landed.written),
        "tombstones": landed.map_or(0, |landed| landed.tombstones),
        "rejected": landed.map_or(0, |landed| landed.rejected),
        "uncertain": landed.map_or(0, |landed| landed.uncertain),
        "batches": landed.map_or(0, |landed| landed.batches),
        "elapsed_s": landed.map(|landed| landed.elapsed.as_secs_f64()),
        "checkpoint": landed.map(|landed| &landed.checkpoint),
        "delivery": landed.map_or("exactly once", |landed| delivery(landed.delivery)),
        "interrupted": landed.is_none_or(|landed| landed.is_cut),
    })
}

fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::ExactlyOnce => "exactly once",
        Delivery::AtLeastOnce => "at least once",
    }
}

pub(super) fn summary(landed: &Landed, voice: Voice) {
    let rate = landed.written as f64 / landed.elapsed.as_secs_f64().max(1e-3);
    let mut parts = vec![format!(
        "{} landed in {} ({rate:.0}/s, {} transactions, {})",
        records(landed.written),
        duration(landed.elapsed),
        count(landed.batches),
        delivery(landed.delivery)
    )];
    if landed.rejected > 0 {
        parts.push(format!("{} rejected", count(landed.rejected)));
    }
    if landed.tombstones > 0 {
        parts.push(format!("{} tombstones passed over", count(landed.tombstones)));
    }
    if landed.uncertain > 0 {
        parts.push(format!("{} with another worker, landed or not", count(landed.uncertain)));
    }
    voice.note(parts.join(", "));
}
