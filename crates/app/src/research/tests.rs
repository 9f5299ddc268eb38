//! What is read, what is refused, and from when on it was known.

use fondaco_domain::{ErrorKind, Hint, UnixMillis, time};

use super::*;
use crate::ports::research::ActionKind;

fn file(text: &str) -> Document {
    Document {
        name: "file".to_owned(),
        bytes: text.as_bytes().to_vec(),
    }
}

fn at(text: &str) -> UnixMillis {
    time::parse_stamp(text).unwrap()
}

#[test]
fn a_story_is_known_when_it_was_published_or_later() {
    for (stamps, published, known) in [
        (
            r#""published_at": "2025-02-20T00:06:00""#,
            "2025-02-20T00:06:00Z",
            "2025-02-20T00:06:00Z",
        ),
        (
            r#""published_at": "2025-02-20T00:06:00Z""#,
            "2025-02-20T00:06:00Z",
            "2025-02-20T00:06:00Z",
        ),
        (
            r#""published_at": "2025-02-20T01:06:00+01:00""#,
            "2025-02-20T00:06:00Z",
            "2025-02-20T00:06:00Z",
        ),
        (
            r#""published_at": 1740009960"#,
            "2025-02-20T00:06:00Z",
            "2025-02-20T00:06:00Z",
        ),
        (
            r#""published_at": "2025-02-20T00:06:00", "known_at": "2025-02-21T09:00:00Z""#,
            "2025-02-20T00:06:00Z",
            "2025-02-21T09:00:00Z",
        ),
        // Some time that day: surely known at its end.
        (
            r#""published_at": "2025-02-20""#,
            "2025-02-20T00:00:00Z",
            "2025-02-21T00:00:00Z",
        ),
    ] {
        let (stories, bad) = read_news(&file(&format!(r#"{{{stamps}, "title": "T"}}"#)));
        assert_eq!(bad, Refused::default(), "{stamps}");
        let seen: Vec<_> = stories
            .iter()
            .map(|one| (one.published_at, one.known_at))
            .collect();
        assert_eq!(seen, [(at(published), at(known))], "{stamps}");
    }
}

#[test]
fn a_line_that_is_no_dated_story_is_named_and_the_others_are_read() {
    let good =
        r#"{"published_at": "2025-02-20T00:06:00", "title": "Up", "symbols": ["B", "A", "B"]}"#;
    let lines = [
        ("{", "EOF while parsing"),
        ("[1]", "invalid length"),
        ("\"a\"", "invalid type"),
        (r#"{"title": "T"}"#, "`published_at` is missing"),
        (
            r#"{"published_at": null, "title": "T"}"#,
            "`published_at` is missing",
        ),
        (
            r#"{"published_at": "soon", "title": "T"}"#,
            "`soon` is not a time",
        ),
        (
            r#"{"published_at": true, "title": "T"}"#,
            "`published_at` is no time",
        ),
        (r#"{"published_at": "2025-02-20"}"#, "`title` is missing"),
        (
            r#"{"published_at": "2025-02-20", "title": " "}"#,
            "`title` is missing",
        ),
        (
            r#"{"published_at": "2025-02-20", "title": "T", "symbols": ["A B"]}"#,
            "`A B` is not a symbol",
        ),
        (
            r#"{"published_at": "2025-02-20T10:00:00", "known_at": "2025-02-20T09:00:00", "title": "T"}"#,
            "`known_at` is before",
        ),
    ];
    let mut text = format!("\u{feff}{good}\r\n\n");
    for (line, _) in &lines {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(good);
    let (stories, bad) = read_news(&file(&text));
    assert_eq!(stories.len(), 2);
    assert_eq!(stories[0], stories[1]);
    let symbols: Vec<_> = stories[0].symbols.iter().map(ToString::to_string).collect();
    assert_eq!(symbols, ["A", "B"]);
    assert_eq!(bad.count as usize, lines.len());
    for (found, (no, (line, problem))) in bad.first.iter().zip((3..).zip(&lines)) {
        assert_eq!(found.no, no, "{line}");
        assert!(found.problem.contains(problem), "{line}: {}", found.problem);
    }
}

#[test]
fn the_name_of_a_story_is_all_that_was_published() {
    let base = StoryText {
        published_at: UnixMillis(5),
        title: "a",
        summary: "b",
        source: "c",
        url: None,
    };
    let others = [
        StoryText {
            published_at: UnixMillis(6),
            ..base
        },
        StoryText {
            title: "ab",
            summary: "",
            ..base
        },
        StoryText {
            title: "b",
            summary: "a",
            ..base
        },
        StoryText { source: "", ..base },
        StoryText {
            url: Some(""),
            ..base
        },
    ];
    assert_eq!(base.id(), base.id());
    assert_eq!(base.id().len(), 24);
    let mut names: Vec<_> = others.iter().map(StoryText::id).collect();
    names.push(base.id());
    names.sort();
    names.dedup();
    assert_eq!(names.len(), others.len() + 1);
}

fn filing(dates: &str) -> String {
    format!(
        r#"{{"tickers": ["JPM", "AMJ"], "fiscal_year": "2024", "fiscal_period": "Q3",
            "start_date": "2024-07-01", "end_date": "2024-09-30", {dates}
            "financials": {{"income_statement":
               {{"revenues": {{"value": 12, "unit": "USD", "order": 1}},
                 "basic_earnings_per_share": {{"value": 6.62, "unit": "USD / shares"}},
                 "nothing": {{"value": null, "unit": "USD"}}}}}}}}"#
    )
}

#[test]
fn filings_are_known_when_they_were_filed_and_never_at_the_end_of_their_period() {
    for (dates, known) in [
        (
            r#""filing_date": "2024-10-30", "acceptance_datetime": "2024-10-30T20:01:02Z","#,
            Some("2024-10-30T20:01:02Z"),
        ),
        (
            r#""filing_date": "2024-10-30","#,
            Some("2024-10-31T00:00:00Z"),
        ),
        (
            r#""filing_date": "2024-10-30", "acceptance_datetime": null,"#,
            Some("2024-10-31T00:00:00Z"),
        ),
        ("", None),
    ] {
        let read = read_documents(&file(&format!("[{}]", filing(dates)))).unwrap();
        let seen: Vec<_> = read.filings.iter().map(|one| one.known_at).collect();
        if let Some(known) = known {
            assert_eq!(seen, [at(known), at(known)], "{dates}");
        } else {
            assert_eq!(seen, []);
            assert_eq!(read.undated.count, 1);
            insta::assert_snapshot!(read.undated.first[0].problem, @"JPM AMJ 2024 Q3 to 2024-09-30 does not say when it was filed");
        }
        assert_eq!(read.bad.count, 0);
    }
}

#[test]
fn figures_have_the_name_of_their_statement_and_a_unit() {
    let read = read_documents(&file(&format!(
        "[{}]",
        filing(r#""filing_date": "2024-10-30","#)
    )));
    let filing = &read.unwrap().filings[0];
    let figures: Vec<_> = filing
        .figures
        .iter()
        .map(|(name, figure)| (name.as_str(), figure.value, figure.unit.as_str()))
        .collect();
    assert_eq!(
        figures,
        [
            (
                "income_statement.basic_earnings_per_share",
                6.62,
                "USD / shares"
            ),
            ("income_statement.revenues", 12.0, "USD"),
        ]
    );
}

#[test]
fn actions_are_known_from_their_declaration_or_from_the_day_they_show() {
    let text = r#"{"results": [
        {"ticker": "AAPL", "ex_dividend_date": "2025-08-11", "declaration_date": "2025-07-31", "cash_amount": 0.26, "currency": "USD"},
        {"ticker": "AAPL", "ex_dividend_date": "2025-05-12", "cash_amount": 0.26, "currency": "USD"},
        {"ticker": "AAPL", "execution_date": "2020-08-31", "split_from": 1, "split_to": 4}
    ]}"#;
    let read = read_documents(&file(text)).unwrap();
    let seen: Vec<_> = read
        .actions
        .iter()
        .map(|one| (one.known_at, one.what))
        .collect();
    let dividend = ActionKind::Dividend { amount: 0.26 };
    assert_eq!(
        seen,
        [
            (at("2025-08-01"), dividend),
            (at("2025-05-12"), dividend),
            (at("2020-08-31"), ActionKind::Split { from: 1.0, to: 4.0 }),
        ]
    );
}

#[test]
fn records_that_do_not_read_are_named() {
    let good = filing(r#""filing_date": "2024-10-30","#);
    let records = [
        ("1", "no object"),
        ("{}", "no filing, dividend or split"),
        (r#"{"financials": {}}"#, "missing field `tickers`"),
        (
            &good.replace("2024-10-30", "2024-09-29"),
            "before the end of its period",
        ),
        (&good.replace("\"JPM\", \"AMJ\"", ""), "names no ticker"),
        (&good.replace("JPM", "J PM"), "`J PM` is not a symbol"),
        (
            &good.replace("12,", "\"12\","),
            "`income_statement.revenues` is no number",
        ),
        (
            r#"{"ticker": "A", "execution_date": "2020-08-31", "split_from": 0, "split_to": 4}"#,
            "a split of 4 for 0",
        ),
        (
            r#"{"ticker": "A", "ex_dividend_date": "2020-08-31", "cash_amount": -1}"#,
            "a dividend of -1",
        ),
    ];
    let texts: Vec<&str> = records.iter().map(|(text, _)| *text).collect();
    let read = read_documents(&file(&format!("[{}, {good}]", texts.join(",")))).unwrap();
    assert_eq!(read.filings.len(), 2);
    assert_eq!((read.records, read.bad.count), (10, 9));
    for (found, (no, (text, problem))) in read.bad.first.iter().zip((1..).zip(&records)) {
        assert_eq!(found.no, no, "{text}");
        assert!(found.problem.contains(problem), "{text}: {}", found.problem);
    }
}

#[test]
fn a_file_that_is_no_list_is_refused_whole() {
    for text in ["", "{", "1", "{}", r#"{"results": 1}"#] {
        let error = read_documents(&file(text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{text}");
    }
}
