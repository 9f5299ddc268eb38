use fondaco_contract::v1alpha1::analysis::{
    Abstention, AnalysisItem, CallRecord, CallTokens, Degraded, NodeAnswer, NodeOutcome,
    NodeReport, NodeRole, Read,
};
use fondaco_domain::signal::{Probability, Rating};
use serde_json::{Value, json};

use super::*;

fn item() -> AnalysisItem {
    AnalysisItem {
        ticker: "AAPL".parse().unwrap(),
        date: "2025-03-04".parse().unwrap(),
    }
}

fn report(node: &str, role: NodeRole, outcome: NodeOutcome) -> NodeReport {
    let call = |ordinal| CallRecord {
        ordinal,
        request: Value::Null,
        completion: None,
        error: None,
        tokens: CallTokens {
            input: 1_200,
            cached: 800,
            output: 150,
        },
        cost_nano: 1_500_000,
        took_micros: 450_000,
    };
    NodeReport {
        node: format!("AAPL/{node}"),
        role,
        model: Some("fondaco/rule-based".to_owned()),
        outcome,
        read: Vec::new(),
        calls: vec![call(0), call(1)],
    }
}

fn says(text: &str) -> NodeAnswer {
    NodeAnswer {
        text: text.to_owned(),
        points: Vec::new(),
        direction: None,
        confidence: None,
        rating: None,
        document: Value::Null,
    }
}

fn debate() -> Vec<NodeReport> {
    let sure = |number: f64| Some(Probability::try_from(number).unwrap());
    let mut market = report(
        "analysts/market",
        NodeRole::Market,
        NodeOutcome::Answered(NodeAnswer {
            points: vec!["The close is 2.9 % below its 50-day average. [-0.12]".to_owned()],
            direction: Some(Direction::Short),
            confidence: sure(0.4),
            ..says("It falls.")
        }),
    );
    market.read = vec![Read {
        tool: "indicators".to_owned(),
        source: "djia/AAPL@1d".to_owned(),
        from: Some("2024-03-04".to_owned()),
        until: Some("2025-03-04".to_owned()),
        rows: 252,
        hash: "00".to_owned(),
    }];
    let mut strategy = report(
        "quant",
        NodeRole::Quant,
        NodeOutcome::Degraded(Degraded {
            reason: "no_signal".to_owned(),
            lane: None,
            data_quality: None,
            detail: "the exchange was closed".to_owned(),
            retryable: false,
        }),
    );
    strategy.model = None;
    strategy.calls.clear();
    vec![
        strategy,
        market,
        report(
            "analysts/news",
            NodeRole::News,
            NodeOutcome::Abstained(Abstention {
                why: "There are no stories.".to_owned(),
            }),
        ),
        report(
            "research/bear/1",
            NodeRole::Bear,
            NodeOutcome::Answered(NodeAnswer {
                document: json!({ "rebuts": ["The bull says “cheap”. It is not."] }),
                ..says("It will fall.\n\nMore so than the bull thinks.")
            }),
        ),
        report(
            "portfolio/manager",
            NodeRole::PortfolioManager,
            NodeOutcome::Answered(NodeAnswer {
                direction: Some(Direction::Short),
                confidence: sure(0.45),
                rating: Some(Rating::Underweight),
                document: json!({ "warnings": ["There is no report of news."] }),
                ..says("The bear has the better case.")
            }),
        ),
    ]
}

#[test]
fn a_debate_on_a_page() {
    insta::assert_snapshot!(transcript(&item(), &debate()), @r"
    # AAPL on 2025-03-04

    | who | model | outcome | calls | tokens in | kept | out | cost | time |
    | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
    | Quant | none | no answer: no\_signal | 0 | 0 | 0 | 0 | $0.00 | 0.0 s |
    | Market | fondaco/rule-based | down | 2 | 2400 | 1600 | 300 | $0.003 | 0.9 s |
    | News | fondaco/rule-based | nothing to say | 2 | 2400 | 1600 | 300 | $0.003 | 0.9 s |
    | Bear, round 1 | fondaco/rule-based | argued | 2 | 2400 | 1600 | 300 | $0.003 | 0.9 s |
    | Portfolio manager | fondaco/rule-based | UNDERWEIGHT | 2 | 2400 | 1600 | 300 | $0.003 | 0.9 s |
    | all | | | 8 | 9600 | 6400 | 1200 | $0.012 | 3.6 s |

    ## Strategy

    ### Quant

    No usable answer (no\_signal):

    > the exchange was closed

    ## Analysts

    ### Market

    **down**, confidence 0.40

    > It falls.

    Points:

    - The close is 2.9 % below its 50-day average. [-0.12]

    Read:

    - indicators from djia/AAPL@1d: 252 rows, 2024-03-04 to 2025-03-04

    ### News

    Nothing to say:

    > There are no stories.

    ## Research

    ### Bear, round 1

    > It will fall.
    >
    > More so than the bull thinks.

    Answers to the other side:

    - The bull says “cheap”. It is not.

    ## Decision

    ### Portfolio manager

    **UNDERWEIGHT**, confidence 0.45

    > The bear has the better case.

    Warnings:

    - There is no report of news.
    ");
}

#[test]
fn nothing_said_is_a_page_too() {
    insta::assert_snapshot!(transcript(&item(), &[]), @r"
    # AAPL on 2025-03-04

    | who | model | outcome | calls | tokens in | kept | out | cost | time |
    | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
    | all | | | 0 | 0 | 0 | 0 | $0.00 | 0.0 s |
    ");
}

#[test]
fn words_of_models_are_no_markup() {
    let hostile = "# Heading\n- item\n<script>alert(1)</script>\n[link](http://x) ![i](y)\n\
                   | a | b |\n```\ncode\n```\n[ref]: http://x\n=====\n\u{2028}# more\r# again";
    let answer = NodeAnswer {
        points: vec![hostile.to_owned()],
        document: json!({ "rebuts": [hostile], "warnings": [hostile] }),
        ..says(hostile)
    };
    let page = transcript(
        &item(),
        &[report(
            "research/bull/1",
            NodeRole::Bull,
            NodeOutcome::Answered(answer),
        )],
    );
    let ours = ["# AAPL on 2025-03-04", "## Research", "### Bull, round 1"];
    for line in page.lines().filter(|line| !ours.contains(line)) {
        let words = line.trim_start_matches(['>', '-', ' ']);
        assert!(!words.starts_with(['#', '`', '=', '<']), "{line}");
        for markup in ["<script", "](", "]:"] {
            assert!(!line.contains(markup), "{line}");
        }
    }
    let headings = page.lines().filter(|line| line.starts_with('#')).count();
    assert_eq!(headings, ours.len());
    let rows = page.lines().filter(|line| line.starts_with('|')).count();
    assert_eq!(rows, 4, "the table of the overview and no other");
}
