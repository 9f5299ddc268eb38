//! What the name of a file tells about the candles in it.

use std::path::Path;

use fondaco_app::data::CandleKind;
use fondaco_domain::{Symbol, Timeframe};

/// A file name taken apart.
///
/// `BTC_USDT_USDT-1h-mark.feather` (freqtrade), `equity_AAPL_1d.csv.gz`
/// (class, instrument, length), `BTC-PERP_1m.csv.gz`, `600519.SHH.csv`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FileName {
    /// Lower case, without `gz`.
    pub(crate) extension: String,
    /// The instrument, where the name can be one.
    pub(crate) symbol: Option<Symbol>,
    /// The candle length, where stated.
    pub(crate) timeframe: Option<Timeframe>,
    /// The kind, `trades` where not stated.
    pub(crate) kind: CandleKind,
    /// The venue, where stated.
    pub(crate) venue: Option<String>,
    /// Whether it follows freqtrade's form.
    pub(crate) freqtrade: bool,
    stem: String,
}

impl FileName {
    pub(crate) fn of(path: &Path) -> Self {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let plain = match name.rsplit_once('.') {
            Some((inner, end)) if end.eq_ignore_ascii_case("gz") => inner.to_owned(),
            _ => name,
        };
        let (stem, extension) = match plain.rsplit_once('.') {
            Some((stem, extension)) => (stem.to_owned(), extension.to_ascii_lowercase()),
            None => (plain, String::new()),
        };
        // Files of the AI-Trader benchmark say what they hold before whose.
        let stem = ["daily_prices_", "hourly_prices_"]
            .iter()
            .find_map(|begin| stem.strip_prefix(begin))
            .map_or(stem.clone(), str::to_owned);
        let blank = Self {
            extension,
            symbol: None,
            timeframe: None,
            kind: CandleKind::Trades,
            venue: None,
            freqtrade: false,
            stem,
        };
        blank
            .freqtrade_form()
            .or_else(|| blank.underscore_form())
            .unwrap_or_else(|| Self {
                symbol: blank.stem.parse().ok(),
                ..blank.clone()
            })
    }

    /// README and the like.
    pub(crate) fn is_documentation(&self) -> bool {
        let stem = self.stem.to_ascii_lowercase();
        ["readme", "license", "licence", "notice", "changelog"].contains(&stem.as_str())
    }

    /// `PAIR-TIMEFRAME[-KIND]`.
    fn freqtrade_form(&self) -> Option<Self> {
        let mut parts = self.stem.splitn(2, '-');
        let (pair, rest) = (parts.next()?, parts.next()?);
        let (timeframe, kind) = match rest.split_once('-') {
            None => (rest, CandleKind::Trades),
            Some((timeframe, "futures")) => (timeframe, CandleKind::Trades),
            Some((timeframe, "mark")) => (timeframe, CandleKind::Mark),
            Some((timeframe, "funding_rate")) => (timeframe, CandleKind::FundingRate),
            Some(_) => return None,
        };
        Some(Self {
            symbol: Some(freqtrade_symbol(pair)?),
            timeframe: Some(timeframe.parse().ok()?),
            kind,
            freqtrade: true,
            ..self.clone()
        })
    }

    /// `[CLASS_[VENUE_]]SYMBOL_TIMEFRAME[_quote]`.
    fn underscore_form(&self) -> Option<Self> {
        const CLASSES: [&str; 5] = ["equity", "crypto", "forex", "cfd", "future"];
        let mut parts: Vec<&str> = self.stem.split('_').collect();
        if matches!(parts.last(), Some(&("quote" | "bid" | "ask"))) {
            parts.pop();
        }
        let timeframe = parts.pop()?.parse().ok()?;
        if parts.len() > 1 && CLASSES.contains(&parts[0]) {
            parts.remove(0);
        }
        let (venue, symbol) = match parts[..] {
            [symbol] => (None, symbol),
            [venue, symbol] => (Some(venue.to_owned()), symbol),
            _ => return None,
        };
        Some(Self {
            symbol: Some(symbol.parse().ok()?),
            timeframe: Some(timeframe),
            venue,
            ..self.clone()
        })
    }
}

/// `BTC_USDT` is `BTC/USDT`; `BTC_USDT_USDT` is `BTC/USDT:USDT`.
fn freqtrade_symbol(pair: &str) -> Option<Symbol> {
    let parts: Vec<&str> = pair.split('_').collect();
    match parts[..] {
        [base, quote] => format!("{base}/{quote}").parse().ok(),
        [base, quote, settle] => format!("{base}/{quote}:{settle}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_instrument_length_and_kind() {
        let told = |name: &str| {
            let it = FileName::of(Path::new(name));
            (
                it.symbol.map(String::from).unwrap_or_default(),
                it.timeframe.map(String::from).unwrap_or_default(),
                it.kind.as_str(),
                it.venue.unwrap_or_default(),
                it.extension,
            )
        };
        let row = |symbol: &str, timeframe: &str, kind: &'static str, venue: &str, ext: &str| {
            (
                symbol.to_owned(),
                timeframe.to_owned(),
                kind,
                venue.to_owned(),
                ext.to_owned(),
            )
        };
        for (name, expected) in [
            (
                "x/BTC_USDT-5m.feather",
                row("BTC/USDT", "5m", "trades", "", "feather"),
            ),
            (
                "futures/BTC_USDT_USDT-5m-futures.feather",
                row("BTC/USDT:USDT", "5m", "trades", "", "feather"),
            ),
            (
                "BTC_USDT_USDT-1h-mark.json.gz",
                row("BTC/USDT:USDT", "1h", "mark", "", "json"),
            ),
            (
                "BTC_USDT_USDT-1h-funding_rate.feather",
                row("BTC/USDT:USDT", "1h", "funding_rate", "", "feather"),
            ),
            (
                "equity_AAPL_1d.csv.gz",
                row("AAPL", "1d", "trades", "", "csv"),
            ),
            (
                "forex_oanda_EURUSD_1h_quote.csv.gz",
                row("EURUSD", "1h", "trades", "oanda", "csv"),
            ),
            (
                "BTC-PERP_1m.csv.gz",
                row("BTC-PERP", "1m", "trades", "", "csv"),
            ),
            ("600519.SHH.csv", row("600519.SHH", "", "trades", "", "csv")),
            ("BTC-USDT.csv", row("BTC-USDT", "", "trades", "", "csv")),
            (
                "daily_prices_600519.SHH.json",
                row("600519.SHH", "", "trades", "", "json"),
            ),
            ("my candles.csv", row("", "", "trades", "", "csv")),
        ] {
            assert_eq!(told(name), expected, "{name}");
        }
    }
}
