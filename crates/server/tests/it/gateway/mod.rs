//! The gateway over real sockets.

mod desk;
mod frames;
mod keys;
mod order;
mod readers;
mod slow;
