//! A price source that misbehaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fondaco_app::simulation::download::{PriceSource, Reach, SourceError};
use fondaco_domain::{Hint, Symbol, Timeframe};
use fondaco_market::{AlphaVantage, AlphaVantageSettings, ApiKey};

use crate::vantage_server::{Reply, Server, daily, message, row, rows, says};

pub(crate) const KEY: &str = "K3YK3YK3YK3Y";
pub(crate) const DAYS: [&str; 3] = ["2025-01-28", "2025-01-29", "2025-01-30"];

pub(crate) fn source(server: &Server) -> AlphaVantage {
    let settings = AlphaVantageSettings {
        base_url: server.url(),
        deadline: Duration::from_secs(20),
    };
    AlphaVantage::new(&settings, ApiKey::new(KEY).unwrap()).unwrap()
}

pub(crate) fn symbol(name: &str) -> Symbol {
    name.parse().unwrap()
}

/// What comes of one question about AAPL: prices, or why there are none, with
/// its code and whether it may pass.
fn told(reply: Reply) -> String {
    let server = Server::of(move |_, _| reply.clone());
    let asked = source(&server).ask(&symbol("AAPL"), Reach::Compact, &|| false);
    let text = match asked {
        Ok(prices) => format!("{} candles", prices.bars.len()),
        Err(error) => {
            let passing = if error.is_passing() { ", passing" } else { "" };
            format!("{} [{}{passing}] {error}", error.code(), error.kind())
        }
    };
    assert!(!text.contains(KEY), "{text}");
    text.replace(&server.url().replace("http://", ""), "HOST")
}

#[test]
fn it_is_asked_as_the_service_wants_it() {
    let server = Server::of(|it, _| says(&daily(&it.symbol, &rows(&DAYS))));
    let source = source(&server);
    let prices = source.ask(&symbol("AAPL"), Reach::Full, &|| false).unwrap();
    let days: Vec<String> = prices
        .bars
        .time()
        .iter()
        .map(|at| at.date().to_string())
        .collect();
    assert_eq!(days, DAYS);
    assert_eq!(
        (prices.bars.open()[0], prices.bars.volume()[2]),
        (10.0, 1000.0)
    );
    let asked = &server.asked()[0];
    assert_eq!(
        [&asked.function, &asked.symbol, &asked.size, &asked.key],
        ["TIME_SERIES_DAILY", "AAPL", "full", KEY]
    );
    assert!(source.serves(Timeframe::DAY) && !source.serves(Timeframe::HOUR));
    assert!(source.name().starts_with("alpha-vantage 127.0.0.1:"));
    assert!(!source.name().contains(KEY));
}

/// Answers that refuse.
fn refusals() -> Vec<(&'static str, Reply)> {
    let limit = format!(
        "We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day."
    );
    vec![
        (
            "note",
            message("Note", "Our standard call frequency is 5 calls per minute."),
        ),
        ("information", message("Information", &limit)),
        (
            "429",
            Reply::Whole(429, "Retry-After: 30\r\n", "{}".to_owned()),
        ),
        (
            "unknown",
            message("Error Message", "Invalid API call. Please retry."),
        ),
        (
            "key",
            message(
                "Error Message",
                "the parameter apikey is invalid or missing.",
            ),
        ),
        ("401", Reply::Whole(401, "", String::new())),
        (
            "premium",
            message("Information", "This is a premium endpoint."),
        ),
        ("404", Reply::Whole(404, "", "no".to_owned())),
        ("500", Reply::Whole(500, "", "oh".to_owned())),
        (
            "503",
            Reply::Whole(503, "Retry-After: 9\r\n", "busy".to_owned()),
        ),
        (
            "redirect",
            Reply::Whole(
                302,
                "Location: https://elsewhere.example/query?apikey=x\r\n",
                String::new(),
            ),
        ),
    ]
}

/// Answers that are something else than prices.
fn garbled() -> Vec<(&'static str, Reply)> {
    vec![
        ("nothing", says("")),
        ("html", says("<!DOCTYPE html><html>busy</html>")),
        ("no json", says("prices are 12.5")),
        ("a list", says("[1, 2]")),
        ("an empty object", says("{}")),
        ("something else", says("{\"a\": 1}")),
        (
            "other shape",
            says("{\"Meta Data\": {}, \"Time Series (Daily)\": [1]}"),
        ),
        (
            "no meta",
            says(&format!("{{\"Time Series (Daily)\": {{{}}}}}", rows(&DAYS))),
        ),
        ("empty series", says(&daily("AAPL", ""))),
        ("another symbol", says(&daily("MSFT", &rows(&DAYS)))),
        (
            "another series",
            says(&daily("AAPL", &rows(&DAYS)).replace("(Daily)", "(60min)")),
        ),
        (
            "hours",
            says(&daily(
                "AAPL",
                &row("2025-01-30 10:00:00", "1", "1", "1", "1", "1"),
            )),
        ),
        (
            "prices and a message",
            says(&daily("AAPL", &rows(&DAYS)).replacen(
                '{',
                "{\"Note\": \"5 calls per minute\", ",
                1,
            )),
        ),
        (
            "nan",
            says(&daily(
                "AAPL",
                &row("2025-01-30", "nan", "12", "9", "11", "5"),
            )),
        ),
        (
            "negative",
            says(&daily(
                "AAPL",
                &row("2025-01-30", "10", "12", "-9", "11", "5"),
            )),
        ),
        (
            "words",
            says(&daily(
                "AAPL",
                &row("2025-01-30", "ten", "12", "9", "11", "5"),
            )),
        ),
        (
            "upside down",
            says(&daily(
                "AAPL",
                &row("2025-01-30", "10", "9", "12", "11", "5"),
            )),
        ),
        (
            "no day",
            says(&daily("AAPL", &row("soon", "10", "12", "9", "11", "5"))),
        ),
        (
            "twice, differing",
            says(&daily(
                "AAPL",
                &format!(
                    "{}, {}",
                    rows(&DAYS),
                    row("2025-01-28", "10", "12", "9", "11.5", "5")
                ),
            )),
        ),
        (
            "the key again",
            says(&format!("{{\"Meta Data\": \"{KEY}\"}}")),
        ),
        (
            "the key in a row",
            says(&daily(
                "AAPL",
                &row("2025-01-30", KEY, "12", "9", "11", "5"),
            )),
        ),
        (
            "no close",
            says(&daily(
                "AAPL",
                "\"2025-01-30\": {\"1. open\": \"1\", \"2. high\": \"1\", \"3. low\": \"1\"}",
            )),
        ),
    ]
}

#[test]
fn every_refusal_is_what_it_is() {
    let cases = refusals().into_iter().chain(garbled());
    let lines: Vec<String> = cases
        .map(|(name, reply)| format!("{name}: {}", told(reply)))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    note: rate_limited [unavailable] alpha-vantage HOST has been asked often enough: Our standard call frequency is 5 calls per minute.
    information: rate_limited [unavailable] alpha-vantage HOST has been asked often enough: We have detected your API key as [key] and our standard API rate limit is 25 requests per day.
    429: rate_limited [unavailable] alpha-vantage HOST has been asked often enough: HTTP 429
    unknown: unknown_symbol [not_found] alpha-vantage HOST does not know AAPL: Invalid API call. Please retry.
    key: key [invalid] alpha-vantage HOST does not accept the key: the parameter apikey is invalid or missing.
    401: key [invalid] alpha-vantage HOST does not accept the key: HTTP 401
    premium: premium [invalid] alpha-vantage HOST answers this for a fee only: This is a premium endpoint.
    404: refused [invalid] alpha-vantage HOST refused the question with 404
    500: server [unavailable, passing] alpha-vantage HOST answered 500
    503: server [unavailable, passing] alpha-vantage HOST answered 503
    redirect: redirected [corrupt] alpha-vantage HOST sends to elsewhere.example, which was not asked
    nothing: broken [unavailable, passing] alpha-vantage HOST gave no whole answer
    html: malformed [corrupt] alpha-vantage HOST answered something else than prices: it is a page for people
    no json: malformed [corrupt] alpha-vantage HOST answered something else than prices: it is not what the protocol says: expected value at line 1 column 1
    a list: malformed [corrupt] alpha-vantage HOST answered something else than prices: it is not what the protocol says: invalid type: sequence, expected an object with a time series, or with a message at line 1 column 0
    an empty object: empty [no_data] alpha-vantage HOST has no prices of AAPL
    something else: malformed [corrupt] alpha-vantage HOST answered something else than prices: it holds no prices
    other shape: malformed [corrupt] alpha-vantage HOST answered something else than prices: it is not what the protocol says: invalid type: sequence, expected an object at line 1 column 41
    no meta: malformed [corrupt] alpha-vantage HOST answered something else than prices: it does not say of which symbol it is
    empty series: empty [no_data] alpha-vantage HOST has no prices of AAPL
    another symbol: wrong_symbol [corrupt] alpha-vantage HOST was asked for AAPL and answered for MSFT
    another series: malformed [corrupt] alpha-vantage HOST answered something else than prices: it holds `Time Series (60min)`
    hours: malformed [corrupt] alpha-vantage HOST answered something else than prices: its stamps are no days
    prices and a message: rate_limited [unavailable] alpha-vantage HOST has been asked often enough: 5 calls per minute
    nan: rows [corrupt] alpha-vantage HOST answered a row that is no candle: AAPL:1: `open` is `NaN`: not a finite number
    negative: rows [corrupt] alpha-vantage HOST answered a row that is no candle: AAPL:1: `low` is `-9`: negative
    words: rows [corrupt] alpha-vantage HOST answered a row that is no candle: AAPL:1: `open` is `ten`: not a number
    upside down: rows [corrupt] alpha-vantage HOST answered a row that is no candle: AAPL:1: the high 9 is below the low 12
    no day: rows [corrupt] alpha-vantage HOST answered a row that is no candle: AAPL:1: `time` is `soon`: not a time
    twice, differing: rows [corrupt] alpha-vantage HOST answered a row that is no candle: AAPL:3: another candle for 2025-01-28 00:00:00+00:00, which line 4 has already
    the key again: malformed [corrupt] alpha-vantage HOST answered something else than prices: it is not what the protocol says: invalid type: string "[key]", expected a map at line 1 column 28
    the key in a row: rows [corrupt] alpha-vantage HOST answered a row that is no candle: AAPL:1: `open` is `[key]`: not a number
    no close: rows [corrupt] alpha-vantage HOST answered a row that is no candle: AAPL has no column for `close`; it has fields of 2025-01-30: 1. open, 2. high, 3. low
    "#);
}

#[test]
fn dirt_that_can_be_read_is_read() {
    for (name, rows, expected) in [
        ("thousands", row("2025-01-30", "1,410.50", "1,435.1100", "1,400.00", "1,410.55", "4,890,721"), "1410.5 1435.11 1400 1410.55 4890721"),
        ("numbers", "\"2025-01-30\": {\"1. open\": 1.5, \"2. high\": 2, \"3. low\": 1, \"4. close\": 2, \"5. volume\": 7}".to_owned(), "1.5 2 1 2 7"),
        ("twice, alike", format!("{0}, {0}", row("2025-01-30", "1", "2", "1", "2", "3")), "1 2 1 2 3"),
    ] {
        let body = daily("aapl", &rows);
        let server = Server::of(move |_, _| says(&body));
        let prices = source(&server).ask(&symbol("AAPL"), Reach::Compact, &|| false).unwrap();
        let bars = prices.bars;
        assert_eq!(bars.len(), 1, "{name}");
        let bar = bars.bar(0);
        assert_eq!(
            format!("{} {} {} {} {}", bar.open, bar.high, bar.low, bar.close, bar.volume),
            expected,
            "{name}"
        );
    }
}

#[test]
fn an_answer_that_is_not_whole_is_none_and_may_be_asked_for_again() {
    let whole = daily("AAPL", &rows(&DAYS));
    let half = whole[..whole.len() / 2].to_owned();
    for reply in [
        Reply::Cut(whole.clone()),
        Reply::Cut(half.clone()),
        Reply::Breaks(half.clone()),
        // The last two brackets are missing: all rows are there, and yet.
        Reply::Breaks(whole[..whole.len() - 2].to_owned()),
        Reply::HangsUp,
    ] {
        let told = told(reply);
        assert!(told.starts_with("broken [unavailable, passing]"), "{told}");
    }
    assert_eq!(told(Reply::Breaks(whole)), "3 candles");
}

#[test]
fn who_never_ends_is_left_and_so_is_who_is_nowhere() {
    for reply in [Reply::Stalls, Reply::Drips] {
        let server = Server::of(move |_, _| reply.clone());
        let settings = AlphaVantageSettings {
            base_url: server.url(),
            deadline: Duration::from_millis(300),
        };
        let source = AlphaVantage::new(&settings, ApiKey::new(KEY).unwrap()).unwrap();
        let error = source
            .ask(&symbol("AAPL"), Reach::Compact, &|| false)
            .unwrap_err();
        assert!(
            matches!(error, SourceError::TimedOut { .. }) && error.is_passing(),
            "{error}"
        );

        // Told to stop, nobody waits for the deadline.
        let source = AlphaVantage::new(
            &AlphaVantageSettings {
                base_url: server.url(),
                deadline: Duration::from_hours(1),
            },
            ApiKey::new(KEY).unwrap(),
        )
        .unwrap();
        let looks = AtomicUsize::new(0);
        let stopped = || looks.fetch_add(1, Ordering::SeqCst) >= 2;
        let error = source
            .ask(&symbol("AAPL"), Reach::Compact, &stopped)
            .unwrap_err();
        assert!(matches!(error, SourceError::Stopped), "{error}");
    }
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let settings = AlphaVantageSettings {
        base_url: nowhere,
        ..AlphaVantageSettings::default()
    };
    let source = AlphaVantage::new(&settings, ApiKey::new(KEY).unwrap()).unwrap();
    let error = source
        .ask(&symbol("AAPL"), Reach::Compact, &|| false)
        .unwrap_err();
    assert!(matches!(error, SourceError::Broken { .. }), "{error}");
    let mut words = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(next) = cause {
        words.push_str(&next.to_string());
        cause = next.source();
    }
    assert!(!words.contains(KEY) && !words.contains("apikey"), "{words}");
}

#[test]
fn neither_an_address_nor_a_key_that_is_none() {
    for wrong in [
        "",
        "alphavantage",
        "ftp://a.example",
        "http://",
        "https://a.example/x?y=1",
    ] {
        let settings = AlphaVantageSettings {
            base_url: wrong.to_owned(),
            ..AlphaVantageSettings::default()
        };
        assert!(
            AlphaVantage::new(&settings, ApiKey::new(KEY).unwrap()).is_err(),
            "{wrong}"
        );
    }
    assert!(ApiKey::new("  ").is_none());
    assert_eq!(format!("{:?}", ApiKey::new(KEY)), "Some(ApiKey)");
}
