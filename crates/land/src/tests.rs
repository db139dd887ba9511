//! Tests of both halves together, on the twins in memory.

mod batches;
mod simulation;
mod threads;
