//! The graph, as it is planned.

use serde_json::{Value, json};

use super::*;

fn spec(change: impl FnOnce(&mut Value)) -> String {
    let mut spec = json!({
        "kind": "analysis", "version": 1,
        "items": [{"ticker": "AAPL", "date": "2025-03-04"}],
        "quant": {"strategy": {"text": ""}},
        "llm": {"quick": "fondaco/rule-based", "deep": "fondaco/rule-based"},
    });
    change(&mut spec);
    spec.to_string()
}

fn shown(spec: &str) -> String {
    let tasks: Vec<TaskPlan> = AnalysisPlanner.tasks(spec).unwrap().collect();
    let line = |task: &TaskPlan| {
        let needs: Vec<String> = task.needs.iter().map(|need| need.0.to_string()).collect();
        format!("{} <- {}", task.key, needs.join(" "))
    };
    tasks.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_default_graph() {
    insta::assert_snapshot!(shown(&spec(|_| ())), @r"
    AAPL/quant <- 
    AAPL/analysts/market <- 
    AAPL/analysts/sentiment <- 
    AAPL/analysts/news <- 
    AAPL/analysts/fundamentals <- 
    AAPL/research/bull/1 <- 1 2 3 4
    AAPL/research/bear/1 <- 1 2 3 4 5
    AAPL/research/manager <- 1 2 3 4 5 6
    AAPL/trading/trader <- 1 2 3 4 5 6 7
    AAPL/risk/aggressive/1 <- 1 2 3 4 5 6 7 8
    AAPL/risk/conservative/1 <- 1 2 3 4 5 6 7 8 9
    AAPL/risk/neutral/1 <- 1 2 3 4 5 6 7 8 9 10
    AAPL/portfolio/manager <- 1 2 3 4 5 6 7 8 9 10 11
    AAPL/decision <- 0 1 2 3 4 5 6 7 8 9 10 11 12
    ");
}

#[test]
fn rounds_analysts_lanes_and_days_are_those_of_the_job() {
    let two = spec(|spec| {
        spec["quant"] = Value::Null;
        spec["llm"]["analysts"] = json!(["news"]);
        spec["llm"]["debate_rounds"] = json!(2);
        spec["items"] = json!([
            {"ticker": "AAPL", "date": "2025-03-04"}, {"ticker": "BTC/USDT", "date": "2025-03-05"}
        ]);
    });
    let shown = shown(&two);
    assert!(
        shown.contains("AAPL@2025-03-04/research/bear/2 <- 0 1 2 3\n"),
        "{shown}"
    );
    assert!(
        shown.contains("BTC/USDT@2025-03-05/research/bull/1 <- 12\n"),
        "{shown}"
    );
    let quant = spec(|spec| spec["llm"] = Value::Null);
    assert_eq!(self::shown(&quant), "AAPL/quant <- \nAAPL/decision <- 0");
}

#[test]
fn one_ticker_does_not_fail_the_others() {
    let one = AnalysisPlanner
        .new_run(&spec(|_| ()), ContentHash::of(b""))
        .unwrap();
    assert_eq!(one.rule, CompletionRule::AllRequired);
    let two = spec(|spec| {
        spec["items"] = json!([
            {"ticker": "AAPL", "date": "2025-03-04"}, {"ticker": "MSFT", "date": "2025-03-04"}
        ]);
    });
    let two = AnalysisPlanner.new_run(&two, ContentHash::of(b"")).unwrap();
    assert_eq!(two.rule, CompletionRule::ModelDays);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |change: fn(&mut Value)| {
        let Err(error) = AnalysisPlanner.tasks(&spec(change)) else {
            panic!("it is accepted");
        };
        error.source.to_string()
    };
    let refusals = [
        refused(|spec| spec["items"] = json!([])),
        refused(|spec| {
            let item = spec["items"][0].clone();
            spec["items"] = json!([item, item]);
        }),
        refused(|spec| (spec["quant"], spec["llm"]) = (Value::Null, Value::Null)),
        refused(|spec| spec["llm"]["analysts"] = json!([])),
        refused(|spec| spec["llm"]["analysts"] = json!(["news", "news"])),
        refused(|spec| spec["llm"]["debate_rounds"] = json!(0)),
        refused(|spec| spec["budget_nano"] = json!(-1)),
        refused(|spec| spec["research_degraded_factor"] = json!(1.5)),
        refused(|spec| spec["colour"] = json!("red")),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r"
    the analysis job has no items
    AAPL on 2025-03-04 is asked for twice
    the analysis job asks for no lane
    `llm.analysts` names nobody
    `llm.analysts` names one twice
    `llm.debate_rounds` is 0: 1 to 10 is wanted
    `budget_nano` is -1: 0 or more is wanted
    the analysis job is not in its form at `research_degraded_factor`
    the analysis job is not in its form at `colour`
    ");
}
