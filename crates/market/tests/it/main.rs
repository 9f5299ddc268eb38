//! Files, folders, stores and servers, as a user meets them.

mod freqtrade;
mod readers;
mod store;
mod support;
