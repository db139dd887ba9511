//! franz-go's program. Without Go, or without its modules, it is left out, and the rest runs.

use std::path::PathBuf;

use super::{Lack, missing};
use crate::suites::place::{Place, find_program, logged};

/// Where Go's own installer puts it.
const USUAL_PLACE: &str = "/usr/local/go/bin/go";

pub(super) fn find(place: &Place) -> Result<Vec<String>, Lack> {
    let usual = || Some(PathBuf::from(USUAL_PLACE)).filter(|path| path.is_file());
    let go = find_program("go").or_else(usual).ok_or_else(|| missing("go missing; see https://go.dev/dl"))?;
    let (program, log) = (place.root.join(".cache/franz-go"), place.log("install-go"));
    let _ = std::fs::remove_file(&log);
    let mut build = place.command(&go.display().to_string());
    build.current_dir(place.root.join("crates/kadence/tests/foreign/go"));
    build.args(["build", "-buildvcs=false", "-o"]).arg(&program).arg(".");
    if !logged(&mut build, &log) {
        return Err(missing(format!("its program does not compile: see {}", place.shown(&log))));
    }
    Ok(vec![program.display().to_string()])
}
