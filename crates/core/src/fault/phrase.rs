//! Texts that name options and commands, and leave it to whoever shows them how these are written.

use std::fmt;

/// A text that may name options, and commands of the program.
///
/// Options have names here and no spelling: on a command line `time-format` is `--time-format`, in a connector's
/// properties it is something else. A command is the words that lead to it, such as `topics create`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Option(&'static str),
    Command(&'static str),
}

/// A spelling of options and commands, for wherever a phrase is shown.
pub trait Spelling {
    /// The option of this name, in words with hyphens between them.
    fn option(&self, name: &str) -> String;
    /// The command that these words lead to.
    fn command(&self, words: &str) -> String;
}

/// Words that can be added to a [`Phrase`]: a text, or another phrase.
pub trait Words {
    /// Adds it at the end of `phrase`.
    fn add_to(&self, phrase: &mut Phrase);
}

impl Phrase {
    /// Appends text, or all of another phrase.
    pub fn add(&mut self, words: &(impl Words + ?Sized)) -> &mut Self {
        words.add_to(self);
        self
    }

    /// Appends an option, by its name in words with hyphens between them.
    pub fn option(&mut self, name: &'static str) -> &mut Self {
        self.pieces.push(Piece::Option(name));
        self
    }

    /// Appends a command of the program, by the words that lead to it.
    pub fn command(&mut self, words: &'static str) -> &mut Self {
        self.pieces.push(Piece::Command(words));
        self
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The text, with options and commands as `spelling` has them.
    pub fn spelled(&self, spelling: &impl Spelling) -> String {
        let spelled = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Option(name) => spelling.option(name),
            Piece::Command(words) => spelling.command(words),
        };
        self.pieces.iter().map(spelled).collect()
    }
}

impl Words for str {
    fn add_to(&self, phrase: &mut Phrase) {
        match phrase.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(self),
            _ if self.is_empty() => {}
            _ => phrase.pieces.push(Piece::Text(self.to_owned())),
        }
    }
}

impl Words for String {
    fn add_to(&self, phrase: &mut Phrase) {
        self.as_str().add_to(phrase);
    }
}

impl Words for Phrase {
    fn add_to(&self, phrase: &mut Phrase) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => phrase.add(text),
                Piece::Option(name) => phrase.option(name),
                Piece::Command(words) => phrase.command(words),
            };
        }
    }
}

impl<W: Words + ?Sized> Words for &W {
    fn add_to(&self, phrase: &mut Phrase) {
        (**self).add_to(phrase);
    }
}

/// Options go by their names, commands by their words.
impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Option(name) => f.write_str(name),
            Piece::Command(words) => f.write_str(words),
        })
    }
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        let mut phrase = Self::default();
        phrase.add(text);
        phrase
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

/// A [`Phrase`] in pieces: texts and other phrases, options behind an `@`, commands behind a `!`.
///
/// ```
/// use kadence_core::fault::Spelling;
/// use kadence_core::phrase;
///
/// struct CommandLine;
///
/// impl Spelling for CommandLine {
///     fn option(&self, name: &str) -> String {
///         format!("--{name}")
///     }
///     fn command(&self, words: &str) -> String {
///         format!("kadence {words}")
///     }
/// }
///
/// let format = "%Y";
/// let help = phrase!["state it with ", @"time-format", " ", format, ", or see ", !"replay", " --help"];
/// assert_eq!(help.spelled(&CommandLine), "state it with --time-format %Y, or see kadence replay --help");
/// assert_eq!(help.to_string(), "state it with time-format %Y, or see replay --help");
/// ```
#[macro_export]
macro_rules! phrase {
    (@into $phrase:ident $(,)?) => {};
    (@into $phrase:ident, @$option:literal $(, $($rest:tt)*)?) => {
        $phrase.option($option);
        $($crate::phrase!(@into $phrase, $($rest)*);)?
    };
    (@into $phrase:ident, !$command:literal $(, $($rest:tt)*)?) => {
        $phrase.command($command);
        $($crate::phrase!(@into $phrase, $($rest)*);)?
    };
    (@into $phrase:ident, $words:expr $(, $($rest:tt)*)?) => {
        $phrase.add(&$words);
        $($crate::phrase!(@into $phrase, $($rest)*);)?
    };
    ($($pieces:tt)*) => {{
        let mut phrase = $crate::fault::Phrase::default();
        $crate::phrase!(@into phrase, $($pieces)*);
        phrase
    }};
}
