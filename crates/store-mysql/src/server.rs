//! Which server it is, and what it allows.

use kadence_core::fault::Fault;

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    MySql,
    MariaDb,
}

/// The oldest versions whose statements are used here: row aliases in `INSERT`, and collations that do not pad.
const OLDEST: [(Kind, &str, [u32; 3]); 2] =
    [(Kind::MySql, "MySQL", [8, 0, 20]), (Kind::MariaDb, "MariaDB", [10, 5, 0])];

/// A server, as it describes itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    pub(crate) kind: Kind,
    /// The most bytes of a statement with all that belongs to it.
    pub(crate) most_bytes: usize,
    /// Whether tables' names differ in upper and lower case.
    pub(crate) has_case: bool,
}

impl Server {
    /// Reads the version, and refuses one that is too old.
    pub(crate) fn kind_of(place: &str, version: &str) -> Result<Kind, Fault> {
        let kind = if version.to_ascii_lowercase().contains("mariadb") { Kind::MariaDb } else { Kind::MySql };
        let mut numbers =
            version.split(|char: char| !char.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
        let found: [u32; 3] = std::array::from_fn(|_| numbers.next().unwrap_or_default());
        for (other, name, oldest) in OLDEST {
            if other == kind && found < oldest {
                let [major, minor, patch] = oldest;
                let what = format!("this {name} ({version}) is too old");
                let help = format!("use version {major}.{minor}.{patch} or a newer one");
                return Err(Fault::new(place, what).help(help));
            }
        }
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_tell_the_servers_apart() {
        let kind = |version| Server::kind_of("db", version);
        assert_eq!(kind("9.7.4-2").unwrap(), Kind::MySql);
        assert_eq!(kind("8.0.20").unwrap(), Kind::MySql);
        assert_eq!(kind("10.11.19-MariaDB-0+deb12u1-log").unwrap(), Kind::MariaDb);
        let old = kind("5.7.44-log").unwrap_err().to_string();
        assert_eq!(old, "db: this MySQL (5.7.44-log) is too old; use version 8.0.20 or a newer one");
        assert!(kind("10.3.39-MariaDB").is_err());
    }
}
