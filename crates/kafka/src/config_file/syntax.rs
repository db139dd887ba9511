//! The syntax of properties files: `name=value`, `name: value` or `name value`; `#` and `!` start a comment; a
//! backslash at the end continues the line, elsewhere it escapes.

use std::iter::Peekable;
use std::str::Chars;

use super::Setting;

/// The settings of `text`, in order. Any text has a reading; a name without a value has an empty one.
pub(super) fn parse(text: &str) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut lines = text.lines().zip(1..).peekable();
    while let Some((first, line)) = lines.next() {
        let start = first.trim_start();
        if start.is_empty() || start.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = start.to_owned();
        while is_continued(&logical) {
            logical.pop();
            match lines.next() {
                Some((next, _)) => logical.push_str(next.trim_start()),
                None => break,
            }
        }
        let mut characters = logical.chars().peekable();
        let name = unescape(&mut characters, |character| {
            matches!(character, '=' | ':') || character.is_whitespace()
        });
        skip_separator(&mut characters);
        let value = unescape(&mut characters, |_| false);
        settings.push(Setting { name, value: value.trim_end().to_owned(), line });
    }
    settings
}

/// Whether an odd number of backslashes ends the line.
fn is_continued(line: &str) -> bool {
    line.chars().rev().take_while(|character| *character == '\\').count() % 2 == 1
}

fn skip_separator(characters: &mut Peekable<Chars<'_>>) {
    while characters.next_if(|character| character.is_whitespace()).is_some() {}
    if characters.next_if(|character| matches!(character, '=' | ':')).is_some() {
        while characters.next_if(|character| character.is_whitespace()).is_some() {}
    }
}

/// Takes characters up to one that `ends`, without their escapes.
fn unescape(characters: &mut Peekable<Chars<'_>>, ends: impl Fn(char) -> bool) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next_if(|character| !ends(*character)) {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('t') => text.push('\t'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('f') => text.push('\u{c}'),
            Some('u') => {
                let digits: String = characters.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                text.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String, usize)> {
        parse(text).into_iter().map(|setting| (setting.name, setting.value, setting.line)).collect()
    }

    fn pair(name: &str, value: &str, line: usize) -> (String, String, usize) {
        (name.into(), value.into(), line)
    }

    #[test]
    fn separators_comments_continuations_and_escapes_are_understood() {
        let text =
            "# comment\n! another\n\na=1\nb : 2\nc 3\nd\n  e = x\\\n    y \\\n  z\nf\\=g=\\u0041\\tb\\\\\n";
        assert_eq!(
            pairs(text),
            [
                pair("a", "1", 4),
                pair("b", "2", 5),
                pair("c", "3", 6),
                pair("d", "", 7),
                pair("e", "xy z", 8),
                pair("f=g", "A\tb\\", 11),
            ]
        );
    }

    #[test]
    fn a_value_may_hold_separators() {
        assert_eq!(pairs("bootstrap.servers=a:1,b:2"), [pair("bootstrap.servers", "a:1,b:2", 1)]);
    }
}
