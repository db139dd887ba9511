//! What was asked for.

use std::fmt::Write as _;

use super::table::{Group, SUITES, Suite};

/// How often each test of `kill` kills, and how often with `--all`.
const KILLS: u32 = 5;
const KILLS_OF_ALL: u32 = 200;

/// What the arguments ask for.
pub(super) enum Wanted {
    Help,
    Run(Plan),
}

/// The suites to run.
pub(super) struct Plan {
    pub(super) suites: Vec<&'static Suite>,
    /// Whether they were named: who asks for a suite is told that it did not run.
    pub(super) named: bool,
    pub(super) kills: u32,
}

pub(super) fn parse(arguments: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let (mut suites, mut all): (Vec<&'static Suite>, bool) = (Vec::new(), false);
    for argument in arguments {
        match &*argument {
            "-h" | "--help" => return Ok(Wanted::Help),
            "--all" => all = true,
            option if option.starts_with('-') => return Err(format!("unknown option {option}")),
            name => {
                let found = SUITES.iter().find(|suite| suite.name == name);
                suites.push(found.ok_or_else(|| format!("unknown suite {name}"))?);
            }
        }
    }
    let named = !suites.is_empty();
    let more = SUITES.iter().filter(|suite| match suite.group {
        Group::Usual => !named,
        Group::OnRequest => false,
        Group::Long => all,
    });
    suites.extend(more);
    let mut known = Vec::new();
    suites.retain(|suite| {
        !known.contains(&suite.name) && {
            known.push(suite.name);
            true
        }
    });
    Ok(Wanted::Run(Plan { suites, named, kills: if all { KILLS_OF_ALL } else { KILLS } }))
}

pub(super) fn usage() -> String {
    let mut text = String::from(
        "Usage: ./test [--all] [SUITE…]\n\n\
         Runs all suites, or the named ones; --all adds the long ones. Ends with a table\n\
         and a line `N passed, N failed, N skipped`; exits 1 if anything failed.\n",
    );
    let groups = [("Suites", Group::Usual), ("On request", Group::OnRequest), ("Long suites", Group::Long)];
    for (title, group) in groups {
        let _ = write!(text, "\n{title}:");
        for suite in SUITES.iter().filter(|suite| suite.group == group) {
            let _ = write!(text, "\n  {:<13} {}", suite.name, suite.about);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arguments: &str) -> Result<Plan, String> {
        let arguments = arguments.split_whitespace().map(ToOwned::to_owned);
        parse(arguments).map(|wanted| match wanted {
            Wanted::Run(plan) => plan,
            Wanted::Help => panic!("help"),
        })
    }

    fn names(arguments: &str) -> String {
        plan(arguments).unwrap().suites.iter().map(|suite| suite.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn without_arguments_the_usual_suites_are_run() {
        let usual = names("");
        assert!(usual.starts_with("fmt ") && usual.contains(" kafka "), "{usual}");
        for other in ["compatibility", "deny"] {
            assert!(!usual.contains(other), "{usual}");
        }
        assert!(!plan("").unwrap().named);
        assert_eq!(names("--all"), format!("{usual} fuzzing deny shellcheck"));
        assert!(!plan("--all").unwrap().named);
    }

    #[test]
    fn named_suites_are_run_once_in_the_order_they_are_named_in() {
        assert_eq!(names("tests fmt tests"), "tests fmt");
        assert_eq!(names("deny fmt --all"), "deny fmt fuzzing shellcheck");
        assert!(plan("fmt").unwrap().named);
        assert_eq!((plan("kill").unwrap().kills, plan("kill --all").unwrap().kills), (5, 200));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert_eq!(plan("--al").err().unwrap(), "unknown option --al");
        assert_eq!(plan("tets").err().unwrap(), "unknown suite tets");
    }

    #[test]
    fn every_suite_is_in_the_help() {
        let usage = usage();
        for suite in &SUITES {
            assert!(usage.contains(&format!("\n  {:<13} {}", suite.name, suite.about)), "{}", suite.name);
        }
        assert!(usage.lines().all(|line| line.chars().count() <= 100), "{usage}");
    }
}
