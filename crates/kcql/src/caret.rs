//! A line of the text with carets below.
//!
//! Widths are those of a terminal, by a short table: East Asian wide characters and emoji take two columns,
//! combining characters none. Clusters a terminal may draw as one (flags, families) are counted apart.

use std::iter;
use std::ops::Range;

/// The line of `text` where `span` starts, and carets below `span`; at least one.
pub(crate) fn render(text: &str, span: Range<usize>) -> String {
    let start = boundary(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = boundary(text, span.end).clamp(start, line_end);

    let line: String = text[line_start..line_end].trim_end_matches('\r').chars().map(visible).collect();
    // Tabs stay tabs, so that the carets move as far as the line above.
    let indent = text[line_start..start].chars().flat_map(|c| match c {
        '\t' => iter::repeat_n('\t', 1),
        c => iter::repeat_n(' ', width(visible(c))),
    });
    let carets = text[start..end].chars().map(|c| width(visible(c))).sum::<usize>().max(1);
    let below: String = indent.chain(iter::repeat_n('^', carets)).collect();
    format!("{line}\n{below}")
}

/// Another text than the one parsed is a mistake, but none to panic for.
fn boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// Whether it is drawn over the character before.
pub(crate) fn combines(c: char) -> bool {
    matches!(u32::from(c),
        0x0300..=0x036F | 0x0483..=0x0489 | 0x0591..=0x05BD | 0x064B..=0x065F | 0x0E31 | 0x0E34..=0x0E3A
        | 0x0E47..=0x0E4E | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x200D | 0x20D0..=0x20FF | 0x3099..=0x309A
        | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F | 0x1F3FB..=0x1F3FF | 0xE0100..=0xE01EF)
}

/// A control character would move the cursor.
fn visible(c: char) -> char {
    match c {
        '\t' => c,
        '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

fn width(c: char) -> usize {
    if combines(c) {
        return 0;
    }
    let wide = matches!(u32::from(c),
        0x1100..=0x115F | 0x231A..=0x231B | 0x2329..=0x232A | 0x23E9..=0x23EC | 0x2614..=0x2615
        | 0x2648..=0x2653 | 0x26A1 | 0x26BD..=0x26BE | 0x2705 | 0x2728 | 0x274C | 0x2795..=0x2797
        | 0x2E80..=0x303E | 0x3041..=0x4DBF | 0x4E00..=0xA4CF | 0xA960..=0xA97F | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F1E6..=0x1F1FF
        | 0x1F300..=0x1F64F | 0x1F680..=0x1F6FF | 0x1F900..=0x1FAFF | 0x20000..=0x3FFFD);
    1 + usize::from(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caret(text: &str, part: &str) -> String {
        let start = text.find(part).unwrap();
        render(text, start..start + part.len())
    }

    #[test]
    fn wide_characters_take_two_columns_and_combining_ones_none() {
        assert_eq!(caret("`温度` x", "x"), "`温度` x\n       ^");
        assert_eq!(caret("e\u{301} 温度", "温度"), "e\u{301} 温度\n  ^^^^");
        assert_eq!(caret("\t😀 x", "x"), "\t😀 x\n\t   ^");
    }

    #[test]
    fn only_the_line_of_the_start_is_shown() {
        assert_eq!(caret("a,\r\n  b c\r\nd", "c"), "  b c\n    ^");
        assert_eq!(caret("a 'b\nc' d", "'b\nc'"), "a 'b\n  ^^");
    }

    #[test]
    fn no_span_is_too_far_out() {
        assert_eq!(render("é", 1..99), "é\n^");
        assert_eq!(render("é", 50..50), "é\n ^");
        assert_eq!(render("", 0..0), "\n^");
        assert_eq!(render("a\u{1b}b", 2..3), "a\u{fffd}b\n  ^");
    }
}
