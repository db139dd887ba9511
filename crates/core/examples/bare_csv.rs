//! What reading `timestamp,value` rows and writing them as JSON costs a program that is made of the `csv` crate and
//! nothing else: no schedule, no report, no second thread. Compare it with `kadence replay FILE --unpaced --to null`:
//! `cargo build --release -p kadence-core --example bare_csv`, then `time target/release/examples/bare_csv FILE`.

#![allow(clippy::print_stdout, reason = "its output is what it counted")]

use std::error::Error;
use std::fs::File;
use std::io::Write as _;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: bare_csv FILE")?;
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(256 * 1024).from_reader(File::open(file)?);
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let [time, value] = &*names else { return Err("two columns are expected".into()) };
    let opening = format!("{{{}:", serde_json::to_string(time)?);
    let between = format!(",{}:", serde_json::to_string(value)?);
    let (mut row, mut body) = (csv::ByteRecord::new(), Vec::new());
    let (mut records, mut bytes, mut latest) = (0_u64, 0_u64, i128::MIN);
    while reader.read_byte_record(&mut row)? {
        let (time, value) = (std::str::from_utf8(&row[0])?, std::str::from_utf8(&row[1])?);
        latest = latest.max(nanos_of(time)?);
        body.clear();
        body.extend_from_slice(opening.as_bytes());
        write_value(time, &mut body)?;
        body.extend_from_slice(between.as_bytes());
        write_value(value, &mut body)?;
        body.push(b'}');
        records += 1;
        bytes += std::hint::black_box(&body).len() as u64;
    }
    println!("{records} records, {bytes} bytes, the last at {latest} ns");
    Ok(())
}

/// The point in time that a number of seconds, or a date and a time in UTC, says.
fn nanos_of(text: &str) -> Result<i128, Box<dyn Error>> {
    if text.as_bytes().get(4) == Some(&b'-') {
        let time: jiff::civil::DateTime = text.parse()?;
        return Ok(jiff::tz::TimeZone::UTC.to_timestamp(time)?.as_nanosecond());
    }
    Ok((text.parse::<f64>()? * 1e9) as i128)
}

/// A number as it stands, anything else as a string.
fn write_value(text: &str, into: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
    if text.parse::<f64>().is_ok_and(f64::is_finite) {
        into.write_all(text.as_bytes())?;
    } else {
        serde_json::to_writer(into, text)?;
    }
    Ok(())
}
