//! Subjects.

use axum::response::Response;

use super::answer::{VersionBody, success};
use super::ask::Ask;
use super::{Answered, versions};
use crate::server::Server;
use crate::state::Request;

pub(super) fn list(server: &Server, ask: &Ask) -> Response {
    success(&server.read(|registry| registry.subjects(&ask.filter())))
}

pub(super) fn lookup(server: &Server, ask: &Ask) -> Answered {
    let proposal = ask.proposal()?;
    let found = server.read(|registry| registry.lookup(ask.the_subject(), &proposal, ask.is("deleted")))?;
    Ok(success(&VersionBody::of(&found)))
}

pub(super) fn delete(server: &Server, ask: &Ask) -> Answered {
    let subject = ask.the_subject().to_owned();
    versions::done(server, &Request::DeleteSubject { subject, permanent: ask.is("permanent") })
}
