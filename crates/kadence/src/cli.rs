//! The command line: a file per verb.

mod completions;
mod config;
mod connection;
mod consume;
mod demo;
mod groups;
mod land;
mod listening;
mod password;
mod producing;
mod registry;
mod replay;
mod schemas;
mod serve;
mod topics;
mod up;
mod values;
mod verify;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser, Subcommand};
use kadence_core::fault::name_only;

use self::config::Origin;
use crate::fault::Error;
pub use crate::output::Exit;
use crate::output::{Voice, say};

/// Replays timestamped recordings into Kafka at their own pace, reads topics, and brings its own broker
#[derive(Debug, Parser)]
#[command(
    name = "kadence",
    version,
    propagate_version = true,
    infer_subcommands = false,
    max_term_width = 100
)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 misused, 130 a bounded run was cut by Ctrl-C.\n\
    Options may stand in kadence.toml in the current folder, or in the file that KADENCE_CONFIG names: \
    `speed = 10` under [replay].\n\
    Start with `kadence demo`; then `kadence up` in one terminal and `kadence replay FILE -t TOPIC` in another.")]
struct Cli {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb understands.
#[derive(Clone, Copy, Debug, clap::Args)]
struct GlobalOptions {
    /// End with one JSON object for machines, on stdout (on stderr where stdout is data)
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show the client's log; with -X debug=all it says everything it does
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "json", help_heading = "Output")]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::DemoOptions),
    Up(up::UpOptions),
    Replay(Box<replay::ReplayOptions>),
    Consume(Box<consume::ConsumeOptions>),
    Land(Box<land::LandOptions>),
    Verify(Box<verify::VerifyOptions>),
    Serve(serve::ServeOptions),
    Topics(topics::TopicsOptions),
    Groups(groups::GroupsOptions),
    Schemas(schemas::SchemasOptions),
    Completions(completions::CompletionsOptions),
}

/// Runs the command line `arguments`, the program's name first, and gives the exit code.
pub fn run(arguments: Vec<OsString>) -> Exit {
    let asks_for_json = |arguments: &[OsString]| arguments.iter().any(|argument| argument == "--json");
    let json = asks_for_json(&arguments);
    let (arguments, origin) = match config::extend(Cli::command, arguments) {
        Ok(extended) => extended,
        Err(error) => return Voice { json, quiet: false }.error(&error),
    };
    let json = asks_for_json(&arguments);
    match Cli::try_parse_from(arguments) {
        Ok(cli) => cli.run(&origin),
        Err(error) => refuse(error, &origin, Voice { json, quiet: false }),
    }
}

/// Says why a command line is refused, or shows the help that it asks for.
fn refuse(mut error: clap::Error, origin: &Origin, voice: Voice) -> Exit {
    if let Some(error) = origin.blame(&error) {
        return voice.error(&error);
    }
    hide_pair(&mut error);
    // Help and version are no errors, and clap knows where each belongs.
    if !voice.json || !error.use_stderr() {
        // clap's tip to pass an unknown option as a value helps nobody.
        if error.kind() == ErrorKind::UnknownArgument {
            let _ = error.remove(ContextKind::Suggested);
        }
        let _ = error.print();
        if !error.use_stderr() {
            return Exit::Done;
        }
        if let Some(reminder) = origin.reminder() {
            say(&format!("kadence: {reminder}"));
        }
        return Exit::Misused;
    }
    let text = error.to_string();
    // What is missing stands on lines of its own, up to the usage.
    let what: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let what = what.join(" ");
    let what = what.strip_prefix("error: ").unwrap_or(&what);
    let help = "kadence VERB --help says what there is";
    let help = origin.reminder().map_or(help.to_owned(), |reminder| format!("{help}; {reminder}"));
    voice.error(&Error::misuse("command line", what, help))
}

/// Whether an option, as clap shows it, takes pairs, in which there may be a secret.
fn is_of_pairs(option: &str) -> bool {
    option.ends_with("<NAME=VALUE>")
}

/// Leaves only the name of what was no pair.
fn hide_pair(error: &mut clap::Error) {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    if let (Some(option), Some(value)) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue))
        && is_of_pairs(&option)
    {
        let name = name_only(&value).into_owned();
        error.insert(ContextKind::InvalidValue, ContextValue::String(name));
    }
}

impl Cli {
    /// Runs the verb, says what went wrong if anything did, and gives the exit code.
    fn run(self, origin: &Origin) -> Exit {
        let voice = Voice { json: self.global.json, quiet: self.global.quiet };
        start_log(self.global.verbose, voice);
        if !origin.file.is_empty() {
            tracing::debug!(file = origin.file, "options are read from a file");
        }
        let done: Result<Exit, Error> = match self.verb {
            Verb::Demo(options) => options.run(voice),
            Verb::Up(options) => options.run(voice),
            Verb::Replay(options) => options.run(voice),
            Verb::Consume(options) => options.run(voice),
            Verb::Land(options) => options.run(voice),
            Verb::Verify(options) => options.run(voice),
            Verb::Serve(options) => options.run(voice),
            Verb::Topics(options) => options.run(voice),
            Verb::Groups(options) => options.run(voice),
            Verb::Schemas(options) => options.run(voice),
            Verb::Completions(options) => options.run(),
        };
        done.unwrap_or_else(|error| voice.error(&error))
    }
}

/// Sends the log to stderr: warnings, such as that no broker is to be reached for now, and more if asked for.
fn start_log(verbose: u8, voice: Voice) {
    let level = match verbose {
        0 if voice.quiet || voice.json => return,
        0 => tracing::Level::WARN,
        1 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A second log in one process is nobody's fault, and not needed.
    let _ = if verbose == 0 { log.without_time().with_target(false).try_init() } else { log.try_init() };
}
