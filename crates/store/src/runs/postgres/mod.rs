//! Runs in a `PostgreSQL` database.
//!
//! Any number of processes may have one database open. Each writes through
//! one thread that commits what is waiting together ([`flusher`]); the row of
//! a run is the lock of all that belongs to it, so that its counters and its
//! chain of events are written once per transaction and by one transaction at
//! a time. Reads have connections of their own ([`pool`]), news another
//! ([`bus`]).

mod address;
mod bus;
mod flusher;
mod link;
mod place;
mod pool;
mod reads;
mod records;
mod rows;
mod schema;
mod store;
mod text;
mod tls;
mod write;

use std::sync::Arc;

use fondaco_app::ports::runs::RunStoreError;

use self::address::Address;
use self::bus::Bus;
use self::flusher::Flusher;
use self::link::{Link, Purpose};
use self::pool::Pool;

/// Held while the schema is brought up to date. Advisory locks are numbers
/// that all who use one database agree on.
const MIGRATION_LOCK: i64 = 0x666f_6e64_6163_6f00;

/// Shared by every transaction that changes runs, and held by one that sets a
/// halt.
const HALT_LOCK: i64 = MIGRATION_LOCK + 1;

/// Held by a transaction that writes a record.
const RECORD_LOCK: i64 = MIGRATION_LOCK + 2;

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub struct PgOptions {
    /// Commands per commit at most.
    pub batch: usize,
}

impl Default for PgOptions {
    fn default() -> Self {
        Self { batch: 256 }
    }
}

/// Durable runs in a `PostgreSQL` database.
pub struct PgRuns {
    flusher: Flusher,
    pool: Pool,
    /// So that a halt waits for no reader.
    halting: Pool,
    bus: Arc<Bus>,
    address: Address,
}

impl std::fmt::Debug for PgRuns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgRuns")
            .field("place", &self.address.place)
            .finish_non_exhaustive()
    }
}

impl PgRuns {
    /// Connects to `postgres://USER@HOST/DATABASE` or
    /// `postgres:///DATABASE?host=FOLDER` and brings the schema up to date.
    ///
    /// The connection is encrypted where the address says `sslmode=require`,
    /// and the server's certificate is verified then.
    pub fn open(address: &str, options: PgOptions) -> Result<Self, RunStoreError> {
        let address = Address::parse(address)?;
        let mut link = Link::connect(&address, Purpose::Read)?;
        schema::migrate(&mut link, &address.place)?;
        let names = link.query("select gen_random_uuid()::text", &[])?;
        let name = names.first().map(|row| row.get(0)).unwrap_or_default();
        let bus = Arc::new(Bus::new(name));
        bus.start(&address);
        let writing = Link::connect(&address, Purpose::Write)?;
        let (to, news) = (address.clone(), Arc::clone(&bus));
        Ok(Self {
            flusher: Flusher::start(writing, to, news, options.batch.max(1)),
            pool: Pool::new(address.clone()),
            halting: Pool::new(address.clone()),
            bus,
            address,
        })
    }
}

impl Drop for PgRuns {
    fn drop(&mut self) {
        self.bus.close();
    }
}
