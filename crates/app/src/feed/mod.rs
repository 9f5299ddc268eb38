//! Everything that happens, told to everybody who watches.
//!
//! One [`Hub`] in a process follows the store's feed and keeps the newest frames
//! in a [`Ring`], each written once. A [`Reader`] is a place in it: nothing is
//! queued per reader, so a slow one costs the others nothing. One that the
//! ring's end has passed gets a snapshot in place of what it missed.
//!
//! Numbers come from the store and readers name theirs when they come again,
//! so neither a lost connection nor a new process makes a gap or a repeat.

mod filter;
mod follow;
mod frames;
mod hub;
mod reader;
mod ring;
mod room;
mod rooms;
mod snapshot;
mod tally;

pub use filter::{Filter, FilterError, MOST_RUNS};
pub use frames::{LONGEST_BODY, frame};
pub use hub::{Hub, Settings};
pub use reader::{Reader, Refused, Step};
pub use ring::{About, Bounds, Item, Lost, Ring};
pub use room::initial_state;
pub use tally::{Tallied, Tally};
