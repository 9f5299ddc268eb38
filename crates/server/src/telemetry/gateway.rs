//! What the gateway of this process counts.

use fondaco_app::feed::Tally;

use super::{Exposition, names};

/// The counts of its hub; zeros where there is none.
pub(crate) fn gateway(tally: &Tally, page: &mut Exposition) {
    let tally = tally.look();
    let lag = tally.lag_micros.max(0) as f64;
    let joined = tally.snapshots.saturating_sub(tally.slow + tally.too_old);
    for (metric, value) in [
        (&names::GATEWAY_CLIENTS, tally.readers as f64),
        (&names::GATEWAY_JOINED, tally.joined as f64),
        (&names::GATEWAY_FRAMES, tally.frames as f64),
        (&names::GATEWAY_BYTES, tally.bytes as f64),
        (&names::GATEWAY_REPLAYED, tally.replayed as f64),
        (&names::GATEWAY_HEAD, tally.head as f64),
        (&names::GATEWAY_LAG, lag / 1e6),
        (&names::GATEWAY_FAILURES, tally.failures as f64),
    ] {
        page.sample(metric, &[], value);
    }
    for (reason, count) in [
        ("joined", joined),
        ("slow", tally.slow),
        ("too_old", tally.too_old),
    ] {
        let labels = [("reason", reason)];
        page.sample(&names::GATEWAY_SNAPSHOTS, &labels, count as f64);
    }
}
