//! Candles for those who serve: the store of the home, files, a spool.

use std::sync::Arc;

use fondaco_app::ports::StoreError;
use fondaco_market::{LocalFiles, ParquetStore};
use fondaco_server::Candles;

use crate::context::Context;

/// The folder of uploads, in the home.
const SPOOL: &str = "spool";

/// What a server needs to know of candles.
pub(crate) fn candles(context: &Context) -> Result<Candles, StoreError> {
    let place = context.home().join("data").display().to_string();
    Ok(Candles {
        bars: Arc::new(ParquetStore::open(&place)?),
        files: Arc::new(LocalFiles),
        spool: context.home().join(SPOOL),
        holidays: None,
    })
}
