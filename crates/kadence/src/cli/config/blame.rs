//! Which line of the file a value is from that clap does not take.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue};
use kadence_core::fault::name_only;

use super::Origin;
use crate::cli::is_of_pairs;
use crate::fault::Error;
use crate::misread::Misread;

impl Origin {
    /// The fault of the file, if the command line is refused because of what stands there.
    pub(crate) fn blame(&self, error: &clap::Error) -> Option<Error> {
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let (option, value) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
        // Of an option that stands on the command line as well, the value tells which one it is.
        let is_it = |word: &String| word.ends_with(value);
        let chosen = self.chosen.iter().find(|one| one.shown == option && one.words.iter().any(is_it))?;
        let place = format!("{}:{}", self.file, chosen.line);
        let value = &*if is_of_pairs(option) { name_only(value) } else { value.into() };
        let (what, help) = match (error.source(), error.get(ContextKind::ValidValue)) {
            (Some(source), _) => {
                let Misread { what, help } = match source.downcast_ref::<Misread>() {
                    Some(misread) => misread.clone(),
                    None => Misread::new(source.to_string(), ""),
                };
                let is_shown = what.contains(&format!("`{value}`"));
                (if is_shown { what } else { format!("`{value}` cannot be read ({what})") }, help)
            }
            (None, Some(ContextValue::Strings(valid))) => {
                (format!("`{value}` is no choice"), format!("use one of {}", valid.join(", ")))
            }
            _ => (format!("`{value}` is not taken"), String::new()),
        };
        Some(Error::misuse(place, format!("`{}`: {what}", chosen.key), help))
    }

    /// What to bear in mind when a command line is refused that is not all typed.
    pub(crate) fn reminder(&self) -> Option<String> {
        let mut keys: Vec<&str> = self.chosen.iter().map(|chosen| &*chosen.key).collect();
        keys.dedup();
        (!keys.is_empty()).then(|| format!("{} adds {}", self.file, keys.join(", ")))
    }
}
