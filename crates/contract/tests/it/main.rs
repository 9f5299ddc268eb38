//! Results that leave the program.

#[cfg(test)]
mod analysis;
#[cfg(test)]
mod analysis_check;
#[cfg(test)]
mod gateway;
#[cfg(test)]
#[path = "../support/golden.rs"]
mod golden;
#[cfg(test)]
mod job;
#[cfg(test)]
mod report_check;
#[cfg(test)]
mod result;
#[cfg(test)]
mod room;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod trades;
