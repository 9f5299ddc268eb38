//! Durable runs through the real program: submitted, worked, killed, halted.

mod halts;
mod runs;
mod schedules;
mod serve;
mod stores;
mod support;
mod workers;
