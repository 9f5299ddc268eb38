//! What is in a report, and what must never be.

use fondaco_contract::v1alpha1::{BacktestResult, Equity, Tables};
use fondaco_domain::{Bar, Bars, UnixMillis};
use fondaco_report::{Unit, compare, render, render_comparison};

use crate::golden;
use crate::sample::{self, Sample};

const GOLDEN: &str = include_str!("../../../contract/golden/backtest-result.v1alpha1.json");
const EVIL: &str = "</script><img src=x onerror=\"alert(1)\"><!--";

#[test]
fn names_and_tags_are_never_markup() {
    let mut result = BacktestResult::from_json(GOLDEN).unwrap();
    result.strategy.name = EVIL.to_owned();
    result.strategy.description = EVIL.to_owned();
    result.strategy.params.insert(EVIL.to_owned(), 1.0);
    result.run.id = EVIL.to_owned();
    result.settings.stake_currency = EVIL.to_owned();
    result.settings.timeframe = EVIL.to_owned();
    result.settings.assumptions = vec![EVIL.to_owned()];
    for row in &mut result.tables.by_tag {
        row.tag = Some(EVIL.to_owned());
    }
    for row in &mut result.tables.by_exit_reason {
        row.reason = EVIL.to_owned();
    }
    for row in &mut result.tables.by_pair {
        row.pair = EVIL.to_owned();
    }
    for trade in &mut result.trades {
        trade.pair = EVIL.to_owned();
        trade.enter_tag = Some(EVIL.to_owned());
        trade.exit_reason = EVIL.to_owned();
    }
    for pair in &mut result.data {
        pair.pair = EVIL.to_owned();
        pair.dataset = EVIL.to_owned();
        pair.version = EVIL.to_owned();
    }
    for warning in &mut result.warnings {
        warning.message = EVIL.to_owned();
        warning.pair = Some(EVIL.to_owned());
    }
    let bars = bars(40, 1.0);
    let candles = [fondaco_report::PairCandles {
        pair: EVIL,
        bars: &bars,
    }];
    for page in [
        render(&result, &candles),
        render_comparison(&[result.clone(), result]),
    ] {
        assert!(
            page.matches("onerror").count() > 3,
            "the name is told, escaped"
        );
        assert!(!page.contains("<img"), "an element got in");
        assert!(!page.contains("onerror=\""), "an attribute got in");
        assert_eq!(page.matches("</script>").count(), 2, "an element was ended");
        assert_eq!(page.matches("<!--").count(), 0);
    }
}

#[test]
fn a_report_fetches_nothing_and_is_the_same_bytes_each_time() {
    let result = BacktestResult::from_json(GOLDEN).unwrap();
    let page = render(&result, &[]);
    assert_eq!(page, render(&result, &[]));
    for word in [
        "http://",
        "https://",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "import(",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn figures_of_the_golden_document_are_told() {
    let result = BacktestResult::from_json(GOLDEN).unwrap();
    let page = render(&result, &[]);
    for told in [
        "sma-cross <span class=\"version\">1.0.0</span>",
        "<dt>Return</dt><dd class=\"gain\">+0.43\u{a0}%</dd><dd class=\"sub\">holding −16.00\u{a0}%</dd>",
        "<dt>Deepest fall</dt><dd class=\"plain\">−0.20\u{a0}%</dd><dd class=\"sub\">20.00 USDT in 8\u{a0}h</dd>",
        "Spread: half a price step on each side.",
        "9e107d9d372b",
        "<th scope=\"row\">(no tag)</th>",
        "10,000.00 at the start +27.50 realised +15.00 open = 10,042.50: adds up",
        "<code>fast</code></dt><dd>10</dd>",
    ] {
        assert!(page.contains(told), "not told: {told}");
    }
}

#[test]
fn an_account_that_does_not_add_up_is_said_first() {
    let mut result = BacktestResult::from_json(GOLDEN).unwrap();
    result.warnings.clear();
    assert!(!render(&result, &[]).contains("class=\"warnings\""));
    result.account.holds = false;
    result.account.difference = 12.5;
    let page = render(&result, &[]);
    let warning = page.find("The account does not add up").unwrap();
    assert!(warning < page.find("class=\"cards\"").unwrap());
}

#[test]
fn a_comparison_marks_the_best_and_says_what_differs() {
    let one = BacktestResult::from_json(GOLDEN).unwrap();
    let mut two = one.clone();
    two.metrics.total_return = 0.5;
    two.metrics.sharpe = None;
    two.settings.fee = 0.0;
    let comparison = compare(&[one, two]);
    let row = |figure: &str| {
        comparison
            .rows
            .iter()
            .find(|row| row.figure == figure)
            .unwrap()
    };
    assert_eq!(row("Return").best, [1]);
    assert_eq!(row("Sharpe").best, [0]);
    assert_eq!(row("Profit factor").best, [0; 0]);
    assert_eq!(row("Trades").best, [0; 0]);
    assert_eq!(comparison.differences, ["fees"]);
    assert_eq!(Unit::Change.write(Some(-0.5)), "−50.00\u{a0}%");
    assert_eq!(Unit::Number(2).write(None), "–");
}

/// Ten pairs of a month of five-minute candles stay below three megabytes, and
/// much longer histories do too.
#[test]
fn files_stay_small() {
    // The cases with the most trades and with the most orders.
    let largest = ["sma_exit_btc10", "dca_btc10"];
    for case in golden::cases() {
        if !largest.iter().any(|name| case.ends_with(name)) {
            continue;
        }
        let page = sample::of_case(&case).render();
        assert!(
            page.len() < 3_000_000,
            "{}: {} bytes",
            case.display(),
            page.len()
        );
    }
    let result = BacktestResult::from_json(GOLDEN).unwrap();
    let bars = bars(200_000, 0.1);
    let candles = [fondaco_report::PairCandles {
        pair: "BTC/USDT:USDT",
        bars: &bars,
    }];
    let page = render(&result, &candles);
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert!(page.contains("Up to 17 candles are merged into one"));
}

#[test]
fn no_trade_and_no_candle_still_make_a_report() {
    let mut result = BacktestResult::from_json(GOLDEN).unwrap();
    result.trades.clear();
    result.tables = Tables::default();
    result.equity = Equity::default();
    let empty = Bars::default();
    let candles = [fondaco_report::PairCandles {
        pair: "X",
        bars: &empty,
    }];
    assert!(render(&result, &candles).contains("</html>"));
}

/// With `REPORT_DIR` set, writes reports to look at and for the browser test.
#[test]
fn reports_to_look_at() {
    let Some(folder) = std::env::var_os("REPORT_DIR").map(std::path::PathBuf::from) else {
        return;
    };
    let write = |name: &str, page: String| std::fs::write(folder.join(name), page).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    let sample = sample::made_up();
    write("sample.html", sample.render());
    let mut results = vec![sample.result.clone(), sample.result];
    results[1].run.id = "again".to_owned();
    for case in golden::cases() {
        let Sample {
            mut result,
            candles,
        } = sample::of_case(&case);
        result.trades[0].enter_tag = Some(EVIL.to_owned());
        let sample = Sample { result, candles };
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        write(&format!("{name}.html"), sample.render());
        results.push(sample.result);
    }
    let last = results.len().min(5);
    write("comparison.html", render_comparison(&results[..last]));
}

fn bars(count: usize, amplitude: f64) -> Bars {
    Bars::from_rows((0..count).map(|row| {
        let price = 100.0 + amplitude * (row as f64 / 50.0).sin();
        Bar {
            time: UnixMillis(row as i64 * 60_000),
            open: price,
            high: price + 0.05,
            low: price - 0.05,
            close: price + 0.02,
            volume: 1.0,
        }
    }))
    .unwrap()
}
