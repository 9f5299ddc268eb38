//! Who asks, and whether they may.
//!
//! On an address of this machine nobody needs a key while there is none; then
//! only programs of this machine are let in, and no page of a browser that
//! was loaded from elsewhere. As soon as there is a key that was not revoked,
//! or where others can reach the address, everybody needs one.

mod doors;
mod layer;
mod names;
mod origin;
mod refuse;

pub use doors::ListedRoute;
pub(crate) use doors::{Access, Dialect, Doors};
pub(crate) use layer::{Gate, stand};
pub(crate) use names::SafeName;
pub(crate) use origin::Origins;
pub use refuse::Denial;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use fondaco_app::keys::{
    Attempts, Buckets, Grant, KeyRing, Presented, Rate, Recognised, Ring, Source, Taken,
};
use fondaco_app::ports::Store;
use fondaco_app::ports::machine::Machine;
use fondaco_domain::access::{Scope, Scopes};
use tokio::sync::Semaphore;

/// How strict the guard is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuardSettings {
    /// Whether others than this machine can reach one of the addresses that
    /// are served: then everybody needs a key.
    pub exposed: bool,
    /// Origins whose pages may ask, such as `https://desk.example.com`.
    pub origins: Vec<String>,
    /// Requests a second of one key, and at once; none for no limit.
    pub rate: Option<RateLimit>,
}

/// How fast one key may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests that come back each second; at least 1.
    pub per_second: u32,
    /// Requests at once; at least 1.
    pub burst: u32,
}

impl RateLimit {
    /// So many a second, and two seconds' worth at once; none for 0.
    pub fn per_second(per_second: u32) -> Option<Self> {
        (per_second > 0).then(|| Self {
            per_second,
            burst: per_second.saturating_mul(2),
        })
    }
}

/// Who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// As events and records name them: `key:<name>`, or `http:local` where
    /// nobody needs a key.
    pub actor: String,
    /// What they may do.
    pub scopes: Scopes,
}

impl Granted {
    /// The key, or whoever is at this machine.
    fn of(grant: &Grant) -> Self {
        Self {
            actor: format!("key:{}", grant.name),
            scopes: grant.scopes.clone(),
        }
    }

    fn local() -> Self {
        Self {
            actor: LOCAL.to_owned(),
            scopes: Scopes::all(),
        }
    }

    /// Whether they may do this.
    pub fn may(&self, wanted: Scope) -> Result<(), Denial> {
        if self.scopes.allow(wanted) {
            return Ok(());
        }
        Err(Denial::Scope {
            actor: self.actor.clone(),
            wanted,
        })
    }
}

/// Who asks where nobody needs a key.
pub(crate) const LOCAL: &str = "http:local";

/// A request, as far as the guard looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// All of them.
    pub headers: &'a HeaderMap,
    /// From where, where that is known.
    pub peer: Option<SocketAddr>,
    /// Whether it may change something, or stays open: a page from elsewhere
    /// must not be able to make a browser send it.
    pub is_unsafe: bool,
}

/// Slow looks at keys at a time: each takes some memory.
const SLOW: usize = 1;

/// Knows the keys, and who tried too often.
pub struct Guard {
    keys: Arc<KeyRing>,
    machine: Arc<dyn Machine>,
    settings: GuardSettings,
    origins: Origins,
    attempts: Attempts,
    slow: Semaphore,
    rates: Option<Buckets<String>>,
}

impl Guard {
    /// Over the keys of a store.
    pub fn new(
        store: Arc<dyn Store>,
        machine: Arc<dyn Machine>,
        settings: GuardSettings,
    ) -> Arc<Self> {
        let rate = |limit: RateLimit| {
            Buckets::new(Rate {
                per_second: f64::from(limit.per_second.max(1)),
                burst: limit.burst.max(1),
            })
        };
        Arc::new(Self {
            keys: Arc::new(KeyRing::new(store, Arc::clone(&machine))),
            machine,
            origins: Origins::new(&settings.origins),
            rates: settings.rate.map(rate),
            settings,
            attempts: Attempts::default(),
            slow: Semaphore::new(SLOW),
        })
    }

    /// Who asks, or why they are not let in. What they may do is asked of the
    /// answer.
    pub async fn check(&self, asking: Asking<'_>) -> Result<Granted, Denial> {
        let ring = self.ring().await?;
        let source = Source::of(asking.peer.map(|peer| peer.ip()));
        if let Some(text) = presented(asking.headers)? {
            let presented = Presented::parse(text);
            return self.recognise(&ring, presented, source).await;
        }
        if self.settings.exposed || ring.is_guarded() || is_foreign(asking.peer) {
            return Err(Denial::NoKey);
        }
        self.origins.admit(asking.headers, asking.is_unsafe)?;
        Ok(Granted::local())
    }

    /// Who has a key that came in another way than in a header, such as in the
    /// first message of a socket.
    pub async fn check_key(&self, text: &str, peer: Option<IpAddr>) -> Result<Granted, Denial> {
        let ring = self.ring().await?;
        self.recognise(&ring, Presented::parse(text), Source::of(peer))
            .await
    }

    /// Whether everybody needs a key now.
    pub async fn needs_key(&self) -> Result<bool, Denial> {
        Ok(self.settings.exposed || self.ring().await?.is_guarded())
    }

    /// Looks at the store again before anybody is let in: a key was added or
    /// revoked here.
    pub(crate) fn expect_change(&self) {
        self.keys.expect_change();
    }

    /// Counts a request of a key; nothing where nothing is counted.
    pub(crate) fn count(&self, granted: &Granted) -> Option<(Rate, Taken)> {
        let rates = self.rates.as_ref()?;
        if granted.actor == LOCAL {
            return None;
        }
        let taken = rates.take(granted.actor.clone(), self.machine.monotonic());
        Some((rates.rate(), taken))
    }

    pub(crate) fn origins(&self) -> &Origins {
        &self.origins
    }

    async fn ring(&self) -> Result<Arc<Ring>, Denial> {
        if let Some(ring) = self.keys.fresh() {
            return Ok(ring);
        }
        let keys = Arc::clone(&self.keys);
        match tokio::task::spawn_blocking(move || keys.look()).await {
            Ok(looked) => looked.map_err(|error| Denial::Keys(Arc::new(error))),
            Err(panic) => Err(Denial::Panicked(panic.to_string())),
        }
    }

    /// A right key that was seen before is let in however many wrong ones came
    /// from the same place.
    async fn recognise(
        &self,
        ring: &Arc<Ring>,
        presented: Option<Presented<'_>>,
        source: Source,
    ) -> Result<Granted, Denial> {
        let Some(presented) = presented else {
            return Err(self.failed(source, fondaco_app::keys::Denied::Form));
        };
        let ring = &self.ring_with(ring, &presented, source).await?;
        match self.keys.recognise(ring, &presented) {
            Recognised::Granted(grant) => return Ok(Granted::of(&grant)),
            Recognised::Denied(why) => return Err(self.failed(source, why)),
            Recognised::Unverified => {}
        }
        let now = self.machine.monotonic();
        self.attempts
            .may_try(source, now)
            .map_err(Denial::TooOften)?;
        // One after the other: a key that many present at once is verified for
        // all of them by the first.
        let Ok(_permit) = self.slow.acquire().await else {
            return Err(Denial::Panicked("the guard has ended".to_owned()));
        };
        match self.keys.recognise(ring, &presented) {
            Recognised::Granted(grant) => return Ok(Granted::of(&grant)),
            Recognised::Denied(why) => return Err(self.failed(source, why)),
            Recognised::Unverified => {}
        }
        self.attempts.tries(source, now).map_err(Denial::TooOften)?;
        let grant = self.verify(ring, presented.as_str().to_owned()).await?;
        self.attempts.succeeded(source, now);
        Ok(Granted::of(&grant))
    }

    /// A key that is not known may have been added a moment ago: who has not
    /// guessed too often is worth a look.
    async fn ring_with(
        &self,
        ring: &Arc<Ring>,
        presented: &Presented<'_>,
        source: Source,
    ) -> Result<Arc<Ring>, Denial> {
        let now = self.machine.monotonic();
        if ring.has(presented.id()) || self.attempts.may_try(source, now).is_err() {
            return Ok(Arc::clone(ring));
        }
        self.keys.expect_change();
        self.ring().await
    }

    async fn verify(&self, ring: &Arc<Ring>, text: String) -> Result<Arc<Grant>, Denial> {
        let (keys, ring) = (Arc::clone(&self.keys), Arc::clone(ring));
        let slow = tokio::task::spawn_blocking(move || {
            let presented = Presented::parse(&text);
            presented.map(|presented| keys.verify(&ring, &presented))
        });
        match slow.await {
            Ok(Some(verified)) => verified.map_err(Denial::Key),
            Ok(None) => Err(Denial::Key(fondaco_app::keys::Denied::Form)),
            Err(panic) => Err(Denial::Panicked(panic.to_string())),
        }
    }

    fn failed(&self, source: Source, why: fondaco_app::keys::Denied) -> Denial {
        match self.attempts.tries(source, self.machine.monotonic()) {
            Ok(()) => Denial::Key(why),
            Err(wait) => Denial::TooOften(wait),
        }
    }
}

/// Whether somebody asks from another machine, though nobody else should reach
/// the address.
fn is_foreign(peer: Option<SocketAddr>) -> bool {
    peer.is_some_and(|peer| !peer.ip().to_canonical().is_loopback())
}

/// The key of a request: never of its address, which ends in logs.
fn presented(headers: &HeaderMap) -> Result<Option<&str>, Denial> {
    let form = || Denial::Key(fondaco_app::keys::Denied::Form);
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| form())?;
        let (scheme, key) = text.split_once(' ').ok_or_else(form)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(form());
        }
        return Ok(Some(key.trim()));
    }
    let plain = PLAIN.iter().find_map(|name| headers.get(*name));
    match plain {
        Some(value) => Ok(Some(value.to_str().map_err(|_| form())?.trim())),
        None => Ok(None),
    }
}

/// Headers with nothing but a key. The second one is what clients of the
/// dashboard send.
pub(crate) const PLAIN: [&str; 2] = ["x-api-key", "api-key"];

/// How long something takes, in whole seconds, not too early.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
