//! Text that is shown as it is, and nothing else.

use std::fmt::{self, Write as _};

/// Text that others have a say in: whatever it holds, it stays on one line, and no terminal obeys it.
pub(crate) struct Plain<'a>(pub(crate) &'a str);

/// Whether a character turns the direction of writing: what follows would be read as something else.
fn turns(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() || turns(character) {
                write!(f, "{}", character.escape_debug())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}
