//! Figures as people write them.

/// `2.9 %`, with one digit; two below one per cent.
pub(super) fn per_cent(fraction: f64) -> String {
    let pct = fraction * 100.0;
    if pct.abs() < 1.0 {
        format!("{pct:.2} %")
    } else {
        format!("{pct:.1} %")
    }
}

/// `2.9 % above` or `2.9 % below`.
pub(super) fn apart(fraction: f64) -> String {
    let side = if fraction < 0.0 { "below" } else { "above" };
    format!("{} {side}", per_cent(fraction.abs()))
}

/// `rose 2.9 %` or `fell 2.9 %`.
pub(super) fn moved(fraction: f64) -> String {
    let way = if fraction < 0.0 { "fell" } else { "rose" };
    format!("{way} {}", per_cent(fraction.abs()))
}

/// A price: more digits where it is small.
pub(super) fn price(value: f64) -> String {
    match value.abs() {
        size if size >= 1.0 => format!("{value:.2}"),
        size if size >= 0.01 => format!("{value:.4}"),
        _ => format!("{value:.8}"),
    }
}

/// An amount in its largest unit: `94.04 billion`.
pub(super) fn amount(value: f64) -> String {
    let (size, unit) = match value.abs() {
        size if size >= 1e9 => (1e9, " billion"),
        size if size >= 1e6 => (1e6, " million"),
        size if size >= 1e4 => (1e3, " thousand"),
        _ => (1.0, ""),
    };
    format!("{:.2}{unit}", value / size)
}

/// `1 story`, `3 stories`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}

/// What somebody else wrote, in quotation marks and of bounded length.
pub(super) fn quoted(text: &str, most: usize) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !"“”[]".contains(*c))
        .collect();
    let plain = plain.trim().trim_end_matches('.');
    if plain.chars().count() <= most {
        return format!("“{plain}”");
    }
    let cut: String = plain.chars().take(most).collect();
    format!("“{}…”", cut.trim_end())
}

/// With a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
