//! Compatibility levels and modes, of all subjects or of one.

use serde::Deserialize;
use serde_json::json;

use super::answer::success;
use super::ask::Ask;
use super::{Answered, versions};
use crate::error::RegistryError;
use crate::server::Server;
use crate::state::Request;

#[derive(Deserialize)]
struct LevelBody {
    #[serde(alias = "compatibilityLevel")]
    compatibility: Option<String>,
}

#[derive(Deserialize)]
struct ModeBody {
    mode: Option<String>,
}

pub(super) fn level(server: &Server, ask: &Ask) -> Answered {
    let level = server.read(|registry| match ask.subject() {
        Some(subject) if !ask.is("defaultToGlobal") => {
            registry.own_level(Some(subject)).ok_or_else(|| RegistryError::NoLevel(subject.to_owned()))
        }
        subject => Ok(registry.level(subject)),
    })?;
    Ok(success(&json!({ "compatibilityLevel": level })))
}

pub(super) fn set_level(server: &Server, ask: &Ask) -> Answered {
    let body: LevelBody = ask.body()?;
    let text = body.compatibility.unwrap_or_default();
    let level = text.parse().map_err(|()| RegistryError::InvalidLevel(text))?;
    versions::done(server, &Request::SetLevel { subject: owned_subject(ask), level })
}

pub(super) fn delete_level(server: &Server, ask: &Ask) -> Answered {
    versions::done(server, &Request::DeleteLevel { subject: owned_subject(ask) })
}

pub(super) fn mode(server: &Server, ask: &Ask) -> Answered {
    let mode = server.read(|registry| match ask.subject() {
        Some(subject) if !ask.is("defaultToGlobal") => {
            registry.own_mode(Some(subject)).ok_or_else(|| RegistryError::NoMode(subject.to_owned()))
        }
        subject => Ok(registry.mode(subject)),
    })?;
    Ok(success(&json!({ "mode": mode })))
}

pub(super) fn set_mode(server: &Server, ask: &Ask) -> Answered {
    let body: ModeBody = ask.body()?;
    let text = body.mode.unwrap_or_default();
    let mode = text.parse().map_err(|()| RegistryError::InvalidMode(text))?;
    let (subject, force) = (owned_subject(ask), ask.is("force"));
    versions::done(server, &Request::SetMode { subject, mode, force })
}

pub(super) fn delete_mode(server: &Server, ask: &Ask) -> Answered {
    versions::done(server, &Request::DeleteMode { subject: owned_subject(ask) })
}

fn owned_subject(ask: &Ask) -> Option<String> {
    ask.subject().map(str::to_owned)
}
