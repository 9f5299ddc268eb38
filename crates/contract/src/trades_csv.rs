//! The trade list as CSV, in the columns and number formats of freqtrade's
//! export as pandas writes it, so that existing notebooks read it unchanged.

use std::fmt::Write as _;

use fondaco_domain::strategy::Side;
use fondaco_domain::trade::Trade;

/// The columns, in order.
pub const COLUMNS: &str = "pair,is_short,open_date,close_date,open_rate,close_rate,amount,stake_amount,max_stake_amount,profit_abs,profit_ratio,fee_open,fee_close,exit_reason,enter_tag,trade_duration,initial_stop_loss_abs,stop_loss_abs,stop_loss_ratio,min_rate,max_rate,leverage,funding_fees,is_open,n_orders,open_timestamp,close_timestamp";

/// One line per trade under a header; lines end with CR LF, as RFC 4180 asks
/// and as the golden files have it.
///
/// Numbers are the shortest decimals that read back as the same double, as
/// Python writes them (`0.1`, `9.963e-05`, `1.0`); stakes have at most eight
/// decimals; durations are whole minutes.
pub fn trades_csv(trades: &[Trade]) -> String {
    let mut csv = String::with_capacity((trades.len() + 1) * 400);
    csv.push_str(COLUMNS);
    csv.push_str("\r\n");
    for trade in trades {
        push_trade(&mut csv, trade);
    }
    csv
}

fn push_trade(csv: &mut String, trade: &Trade) {
    let minutes = (trade.close_time.0 - trade.open_time.0).div_euclid(60_000);
    let fields = [
        quoted(trade.pair.as_str()),
        boolean(trade.side == Side::Short),
        trade.open_time.to_string(),
        trade.close_time.to_string(),
        number(trade.open_rate),
        number(trade.close_rate),
        number(trade.amount),
        number(to_eight_decimals(trade.stake_amount)),
        number(to_eight_decimals(trade.max_stake_amount)),
        number(trade.profit_abs),
        number(trade.profit_ratio),
        number(trade.fee_open),
        number(trade.fee_close),
        quoted(trade.exit_reason.as_str()),
        quoted(trade.enter_tag.as_deref().unwrap_or_default()),
        minutes.to_string(),
        number(trade.initial_stop_loss),
        number(trade.stop_loss),
        number(trade.stop_loss_ratio),
        number(trade.min_rate),
        number(trade.max_rate),
        number(trade.leverage),
        number(trade.funding_fees),
        boolean(trade.is_open),
        trade.orders.len().to_string(),
        trade.open_time.0.to_string(),
        trade.close_time.0.to_string(),
    ];
    csv.push_str(&fields.join(","));
    csv.push_str("\r\n");
}

fn boolean(value: bool) -> String {
    if value { "True" } else { "False" }.to_owned()
}

/// Quoted only where the text would break the line.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The double nearest to the value's decimal rounding, ties to even.
fn to_eight_decimals(value: f64) -> f64 {
    format!("{value:.8}").parse().unwrap_or(value)
}

/// The shortest decimals that read back as the same double, laid out as
/// Python's `repr` does: exponents below 1e-4 and from 1e16 on.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let mut text = digits.to_owned();
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(text, "e{sign}{:02}", exponent.abs());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_in_python() {
        let table = [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.0001, "0.0001"),
            (0.000_099_63, "9.963e-05"),
            (1e-5, "1e-05"),
            (-2.5e-10, "-2.5e-10"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.234_567_890_123_456_7e300, "1.2345678901234567e+300"),
            (123_456.789, "123456.789"),
        ];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_tag_cannot_break_the_line() {
        assert_eq!(quoted("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(quoted("plain tag"), "plain tag");
    }
}
