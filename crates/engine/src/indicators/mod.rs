//! Causal indicators over columns.
