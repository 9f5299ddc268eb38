//! `fondaco simulate replay-log`: published logs, and logs of every other kind.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Place, repository};

fn shared(name: &str) -> Option<PathBuf> {
    let folder = repository("../shared").join(name);
    if folder.exists() {
        return Some(folder);
    }
    eprintln!("skipped: no reference data at {}", folder.display());
    None
}

fn words(parts: &[&Path]) -> Vec<String> {
    parts
        .iter()
        .map(|part| part.display().to_string())
        .collect()
}

/// Every figure of every published log, in both conventions, to two decimals.
#[test]
fn published_logs_come_to_their_published_figures() {
    let (Some(golden), Some(data)) = (shared("golden/ai-trader"), shared("data")) else {
        return;
    };
    let expected: Value =
        serde_json::from_slice(&std::fs::read(golden.join("expected.json")).unwrap()).unwrap();
    let place = Place::new();
    let mut checked = 0;
    for (set, folder) in [("crypto", "crypto-daily"), ("us-60min", "nasdaq100-60min")] {
        let models = expected["expected"][set].as_object().unwrap();
        let rules = &expected["sets"][set];
        let files: Vec<PathBuf> = models
            .keys()
            .map(|model| golden.join(format!("{set}/{model}.jsonl")))
            .collect();
        let (logs, prices) = (
            words(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>()),
            data.join(folder).display().to_string(),
        );
        let mut line: Vec<&str> = vec!["simulate", "replay-log"];
        line.extend(logs.iter().map(String::as_str));
        line.extend(["--prices", &prices]);
        line.extend(["--first", rules["first"].as_str().unwrap()]);
        line.extend(["--last", rules["last"].as_str().unwrap()]);
        let capital = rules["capital"].to_string();
        line.extend(["--capital", &capital]);
        let report = place.json(&line);
        for log in report["logs"].as_array().unwrap() {
            let model = log["log"].as_str().unwrap();
            assert_eq!(
                log["periods_per_year"],
                rules["periods_per_year"].as_f64().unwrap()
            );
            for convention in ["rows", "last_per_timestamp"] {
                for (figure, published) in models[model][convention].as_object().unwrap() {
                    let found = log["figures"][convention][figure].as_f64().unwrap();
                    assert_eq!(
                        format!("{found:.2}"),
                        format!("{:.2}", published.as_f64().unwrap()),
                        "{set} {model} {convention} {figure}: {found}"
                    );
                    checked += 1;
                }
            }
            let value = log["final_value"].as_f64().unwrap();
            let published = models[model]["final_value"].as_f64().unwrap();
            assert_eq!(format!("{value:.2}"), format!("{published:.2}"), "{model}");
        }
    }
    assert_eq!(checked, 7 * 8);
}

/// What the two sets of published logs do to themselves: every row follows,
/// and every price but nine is the open of its hour or of its day.
#[test]
fn published_logs_follow_from_themselves() {
    let (Some(golden), Some(data)) = (shared("golden/ai-trader"), shared("data")) else {
        return;
    };
    let place = Place::new();
    let path = |parts: PathBuf| parts.display().to_string();
    let audits = |line: &[&str]| -> Vec<String> {
        let report = place.json(line);
        let logs = report["logs"].as_array().unwrap().iter();
        logs.map(|log| {
            let audit = &log["audit"];
            let fills = &audit["fills"];
            format!(
                "{}: {} above, {} earlier, {} as stated; {} open, {} day, {} other",
                log["log"].as_str().unwrap(),
                audit["follows"],
                audit["follows_earlier"],
                audit["taken_as_stated"],
                fills["at_open"],
                fills["at_day_open"],
                ["at_close", "inside", "outside", "no_candle"]
                    .iter()
                    .map(|it| fills[it].as_u64().unwrap())
                    .sum::<u64>(),
            )
        })
        .collect()
    };
    let crypto = audits(&[
        "simulate",
        "replay-log",
        &path(golden.join("crypto/MiniMax-M2.jsonl")),
        &path(golden.join("crypto/claude-3.7-sonnet.jsonl")),
        &path(golden.join("crypto/deepseek-chat-v3.1.jsonl")),
        &path(golden.join("crypto/CD5-index.jsonl")),
        "--prices",
        &path(data.join("crypto-daily")),
    ]);
    insta::assert_snapshot!(crypto.join("\n"), @r#"
    MiniMax-M2: 32 above, 1 earlier, 0 as stated; 26 open, 0 day, 0 other
    claude-3.7-sonnet: 69 above, 2 earlier, 0 as stated; 69 open, 0 day, 0 other
    deepseek-chat-v3.1: 51 above, 1 earlier, 0 as stated; 46 open, 0 day, 0 other
    CD5-index: 1 above, 0 earlier, 14 as stated; 0 open, 0 day, 0 other
    "#);
    let hours = audits(&[
        "simulate",
        "replay-log",
        &path(golden.join("us-60min/MiniMax-M2.jsonl")),
        &path(golden.join("us-60min/claude-3.7-sonnet.jsonl")),
        &path(golden.join("us-60min/deepseek-chat-v3.1.jsonl")),
        "--prices",
        &path(data.join("nasdaq100-60min")),
        "--prices",
        &path(data.join("nasdaq100-daily")),
    ]);
    insta::assert_snapshot!(hours.join("\n"), @r#"
    MiniMax-M2: 225 above, 0 earlier, 0 as stated; 37 open, 52 day, 7 other
    claude-3.7-sonnet: 266 above, 0 earlier, 0 as stated; 96 open, 70 day, 0 other
    deepseek-chat-v3.1: 218 above, 0 earlier, 0 as stated; 23 open, 63 day, 2 other
    "#);
}

/// The sample of the repository, as people see it.
#[test]
fn the_sample_log_is_told() {
    let place = Place::new();
    let (log, prices) = (
        repository("samples/replay-log/lantern.jsonl"),
        repository("samples/replay-log/prices"),
    );
    let text = place.ok(&[
        "simulate",
        "replay-log",
        &log.display().to_string(),
        "--prices",
        &prices.display().to_string(),
    ]);
    insta::assert_snapshot!(text, @r#"
    Log                     Values              Number   Return  Volatility  Sharpe  Sortino  Largest fall  Final value
    lantern                 rows                    11  -3.68 %      9.78 %   -9.60   -21.71       -4.39 %      4815.90
                            last per timestamp      10  -3.68 %      8.83 %  -11.83   -22.97       -3.84 %
                            per day                 10  -3.68 %      8.83 %  -11.83   -22.97       -3.84 %
      by its actions alone  rows                    11  -3.75 %      8.65 %  -11.07   -17.79       -4.46 %      4812.50
                            last per timestamp      10  -3.75 %      7.39 %  -14.41   -18.42       -3.90 %
                            per day                 10  -3.75 %      7.39 %  -14.41   -18.42       -3.90 %

    lantern: us, daily, 11 rows from 2025-09-01 to 2025-09-12, capital 5000, 252 periods a year
      10 rows from the row above, 1 from an earlier row
      fills by its cash: 7 at the open of their candle, 1 outside the candle
        line 7 (2025-09-08): ROPE at 13.43: the candle opens at 12.21 and is within 12.11 and 12.28
        line 8 (2025-09-09): goes on from line 6, which undoes 1 row
      by its actions alone: filled 8, refused 0, holdings that end elsewhere 2
        CASH ends at 2500.5, the log says 2744.7
        ROPE ends at 80, the log says 60
      note: ids that several rows have: 1 (6)
    "#);
}

fn upstream(symbol: &str, zone: &str) -> String {
    format!(
        r#"{{"Meta Data": {{"2. Symbol": "{symbol}", "4. Interval": "60min", "6. Time Zone": "{zone}"}},
        "Time Series (60min)": {{
        "2025-10-02 11:00:00": {{"1. open": "1,420.08", "2. high": "1,435.11", "3. low": "1,420.01", "4. close": "1,433.33", "5. volume": "9"}},
        "2025-10-02 10:00:00": {{"1. open": "1,400.00", "2. high": "1,421.00", "3. low": "1,399.00", "4. close": "1,420.00", "5. volume": "9"}}}}}}"#
    )
}

/// Files of the program that wrote the log: prices under a name of their own,
/// the log in a folder named after its model, clocks of the exchange.
#[test]
fn files_as_the_benchmark_keeps_them() {
    let place = Place::new();
    let folder = place.path().join("agent_data/gpt-x/position");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        place.path().join("daily_prices_BIG.json"),
        upstream("BIG", "US/Eastern"),
    )
    .unwrap();
    std::fs::write(
        folder.join("position.jsonl"),
        r#"{"date": "2025-10-02 10:00:00", "id": 0, "positions": {"BIG": 0.0, "CASH": 10000.0}}
{"date": "2025-10-02 11:00:00", "id": 1, "this_action": {"action": "buy", "symbol": "BIG", "amount": 2}, "positions": {"BIG": 2, "CASH": 7159.84}}
"#,
    )
    .unwrap();
    let line = [
        "simulate",
        "replay-log",
        "agent_data/gpt-x/position/position.jsonl",
        "--prices",
        "daily_prices_BIG.json",
    ];
    let report = place.json(&line);
    let log = &report["logs"][0];
    assert_eq!(log["log"], "gpt-x");
    assert_eq!(log["periods_per_year"], 1_638.0);
    assert_eq!(log["audit"]["fills"]["at_open"], 1);
    let value = log["final_value"].as_f64().unwrap();
    assert!(
        (value - (7_159.84 + 2.0 * 1_433.33)).abs() < 1e-9,
        "{value}"
    );
    assert_eq!(log["own"]["final_value"], log["final_value"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let place = Place::new();
    let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
    write(
        "prices.csv",
        "date,symbol,open,high,low,close\n2025-10-01,ABC,1,1,1,1\n2025-10-02,ABC,1,1,1,1\n",
    );
    write("empty.jsonl", "");
    write(
        "broken.jsonl",
        "{\"at\": \"2025-10-01\", \"positions\": {\"CASH\": 5}}\n{\"at\": \"20\n",
    );
    write(
        "dark.jsonl",
        r#"{"at": "2025-10-01", "positions": {"CASH": 5, "DARK": 1}}"#,
    );
    let refused = |words: &[&str]| {
        let line = [&["simulate", "replay-log"][..], words].concat();
        let (code, error) = place.refused(&line);
        format!(
            "{code} {} [{}]",
            error["error"]["message"].as_str().unwrap(),
            error["error"]["hint"].as_str().unwrap_or_default()
        )
    };
    let told = [
        refused(&["empty.jsonl", "--prices", "prices.csv"]),
        refused(&["broken.jsonl", "--prices", "prices.csv"]),
        refused(&["absent.jsonl", "--prices", "prices.csv"]),
        refused(&["broken.jsonl", "--prices", "nowhere/at-all"]),
        refused(&["broken.jsonl", "--prices", "broken.jsonl"]),
        refused(&["broken.jsonl", "--prices", "prices.csv", "--tz", "Mars"]),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    6 empty.jsonl is empty [fetch the file again: nothing of it was stored]
    5 broken.jsonl:2: not JSON: EOF while parsing a string at line 1 column 10 [correct the line, or leave such lines out with --skip-broken: they are counted in the report]
    3 absent.jsonl does not exist [check the path]
    3 nowhere/at-all is neither a file or folder nor a venue of the store [see what is stored with `fondaco data list`]
    6 no prices: 1 files were looked at, and none holds candles [name a folder of CSV or JSON files of candles, or a file of them, with --prices]
    2 `Mars` is not a time zone [use a name such as America/New_York or Asia/Shanghai]
    "#);
    // A log without figures is told whole, and the command still fails.
    let ran = place.run(&[
        "simulate",
        "replay-log",
        "dark.jsonl",
        "--prices",
        "prices.csv",
    ]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("DARK is held from line 1 on"),
        "{}",
        ran.stdout
    );
    let kept = place.json(&[
        "simulate",
        "replay-log",
        "broken.jsonl",
        "--prices",
        "prices.csv",
        "--skip-broken",
    ]);
    assert_eq!(
        kept["logs"][0]["findings"][0]["lines"],
        serde_json::json!([2])
    );
}
