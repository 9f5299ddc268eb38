//! Durable runs through the real program: submitted, worked, killed, halted.

mod analyze;
mod backtests_http;
mod halts;
mod keys;
mod killed_roles;
mod ops;
mod roles;
mod runs;
mod runtime;
mod schedules;
mod serve;
mod simulate;
mod simulate_agents;
mod stores;
mod support;
mod up;
mod workers;
