//! Durable runs through the real program: submitted, worked, killed, halted.

mod backtests_http;
mod halts;
mod killed_roles;
mod runs;
mod schedules;
mod serve;
mod stores;
mod support;
mod workers;
