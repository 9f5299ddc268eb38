use fondaco_contract::v1alpha1::analysis::{NodeReport, NodeRole};
use fondaco_domain::calendar::HolidayList;
use fondaco_domain::signal::{Lane, QualityState};

use super::*;

/// Weekdays of January and February 2025 in New York, without some of them.
fn new_york(missing: std::ops::RangeInclusive<Date>) -> Bars {
    let days = Calendar::UsEquities.sessions(date(2024, 11, 1), date(2025, 2, 28));
    let days = days.filter(|day| !missing.contains(&day.date));
    Bars::from_rows(days.map(|day| still(UnixMillis::midnight(day.date), 100.0))).unwrap()
}

fn gap() -> Bars {
    new_york(date(2025, 2, 11)..=date(2025, 2, 19))
}

#[test]
fn a_day_without_candles_says_why() {
    use ReasonCode::{NonTradingDay, QuantNoData, StaleData};
    let bars = gap();
    let last = Some(date(2025, 2, 10));
    for (day, reason, state, last) in [
        // In the gap: a day that should be there, a holiday, a Saturday.
        (date(2025, 2, 12), StaleData, QualityState::StaleData, last),
        (
            date(2025, 2, 17),
            NonTradingDay,
            QualityState::NonTradingDay,
            last,
        ),
        (
            date(2025, 2, 15),
            NonTradingDay,
            QualityState::NonTradingDay,
            last,
        ),
        // A holiday between two candles.
        (
            date(2025, 1, 20),
            NonTradingDay,
            QualityState::NonTradingDay,
            Some(date(2025, 1, 17)),
        ),
        // Behind the last one.
        (
            date(2025, 3, 3),
            StaleData,
            QualityState::StaleData,
            Some(date(2025, 2, 28)),
        ),
        // Before the first one, on a weekday and on a Sunday.
        (date(2024, 10, 1), QuantNoData, QualityState::NoData, None),
        (
            date(2024, 10, 6),
            NonTradingDay,
            QualityState::NonTradingDay,
            None,
        ),
        // Beyond the years whose holidays are known.
        (
            date(2041, 1, 2),
            StaleData,
            QualityState::StaleData,
            Some(date(2025, 2, 28)),
        ),
    ] {
        let failure = Case::on(day)
            .of("AAPL")
            .failure(LEVELS, Candles::Whole(&bars));
        let quality = failure.data_quality.unwrap();
        assert_eq!(
            (failure.reason, quality.state, quality.last_available_date),
            (reason, state, last),
            "{day}"
        );
    }
    let there = Case::on(date(2025, 2, 10)).of("AAPL");
    assert!(
        there
            .ask(&job(LEVELS), Candles::Whole(&bars))
            .found
            .is_some()
    );
}

#[test]
fn each_market_has_its_own_calendar() {
    let one = |day: Date| candles(&[9.0], day, Timeframe::DAY);
    let friday = date(2025, 10, 3);
    let reason = |symbol: &str, day: Date| {
        let failure = Case::on(day)
            .of(symbol)
            .failure(LEVELS, Candles::Whole(&one(friday)));
        failure.reason
    };
    let saturday = date(2025, 10, 4);
    assert_eq!(reason("BTC/USDT", saturday), ReasonCode::StaleData);
    assert_eq!(reason("EURUSD", saturday), ReasonCode::NonTradingDay);
    assert_eq!(reason("600519.SS", saturday), ReasonCode::NonTradingDay);
    // The mainland rests in the first week of October; only a list says so.
    let monday = date(2025, 10, 6);
    assert_eq!(reason("AAPL", monday), ReasonCode::StaleData);
    assert_eq!(reason("600519.SHH", monday), ReasonCode::StaleData);
    let list = HolidayList::new([2025], [monday]).unwrap();
    let symbol: Symbol = "600519.SHH".parse().unwrap();
    let case = Case {
        calendar: calendar(&symbol, Some(&list)),
        ..Case::on(monday)
    };
    let failure = case.failure(LEVELS, Candles::Whole(&one(friday)));
    assert_eq!(failure.reason, ReasonCode::NonTradingDay);
}

#[test]
fn candles_that_lack_prices_are_partial_before_they_are_stale() {
    let whole = gap();
    let raw = |change: fn(&mut Columns)| {
        let mut columns = Columns {
            time: whole.time().to_vec(),
            open: whole.open().to_vec(),
            high: whole.high().to_vec(),
            low: whole.low().to_vec(),
            close: whole.close().to_vec(),
            volume: Vec::new(),
        };
        change(&mut columns);
        columns
    };
    let none: Vec<&str> = Vec::new();
    for (columns, missing) in [
        (raw(|_| {}), none),
        (raw(|it| it.high.clear()), vec!["high"]),
        (raw(|it| it.open[3] = f64::NAN), vec!["open"]),
        (raw(|it| it.close[3] = 0.0), vec!["close"]),
        (
            raw(|it| {
                it.open.truncate(1);
                it.low.clear();
            }),
            vec!["open", "low"],
        ),
    ] {
        let case = Case::on(date(2025, 2, 12)).of("AAPL");
        let failure = case.failure(LEVELS, Candles::Raw(&columns));
        let quality = failure.data_quality.unwrap();
        assert_eq!(quality.missing_fields, missing);
        let partial = quality.state == QualityState::PartialData;
        assert_eq!(partial, !missing.is_empty());
        assert_eq!(partial, failure.reason == ReasonCode::PartialData);
    }
    // What a later candle lacks is not known yet.
    let later = raw(|it| *it.close.last_mut().unwrap() = f64::NAN);
    let case = Case::on(date(2025, 2, 10)).of("AAPL");
    assert!(case.ask(&job(LEVELS), Candles::Raw(&later)).found.is_some());
}

#[test]
fn a_candle_counts_once_it_has_closed() {
    let bars = daily(&[11.0; 10]);
    let day = date(2024, 1, 10);
    let mut case = Case::on(day);
    assert!(
        case.ask(&job(LEVELS), Candles::Whole(&bars))
            .found
            .is_some()
    );
    case.clock = Some(UnixMillis::midnight(date(2024, 1, 11)).plus(-1));
    let failure = case.failure(LEVELS, Candles::Whole(&bars));
    assert_eq!(failure.reason, ReasonCode::StaleData);
    let quality = failure.data_quality.unwrap();
    assert_eq!(quality.last_available_date, Some(date(2024, 1, 9)));
}

#[test]
fn a_week_is_there_once_the_last_whole_one_is() {
    // Mondays 2024-01-01 to 2024-01-29.
    let week: Timeframe = "1w".parse().unwrap();
    let bars = candles(&[11.0; 5], date(2024, 1, 1), week);
    let on = |day| Case {
        timeframe: week,
        ..Case::on(day).of("AAPL")
    };
    let reason = |day| {
        let lane = on(day).ask(&job(LEVELS), Candles::Whole(&bars)).lane;
        lane.failure().map(|failure| failure.reason)
    };
    assert_eq!(reason(date(2024, 2, 7)), None);
    assert_eq!(reason(date(2024, 2, 10)), Some(ReasonCode::NonTradingDay));
    assert_eq!(reason(date(2024, 2, 12)), Some(ReasonCode::StaleData));
}

#[test]
fn a_strategy_that_cannot_be_used_says_why() {
    let bars = daily(&[9.0; 30]);
    let case = Case::at_the_end_of(&bars);
    let cut = LEVELS.replace("[risk]", "[risk");
    let unknown = LEVELS.replace("close > 10", "closed > 10");
    let files = "[strategy]\nname = \"f\"\ntimeframe = \"1d\"\n[signals]\nfrom = \"files\"\n[risk]\nstoploss = -0.1\n";
    let long = LEVELS.replace("close > 10", "close > sma(close, 30)");
    let other =
        LEVELS.replace("close > 10", "h.close > 10") + "[informative]\nh = { symbol = \"SPY\" }\n";
    for (text, reason, part) in [
        (cut.as_str(), ReasonCode::QuantInitFailed, "TOML"),
        (&unknown, ReasonCode::QuantInitFailed, "closed"),
        (files, ReasonCode::QuantInitFailed, "files"),
        (&long, ReasonCode::QuantSignalFailed, ""),
        (&other, ReasonCode::QuantSignalFailed, "`h`"),
    ] {
        let bars = daily(&[9.0; 29]);
        let case = Case::at_the_end_of(&bars);
        let failure = case.failure(text, Candles::Whole(&bars));
        let error = failure.error.unwrap();
        assert_eq!(failure.reason, reason, "{error}");
        assert!(error.contains(part), "{error}");
        assert_eq!(failure.data_quality, None);
    }
    let mut job = job(LEVELS);
    job.params.insert("fast".to_owned(), 1.0);
    let lane = case.ask(&job, Candles::Whole(&bars)).lane;
    let failure = lane.failure().unwrap();
    assert_eq!(failure.reason, ReasonCode::QuantInitFailed);
    assert!(failure.error.as_ref().unwrap().contains("fast"));
    let none = read(None, Timeframe::DAY).unwrap_err();
    assert_eq!(none.reason, ReasonCode::QuantNotConfigured);
}

/// What the merge sees after the report of the node was written and read.
#[test]
fn a_lane_survives_the_report_of_its_node() {
    let bars = gap();
    for day in [date(2025, 2, 10), date(2025, 2, 12), date(2025, 2, 17)] {
        let finding = Case::on(day)
            .of("AAPL")
            .ask(&job(LEVELS), Candles::Whole(&bars));
        let report = NodeReport {
            node: "AAPL/quant".to_owned(),
            role: NodeRole::Quant,
            model: None,
            outcome: finding.outcome(),
            read: Vec::new(),
            calls: Vec::new(),
        };
        let text = serde_json::to_string(&report).unwrap();
        let read: NodeReport = serde_json::from_str(&text).unwrap();
        assert_eq!(read, report);
        assert_eq!(lane(&read), finding.lane);
        assert_eq!(
            finding.found.is_some(),
            matches!(finding.lane, Lane::Signal(_))
        );
    }
}
