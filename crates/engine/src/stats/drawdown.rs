//! Falls of a series of values from its peaks.

use fondaco_domain::UnixMillis;
use fondaco_domain::metrics::Drawdown;

/// What the falls of a series come to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fall {
    /// The largest by ratio.
    pub deepest: Option<Drawdown>,
    /// The largest in money.
    pub max_absolute: f64,
    /// Longest time from a peak until it was reached again, or the end.
    pub longest_underwater_ms: i64,
}

/// Walks a series that starts with some money, which is its first peak and
/// stands at the first stamp.
pub fn falls(start: f64, time: &[UnixMillis], value: &[f64]) -> Fall {
    let Some((&first, &last)) = time.first().zip(time.last()) else {
        return Fall::default();
    };
    let mut fall = Fall::default();
    let (mut peak, mut peak_at) = (start, first);
    let mut open: Option<Drawdown> = None;
    let mut close = |open: &mut Option<Drawdown>, peak_at: UnixMillis, at, recovered: bool| {
        if let Some(mut ended) = open.take() {
            if recovered {
                ended.recovered = Some(at);
                ended.recovery_s = Some((at.0 - ended.end.0) / 1000);
            }
            fall.longest_underwater_ms = fall.longest_underwater_ms.max(at.0 - peak_at.0);
            fall.max_absolute = fall.max_absolute.max(ended.absolute);
            if fall
                .deepest
                .is_none_or(|best| best.relative < ended.relative)
            {
                fall.deepest = Some(ended);
            }
        }
    };
    for (&at, &value) in time.iter().zip(value) {
        if value >= peak {
            close(&mut open, peak_at, at, true);
            (peak, peak_at) = (value, at);
        } else if open.is_none_or(|fall| peak - value > fall.absolute) {
            open = Some(Drawdown {
                relative: (peak - value) / peak,
                absolute: peak - value,
                start: peak_at,
                end: at,
                recovered: None,
                duration_s: (at.0 - peak_at.0) / 1000,
                recovery_s: None,
            });
        }
    }
    close(&mut open, peak_at, last, false);
    fall
}

/// The largest relative fall, from 0 to 1 (above 1 only in debt).
pub fn max_drawdown(start: f64, value: &[f64]) -> f64 {
    let mut peak = start;
    value.iter().fold(0.0, |worst: f64, &value| {
        peak = peak.max(value);
        worst.max((peak - value) / peak)
    })
}
