//! Texts in the order in which they can be read: what one names is defined by those before it.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

/// The names in a text: each could be that of several types, depending on the namespace it stands in.
#[derive(Default)]
struct Names {
    defined: HashSet<String>,
    used: HashSet<String>,
}

/// The places of texts, those that others need before them.
pub(super) fn order(texts: &[Json]) -> Vec<usize> {
    let names: Vec<Names> = texts
        .iter()
        .map(|text| {
            let mut names = Names::default();
            names.collect(text, "");
            names
        })
        .collect();
    let defined_in: HashMap<&str, usize> = names
        .iter()
        .enumerate()
        .flat_map(|(place, names)| names.defined.iter().map(move |name| (name.as_str(), place)))
        .collect();
    let needs = |place: usize| -> Vec<usize> {
        let used = names[place].used.iter().filter_map(|name| defined_in.get(name.as_str()).copied());
        let mut needed: Vec<usize> = used.filter(|other| *other != place).collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    };
    let mut ordered = Vec::with_capacity(texts.len());
    let mut is_begun = vec![false; texts.len()];
    // Texts that are begun, each with those that it needs and that are still to come.
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    for first in 0..texts.len() {
        if std::mem::replace(&mut is_begun[first], true) {
            continue;
        }
        open.push((first, needs(first)));
        while let Some((place, rest)) = open.last_mut() {
            match rest.pop() {
                Some(next) if is_begun[next] => {}
                Some(next) => {
                    is_begun[next] = true;
                    open.push((next, needs(next)));
                }
                None => {
                    ordered.push(*place);
                    open.pop();
                }
            }
        }
    }
    ordered
}

impl Names {
    fn collect(&mut self, json: &Json, namespace: &str) {
        match json {
            Json::String(name) => {
                self.used.insert(full(name, namespace));
            }
            Json::Array(branches) => branches.iter().for_each(|branch| self.collect(branch, namespace)),
            Json::Object(members) => {
                let text = |member: &str| members.get(member).and_then(Json::as_str);
                let own = text("namespace").unwrap_or(namespace);
                let mut inner = own;
                let name = text("name").map(|name| full(name, own));
                if let Some(name) = &name {
                    inner = name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
                    let aliases = members.get("aliases").and_then(Json::as_array).into_iter().flatten();
                    self.defined.extend(aliases.filter_map(Json::as_str).map(|alias| full(alias, inner)));
                    self.defined.insert(name.clone());
                }
                for member in ["type", "items", "values"] {
                    if let Some(of_type) = members.get(member) {
                        self.collect(of_type, inner);
                    }
                }
                let fields = members.get("fields").and_then(Json::as_array).into_iter().flatten();
                // The name of a field is none of a type.
                fields.filter_map(|field| field.get("type")).for_each(|of_type| self.collect(of_type, inner));
            }
            _ => {}
        }
    }
}

fn full(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') { name.to_owned() } else { format!("{namespace}.{name}") }
}
