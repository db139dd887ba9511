//! kcat's format strings.

use std::io::{self, Write};

use kadence_kafka::Consumed;

use crate::misread::Misread;

/// A compiled format: `%t` topic, `%p` partition, `%o` offset, `%k` key, `%s` body, `%h` headers, `%T` timestamp in
/// milliseconds, `%K` and `%S` their lengths in bytes (-1 where there is none), `%%` a percent sign; `\n`, `\r`,
/// `\t`, `\0`, `\\` and `\xHH`.
#[derive(Clone, Debug)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Topic,
    Partition,
    Offset,
    Key,
    KeyLength,
    Body,
    BodyLength,
    Headers,
    Timestamp,
}

impl std::str::FromStr for Template {
    type Err = Misread;

    fn from_str(format: &str) -> Result<Self, Misread> {
        let mut pieces = Vec::new();
        let mut text = Vec::new();
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => text.push(escaped(&mut characters)?),
                '%' => {
                    let piece = match characters.next() {
                        Some('%') => {
                            text.push(b'%');
                            continue;
                        }
                        Some('t') => Piece::Topic,
                        Some('p') => Piece::Partition,
                        Some('o') => Piece::Offset,
                        Some('k') => Piece::Key,
                        Some('K') => Piece::KeyLength,
                        Some('s') => Piece::Body,
                        Some('S') => Piece::BodyLength,
                        Some('h') => Piece::Headers,
                        Some('T') => Piece::Timestamp,
                        other => {
                            let found = other.map(String::from).unwrap_or_default();
                            let help = "there are %t %p %o %k %s %h %T %K %S %%";
                            return Err(Misread::new(format!("`%{found}` is unknown"), help));
                        }
                    };
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(piece);
                }
                other => text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self(pieces))
    }
}

/// The byte behind a backslash.
fn escaped(characters: &mut std::str::Chars<'_>) -> Result<u8, Misread> {
    match characters.next() {
        Some('n') => Ok(b'\n'),
        Some('r') => Ok(b'\r'),
        Some('t') => Ok(b'\t'),
        Some('0') => Ok(0),
        Some('\\') => Ok(b'\\'),
        Some('x') => {
            let digits: String = characters.by_ref().take(2).collect();
            match u8::from_str_radix(&digits, 16) {
                Ok(byte) if digits.len() == 2 => Ok(byte),
                _ => Err(Misread::new(format!("`\\x{digits}` needs two hexadecimal digits"), "")),
            }
        }
        other => {
            let found = other.map(String::from).unwrap_or_default();
            Err(Misread::new(format!("`\\{found}` is unknown"), "there are \\n \\r \\t \\0 \\\\ \\xHH"))
        }
    }
}

impl Template {
    /// Whether it shows headers.
    pub(crate) fn shows_headers(&self) -> bool {
        self.0.contains(&Piece::Headers)
    }

    /// Writes `record`, its body as `body`.
    pub(crate) fn write(
        &self,
        record: &Consumed<'_>,
        body: Option<&[u8]>,
        into: &mut impl Write,
    ) -> io::Result<()> {
        let length = |bytes: Option<&[u8]>| bytes.map_or(-1, |bytes| bytes.len() as i64);
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => into.write_all(text)?,
                Piece::Topic => into.write_all(record.topic().as_bytes())?,
                Piece::Partition => write!(into, "{}", record.partition())?,
                Piece::Offset => write!(into, "{}", record.offset())?,
                Piece::Key => into.write_all(record.key().unwrap_or_default())?,
                Piece::KeyLength => write!(into, "{}", length(record.key()))?,
                Piece::Body => into.write_all(body.unwrap_or_default())?,
                // A tombstone has none, whatever is written for it.
                Piece::BodyLength => write!(into, "{}", length(record.body().and(body)))?,
                Piece::Headers => write_headers(record, into)?,
                Piece::Timestamp => {
                    write!(
                        into,
                        "{}",
                        record.timestamp().map_or(-1, kadence_core::record::Timestamp::as_millis)
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// `name=value,name=value`
fn write_headers(record: &Consumed<'_>, into: &mut impl Write) -> io::Result<()> {
    for (index, (name, value)) in record.headers().enumerate() {
        if index > 0 {
            into.write_all(b",")?;
        }
        into.write_all(name)?;
        into.write_all(b"=")?;
        into.write_all(value.unwrap_or(b"NULL"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_compile_to_pieces() {
        let template: Template = r"%t [%p]\t\x41é%%\n".parse().unwrap();
        let text = |text: &str| Piece::Text(text.as_bytes().to_vec());
        assert_eq!(template.0, [Piece::Topic, text(" ["), Piece::Partition, text("]\tAé%\n")]);
    }

    #[test]
    fn unknown_directives_and_escapes_are_refused() {
        for format in ["%", "%x", r"\q", r"\x4", r"\xzz", "\\"] {
            assert!(format.parse::<Template>().is_err(), "{format}");
        }
    }
}
