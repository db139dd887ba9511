//! Values that go by names.

/// A choice whose values go by names: one table, which options, help and messages are made from.
pub trait Named: Copy + PartialEq + 'static {
    /// Each name with what it means, in the order in which they are listed.
    const NAMES: &'static [(&'static str, Self)];

    /// The value of this name.
    fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The first name of this value; nothing for one that nobody can name.
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }

    /// All names, for a message: `a, b and c`.
    fn listed() -> String {
        let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
        match &names[..] {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Choice {
        One,
        Other,
        Unnamed,
    }

    impl Named for Choice {
        const NAMES: &'static [(&'static str, Self)] =
            &[("one", Self::One), ("1", Self::One), ("other", Self::Other)];
    }

    #[test]
    fn one_table_gives_names_and_values() {
        assert_eq!(Choice::named("1"), Some(Choice::One));
        assert_eq!(Choice::named("two"), None);
        assert_eq!([Choice::One, Choice::Other, Choice::Unnamed].map(Choice::name), ["one", "other", ""]);
        assert_eq!(Choice::listed(), "one, 1 and other");
    }
}
