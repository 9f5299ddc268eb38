//! Analyses: accepted, followed through their nodes, told with what came of
//! them.

use serde_json::{Value, json};

use crate::analysts::Outcome;
use crate::client::Client;
use crate::workshop::CROSS;

fn aapl() -> Value {
    json!({"items": [{"ticker": "AAPL", "date": "2024-10-04"}], "strategy": "cross"})
}

async fn ready() -> Client {
    let client = Client::new();
    client.cross().await;
    client.candles("AAPL", 20_000).await;
    client
}

#[tokio::test]
async fn what_is_left_open_is_fixed_when_it_is_accepted() {
    let client = ready().await;
    let run = client.analysis(&aapl()).await;
    let spec = client.spec(&run);
    assert_eq!(spec["quant"]["strategy"]["text"], CROSS);
    assert_eq!(spec["llm"]["quick"], "fondaco/rule-based");
    assert_eq!(spec["llm"]["deep"], "fondaco/rule-based");
    assert_eq!(spec["llm"]["prompts"].as_str().unwrap().len(), 64);
    let candles = &spec["data"]["candles"][0];
    assert_eq!(candles["symbol"], "AAPL");
    assert_eq!(candles["version"].as_str().unwrap().len(), 64);
    assert!(spec["data"]["accepted_ms"].as_i64().unwrap() > 1_700_000_000_000);
    // What is held is not known where nobody ever noted anything; what is
    // thought of others is: nothing.
    assert_eq!(spec["portfolio"], Value::Null);
    assert_eq!(
        spec["peers"],
        json!({"bearish": [], "bullish": [], "neutral": []})
    );
}

#[tokio::test]
async fn the_same_key_gives_the_run_of_before_whatever_came_since() {
    let client = ready().await;
    let key = [("idempotency-key", "morning")];
    let first = client.post_with("/v1/analyses", &key, &aapl()).await;
    client.candles("AAPL", 20_003).await;
    let other = CROSS.replace("version = \"1.0.0\"", "version = \"1.1.0\"");
    let put = json!({"text": other});
    let put = client.put("/v1/strategies/cross", &[], &put).await;
    assert_eq!(put.status.as_u16(), 201, "{}", put.text);
    let again = client.post_with("/v1/analyses", &key, &aapl()).await;
    assert_eq!(again.status.as_u16(), 202, "{}", again.text);
    let (first, again) = (first.json(), again.json());
    assert_eq!(first["run_id"], again["run_id"]);
    assert_eq!(
        (&first["fresh"], &again["fresh"]),
        (&json!(true), &json!(false))
    );
    let mut more = aapl();
    more["debate_rounds"] = json!(2);
    let more = client.post_with("/v1/analyses", &key, &more).await;
    assert_eq!(more.json()["code"], "conflict");
    let mut day = aapl();
    day["items"][0]["date"] = json!("2024-10-03");
    let day = client.post_with("/v1/analyses", &key, &day).await;
    assert_eq!(day.json()["code"], "conflict");
}

#[tokio::test]
async fn a_whole_job_is_taken_as_it_is() {
    let client = ready().await;
    let run = client.analysis(&aapl()).await;
    let job = client.spec(&run);
    let again = client.analysis(&json!({"job": job})).await;
    assert_eq!(client.spec(&again), job);
    let both = json!({"job": job, "date": "2024-10-04"});
    let both = client.post("/v1/analyses", &both).await;
    assert_eq!(both.json()["fields"][0]["at"], "job");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_place() {
    let client = ready().await;
    let item = json!([{"ticker": "AAPL"}]);
    for (body, status, told) in [
        (json!({}), 400, "items"),
        (json!({"items": []}), 400, "items"),
        (json!({"items": item, "strategy": "nobody"}), 404, "nobody"),
        (
            json!({"items": item, "strategy": "cross", "text": "x"}),
            400,
            "strategy",
        ),
        (
            json!({"items": item, "text": "[strategy]"}),
            400,
            "strategy",
        ),
        (json!({"items": item, "params": {"n": 3}}), 400, "params"),
        (json!({"items": item, "llm": false}), 400, "no lane"),
        (
            json!({"items": item, "debate_rounds": 11}),
            400,
            "llm.debate_rounds",
        ),
        (
            json!({"items": [{"ticker": "A"}, {"ticker": "A"}]}),
            400,
            "asked for twice",
        ),
        (json!({"items": [{"ticker": "a//b"}]}), 400, "a//b"),
        (
            json!({"items": [{"ticker": "A", "date": "2024-10-04"}, {"ticker": "B"}]}),
            400,
            "date",
        ),
    ] {
        let answer = client.post("/v1/analyses", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
        assert!(answer.text.contains(told), "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn stages_are_told_when_they_happen_and_progress_never_goes_back() {
    let client = ready().await;
    let run = client.analysis(&aapl()).await;
    let path = format!("/v1/analyses/{run}");
    let analyst = client.analyst();
    let mut way = Vec::new();
    loop {
        let shown = client.get(&path).await.json();
        let item = &shown["items"][0];
        let stages = item["stages"].as_array().unwrap().iter();
        let states: Vec<&str> = stages.map(|it| it["state"].as_str().unwrap()).collect();
        let current = item["current_stage"].as_str().unwrap_or("-");
        let line = format!("{:>3} {} {}", item["progress"], states.join(" "), current);
        if way.last() != Some(&line) {
            way.push(line);
        }
        if analyst.step(|_| Outcome::Complete).is_none() {
            break;
        }
    }
    insta::assert_snapshot!(way.join("\n"), @r#"
    0 pending pending pending pending pending -
    0 pending pending pending pending pending analysts
    0 running pending pending pending pending analysts
    20 completed pending pending pending pending research
    20 completed running pending pending pending research
    40 completed completed pending pending pending trading
    60 completed completed completed pending pending risk
    60 completed completed completed running pending risk
    80 completed completed completed completed pending portfolio
    80 completed completed completed completed running portfolio
    100 completed completed completed completed completed -
    "#);
    let done = client.get(&path).await.json();
    assert_eq!(done["state"], "completed");
    // 13 nodes asked once each; the result has counted by itself.
    assert_eq!(done["items"][0]["decision"], "BUY");
    assert_eq!(done["items"][0]["degraded"], false);
    let nodes = client.get(&format!("{path}/nodes")).await.json();
    let nodes = nodes["items"].as_array().unwrap();
    assert_eq!(nodes.len(), 14);
    assert!(nodes.iter().all(|node| node["ended_at"].is_string()));
    let key = "AAPL%2Fresearch%2Fbull%2F1";
    let node = client.get(&format!("{path}/nodes/{key}")).await.json();
    assert_eq!(node["node"], "AAPL/research/bull/1");
    let transcript = client.get(&format!("{path}/transcript")).await.json();
    assert_eq!(transcript["said"].as_array().unwrap().len(), 13);
    let result = client.get(&format!("{path}/result")).await.json();
    assert_eq!(result["decision"], "BUY");
}

#[tokio::test]
async fn what_it_took_so_far_is_told_while_it_runs() {
    let client = ready().await;
    let run = client.analysis(&aapl()).await;
    let analyst = client.analyst();
    for _ in 0..3 {
        analyst.step(|_| Outcome::Complete);
    }
    let shown = client.get(&format!("/v1/analyses/{run}")).await.json();
    let spent = json!({
        "calls": 3, "input_tokens": 300, "cached_tokens": 30, "output_tokens": 15,
        "cost_nano": 21, "limit_nano": null,
        "local_recovery_used": false, "provider_probe_used": false,
    });
    assert_eq!(shown["spent"], spent);
}

#[tokio::test]
async fn what_is_not_there_yet_is_a_conflict_and_what_never_was_is_missing() {
    let client = ready().await;
    let run = client.analysis(&aapl()).await;
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let other = client.submit(1).await;
    for (path, status) in [
        (format!("{run}/result"), 409),
        (format!("{run}/result?item=MSFT"), 404),
        (format!("{run}/nodes/AAPL%2Fquant"), 409),
        (format!("{run}/nodes/MSFT%2Fquant"), 404),
        (nobody.to_owned(), 404),
        (format!("{nobody}/nodes"), 404),
        (other.clone(), 404),
        (format!("{other}/transcript"), 404),
    ] {
        let answer = client.get(&format!("/v1/analyses/{path}")).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn one_that_fails_does_not_stop_the_others() {
    let client = ready().await;
    let items = json!([{"ticker": "NO"}, {"ticker": "AAPL"}, {"ticker": "MSFT"}]);
    let body = json!({"items": items, "date": "2024-10-04"});
    let run = client.analysis(&body).await;
    client.analyst().work(|ticker| match ticker {
        "NO" => Outcome::Failed,
        "MSFT" => Outcome::QuantOnly,
        _ => Outcome::Complete,
    });
    let shown = client.get(&format!("/v1/analyses/{run}")).await.json();
    assert_eq!(shown["state"], "partial");
    let items = shown["items"].as_array().unwrap();
    let states: Vec<_> = items
        .iter()
        .map(|item| {
            (
                item["key"].as_str().unwrap(),
                item["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            ("NO", "failed"),
            ("AAPL", "completed"),
            ("MSFT", "degraded_success")
        ]
    );
    assert_eq!(items[0]["error"]["code"], "both_signals_unavailable");
    assert_eq!(items[0]["decision"], Value::Null);
    assert_eq!(items[0]["stages"][4]["state"], "failed");
    let several = client.get(&format!("/v1/analyses/{run}/result")).await;
    assert_eq!(several.status.as_u16(), 400);
    let one = client
        .get(&format!("/v1/analyses/{run}/result?item=NO"))
        .await;
    assert_eq!(one.json()["status"], "failed");
    let listed = client.get("/v1/analyses?state=partial").await.json();
    assert_eq!(listed["items"][0]["run_id"], run.as_str());
    assert_eq!(
        listed["items"][0]["items"][2]["decision"],
        items[2]["decision"]
    );
}

#[tokio::test]
async fn a_lane_of_a_strategy_alone_has_one_stage() {
    let client = ready().await;
    let mut body = aapl();
    body["llm"] = json!(false);
    let run = client.analysis(&body).await;
    let path = format!("/v1/analyses/{run}");
    let before = client.get(&path).await.json();
    assert_eq!(before["items"][0]["progress"], 0);
    assert_eq!(before["items"][0]["stages"][0]["state"], "skipped");
    client.analyst().work(|_| Outcome::QuantOnly);
    let after = client.get(&path).await.json();
    assert_eq!(after["items"][0]["progress"], 100);
    assert_eq!(after["quick"], Value::Null);
}
