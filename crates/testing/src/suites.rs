//! What is behind `./test`: the suites, what they need of other people's, and who runs when.
//!
//! A suite is a row of `table.rs`. What it needs is a row of `counterparts.rs`, with a file that finds, fetches or
//! starts it. `queue.rs` runs two suites at a time, and one that measures alone; `run.rs` runs the commands of one and
//! counts what they say; `report.rs` prints the table at the end.
//!
//! This is compiled before anything else, so it knows nothing but `std`.

mod command_line;
mod counterparts;
mod place;
mod queue;
mod report;
mod run;
mod table;
mod tools;

use std::process::ExitCode;

use self::command_line::Wanted;
use self::place::{Place, complain, say};
use self::run::Watch;

/// Runs the suites that are asked for.
pub fn run_as_program(arguments: impl Iterator<Item = String>) -> ExitCode {
    let plan = match command_line::parse(arguments) {
        Ok(Wanted::Help) => {
            say(command_line::usage());
            return ExitCode::SUCCESS;
        }
        Ok(Wanted::Run(plan)) => plan,
        Err(fault) => {
            complain(format!("{fault}\n{}", command_line::usage()));
            return ExitCode::from(2);
        }
    };
    let missing = tools::missing();
    if !missing.is_empty() {
        complain(missing.join("\n"));
        return ExitCode::FAILURE;
    }
    let place = match Place::open(plan.kills, plan.named) {
        Ok(place) => place,
        Err(fault) => {
            complain(fault);
            return ExitCode::FAILURE;
        }
    };
    end_with_any_panic();
    let watch = Watch::start();
    let rows = queue::run(&place, &plan.suites);
    if report::tell(&place, &rows, watch.seconds()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Of a thread that panicked others would wait for ever to hear.
fn end_with_any_panic() {
    const PANICKED: i32 = 101;
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::exit(PANICKED);
    }));
}
