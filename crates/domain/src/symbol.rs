//! Names of instruments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name of an instrument: `BTC/USDT` (spot), `BTC/USDT:USDT` (swap),
/// `AAPL`, `600519.SHH`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol(String);

/// A string that cannot name an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a symbol: use letters, digits and . - _ ^ = with BASE/QUOTE for a pair and BASE/QUOTE:SETTLE for a swap"
)]
pub struct SymbolError(pub String);

impl Symbol {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `BTC` of `BTC/USDT`; the whole name where there is no quote.
    pub fn base(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(base, _)| base)
    }

    /// `USDT` of `BTC/USDT` and of `BTC/USDT:USDT`.
    pub fn quote(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once('/')?;
        Some(rest.split_once(':').map_or(rest, |(quote, _)| quote))
    }

    /// `USDT` of `BTC/USDT:USDT`; `None` for spot.
    pub fn settle(&self) -> Option<&str> {
        self.0.split_once(':').map(|(_, settle)| settle)
    }

    /// The name with `/` and `:` turned into `_`, as freqtrade names files
    /// and as our store names folders.
    pub fn file_stem(&self) -> String {
        self.0.replace(['/', ':'], "_")
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, SymbolError> {
        let part = |p: &str| {
            !p.is_empty()
                && p.len() <= 40
                && p != "."
                && p != ".."
                && p.chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '^' | '='))
        };
        let (base, rest) = match text.split_once('/') {
            Some((base, rest)) => (base, Some(rest)),
            None => (text, None),
        };
        let valid = part(base)
            && rest.is_none_or(|rest| match rest.split_once(':') {
                Some((quote, settle)) => part(quote) && part(settle),
                None => part(rest),
            });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(SymbolError(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Symbol {
    type Error = SymbolError;

    fn try_from(text: String) -> Result<Self, SymbolError> {
        text.parse()
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.0
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_swap() {
        let swap: Symbol = "BTC/USDT:USDC".parse().unwrap();
        assert_eq!(
            (swap.base(), swap.quote(), swap.settle()),
            ("BTC", Some("USDT"), Some("USDC"))
        );
        assert_eq!(swap.file_stem(), "BTC_USDT_USDC");
    }

    #[test]
    fn a_path_is_not_a_symbol() {
        for bad in ["", "..", "../x", "A/..", "A//B", "A/B:", "A B", "A\0"] {
            assert!(bad.parse::<Symbol>().is_err(), "{bad:?}");
        }
    }
}
