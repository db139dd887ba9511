//! A crate's files, and what each takes from the others.
//!
//! It is read from the text: paths that begin with `crate`, `super`, `self` or the name of a module within, in `use` and
//! elsewhere. A name that a file has from another one and passes on leads to that other one. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};

use super::sources;

/// A module's place in its crate: the names of the modules down to it.
type Place = Vec<String>;

/// The files of a crate, by the modules that they are.
pub(super) struct Modules {
    files: BTreeMap<Place, File>,
}

struct File {
    path: String,
    /// Without comments, texts and tests.
    text: String,
    /// Names that are had from elsewhere, and where from.
    names: BTreeMap<String, Place>,
}

impl Modules {
    /// Those of the crate in this folder, less its programs.
    pub(super) fn of(folder: &str) -> Self {
        let source = format!("{folder}/src/");
        let mut files = BTreeMap::new();
        for (path, text) in sources() {
            let Some(place) = path.strip_prefix(&source).and_then(place_of) else { continue };
            files.insert(place, File { path, text: plain(&text), names: BTreeMap::new() });
        }
        assert!(!files.is_empty(), "{folder} has no files");
        let mut modules = Self { files };
        let names: Vec<_> = modules.files.keys().map(|place| modules.names(place)).collect();
        for (file, names) in modules.files.values_mut().zip(names) {
            file.names = names;
        }
        modules
    }

    /// The other files that each takes something from, but for those of the modules within it: it is their front.
    pub(super) fn arrows(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let arrows = |(place, file): (&Place, &File)| -> BTreeSet<&str> {
            let paths = self.paths(place, &file.text);
            let homes = paths.iter().filter_map(|path| self.home_of(path, 0));
            homes.filter(|home| !home.starts_with(place)).map(|home| &*self.files[home].path).collect()
        };
        self.files.iter().map(|entry| (&*entry.1.path, arrows(entry))).collect()
    }

    /// The text of each file, without comments, texts and tests.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.values().map(|file| (&*file.path, &*file.text))
    }

    /// The module in which the last name of a path is at home.
    fn home_of(&self, path: &[String], depth: usize) -> Option<&Place> {
        let length = (0..=path.len()).rev().find(|&length| self.files.contains_key(&path[..length]))?;
        let (home, file) = self.files.get_key_value(&path[..length])?;
        let passed_on = path.get(length).and_then(|name| file.names.get(name));
        // Names that lead in a ring are nobody's.
        match passed_on {
            Some(next) if depth < 8 && next != path => self.home_of(next, depth + 1),
            _ => Some(home),
        }
    }

    /// The names that a module has from others by `use`.
    fn names(&self, place: &Place) -> BTreeMap<String, Place> {
        let mut names = BTreeMap::new();
        for statement in self.files[place].text.split("use ").skip(1) {
            let Some((tree, _)) = statement.split_once(';') else { continue };
            for path in self.paths(place, tree) {
                if let Some(name) = path.last() {
                    names.insert(name.clone(), path);
                }
            }
        }
        names
    }

    /// All paths in a text that lead into this crate, from its root.
    fn paths(&self, place: &Place, text: &str) -> Vec<Place> {
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut paths = Vec::new();
        for (at, _) in text.match_indices("::") {
            let before = &text[..at];
            let first = &before[before.trim_end_matches(is_name).len()..];
            if before.strip_suffix(first).is_some_and(|rest| rest.ends_with("::") || rest.ends_with('$')) {
                continue;
            }
            let child: Place = place.iter().cloned().chain([first.to_owned()]).collect();
            let from = match first {
                "crate" => Vec::new(),
                "self" => place.clone(),
                "super" => place[..place.len().saturating_sub(1)].to_vec(),
                _ if self.files.contains_key(&child) => child,
                _ => continue,
            };
            branches(&text[at + 2..], from, &mut paths);
        }
        paths
    }
}

/// Where the paths end that a text begins with: one, or those between braces.
fn branches(text: &str, mut from: Place, paths: &mut Vec<Place>) {
    let text = text.trim_start();
    if let Some(list) = text.strip_prefix('{') {
        for branch in split(list) {
            branches(branch, from.clone(), paths);
        }
        return;
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    match &text[..end] {
        "" | "self" => {}
        "super" => drop(from.pop()),
        name => from.push(name.to_owned()),
    }
    match text[end..].strip_prefix("::") {
        Some(rest) => branches(rest, from, paths),
        None => paths.push(from),
    }
}

/// What stands between commas, up to the brace that closes the list.
fn split(list: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0, 0, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&list[begin..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Which module a file in `src` is; none for programs and tests.
fn place_of(path: &str) -> Option<Place> {
    let path = path.strip_suffix(".rs")?;
    let mut names: Vec<&str> = path.split('/').collect();
    if names.iter().any(|name| *name == "bin" || *name == "tests" || name.ends_with("_tests"))
        || path == "main"
    {
        return None;
    }
    if matches!(*names.last()?, "mod" | "lib") {
        names.pop();
    }
    Some(names.into_iter().map(ToOwned::to_owned).collect())
}

/// A text without its comments, quoted texts and tests.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = &line[..line.len() - line.trim_start().len()];
            // Up to the end of what is for tests only, with attributes of its own.
            let ends = |line: &str| {
                let rest = line.strip_prefix(indent).unwrap_or_default();
                rest == "}" || (rest.ends_with([';', '}']) && !rest.starts_with([' ', '#']))
            };
            let _ = lines.find(|line| ends(line));
            continue;
        }
        let code = line.split("//").next().unwrap_or_default();
        // Every second part is quoted; quotes over several lines are rare, and none holds a path.
        plain.extend(code.split('"').step_by(2));
        plain.push('\n');
    }
    plain
}

#[test]
fn paths_are_read_from_a_text() {
    let mut paths = Vec::new();
    branches("a::{b, c::{self, D}, super::e::*};", Vec::new(), &mut paths);
    let expected = [vec!["a", "b"], vec!["a", "c"], vec!["a", "c", "D"], vec!["e"]];
    assert_eq!(paths, expected.map(|path| path.into_iter().map(ToOwned::to_owned).collect::<Place>()));
}

#[test]
fn tests_and_texts_are_left_out() {
    let text = "use a; // crate::b\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\nlet x = \"crate::c\";\n\
        #[cfg(test)]\n#[path = \"x.rs\"]\nmod more;\nfn f() {}\n";
    assert_eq!(plain(text), "use a; \nlet x = ;\nfn f() {}\n");
}
