//! The gateway over real sockets.

pub(crate) mod desk;
mod frames;
mod keys;
mod order;
mod readers;
mod slow;
