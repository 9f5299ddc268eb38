use fondaco_domain::{Bar, Bars, UnixMillis};

use super::*;

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;

/// Candles from a stamp on, each as (open, close).
fn candles(
    name: &str,
    from: &str,
    step: i64,
    prices: &[(f64, f64)],
) -> (fondaco_domain::Symbol, i64, Bars) {
    let from = fondaco_domain::time::parse_stamp(from).unwrap();
    let rows = prices.iter().zip(0..).map(|(&(open, close), row)| Bar {
        time: UnixMillis(from.0 + row * step),
        open,
        high: open.max(close) + 1.0,
        low: open.min(close) - 1.0,
        close,
        volume: 1.0,
    });
    let bars = Bars::from_rows(rows.collect::<Vec<_>>()).unwrap();
    (name.parse().unwrap(), step / 1000, bars)
}

/// Three days of two shares.
fn prices() -> Prices {
    Prices::of(
        &[
            candles(
                "ABC",
                "2025-10-01",
                DAY,
                &[(10.0, 11.0), (12.0, 13.0), (14.0, 12.0)],
            ),
            candles(
                "XYZ",
                "2025-10-01",
                DAY,
                &[(5.0, 5.0), (5.0, 6.0), (6.0, 7.0)],
            ),
        ],
        None,
    )
    .unwrap()
}

fn file(lines: &[&str]) -> LogFile {
    LogFile {
        path: PathBuf::from("logs/model-a.jsonl"),
        text: lines.join("\n"),
    }
}

fn replayed(lines: &[&str], request: &ReplayRequest) -> LogReport {
    of(lines, &prices(), request)
}

fn of(lines: &[&str], prices: &Prices, request: &ReplayRequest) -> LogReport {
    let mut report = replay(&[file(lines)], prices, request).unwrap();
    report.logs.remove(0)
}

const OPENING: &str = r#"{"at": "2025-10-01", "id": 0, "action": null, "symbol": null, "amount": null, "positions": {"CASH": 1000.0}}"#;
const BUY: &str = r#"{"at": "2025-10-02", "id": 1, "action": "buy", "symbol": "ABC", "amount": 10, "positions": {"ABC": 10, "CASH": 880.0}}"#;
const SELL: &str = r#"{"at": "2025-10-03", "id": 2, "action": "sell", "symbol": "ABC", "amount": 4, "positions": {"ABC": 6, "CASH": 936.0}}"#;

fn told<T: serde::Serialize>(all: &[T]) -> String {
    let lines: Vec<String> = all
        .iter()
        .map(|it| serde_json::to_string(it).unwrap())
        .collect();
    lines.join("\n")
}

#[test]
fn a_log_that_follows_is_the_same_by_its_words_and_by_its_actions() {
    let log = replayed(&[OPENING, BUY, SELL], &ReplayRequest::default());
    assert_eq!(
        (log.log.as_str(), log.market, log.rows),
        ("model-a", Market::Us, 3)
    );
    assert_eq!((log.periods_per_year, log.cadence), (252.0, Cadence::Daily));
    assert_eq!(log.capital, Decimal::from(1_000));
    assert_eq!((log.audit.follows, log.audit.fills.at_open), (3, 2));
    assert_eq!(
        (&log.audit.differences[..], &log.own.ends[..]),
        (&[][..], &[][..])
    );
    assert_eq!((log.own.filled, log.own.refused.len()), (2, 0));
    // 1,000, then 880 + 10 · 13, then 936 + 6 · 12.
    assert_eq!(log.final_value, Some(1_008.0));
    assert_eq!(log.own.final_value, Some(1_008.0));
    assert_eq!(log.own.figures, log.figures);
    let figures = log.figures.unwrap().rows;
    assert!((figures.return_pct.unwrap() - 0.8).abs() < 1e-9);
    let fall = 100.0 * (1_008.0 / 1_010.0 - 1.0);
    assert!((figures.max_drawdown_pct.unwrap() - fall).abs() < 1e-9);
    assert_eq!(log.findings, []);
}

/// A program that was started again from an earlier day writes such logs.
#[test]
fn a_log_that_goes_back_says_so_itself() {
    let log = replayed(
        &[
            OPENING,
            BUY,
            SELL,
            r#"{"at": "2025-10-03", "id": 2, "action": "sell", "symbol": "ABC", "amount": 10, "positions": {"CASH": 1020.0}}"#,
        ],
        &ReplayRequest::default(),
    );
    assert_eq!((log.audit.follows, log.audit.follows_earlier), (3, 1));
    insta::assert_snapshot!(told(&log.audit.differences), @r#"{"line":4,"at":"2025-10-03","id":2,"difference":"goes_back","to_line":2,"undone":1}"#);
    assert_eq!(log.final_value, Some(1_020.0));
    // The actions alone sell four, and then do not have ten.
    insta::assert_snapshot!(told(&log.own.refused), @r#"{"line":4,"at":"2025-10-03","action":"sell","symbol":"ABC","amount":"10","reason":"ledger","refusal":{"refusal":"insufficient_shares","symbol":"ABC","have":"6","want_to_sell":"10"},"text":"Insufficient shares of ABC (have 6, want to sell 10)"}"#);
    insta::assert_snapshot!(told(&log.own.ends), @r#"
    {"symbol":"CASH","own":"936","stated":"1020"}
    {"symbol":"ABC","own":"6","stated":"0"}
    "#);
    insta::assert_snapshot!(told(&log.findings), @r#"{"finding":"repeated_ids","count":1,"ids":[2]}"#);
}

#[test]
fn what_follows_from_nothing_is_taken_as_stated_and_told() {
    let log = replayed(
        &[
            OPENING,
            BUY,
            r#"{"at": "2025-10-03", "id": 2, "action": "no_trade", "positions": {"ABC": 12, "XYZ": 1, "CASH": 880.0}}"#,
            r#"{"at": "2025-10-03", "id": 3, "action": "sell", "symbol": "ABC", "amount": 2, "positions": {"ABC": 10, "XYZ": 1, "CASH": 900.0}}"#,
        ],
        &ReplayRequest::default(),
    );
    assert_eq!((log.audit.follows, log.audit.taken_as_stated), (3, 1));
    // The last fill is at 10, where the candle is between 11 and 15.
    insta::assert_snapshot!(told(&log.audit.differences), @r#"
    {"line":3,"at":"2025-10-03","id":2,"difference":"position","symbol":"ABC","expected":"10","stated":"12"}
    {"line":3,"at":"2025-10-03","id":2,"difference":"position","symbol":"XYZ","expected":"0","stated":"1"}
    {"line":4,"at":"2025-10-03","id":3,"difference":"fill_price","symbol":"ABC","price":"10","lies":"outside","open":14.0,"low":11.0,"high":15.0}
    "#);
    assert_eq!(log.final_value, Some(900.0 + 10.0 * 12.0 + 7.0));
    // Nothing of that is in the account of the actions alone.
    assert_eq!(
        log.own.final_value,
        Some(1_000.0 - 120.0 + 28.0 + 8.0 * 12.0)
    );
}

/// An index is a log whose cash moves by itself.
#[test]
fn cash_that_moves_without_an_action_is_a_series_of_values() {
    let lines = [
        OPENING,
        r#"{"at": "2025-10-02", "id": 1, "positions": {"CASH": 1100}}"#,
        r#"{"at": "2025-10-03", "id": 2, "positions": {"CASH": 990}}"#,
    ];
    let log = replayed(&lines, &ReplayRequest::default());
    assert_eq!(log.audit.taken_as_stated, 2);
    assert_eq!(log.final_value, Some(990.0));
    assert!((log.figures.unwrap().rows.max_drawdown_pct.unwrap() + 10.0).abs() < 1e-9);
    assert_eq!(log.own.final_value, Some(1_000.0));
    insta::assert_snapshot!(told(&log.own.ends), @r#"{"symbol":"CASH","own":"1000","stated":"990"}"#);
}

#[test]
fn what_cannot_be_done_has_a_reason() {
    let log = replayed(
        &[
            OPENING,
            r#"{"at": "2025-10-01", "action": "buy", "symbol": "ABC", "amount": 0}"#,
            r#"{"at": "2025-10-01", "action": "buy", "symbol": "ABC", "amount": null}"#,
            r#"{"at": "2025-10-01", "action": "buy", "symbol": "ABC", "amount": -5}"#,
            r#"{"at": "2025-10-01", "action": "buy", "symbol": "ABC", "amount": 0.5}"#,
            r#"{"at": "2025-10-01", "action": "buy", "amount": 1}"#,
            r#"{"at": "2025-10-01", "action": "buy", "symbol": "NO SUCH", "amount": 1}"#,
            r#"{"at": "2025-10-01", "action": "buy", "symbol": "NONE", "amount": 1}"#,
            r#"{"at": "2025-10-01", "action": "transfer", "symbol": "ABC", "amount": 1}"#,
            r#"{"at": "2025-10-01", "action": "buy", "symbol": "ABC", "amount": 1000}"#,
            r#"{"at": "2025-10-01", "action": "sell", "symbol": "ABC", "amount": 1}"#,
            r#"{"at": "2025-10-09", "action": "buy", "symbol": "ABC", "amount": 1}"#,
        ],
        &ReplayRequest::default(),
    );
    let reasons: Vec<&str> = log.own.refused.iter().map(|it| it.text.as_str()).collect();
    insta::assert_snapshot!(reasons.join("\n"), @r#"
    Quantity must be more than 0, not 0
    no amount is named
    Quantity must be more than 0, not -5
    Quantity 0.5 is not a multiple of 1
    no symbol is named
    `NO SUCH` is not a symbol
    NONE has no candle at 2025-10-01
    `transfer` is not an action
    Insufficient cash (needed 10000, available 1000)
    No position for ABC
    ABC has no candle at 2025-10-09
    "#);
    assert_eq!((log.own.filled, log.own.final_value), (0, Some(1_000.0)));
    assert_eq!(log.audit.states_nothing, 11);
}

#[test]
fn mainland_shares_come_in_lots_and_are_sold_the_day_after() {
    let prices = Prices::of(
        &[candles(
            "600519.SHH",
            "2025-10-09",
            DAY,
            &[(10.0, 10.0), (10.5, 10.5), (11.0, 11.0), (12.5, 12.5)],
        )],
        None,
    )
    .unwrap();
    let log = of(
        &[
            r#"{"date": "2025-10-09", "id": 0, "positions": {"CASH": "100,000.00", "600519.SH": 0}}"#,
            r#"{"date": "2025-10-10", "id": 1, "this_action": {"action": "buy", "symbol": "600519.SH", "amount": 150}, "positions": {"CASH": 98425, "600519.SH": 150}}"#,
            r#"{"date": "2025-10-10", "id": 2, "this_action": {"action": "buy", "symbol": "600519.SH", "amount": "1,000"}, "positions": {"CASH": 87925, "600519.SH": 1150}}"#,
            r#"{"date": "2025-10-10", "id": 3, "this_action": {"action": "sell", "symbol": "600519.SH", "amount": 100}, "positions": {"CASH": 88975, "600519.SH": 1050}}"#,
            r#"{"date": "2025-10-12", "id": 4, "this_action": {"action": "buy", "symbol": "600519.SH", "amount": 100}, "positions": {"CASH": 87725, "600519.SH": 1150}}"#,
        ],
        &prices,
        &ReplayRequest::default(),
    );
    assert_eq!((log.market, log.periods_per_year), (Market::AShare, 242.0));
    // By its words all of it is booked; by the rules one order is.
    assert_eq!((log.audit.follows, log.own.filled), (5, 1));
    let reasons: Vec<&str> = log.own.refused.iter().map(|it| it.text.as_str()).collect();
    insta::assert_snapshot!(reasons.join("\n"), @r#"
    Quantity 50 of 600519.SH is not in lots of 100
    600519.SH was bought today and cannot be sold before the next session (sellable 0 of 1000, want to sell 100)
    600519.SH is at its upper limit 12.1 (price 12.5): it cannot be bought
    "#);
    insta::assert_snapshot!(told(&log.findings), @r#"{"finding":"other_spelling","symbol":"600519.SH","prices":"600519.SHH"}"#);
}

#[test]
fn a_name_without_a_price_has_no_figures_unless_it_is_said_what_it_counts() {
    let lines = [
        OPENING,
        r#"{"at": "2025-10-02", "id": 1, "action": "buy", "symbol": "GONE", "amount": 10, "positions": {"GONE": 10, "CASH": 900.0}}"#,
        r#"{"at": "2025-10-03", "id": 2, "action": "hold", "positions": {"GONE": 10, "CASH": 900.0}}"#,
    ];
    let by = |unpriced| {
        replayed(
            &lines,
            &ReplayRequest {
                unpriced,
                ..ReplayRequest::default()
            },
        )
    };
    let refused = by(Unpricedness::Refuse);
    assert_eq!((refused.figures, refused.final_value), (None, None));
    assert_eq!(
        told(&refused.unpriced),
        r#"{"symbol":"GONE","line":2,"rows":2}"#
    );
    assert_eq!(refused.own.final_value, Some(1_000.0));
    assert_eq!(by(Unpricedness::LastFill).final_value, Some(1_000.0));
    let nothing = by(Unpricedness::Zero);
    assert_eq!(nothing.final_value, Some(900.0));
    assert_eq!(
        told(&nothing.findings),
        r#"{"finding":"unpriced_counted","symbols":["GONE"],"rule":"zero"}"#
    );
}

#[test]
fn rows_out_of_order_are_sorted_and_told() {
    let log = replayed(&[OPENING, SELL, BUY], &ReplayRequest::default());
    assert_eq!(log.final_value, Some(1_008.0));
    assert_eq!(log.audit.follows, 3);
    assert_eq!(
        told(&log.findings),
        r#"{"finding":"out_of_order","count":1,"lines":[3]}"#
    );
}

#[test]
fn broken_lines_and_empty_logs_are_errors() {
    let run = |lines: &[&str], skip_broken| {
        replay(
            &[file(&[OPENING]), file(lines)],
            &prices(),
            &ReplayRequest {
                skip_broken,
                ..ReplayRequest::default()
            },
        )
    };
    let broken = [OPENING, "{\"at\": \"2025-10-02\", \"id\":", BUY, "5"];
    let error = run(&broken, false).unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"logs/model-a.jsonl:2: not JSON: EOF while parsing a value at line 1 column 26 (and one more broken line)"#);
    let log = run(&broken, true).unwrap().logs.remove(1);
    assert_eq!(log.rows, 2);
    assert_eq!(
        told(&log.findings),
        r#"{"finding":"broken_lines","count":2,"lines":[2,4]}"#
    );
    for empty in ["", "\n\n  \n"] {
        let error = run(&[empty], true).unwrap_err();
        assert_eq!(error.to_string(), "logs/model-a.jsonl has no rows");
    }
}

#[test]
fn a_window_leaves_rows_out_of_the_figures_only() {
    let run = |first: &str, last: &str| {
        replay(
            &[file(&[OPENING, BUY, SELL])],
            &prices(),
            &ReplayRequest {
                first: moment(first),
                last: moment(last),
                ..ReplayRequest::default()
            },
        )
    };
    let log = run("2025-10-02", "2025-10-02").unwrap().logs.remove(0);
    assert_eq!((log.rows, log.final_value), (1, Some(1_010.0)));
    assert_eq!(
        told(&log.findings),
        r#"{"finding":"outside_window","rows":2}"#
    );
    let error = run("2026-01-01", "2026-02-01").unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"logs/model-a.jsonl has no row in the window: its rows are from 2025-10-01 to 2025-10-03"#);
    assert!(run("2025-10-03", "2025-10-01").is_err());
}

#[test]
fn other_money_at_the_start_is_that_of_the_actions_alone() {
    let log = replayed(
        &[OPENING, BUY, SELL],
        &ReplayRequest {
            capital: Some(Decimal::from(100)),
            ..ReplayRequest::default()
        },
    );
    assert_eq!(
        (log.final_value, log.own.final_value),
        (Some(1_008.0), Some(100.0))
    );
    assert_eq!(log.own.refused.len(), 2);
    assert_eq!(
        told(&log.findings),
        r#"{"finding":"other_capital","stated":"1000"}"#
    );
    // A log that begins with an action started with what that took.
    let log = replayed(&[BUY, SELL], &ReplayRequest::default());
    assert_eq!(log.capital, Decimal::from(1_000));
    assert_eq!(told(&log.findings), r#"{"finding":"no_opening"}"#);
}

#[test]
fn a_year_has_as_many_periods_as_its_market_has_hours() {
    let hours = |name: &str, word: &str| {
        let prices = Prices::of(
            &[candles(
                name,
                "2025-10-01T10:00:00Z",
                HOUR,
                &[(1.0, 1.0); 4],
            )],
            None,
        )
        .unwrap();
        let line = |hour: i64, action: &str| {
            format!(
                r#"{{"at": "2025-10-01 {hour}:00:00", "id": {}, {action} "positions": {{"{name}": {}, "CASH": {}}}}}"#,
                hour - 10,
                (hour - 10) * 100,
                1_000 - (hour - 10) * 100
            )
        };
        let buy = format!(r#""action": "{word}", "symbol": "{name}", "amount": 100,"#);
        let lines = [line(10, ""), line(11, &buy), line(12, &buy)];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let log = of(&lines, &prices, &ReplayRequest::default());
        assert_eq!(log.audit.fills.at_open, 2);
        (log.periods_per_year, log.days_per_year)
    };
    assert_eq!(hours("NVDA", "buy"), (1_638.0, 252.0));
    assert_eq!(hours("600028.SHH", "buy"), (968.0, 242.0));
    assert_eq!(hours("BTC-USDT", "buy_crypto"), (8_760.0, 365.0));
    let asked = replayed(
        &[OPENING, BUY],
        &ReplayRequest {
            periods_per_year: Some(365.0),
            ..ReplayRequest::default()
        },
    );
    assert_eq!(
        (asked.periods_per_year, asked.periods_detected),
        (365.0, false)
    );
    for periods in [0.0, -1.0, f64::NAN] {
        let request = ReplayRequest {
            periods_per_year: Some(periods),
            ..ReplayRequest::default()
        };
        assert!(replay(&[file(&[OPENING])], &prices(), &request).is_err());
    }
}

#[test]
fn a_fill_at_the_open_of_its_day_is_known_from_candles_of_days() {
    let hourly = candles(
        "ABC",
        "2025-10-02T10:00:00Z",
        HOUR,
        &[(20.0, 20.0), (21.0, 22.0)],
    );
    let daily = candles("ABC", "2025-10-02", DAY, &[(19.5, 22.0)]);
    let prices = Prices::of(&[daily, hourly], None).unwrap();
    let log = of(
        &[
            r#"{"at": "2025-10-02 10:00:00", "id": 0, "positions": {"CASH": 1000}}"#,
            r#"{"at": "2025-10-02 11:00:00", "id": 1, "action": "buy", "symbol": "ABC", "amount": 2, "positions": {"ABC": 2, "CASH": 961}}"#,
            r#"{"at": "2025-10-02 11:00:00", "id": 2, "action": "buy", "symbol": "ABC", "amount": 1, "positions": {"ABC": 3, "CASH": 940}}"#,
        ],
        &prices,
        &ReplayRequest::default(),
    );
    assert_eq!(
        (log.audit.fills.at_open, log.audit.fills.at_day_open),
        (1, 1)
    );
    assert_eq!(log.audit.differences, []);
    // Valued at the hour's close, and counted once by row and once by stamp.
    assert_eq!(log.final_value, Some(940.0 + 66.0));
    let figures = log.figures.unwrap();
    assert_eq!(
        (
            figures.rows.values,
            figures.last_per_timestamp.values,
            figures.per_day.values
        ),
        (3, 2, 1)
    );
}

#[test]
fn prices_that_end_early_are_told() {
    let log = replayed(
        &[
            OPENING,
            BUY,
            r#"{"at": "2025-10-20", "id": 2, "action": "hold", "positions": {"ABC": 10, "CASH": 880.0}}"#,
        ],
        &ReplayRequest::default(),
    );
    assert_eq!(log.final_value, Some(1_000.0));
    assert_eq!(
        told(&log.findings),
        r#"{"finding":"old_prices","symbol":"ABC","days":17,"last":"2025-10-03 00:00:00"}"#
    );
}
