//! What a target asks of its database, and in which order, over a session that is scripted.
//!
//! | Module | Holds |
//! |---|---|
//! | `script` | the session: it notes what is asked, and answers as it is told to |
//! | `commits` | one transaction: the comparison, the rows, the commit, and what goes wrong with each |
//! | `claims` | whose partition it is, and whose session is ended |

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod claims;
mod commits;
mod keys;
mod script;
