//! Reports as people get them.

#[cfg(test)]
mod analysis;
#[cfg(test)]
mod analysis_sample;
#[cfg(test)]
#[path = "../../../contract/tests/support/candles.rs"]
mod candles;
#[cfg(test)]
#[path = "../../../contract/tests/support/golden.rs"]
mod golden;
#[cfg(test)]
mod report;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod simulation_sample;
