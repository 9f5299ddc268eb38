//! The lease of a gateway of this process: one thread renews it, and another
//! sees that it ends in time, since a store that hangs keeps the first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fondaco_app::ports::Store;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::services::Holder;
use fondaco_app::runner::Bell;
use fondaco_app::runtime::{Keeper, Lost};
use tracing::warn;

use super::GatewayLost;
use crate::errors::Failure;
use crate::host::works::spawn;

/// A lease that is kept until it is lost or ended.
pub(super) struct Leased(Arc<Shared>);

struct Shared {
    keeper: Keeper,
    over: AtomicBool,
    renews: Bell,
    watches: Bell,
    lost: Mutex<Option<Lost>>,
    on_lost: Box<dyn Fn() + Send + Sync>,
}

impl Leased {
    /// Takes the name; `on_lost` is called as soon as it may not be used any
    /// more.
    pub(super) fn take(
        (store, machine): (Arc<dyn Store>, Arc<dyn Machine>),
        generation: Option<u64>,
        holder: Holder,
        lease: Duration,
        on_lost: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let keeper = Keeper::take(store, machine, generation, holder, lease)?;
        let keeper = keeper.ok_or(GatewayLost::Superseded(generation.unwrap_or(0)))?;
        let shared = Arc::new(Shared {
            keeper,
            over: AtomicBool::new(false),
            renews: Bell::default(),
            watches: Bell::default(),
            lost: Mutex::default(),
            on_lost: Box::new(on_lost),
        });
        let renewing = Arc::clone(&shared);
        spawn("gateway renewals", move || renewing.renew())?;
        let watching = Arc::clone(&shared);
        spawn("gateway lease", move || watching.watch())?;
        Ok(Self(shared))
    }

    pub(super) fn generation(&self) -> u64 {
        self.0.keeper.generation()
    }

    /// Gives the name back, after the last client. Why it was lost, where it
    /// was; then nothing is given back, and the store is not waited for.
    pub(super) fn end(self) -> Result<(), GatewayLost> {
        self.0.over.store(true, Ordering::Release);
        self.0.renews.ring();
        self.0.watches.ring();
        let lost = *self.0.lost();
        if let Some(lost) = lost {
            return Err(GatewayLost::of(self.generation(), lost));
        }
        if let Err(error) = self.0.keeper.release() {
            let why = crate::errors::in_words(&error);
            warn!(name: "store_failed", "the gateway cannot give its name back: {why}");
        }
        Ok(())
    }
}

impl Shared {
    fn renew(&self) {
        while !self.over.load(Ordering::Acquire) {
            match self.keeper.renew() {
                Ok(kept) => {
                    if let Some(why) = kept.failure {
                        warn!(name: "store_failed", "the gateway cannot renew its lease: {why}");
                    }
                    self.renews.wait(kept.wait);
                }
                Err(lost) => return self.lose(lost),
            }
        }
    }

    fn watch(&self) {
        while !self.over.load(Ordering::Acquire) {
            match self.keeper.left() {
                Ok(left) => {
                    self.watches.wait(left);
                }
                Err(lost) => return self.lose(lost),
            }
        }
    }

    fn lose(&self, lost: Lost) {
        if self.over.load(Ordering::Acquire) {
            return;
        }
        self.lost().get_or_insert(lost);
        (self.on_lost)();
    }

    fn lost(&self) -> std::sync::MutexGuard<'_, Option<Lost>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
