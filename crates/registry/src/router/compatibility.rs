//! Whether a schema could be registered.

use serde_json::json;

use super::Answered;
use super::answer::success;
use super::ask::Ask;
use crate::server::Server;

pub(super) fn check(server: &Server, ask: &Ask) -> Answered {
    let version = ask.part("version").map(|_| ask.version()).transpose()?;
    let proposal = ask.proposal()?;
    let verdict = server.read(|registry| registry.check(ask.the_subject(), version, &proposal))?;
    let mut body = json!({ "is_compatible": verdict.is_compatible });
    if ask.is("verbose")
        && let Some(body) = body.as_object_mut()
    {
        body.insert("messages".to_owned(), json!(verdict.reasons));
    }
    Ok(success(&body))
}
