//! Faults: where, what is wrong, what to do, and what is to become of the work.

/// What is to become of the work that met a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It may go well the next time.
    Retry,
    /// This record cannot be dealt with; those around it can.
    Reject,
    /// Nothing more can be done until somebody does something about it.
    Stop,
    /// What was asked for makes no sense.
    Misuse,
}
