//! Real candles against calendars made by rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use fondaco_app::data::{CheckRules, Checked, FileContent, ReadOptions, check_files};
use fondaco_app::ports::{CandleFiles, Quiet};
use fondaco_domain::calendar::{Anchor, Calendar};
use fondaco_domain::quality::Issue;
use fondaco_domain::{Bar, Hint, Timeframe, UnixMillis};
use fondaco_market::{LocalFiles, read_holidays};
use jiff::civil::Date;

use crate::support::{read_one, shared};

fn check(path: PathBuf, rules: &CheckRules) -> Vec<Checked> {
    check_with(path, rules, &ReadOptions::default())
}

fn check_with(path: PathBuf, rules: &CheckRules, options: &ReadOptions) -> Vec<Checked> {
    check_files(&LocalFiles, &[path], options, rules, &Quiet)
        .unwrap()
        .checked
}

/// The missing days of a series.
fn gaps(it: &Checked) -> Vec<(String, String, usize)> {
    let date = |at: UnixMillis| at.date().to_string();
    let gap = it.report.finding(Issue::Gap);
    gap.map_or(&[][..], |gap| &gap.ranges)
        .iter()
        .map(|range| (date(range.first), date(range.last), range.missing))
        .collect()
}

#[test]
fn sixteen_of_twenty_names_lack_six_days() {
    let Some(folder) = shared("djia-2025/daily") else {
        return;
    };
    let checked = check(folder, &CheckRules::default());
    assert_eq!(checked.len(), 20);
    // Two more days are in none of the files: the exchange was open on them.
    let everywhere = ("2025-01-10".to_owned(), "2025-01-13".to_owned(), 2);
    let february = ("2025-02-11".to_owned(), "2025-02-19".to_owned(), 6);
    let mut whole = Vec::new();
    for it in &checked {
        match gaps(it).as_slice() {
            [first] if *first == everywhere => whole.push(it.symbol.as_str()),
            found => assert_eq!(
                found,
                [everywhere.clone(), february.clone()],
                "{}",
                it.symbol
            ),
        }
    }
    assert_eq!(whole, ["GS", "HD", "MSFT", "V"]);
}

#[test]
fn the_rules_give_every_trading_day_of_a_fund_since_1998() {
    let Some(path) = shared("lean/equity_SPY_1d.csv.gz") else {
        return;
    };
    let bars = read_one(&path, &ReadOptions::default()).bars;
    let (first, last) = (bars.time()[0], bars.time()[bars.len() - 1]);
    let expected =
        Calendar::UsEquities.expected(Timeframe::DAY, Anchor::Clock, first, last.plus(1));
    let only = |a: &[UnixMillis], b: &[UnixMillis]| -> Vec<String> {
        a.iter()
            .filter(|at| !b.contains(at))
            .map(|at| at.date().to_string())
            .collect()
    };
    assert_eq!(
        only(bars.time(), &expected),
        Vec::<String>::new(),
        "trades on a closed day"
    );
    assert_eq!(
        only(&expected, bars.time()),
        Vec::<String>::new(),
        "no trade on an open day"
    );
    assert_eq!(bars.len(), 5849);
}

#[test]
fn short_days_are_short_in_the_hours_of_a_fund() {
    let Some(path) = shared("lean/equity_SPY_1h.csv.gz") else {
        return;
    };
    let options = ReadOptions {
        zone: Some("America/New_York".to_owned()),
        ..ReadOptions::default()
    };
    let checked = check_with(path.clone(), &CheckRules::default(), &options).remove(0);
    assert_eq!(checked.report.finding(Issue::Gap), None);
    // The fund may trade on for a while after a short day's close, with a
    // stray print as late as 15:00; but only the last hour of a whole day has
    // a share in the day's volume.
    let mut days: BTreeMap<Date, Vec<Bar>> = BTreeMap::new();
    for bar in read_one(&path, &options).bars.rows() {
        days.entry(bar.time.date()).or_default().push(bar);
    }
    let hour = |at: UnixMillis| at.timestamp().in_tz("America/New_York").unwrap().hour();
    let mut short = Vec::new();
    for (date, bars) in days {
        let volume: f64 = bars.iter().map(|bar| bar.volume).sum();
        let whole = bars
            .iter()
            .any(|bar| hour(bar.time) == 15 && bar.volume > volume / 100.0);
        let close = Calendar::UsEquities.session(date).unwrap().spans[0].1;
        assert_eq!(whole, hour(close) == 16, "{date}");
        if !whole {
            short.push(date);
        }
    }
    assert_eq!(short.len(), SHORT_DAYS_TO_2021, "{short:?}");
}

/// The exchange's short days from 1998 to March 2021: the Friday after each
/// of 23 Thanksgivings, 14 Christmas Eves, 13 days around the fourth of July,
/// and two that stand alone.
const SHORT_DAYS_TO_2021: usize = 23 + 14 + 13 + 2;

#[test]
fn mainland_shares_keep_to_the_list_of_holidays() {
    let (Some(folder), Some(list)) = (shared("sse50-daily"), shared("cn-holidays-2025.json"))
    else {
        return;
    };
    let rules = CheckRules {
        holidays: Some(read_holidays(&list).unwrap()),
        ..CheckRules::default()
    };
    let checked = check(folder.clone(), &rules);
    assert_eq!(checked.len(), 51);
    let mut with_gaps: Vec<(&str, usize)> = Vec::new();
    for it in &checked {
        assert_eq!(it.report.finding(Issue::OffSession), None, "{}", it.symbol);
        if let Some(gap) = it.report.finding(Issue::Gap) {
            with_gaps.push((it.symbol.as_str(), gap.count));
        }
    }
    println!("{with_gaps:?}");
    // The index starts as another instrument and then changes its scale.
    let index = checked
        .iter()
        .find(|it| it.symbol.as_str() == "000016.SHH")
        .unwrap();
    assert_eq!(index.report.finding(Issue::Step).unwrap().count, 1);
    // Without the list, the check is refused and says what it needs.
    let error = check_files(
        &LocalFiles,
        &[folder],
        &ReadOptions::default(),
        &CheckRules::default(),
        &Quiet,
    );
    assert!(error.unwrap_err().hint().unwrap().contains("--holidays"));
}

#[test]
fn hours_of_shares_lack_the_half_hour_of_the_opening() {
    let Some(folder) = shared("nasdaq100-60min") else {
        return;
    };
    let options = ReadOptions {
        zone: Some("America/New_York".to_owned()),
        ..ReadOptions::default()
    };
    let checked = check_with(folder, &CheckRules::default(), &options);
    let apple = checked
        .iter()
        .find(|it| it.symbol.as_str() == "AAPL")
        .unwrap();
    let gap = apple.report.finding(Issue::Gap).unwrap();
    assert!(gap.ranges.iter().all(|range| {
        let local = range.first.timestamp().in_tz("America/New_York").unwrap();
        (local.hour(), range.missing) == (9, 1)
    }));
    // Of 29 sessions the first begins with the data.
    assert_eq!(gap.ranges.len(), 28);
}

#[test]
fn pairs_lack_the_candles_their_folder_says_they_lack() {
    let Some(folder) = shared("crypto-5m") else {
        return;
    };
    let checked = check(folder, &CheckRules::default());
    let five: Timeframe = "5m".parse().unwrap();
    for it in checked.iter().filter(|it| it.timeframe == five) {
        let (first, last) = (it.report.first.unwrap(), it.report.last.unwrap());
        let slots = (last.0 - first.0) / five.millis() + 1;
        let missing = it.report.finding(Issue::Gap).map_or(0, |gap| gap.count);
        assert_eq!(it.report.rows + missing, slots as usize, "{}", it.symbol);
    }
    let ada = checked
        .iter()
        .find(|it| it.symbol.as_str() == "ADA/BTC")
        .unwrap();
    assert_eq!(ada.report.rows, 5720);
}

#[test]
fn the_calendars_have_exactly_the_days_on_which_folders_traded() {
    let Some(list) = shared("cn-holidays-2025.json") else {
        return;
    };
    let list = read_holidays(&list).unwrap();
    for (folder, calendar, days, never) in [
        ("nasdaq100-daily", Calendar::UsEquities, 100, &[][..]),
        // The exchange was open on these two: the files lack them.
        (
            "djia-2025/daily",
            Calendar::UsEquities,
            154,
            &["2025-01-10", "2025-01-13"],
        ),
        ("sse50-daily", Calendar::AShares(list), 117, &[]),
        ("crypto-daily", Calendar::AlwaysOpen, 356, &[]),
    ] {
        let Some(path) = shared(folder) else {
            return;
        };
        let options = ReadOptions::default();
        let mut traded: BTreeSet<Date> = BTreeSet::new();
        for file in LocalFiles.find(&[path]).unwrap() {
            if let FileContent::Series(all) = LocalFiles.read(&file, &options).unwrap() {
                traded.extend(all[0].bars.time().iter().map(|at| at.date()));
            }
        }
        let (first, last) = (*traded.first().unwrap(), *traded.last().unwrap());
        let never: BTreeSet<Date> = never.iter().map(|day| day.parse().unwrap()).collect();
        let sessions = calendar.sessions(first, last).map(|it| it.date);
        let expected: BTreeSet<Date> = sessions.filter(|day| !never.contains(day)).collect();
        assert_eq!(traded, expected, "{folder}");
        assert_eq!(traded.len(), days, "{folder}");
    }
}
