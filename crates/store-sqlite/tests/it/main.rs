//! SQLite as a target.

mod contract;
mod landing;
mod sessions;
mod support;
mod tables;
mod values;
