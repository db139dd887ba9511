//! Versions of a subject.

use serde_json::json;

use super::Answered;
use super::answer::{VersionBody, plain, success};
use super::ask::Ask;
use crate::error::RegistryError;
use crate::server::Server;
use crate::state::{Answer, Found, Request};

pub(super) fn list(server: &Server, ask: &Ask) -> Answered {
    Ok(success(&server.read(|registry| registry.versions(ask.the_subject(), &ask.filter()))?))
}

pub(super) fn get(server: &Server, ask: &Ask) -> Answered {
    Ok(success(&VersionBody::of(&found(server, ask, ask.is("deleted"))?)))
}

pub(super) fn text(server: &Server, ask: &Ask) -> Answered {
    Ok(plain(&found(server, ask, ask.is("deleted"))?.schema.text))
}

pub(super) fn referenced_by(server: &Server, ask: &Ask) -> Answered {
    let Found { version, .. } = found(server, ask, true)?;
    Ok(success(&server.read(|registry| registry.referrer_ids(ask.the_subject(), version))))
}

fn found(server: &Server, ask: &Ask, deleted: bool) -> Result<Found, RegistryError> {
    let version = ask.version()?;
    server.read(|registry| registry.find(ask.the_subject(), version, deleted))
}

pub(super) fn register(server: &Server, ask: &Ask) -> Answered {
    let subject = ask.the_subject().to_owned();
    done(server, &Request::Register { subject, proposal: ask.proposal()? })
}

pub(super) fn delete(server: &Server, ask: &Ask) -> Answered {
    let (subject, version) = (ask.the_subject().to_owned(), ask.version()?);
    done(server, &Request::DeleteVersion { subject, version, permanent: ask.is("permanent") })
}

/// Does a change and answers it.
pub(super) fn done(server: &Server, request: &Request) -> Answered {
    Ok(match server.write(request)? {
        Answer::Registered { id, version, guid } => {
            success(&json!({ "id": id, "version": version, "guid": guid }))
        }
        Answer::Deleted(versions) => success(&versions),
        Answer::DeletedVersion(version) => success(&version),
        Answer::Level(level) if matches!(request, Request::SetLevel { .. }) => {
            success(&json!({ "compatibility": level }))
        }
        Answer::Level(level) => success(&json!({ "compatibilityLevel": level })),
        Answer::Mode(mode) => success(&json!({ "mode": mode })),
    })
}
