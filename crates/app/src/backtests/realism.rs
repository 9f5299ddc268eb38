//! The costs of the realistic profile: read from a file, written into results.

use fondaco_contract::v1alpha1 as contract;
use fondaco_domain::{ErrorKind, Hint};
use fondaco_engine::backtest::{Charges, Costs, IntraCandle, Remainder, Slippage, Spread};
use serde::Deserialize;
use thiserror::Error;

/// A file of costs that does not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RealismError {
    /// Not TOML, or a key or value that has no place in it.
    #[error("the realism file is wrong: {0}")]
    Form(String),
}

impl Hint for RealismError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("docs/guide/realistic.md lists the keys and their values".into())
    }
}

/// Every key may be left out; its default is that of [`Costs`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    spread: Option<SpreadKey>,
    slippage: Option<SlippageKey>,
    max_volume_share: Option<ShareKey>,
    entry_remainder: Option<RemainderKey>,
    latency_candles: Option<u32>,
    min_fee: Option<f64>,
    fee_per_share: Option<f64>,
    cash_interest: Option<f64>,
    borrow_interest: Option<f64>,
    intra_candle: Option<IntraCandleKey>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a ratio such as 0.0005, or { ticks = 1 }")]
enum SpreadKey {
    Ratio(f64),
    Ticks(TicksKey),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TicksKey {
    ticks: f64,
}

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a ratio such as 0.0005, or { square_root = 0.1 }"
)]
enum SlippageKey {
    Ratio(f64),
    SquareRoot(SquareRootKey),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SquareRootKey {
    square_root: f64,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a ratio such as 0.1, or \"unlimited\"")]
enum ShareKey {
    Ratio(f64),
    Word(Unlimited),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unlimited {
    Unlimited,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RemainderKey {
    Drop,
    Retry,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum IntraCandleKey {
    Pessimistic,
    Optimistic,
    Freqtrade,
}

/// Reads a file of costs. The ranges of its numbers are checked where the
/// backtest starts.
pub fn parse(text: &str) -> Result<Costs, RealismError> {
    let file: File = toml::from_str(text).map_err(|error| RealismError::Form(error.to_string()))?;
    let default = Costs::default();
    Ok(Costs {
        spread: file.spread.map_or(default.spread, |key| match key {
            SpreadKey::Ratio(ratio) => Spread::Ratio(ratio),
            SpreadKey::Ticks(key) => Spread::Ticks(key.ticks),
        }),
        slippage: file.slippage.map_or(default.slippage, |key| match key {
            SlippageKey::Ratio(ratio) => Slippage::Ratio(ratio),
            SlippageKey::SquareRoot(key) => Slippage::SquareRoot {
                coefficient: key.square_root,
            },
        }),
        max_volume_share: match file.max_volume_share {
            Some(ShareKey::Ratio(share)) => Some(share),
            Some(ShareKey::Word(Unlimited::Unlimited)) => None,
            None => default.max_volume_share,
        },
        entry_remainder: match file.entry_remainder {
            Some(RemainderKey::Retry) => Remainder::Retry,
            Some(RemainderKey::Drop) => Remainder::Drop,
            None => default.entry_remainder,
        },
        latency: file.latency_candles.unwrap_or(default.latency),
        min_fee: file.min_fee.unwrap_or(default.min_fee),
        fee_per_unit: file.fee_per_share.unwrap_or(default.fee_per_unit),
        cash_interest: file.cash_interest.unwrap_or(default.cash_interest),
        borrow_interest: file.borrow_interest.or(default.borrow_interest),
        intra_candle: match file.intra_candle {
            Some(IntraCandleKey::Pessimistic) => IntraCandle::Pessimistic,
            Some(IntraCandleKey::Optimistic) => IntraCandle::Optimistic,
            Some(IntraCandleKey::Freqtrade) => IntraCandle::Freqtrade,
            None => default.intra_candle,
        },
    })
}

/// The costs that a job states.
pub(super) fn engine_costs(costs: &contract::Costs) -> Costs {
    Costs {
        spread: match costs.spread {
            contract::Spread::Ratio { ratio } => Spread::Ratio(ratio),
            contract::Spread::Ticks { ticks } => Spread::Ticks(ticks),
        },
        slippage: match costs.slippage {
            contract::Slippage::Ratio { ratio } => Slippage::Ratio(ratio),
            contract::Slippage::SquareRoot { coefficient } => Slippage::SquareRoot { coefficient },
        },
        max_volume_share: costs.max_volume_share,
        entry_remainder: match costs.entry_remainder {
            contract::EntryRemainder::Drop => Remainder::Drop,
            contract::EntryRemainder::Retry => Remainder::Retry,
        },
        latency: costs.latency_candles,
        min_fee: costs.min_fee,
        fee_per_unit: costs.fee_per_unit,
        cash_interest: costs.cash_interest,
        borrow_interest: costs.borrow_interest,
        intra_candle: match costs.intra_candle {
            contract::IntraCandle::Pessimistic => IntraCandle::Pessimistic,
            contract::IntraCandle::Optimistic => IntraCandle::Optimistic,
            contract::IntraCandle::Freqtrade => IntraCandle::Freqtrade,
        },
    }
}

/// The costs as a result or a job states them.
pub fn costs(costs: &Costs) -> contract::Costs {
    contract::Costs {
        spread: match costs.spread {
            Spread::Ratio(ratio) => contract::Spread::Ratio { ratio },
            Spread::Ticks(ticks) => contract::Spread::Ticks { ticks },
        },
        slippage: match costs.slippage {
            Slippage::Ratio(ratio) => contract::Slippage::Ratio { ratio },
            Slippage::SquareRoot { coefficient } => contract::Slippage::SquareRoot { coefficient },
        },
        max_volume_share: costs.max_volume_share,
        entry_remainder: match costs.entry_remainder {
            Remainder::Drop => contract::EntryRemainder::Drop,
            Remainder::Retry => contract::EntryRemainder::Retry,
        },
        latency_candles: costs.latency,
        min_fee: costs.min_fee,
        fee_per_unit: costs.fee_per_unit,
        cash_interest: costs.cash_interest,
        borrow_interest: costs.borrow_interest,
        intra_candle: match costs.intra_candle {
            IntraCandle::Pessimistic => contract::IntraCandle::Pessimistic,
            IntraCandle::Optimistic => contract::IntraCandle::Optimistic,
            IntraCandle::Freqtrade => contract::IntraCandle::Freqtrade,
        },
    }
}

/// What was paid and received, as a result states it.
pub(super) fn charges(charges: &Charges) -> contract::Charges {
    contract::Charges {
        fees: charges.fees,
        spread_and_slippage: charges.spread_and_slippage,
        interest: charges.interest,
        dividends: charges.dividends,
        borrowing: charges.borrowing,
        funding: charges.funding,
        splits: charges.splits,
        entries_refused: charges.entries_refused,
        entries_cut: charges.entries_cut,
        exits_spread_out: charges.exits_spread_out,
    }
}

/// Every assumption of the realistic profile about prices and money, each one
/// sentence with its numbers.
pub(super) fn sentences(costs: &Costs, fee: f64) -> Vec<String> {
    let percent = |ratio: f64| format!("{} %", trimmed(ratio * 100.0));
    let spread = match costs.spread {
        Spread::Ratio(ratio) => format!(
            "The spread is {} of the price; each fill at market pays half of it.",
            percent(ratio)
        ),
        Spread::Ticks(ticks) => {
            format!("The spread is {ticks} price steps; each fill at market pays half of it.")
        }
    };
    let slippage = match costs.slippage {
        Slippage::Ratio(ratio) => format!(
            "Each fill at market moves the price by {} against itself.",
            percent(ratio)
        ),
        Slippage::SquareRoot { coefficient } => format!(
            "Each fill at market moves the price against itself by {} times the square root of its \
             share of the candle's volume.",
            percent(coefficient)
        ),
    };
    let volume = match (costs.max_volume_share, costs.entry_remainder) {
        (None, _) => "Any amount is filled, whatever the volume of the candle.".to_owned(),
        (Some(share), remainder) => format!(
            "Fills take at most {} of a candle's volume; the rest of an entry is {}, the rest of \
             an exit leaves at market at the opens of the next candles.",
            percent(share),
            match remainder {
                Remainder::Drop => "given up",
                Remainder::Retry => "tried again at the opens of the next candles",
            }
        ),
    };
    let order = match costs.intra_candle {
        IntraCandle::Pessimistic => {
            "Where a stop and a target lie within one candle the stop is taken first, and a \
             trailing stop follows the best price of the candles before only."
        }
        IntraCandle::Optimistic => {
            "Where a stop and a target lie within one candle the target is taken first; a trailing \
             stop follows the best price of the candles before."
        }
        IntraCandle::Freqtrade => {
            "Inside a candle a trailing stop follows the best price before the worst is looked at; \
             then the stop comes first, the target second, a trailing stop last."
        }
    };
    let mut list = vec![
        match costs.latency {
            0 => "A signal on a candle acts at the open of the next candle.".to_owned(),
            n => format!(
                "A signal acts {} candles after its own, at the open: {n} candles later than it could.",
                n + 1
            ),
        },
        spread,
        slippage,
        fees(costs, fee),
        volume,
        order.to_owned(),
        "Entries, exits by signal and stops fill at market: at the open, or at the stop's price \
         where the candle reaches it; a target fills at its own price without slippage, and only \
         where a price beyond it was traded."
            .to_owned(),
        "Exits at the open come before entries; an entry uses no slot and no money that an exit \
         within the same candle sets free."
            .to_owned(),
        "Prices lie on the market's fixed price step, rounded to the worse side, amounts on its \
         fixed lot."
            .to_owned(),
        "Positions whose candles end are closed at the last close at market, whatever the volume; \
         none is lost."
            .to_owned(),
    ];
    list.push(format!(
        "Free cash earns {} a year, credited by the day on 365 days.",
        percent(costs.cash_interest)
    ));
    if let Some(rate) = costs.borrow_interest {
        list.push(format!(
            "Shorts outside futures are secured by their full value, pay {} a year on the value \
             borrowed, and are never called.",
            percent(rate)
        ));
    }
    list
}

fn fees(costs: &Costs, fee: f64) -> String {
    let ratio = trimmed(fee * 100.0);
    let by_unit = match costs.fee_per_unit {
        0.0 => String::new(),
        fee => format!(" and {fee} for each unit"),
    };
    let least = match costs.min_fee {
        0.0 => String::new(),
        fee => format!(", at least {fee}"),
    };
    format!("Every fill costs {ratio} % of its value{by_unit}{least}.")
}

/// A number without the noise of its last bits.
fn trimmed(value: f64) -> f64 {
    (value * 1e10).round() / 1e10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(parse("").unwrap(), Costs::default());
    }

    #[test]
    fn every_key_is_read() {
        let text = "spread = { ticks = 2 }\nslippage = { square_root = 0.1 }\n\
            max_volume_share = \"unlimited\"\nentry_remainder = \"retry\"\nlatency_candles = 1\n\
            min_fee = 1.0\nfee_per_share = 0.005\ncash_interest = 0.03\nborrow_interest = 0.01\n\
            intra_candle = \"optimistic\"\n";
        let expected = Costs {
            spread: Spread::Ticks(2.0),
            slippage: Slippage::SquareRoot { coefficient: 0.1 },
            max_volume_share: None,
            entry_remainder: Remainder::Retry,
            latency: 1,
            min_fee: 1.0,
            fee_per_unit: 0.005,
            cash_interest: 0.03,
            borrow_interest: Some(0.01),
            intra_candle: IntraCandle::Optimistic,
        };
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn what_has_no_place_is_refused() {
        for (text, part) in [
            ("slipage = 0.1", "slipage"),
            ("spread = { pips = 1 }", "{ ticks = 1 }"),
            ("slippage = \"much\"", "{ square_root = 0.1 }"),
            ("intra_candle = \"lucky\"", "pessimistic"),
            ("max_volume_share = \"all\"", "unlimited"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn the_guide_example_is_what_it_says() {
        let guide = include_str!("../../../../docs/guide/realistic.md");
        let (_, rest) = guide.split_once("```toml\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let costs = parse(example).unwrap();
        assert_eq!(
            costs,
            Costs {
                borrow_interest: Some(0.0),
                ..Costs::default()
            }
        );
    }

    #[test]
    fn each_assumption_has_its_number() {
        let costs = Costs {
            slippage: Slippage::SquareRoot { coefficient: 0.1 },
            min_fee: 1.0,
            fee_per_unit: 0.005,
            cash_interest: 0.03,
            borrow_interest: Some(0.0025),
            latency: 2,
            ..Costs::default()
        };
        insta::assert_snapshot!(sentences(&costs, 0.000_35).join("\n"), @r"
        A signal acts 3 candles after its own, at the open: 2 candles later than it could.
        The spread is 0.05 % of the price; each fill at market pays half of it.
        Each fill at market moves the price against itself by 10 % times the square root of its share of the candle's volume.
        Every fill costs 0.035 % of its value and 0.005 for each unit, at least 1.
        Fills take at most 10 % of a candle's volume; the rest of an entry is given up, the rest of an exit leaves at market at the opens of the next candles.
        Where a stop and a target lie within one candle the stop is taken first, and a trailing stop follows the best price of the candles before only.
        Entries, exits by signal and stops fill at market: at the open, or at the stop's price where the candle reaches it; a target fills at its own price without slippage, and only where a price beyond it was traded.
        Exits at the open come before entries; an entry uses no slot and no money that an exit within the same candle sets free.
        Prices lie on the market's fixed price step, rounded to the worse side, amounts on its fixed lot.
        Positions whose candles end are closed at the last close at market, whatever the volume; none is lost.
        Free cash earns 3 % a year, credited by the day on 365 days.
        Shorts outside futures are secured by their full value, pay 0.25 % a year on the value borrowed, and are never called.
        ");
    }
}
