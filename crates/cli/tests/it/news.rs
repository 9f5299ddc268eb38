//! `fondaco news` and `fondaco filings`, from files to tables.

use serde_json::{Value, json};

use crate::harness::{Place, repository};

const STORIES: &str = r#"{"published_at": "2025-02-20T14:30:00", "title": "Maker beats, shares rise", "summary": "A good quarter", "source": "Wire", "symbols": ["ACME"]}
{"published_at": "2025-02-21T09:00:00Z", "title": "Tariffs on \"parts\" (OR not)", "source": null, "symbols": ["ACME", "BOLT"]}
"#;

const FILINGS: &str = r#"[
  {"tickers": ["ACME"], "fiscal_year": "2024", "fiscal_period": "FY", "start_date": "2024-01-01",
   "end_date": "2024-12-31", "filing_date": "2025-02-03", "acceptance_datetime": "2025-02-03T21:00:01Z",
   "financials": {"income_statement": {
     "revenues": {"value": 1234567890, "unit": "USD"},
     "net_income_loss": {"value": -98765432, "unit": "USD"},
     "basic_earnings_per_share": {"value": -0.5, "unit": "USD / shares"}}}},
  {"tickers": ["ACME"], "fiscal_year": "2024", "fiscal_period": "Q4", "start_date": "2024-10-01",
   "end_date": "2024-12-31", "financials": {}},
  {"ticker": "ACME", "ex_dividend_date": "2025-02-14", "declaration_date": "2025-01-30", "cash_amount": 0.25, "currency": "USD"},
  {"ticker": "ACME", "execution_date": "2020-08-31", "split_from": 1, "split_to": 4}
]"#;

fn place(file: &str, text: &str) -> Place {
    let place = Place::new();
    std::fs::write(place.path().join(file), text).unwrap();
    place
}

#[test]
fn stories_come_in_are_found_and_shown() {
    let place = place("news.jsonl", STORIES);
    insta::assert_snapshot!(place.ok(&["news", "list"]), @"no stories: import some with `fondaco news import`");
    insta::assert_snapshot!(place.ok(&["news", "import", "news.jsonl"]), @"stories: 2 new, 0 known (place 1)");
    insta::assert_snapshot!(place.ok(&["news", "import", "."]), @"stories: 0 new, 2 known (place 1)");
    insta::assert_snapshot!(place.ok(&["news", "list"]), @r"
    Symbol  Stories  First                 Last
    ACME          2  2025-02-20T14:30:00Z  2025-02-21T09:00:00Z
    BOLT          1  2025-02-21T09:00:00Z  2025-02-21T09:00:00Z
    ");
    insta::assert_snapshot!(place.ok(&["news", "search"]), @r#"
    Known                 Symbols    Source  Headline                     Story
    2025-02-21T09:00:00Z  ACME BOLT          Tariffs on "parts" (OR not)  a6f07d10bf7e62129573395b
    2025-02-20T14:30:00Z  ACME       Wire    Maker beats, shares rise     8cf8eabf761a0f5953c5e74b
    "#);
    insta::assert_snapshot!(place.ok(&["news", "search", "tariffs", "OR", "--symbol", "BOLT"]), @r#"
    Known                 Symbols    Source  Headline                     Story
    2025-02-21T09:00:00Z  ACME BOLT          Tariffs on "parts" (OR not)  a6f07d10bf7e62129573395b
    "#);
    insta::assert_snapshot!(place.ok(&["news", "search", "--at", "2025-02-20"]), @"no stories: see what there is with `fondaco news list`");
    let found = place.json(&["news", "search", "--at", "2025-02-21"]);
    let id = found["stories"][0]["id"].as_str().unwrap();
    insta::assert_snapshot!(place.ok(&["news", "show", id]), @r"
    Maker beats, shares rise
    A good quarter
    about: ACME
    source: Wire
    published: 2025-02-20T14:30:00Z
    ");
    // It was not known then, and not imported yet.
    for more in [["--at", "2025-02-20T14:30:00Z"], ["--place", "0"]] {
        let words = [&["news", "show", id][..], &more].concat();
        let (code, error) = place.refused(&words);
        assert_eq!(
            (code, &error["error"]["kind"]),
            (3, &json!("not_found")),
            "{error}"
        );
    }
}

#[test]
fn a_bad_line_is_named_and_the_others_are_stored() {
    let lines = format!("{STORIES}{{\"title\": \"No date\"}}\n\nnot JSON\n");
    let place = place("news.jsonl", &lines);
    let ran = place.run(&["news", "import", "news.jsonl"]);
    assert_eq!(ran.code, 5);
    insta::assert_snapshot!(ran.stdout, @r"
    stories: 2 new, 0 known (place 1)
    left out: news.jsonl:3: `published_at` is missing
    left out: news.jsonl:5: expected ident at line 1 column 2
    ");
    insta::assert_snapshot!(ran.stderr, @r"
    error: 2 of 4 could not be read, the others are stored; the first is news.jsonl:3: `published_at` is missing
    hint: mend them and import the file again: what is stored is not stored twice
    ");
    let found = place.json(&["news", "search"]);
    assert_eq!(found["stories"].as_array().unwrap().len(), 2);
    // Nothing good in it, or nothing at all, or no file.
    std::fs::write(place.path().join("bad.jsonl"), "{}\n").unwrap();
    std::fs::write(place.path().join("blank.jsonl"), "\n\n").unwrap();
    std::fs::write(place.path().join("cut.jsonl.gz"), [0x1f, 0x8b, 8, 0, 0]).unwrap();
    for (file, code) in [
        ("bad.jsonl", 5),
        ("blank.jsonl", 6),
        ("cut.jsonl.gz", 5),
        ("none", 3),
    ] {
        let (found, error) = place.refused(&["news", "import", file]);
        assert_eq!(found, code, "{error}");
    }
    let (code, _) = place.refused(&["news", "search", "--from", "soon"]);
    assert_eq!(code, 2);
}

#[test]
fn filings_come_in_and_are_shown_as_they_were_known() {
    let place = place("acme.json", FILINGS);
    insta::assert_snapshot!(place.ok(&["filings", "import", "acme.json"]), @r"
    filings: 1 new, 0 known (place 1)
    dividends and splits: 2 new, 0 known (place 2)
    left out: 1 that do not say when they were filed
    ");
    insta::assert_snapshot!(place.ok(&["filings", "list"]), @r"
    Symbol  Filings  First                 Last                  Dividends, splits
    ACME          1  2025-02-03T21:00:01Z  2025-02-03T21:00:01Z                  2
    ");
    insta::assert_snapshot!(place.ok(&["filings", "show", "ACME"]), @r"
    Known                 Period   Ended       Revenues, m  Net income, m  Per share
    2025-02-03T21:00:01Z  2024 FY  2024-12-31        1,235            -99      -0.50

    Takes effect  Known                 What
    2025-02-14    2025-01-31T00:00:00Z  dividend of 0.25
    2020-08-31    2020-08-31T00:00:00Z  4 shares for 1
    ");
    insta::assert_snapshot!(place.ok(&["filings", "show", "ACME", "--at", "2025-02-03"]), @r"
    Takes effect  Known                 What
    2025-02-14    2025-01-31T00:00:00Z  dividend of 0.25
    2020-08-31    2020-08-31T00:00:00Z  4 shares for 1
    ");
    let (code, _) = place.refused(&["filings", "show", "BOLT"]);
    assert_eq!(code, 3);
    std::fs::write(place.path().join("bad.json"), "{\"a\": 1}").unwrap();
    let (code, _) = place.refused(&["filings", "import", "bad.json"]);
    assert_eq!(code, 5);
}

/// The numbers were counted with another program: lines, records without a
/// date, different ones by company, stories before a date and with a word.
#[test]
fn half_a_year_of_twenty_companies() {
    let folder = repository("../shared/data/djia-2025");
    if !folder.is_dir() {
        eprintln!("skipped: there is no {}", folder.display());
        return;
    }
    let place = Place::new();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let taken = |words: &[&str]| place.json(words);
    let news = path("news.jsonl.gz");
    let report = taken(&["news", "import", &news]);
    assert_eq!(
        [
            &report["lines"],
            &report["added"],
            &report["known"],
            &report["bad"]["count"]
        ],
        [&json!(3556), &json!(3556), &json!(0), &json!(0)]
    );
    let again = taken(&["news", "import", &news]);
    assert_eq!(
        [&again["added"], &again["known"]],
        [&json!(0), &json!(3556)]
    );
    assert_eq!(again["place"], report["place"]);
    let listed = taken(&["news", "list"]);
    let of = |symbol: &str| {
        let lines = listed["symbols"].as_array().unwrap();
        lines
            .iter()
            .find(|line| line["symbol"] == symbol)
            .unwrap()
            .clone()
    };
    assert_eq!(listed["symbols"].as_array().unwrap().len(), 20);
    assert_eq!(
        of("AAPL"),
        json!({"symbol": "AAPL", "stories": 286, "first": "2025-02-22T13:21:00Z", "last": "2025-07-01T08:00:00Z"})
    );
    assert_eq!(
        [&of("TRV")["stories"], &of("MSFT")["stories"]],
        [&json!(96), &json!(280)]
    );
    let count = |words: &[&str]| {
        let words = [&["news", "search", "--limit", "9999"][..], words].concat();
        place.json(&words)["stories"].as_array().unwrap().len()
    };
    assert_eq!(count(&["tariffs"]), 166);
    assert_eq!(count(&["iPhone", "tariffs"]), 3);
    assert_eq!(count(&["Dimon", "JPMorgan"]), 14);
    assert_eq!(count(&["--at", "2025-03-05"]), 292);
    assert_eq!(count(&["--at", "2025-03-05", "--symbol", "AAPL"]), 30);
    assert_eq!(
        count(&[
            "--at",
            "2025-03-05",
            "--from",
            "2025-03-04",
            "--symbol",
            "AAPL"
        ]),
        3
    );

    let report = taken(&[
        "filings",
        "import",
        &path("fundamentals"),
        &path("corporate_actions"),
    ]);
    assert_eq!(report["undated"]["count"], 458);
    assert_eq!(report["bad"]["count"], 0);
    assert_eq!(report["records"], 2300 + 1463);
    assert_eq!(
        [&report["filings"]["added"], &report["actions"]["added"]],
        [&json!(1504), &json!(1463)]
    );
    let newest = |words: &[&str]| {
        let words = [&["filings", "show", "AAPL", "--limit", "999"][..], words].concat();
        let filings = place.json(&words)["filings"].as_array().unwrap().clone();
        let known: Vec<Value> = filings.iter().map(|one| one["known_at"].clone()).collect();
        (known.len(), known[0].clone())
    };
    assert_eq!(newest(&[]), (54, json!("2025-08-01T10:00:42Z")));
    assert_eq!(
        newest(&["--at", "2025-03-05"]),
        (52, json!("2025-01-31T11:01:27Z"))
    );
}
