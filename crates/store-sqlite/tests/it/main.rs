//! SQLite as a target.

mod contract;
mod landing;
mod support;
mod tables;
mod values;
