//! Figures against published ones and against their definitions.

#[path = "../../../../contract/tests/support/golden.rs"]
mod golden;

#[path = "../../../../contract/tests/support/candles.rs"]
mod candles;

mod anchors;
mod equity;
mod freqtrade;
