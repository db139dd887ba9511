//! Files that are no text in UTF-8, told by how they start.

use crate::fault::Phrase;
use crate::phrase;

/// So many bytes tell.
const ENOUGH_BYTES: usize = 8;

/// Whether more bytes than `start` may show that a recording is no text. Nobody is kept waiting: without a line end
/// there is no record yet.
pub(super) fn may_be_foreign(start: &[u8]) -> bool {
    start.len() < ENOUGH_BYTES && memchr::memchr2(b'\n', b'\r', start).is_none()
}

/// What `start`, the first bytes of the recording called `name`, is instead of text, and what to do about it.
pub(super) fn foreign(start: &[u8], name: &str) -> Option<(&'static str, Phrase)> {
    Some(match start {
        [0x1F, 0x8B, ..] => ("compressed with gzip", unpacked(name, "zcat")),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => ("compressed with zstd", unpacked(name, "zstdcat")),
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => ("compressed with xz", unpacked(name, "xzcat")),
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => {
            ("compressed with bzip2", unpacked(name, "bzcat"))
        }
        [0x04, 0x22, 0x4D, 0x18, ..] => ("compressed with lz4", unpacked(name, "lz4cat")),
        [b'P', b'K', 3, 4, ..] => {
            ("a ZIP archive or a spreadsheet", "unpack it first, or save it as CSV in UTF-8".into())
        }
        [b'P', b'A', b'R', b'1', ..] => ("a Parquet file", "convert it to CSV or JSON Lines first".into()),
        [b'O', b'b', b'j', 1, ..] => ("an Avro file", "convert it to CSV or JSON Lines first".into()),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => ("starts like UTF-32", converted("UTF-32")),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => ("starts like UTF-16", converted("UTF-16")),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => {
            ("looks like UTF-16 without a mark", converted("UTF-16LE"))
        }
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => {
            ("looks like UTF-16 without a mark", converted("UTF-16BE"))
        }
        _ => return None,
    })
}

/// Tells what the file called `name` is by its extension, if that is nothing to read as it stands, and what to do.
pub fn packed(name: &str) -> Option<(&'static str, Phrase)> {
    let (_, extension) = name.rsplit_once('.')?;
    let (what, program) = match &*extension.to_ascii_lowercase() {
        "gz" => ("compressed with gzip", "zcat"),
        "zst" | "zstd" => ("compressed with zstd", "zstdcat"),
        "xz" => ("compressed with xz", "xzcat"),
        "bz2" => ("compressed with bzip2", "bzcat"),
        "lz4" => ("compressed with lz4", "lz4cat"),
        "zip" => ("a ZIP archive", "unzip -p"),
        "xlsx" | "xls" | "ods" => return Some(("a spreadsheet", "save it as CSV in UTF-8".into())),
        "parquet" | "avro" | "orc" | "feather" | "arrow" => {
            return Some(("a binary table", "convert it to CSV or JSON Lines first".into()));
        }
        _ => return None,
    };
    Some((what, unpacked(name, program)))
}

fn unpacked(name: &str, program: &str) -> Phrase {
    const PACKED: [&str; 8] = ["gz", "zst", "zstd", "xz", "bz2", "lz4", "zip", "tgz"];
    let stem = match name.rsplit_once('.') {
        Some((stem, extension)) if PACKED.contains(&&*extension.to_ascii_lowercase()) => stem,
        _ => name,
    };
    let input = match stem.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).as_deref() {
        Some("jsonl" | "ndjson") => "jsonl",
        Some("txt" | "log") => "raw",
        _ => "csv",
    };
    let quoted = format!("'{name}'");
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/+".contains(&byte));
    let file = match name {
        "-" => "FILE",
        _ if is_plain => name,
        _ => &quoted,
    };
    let pipe = format!("unpack it first: {program} {file} | ");
    phrase![pipe, !"replay", " - ", @"input", " ", input]
}

fn converted(from: &str) -> Phrase {
    format!("convert it to UTF-8: iconv -f {from} -t UTF-8").into()
}
