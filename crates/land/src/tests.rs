//! Tests of both halves together, on the twins in memory.

mod simulation;
mod threads;
