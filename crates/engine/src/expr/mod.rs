//! Strategy expressions: parsed, type-checked, compiled to columns.
