//! Figures as people read them.

use fondaco_domain::UnixMillis;

/// `12.34 %`, with a sign.
pub(super) fn percent(ratio: f64) -> String {
    format!("{:+.2} %", ratio * 100.0)
}

/// A ratio with two decimals, or a dash.
pub(super) fn ratio(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.2}"))
}

/// `12.34 %` without a sign, or a dash.
pub(super) fn share(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{:.2} %", value * 100.0))
}

/// Money with as many decimals as its size needs.
pub(super) fn money(value: f64) -> String {
    let decimals = if value.abs() >= 1_000.0 || value == 0.0 {
        2
    } else if value.abs() >= 1.0 {
        4
    } else {
        8
    };
    format!("{value:.decimals$}")
}

/// `3 d 4 h`, `4 h 5 min` or `5 min`.
pub(super) fn duration(seconds: i64) -> String {
    let minutes = seconds / 60;
    let (days, hours, rest) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{rest} min"),
        (0, _) => format!("{hours} h {rest} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A date with its time unless that is midnight.
pub(super) fn stamp(millis: i64) -> String {
    let text = UnixMillis(millis).to_string();
    let text = text.trim_end_matches("+00:00");
    text.strip_suffix(" 00:00:00").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(percent(-0.012_34), "-1.23 %");
        assert_eq!(ratio(None), "-");
        assert_eq!(
            (money(0.000_12), money(12.5), money(12_345.678)),
            ("0.00012000".into(), "12.5000".into(), "12345.68".into())
        );
        assert_eq!(
            (duration(86_400 * 3 + 7_200), duration(300)),
            ("3 d 2 h".into(), "5 min".into())
        );
        assert_eq!(stamp(1_515_542_400_000), "2018-01-10");
        assert_eq!(stamp(1_515_584_100_000), "2018-01-10 11:35:00");
    }
}
