//! Wakes those who wait for news of runs.

use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::Store;
use tokio::sync::watch;

/// How long nobody is woken at most: notices may get lost.
const LONGEST: Duration = Duration::from_millis(250);

/// Notices that are one beat at most.
const BURST: usize = 256;

/// A beat whenever something may have happened to some run. One thread listens
/// for all who wait.
#[derive(Debug, Clone)]
pub(crate) struct Pulse(watch::Receiver<u64>);

impl Pulse {
    /// Begins to listen; ends when nobody waits for it any more.
    pub(crate) fn of(store: &Arc<dyn Store>) -> Self {
        let (beat, beats) = watch::channel(0);
        let store = Arc::downgrade(store);
        let listen = move || {
            let mut notices = store.upgrade().and_then(|store| store.subscribe().ok());
            while !beat.is_closed() && store.strong_count() > 0 {
                match &mut notices {
                    Some(notices) => {
                        let mut notice = notices.wait(LONGEST);
                        for _ in 0..BURST {
                            if notice.is_none() {
                                break;
                            }
                            notice = notices.wait(Duration::ZERO);
                        }
                    }
                    None => return,
                }
                beat.send_modify(|count| *count += 1);
            }
        };
        // Without it those who wait look by themselves.
        let _ = std::thread::Builder::new()
            .name("pulse".to_owned())
            .spawn(listen);
        Self(beats)
    }

    /// Until the next beat.
    pub(super) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            tokio::time::sleep(LONGEST).await;
        }
    }
}
