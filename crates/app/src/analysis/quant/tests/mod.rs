//! The lane on made candles.
