//! The driver against a server. What is in `databases` needs one and is run by the suite of that name.
//!
//! | Module | Holds |
//! |---|---|
//! | `server` | databases on the server that all share |
//! | `contract` | the contract that all targets keep |
//! | `finding` | tables as they are described |
//! | `values` | values that go there and come back as they were |
//! | `writing` | inserts, upserts, savepoints, which row is to blame |
//! | `sessions` | locks, sessions that are ended, answers that are lost, errors |
//! | `encryption` | certificates |
//! | `landing` | a landing from its records to its rows |
//! | `measure` | rows a second |

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![expect(clippy::print_stdout, reason = "what is measured is said")]

mod databases {
    mod postgres {
        mod contract;
        mod encryption;
        mod finding;
        mod landing;
        mod sessions;
        mod values;
        mod writing;
    }
}
mod measure;
mod server;
