//! Candles for those who serve: the store of the home, files, a spool.

use std::fs::DirEntry;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::StoreError;
use fondaco_market::{LocalFiles, ParquetStore};
use fondaco_server::Candles;

use crate::context::Context;

/// The folder of uploads, in the home.
const SPOOL: &str = "spool";

/// What a server needs to know of candles.
pub(crate) fn candles(context: &Context) -> Result<Candles, StoreError> {
    let place = context.home().join("data").display().to_string();
    let spool = context.home().join(SPOOL);
    sweep(&spool);
    Ok(Candles {
        bars: Arc::new(ParquetStore::open(&place)?),
        files: Arc::new(LocalFiles),
        spool,
        holidays: None,
    })
}

/// No upload takes so long.
const OLD: Duration = Duration::from_hours(24);

/// Removes uploads of a process that died over them. What cannot be looked at
/// or removed is left for the next time.
fn sweep(spool: &Path) {
    let is_old = |entry: &DirEntry| {
        let changed = entry.metadata().and_then(|it| it.modified());
        changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > OLD))
    };
    let entries = std::fs::read_dir(spool).into_iter().flatten().flatten();
    for entry in entries.filter(is_old) {
        let _ = std::fs::remove_dir_all(entry.path());
    }
}
