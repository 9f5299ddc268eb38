//! The reference page of the indicators, made from the registry.

use std::fmt::Write as _;

use super::registry::{Agreement, Family, Indicator, Input, MAX_PERIOD, Param, REGISTRY};

/// The page in Markdown.
pub fn page() -> String {
    let count: usize = REGISTRY.iter().map(|family| family.indicators.len()).sum();
    let mut page = format!(
        "<!-- Generated from the registry of indicators; a test keeps it so. -->\n\n\
         # Indicators\n\n\
         {count} indicators, by the names strategy expressions use. A call takes the series, where \
         the signature shows one, and then numbers; numbers left out have the defaults shown. Open, \
         high, low, close, volume and time that an indicator needs besides are taken from the \
         candles. Of several outputs one is chosen with a dot, as in `macd(close, 12, 26, 9).signal`; \
         without it the first is meant.\n\n\
         **Causal.** A row of an output depends on that row and earlier ones only; a test proves it \
         for every indicator by cutting its input short.\n\n\
         **Warm-up.** Leading rows are NaN until every output is there; the number given is how many, \
         so it is also the zero-based index of the first usable row. A row that is not finite in an \
         input is not finite in the outputs and starts the indicator anew on the row after it. \
         *Recursive* indicators depend on every row since the start: after the warm-up they still \
         settle, and they differ when computed from another first row.\n\n\
         **Checked against.** On fixtures of random candles, *equal* means every double is the same; \
         otherwise the largest relative difference allowed is given. Rolling sums are carried from \
         row to row in the order that gives these doubles.\n"
    );
    for family in REGISTRY {
        write_family(&mut page, family);
    }
    page
}

fn write_family(page: &mut String, family: &Family) {
    let _ = write!(page, "\n## {}\n", family.name);
    for indicator in family.indicators {
        write_indicator(page, indicator);
    }
}

fn write_indicator(page: &mut String, indicator: &Indicator) {
    let defaults: Vec<f64> = indicator.params.iter().map(|param| param.default).collect();
    let _ = write!(
        page,
        "\n### `{}`\n\n{}.\n\n",
        indicator.signature(),
        indicator.summary
    );
    let from_candles: Vec<&str> = indicator
        .inputs
        .iter()
        .filter_map(|input| candle_column(*input))
        .collect();
    if !from_candles.is_empty() {
        let _ = writeln!(page, "- From the candles: {}", from_candles.join(", "));
    }
    for param in indicator.params {
        let _ = writeln!(page, "- {}", described(param));
    }
    if indicator.outputs.len() > 1 {
        let names: Vec<String> = indicator
            .outputs
            .iter()
            .map(|o| format!("`.{o}`"))
            .collect();
        let _ = writeln!(page, "- Outputs: {}", names.join(", "));
    }
    let rows = (indicator.warmup)(&defaults);
    let recursive = if indicator.recursive {
        "; recursive"
    } else {
        ""
    };
    let _ = writeln!(page, "- Warm-up with the defaults: {rows} rows{recursive}");
    let _ = writeln!(page, "- Formula: {}", indicator.formula);
    let agreement = match indicator.source.agreement {
        Agreement::Exact => "equal".to_owned(),
        Agreement::Within(part) => format!("within {part:e}"),
    };
    let _ = writeln!(
        page,
        "- Checked against: {}, {agreement}",
        indicator.source.reference
    );
}

fn candle_column(input: Input) -> Option<&'static str> {
    match input {
        Input::Series(_) => None,
        Input::Time => Some("time"),
        Input::Open => Some("open"),
        Input::High => Some("high"),
        Input::Low => Some("low"),
        Input::Close => Some("close"),
        Input::Volume => Some("volume"),
    }
}

fn described(param: &Param) -> String {
    let Param {
        name,
        default,
        min,
        max,
        ..
    } = param;
    if *max == f64::from(MAX_PERIOD) {
        format!("`{name}`: rows, {min} or more; {default} when left out")
    } else {
        format!("`{name}`: {min} to {max}; {default} when left out")
    }
}
