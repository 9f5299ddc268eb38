//! Asked for by name, done once, and looked at from every side.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use fondaco_domain::task::TaskCommand;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::workshop::CROSS;

const PATH: &str = "/v1/backtests";

/// With a strategy, and candles of two instruments.
async fn ready() -> Client {
    let client = Client::new();
    client.cross().await;
    client.candles("BTC/USDT", 20_000).await;
    client.candles("AAPL", 20_000).await;
    client
}

async fn ask(client: &Client, body: Value) -> Answer {
    client.post(PATH, &body).await
}

#[tokio::test]
async fn a_wish_becomes_one_immutable_spec() {
    let client = ready().await;
    let defaults = json!({
        "text": CROSS, "experiment": "autumn", "config": {
            "pairs": ["BTC/USDT"], "params": {"n": 4}, "account": {"balance": 500.0, "fee": 0.002},
        },
    });
    let put = client.put("/v1/strategies/cross", &[], &defaults).await;
    assert_eq!(put.json()["version"], 2);
    let wish = json!({
        "strategy": "cross@2",
        "overrides": {"account": {"fee": 0.0}, "params": {"n": 5}, "report": false},
        "params": {"n": 6}, "timerange": "20241001-20241003",
    });
    let run = Client::accepted(&ask(&client, wish.clone()).await);
    let spec = client.spec(&run);
    assert_eq!(spec["params"], json!({"n": 6}));
    assert_eq!(spec["pairs"], json!(["BTC/USDT"]));
    assert_eq!(
        (&spec["account"]["balance"], &spec["account"]["fee"]),
        (&json!(500), &json!(0))
    );
    assert_eq!(spec["report"], false);
    assert_eq!(
        spec["range"],
        json!({"from_ms": 1_727_740_800_000_i64, "to_ms": 1_727_913_600_000_i64})
    );
    let versions = spec["candles"]["versions"].as_array().unwrap();
    assert_eq!(
        (versions.len(), &versions[0]["symbol"]),
        (1, &json!("BTC/USDT"))
    );
    assert_eq!(spec["origin"]["run_id"], run.as_str());
    assert_eq!(spec["origin"]["strategy_version"], 2);
    assert_eq!(spec["origin"]["experiment"], "autumn");
    let shown = client.get(&format!("{PATH}/{run}")).await.json();
    assert_eq!(
        (
            &shown["state"],
            &shown["strategy"],
            &shown["strategy_version"],
            &shown["experiment"]
        ),
        (
            &json!("queued"),
            &json!("cross"),
            &json!(2),
            &json!("autumn")
        )
    );
    // The same wish is another run, with a spec of its own.
    let other = Client::accepted(&ask(&client, wish).await);
    let other = client.get(&format!("{PATH}/{other}")).await.json();
    assert_ne!(other["spec"], shown["spec"]);
}

#[tokio::test]
async fn who_waits_without_a_worker_is_told_so() {
    let client = ready().await;
    let run = Client::accepted(&ask(&client, json!({"strategy": "cross"})).await);
    let shown = client.get(&format!("{PATH}/{run}")).await.json();
    assert_eq!(shown["waits"], "no worker runs");
    let halt = json!({"scope": "strategy:cross", "mode": "halted", "reason": "drill"});
    assert_eq!(client.post("/v1/halts", &halt).await.status, StatusCode::OK);
    let shown = client.get(&format!("{PATH}/{run}")).await.json();
    assert_eq!(shown["state"], "halted");
    assert!(
        shown["waits"].as_str().unwrap().contains("drill"),
        "{shown}"
    );
    assert_eq!(client.claim(1), []);
}

#[tokio::test]
async fn a_key_holds_whatever_is_imported_or_put_since() {
    let client = ready().await;
    let key = [("idempotency-key", "morning")];
    let wish = json!({"strategy": "cross", "pairs": ["AAPL"]});
    let first = client.post_with(PATH, &key, &wish).await;
    let run = Client::accepted(&first);
    client.work();
    client.candles("AAPL", 20_005).await;
    let newer = json!({"text": CROSS.replace("1.0.0", "1.1.0")});
    client.put("/v1/strategies/cross", &[], &newer).await;
    let again = client.post_with(PATH, &key, &wish).await;
    assert_eq!(Client::accepted(&again), run);
    assert_eq!(
        (&first.json()["fresh"], &again.json()["fresh"]),
        (&json!(true), &json!(false))
    );
    // It has been done, and is not done again.
    let shown = client.get(&format!("{PATH}/{run}")).await.json();
    assert_eq!(shown["state"], "completed");
    assert_eq!(client.claim(1), []);
    let other = json!({"strategy": "cross", "pairs": ["BTC/USDT"]});
    let other = client.post_with(PATH, &key, &other).await;
    assert_eq!(
        (other.status, &other.json()["code"]),
        (StatusCode::CONFLICT, &json!("conflict"))
    );
}

#[tokio::test]
async fn two_clients_with_one_key_at_once_get_one_run() {
    let client = ready().await;
    let wish = json!({"strategy": "cross", "pairs": ["AAPL"]});
    let key = [("idempotency-key", "noon")];
    let (one, two) = tokio::join!(
        client.post_with(PATH, &key, &wish),
        client.post_with(PATH, &key, &wish)
    );
    assert_eq!(Client::accepted(&one), Client::accepted(&two));
    assert_ne!(one.json()["fresh"], two.json()["fresh"]);
    assert_eq!(
        client.get(PATH).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn backtests_of_one_strategy_do_not_wait_for_each_other_and_each_is_taken_once() {
    let client = ready().await;
    for _ in 0..3 {
        Client::accepted(&ask(&client, json!({"strategy": "cross"})).await);
    }
    let (first, second) = (client.claim(2), client.claim(2));
    assert_eq!((first.len(), second.len()), (2, 1));
    let mut runs: Vec<_> = first.iter().chain(&second).map(|task| task.run).collect();
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 3);
}

#[tokio::test]
async fn a_completion_is_not_overwritten() {
    let client = ready().await;
    let run = Client::accepted(&ask(&client, json!({"strategy": "cross"})).await);
    client.work();
    let path = format!("{PATH}/{run}/cancel");
    let late = client.post(&path, &json!({"reason": "too late"})).await;
    assert_eq!(
        (late.status, &late.json()["state"]),
        (StatusCode::OK, &json!("completed"))
    );
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_with_its_place() {
    let client = ready().await;
    for (wish, status, at) in [
        (json!({}), 400, "strategy"),
        (json!({"strategy": "cross", "text": CROSS}), 400, "strategy"),
        (
            json!({"strategy": "cross", "overrides": {"colour": 1}}),
            400,
            "overrides.colour",
        ),
        (
            json!({"strategy": "cross", "overrides": {"account": {"freqtrade_config": {"stoplos": 1}}}}),
            400,
            "overrides.account.freqtrade_config",
        ),
        (
            json!({"strategy": "cross", "account": {"fee": "high"}}),
            400,
            "account.fee",
        ),
        (
            json!({"strategy": "cross", "timerange": "2019-2018"}),
            400,
            "timerange",
        ),
        (
            json!({"strategy": "cross", "deadline": "soon"}),
            400,
            "deadline",
        ),
        (json!({"strategy": "nobody"}), 404, ""),
        (json!({"strategy": "cross@9"}), 404, ""),
        (json!({"strategy": "cross", "params": {"m": 1}}), 400, ""),
        (json!({"strategy": "cross", "params": {"n": 100}}), 400, ""),
        (
            json!({"strategy": "cross", "pairs": ["AAPL", "AAPL"]}),
            400,
            "",
        ),
        (json!({"strategy": "cross", "pairs": ["IBM"]}), 422, ""),
        (json!({"strategy": "cross", "timeframe": "1h"}), 422, ""),
        (json!({"strategy": "cross", "fresh": true}), 422, ""),
        (json!({"text": CROSS.replace("close", "clos")}), 400, ""),
    ] {
        let answer = ask(&client, wish.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{wish}: {}", answer.text);
        let problem = answer.json();
        if !at.is_empty() {
            assert_eq!(problem["fields"][0]["at"], at, "{wish}: {problem}");
        }
    }
    assert_eq!(client.get(PATH).await.json(), json!({"items": []}));
}

#[tokio::test]
async fn fresh_candles_are_told_from_old_ones() {
    let client = ready().await;
    let today = client.platform.machine.wall().0 / 86_400_000_000;
    client.candles("BTC/USDT", today).await;
    let wish = |pair: &str| json!({"strategy": "cross", "pairs": [pair], "fresh": true});
    Client::accepted(&ask(&client, wish("BTC/USDT")).await);
    let stale = ask(&client, wish("AAPL")).await;
    assert_eq!(
        stale.json()["detail"],
        "the 1d candles of AAPL do not reach to the present"
    );
    // Unless somebody asks for it, age does not matter.
    let wish = json!({"strategy": "cross", "pairs": ["AAPL"]});
    Client::accepted(&ask(&client, wish).await);
}

#[tokio::test]
async fn lists_have_figures_and_pages() {
    let client = ready().await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        runs.push(Client::accepted(
            &ask(&client, json!({"strategy": "cross"})).await,
        ));
    }
    client.submit(1).await;
    client.work();
    client.fail(r#"{"kind":"no_data","message":"nothing there","hint":"look elsewhere","causes":["empty"]}"#);
    runs.reverse();
    let page = client.get("/v1/backtests?limit=2").await.json();
    let listed = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|it| it["run_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(listed(&page), runs[..2]);
    let next = page["next"].as_str().unwrap();
    let rest = client
        .get(&format!("/v1/backtests?limit=2&cursor={next}"))
        .await
        .json();
    assert_eq!(
        (listed(&rest).as_slice(), &rest["next"]),
        (&runs[2..], &Value::Null)
    );
    let done = &rest["items"][0];
    assert_eq!(done["state"], "completed");
    assert_eq!(done["result"]["name"], "2022-01-01-sma-cross-1f");
    assert_eq!(done["result"]["trades"], 3);
    assert_eq!(done["result"]["profit_abs"], 42.5);
    let failed = client
        .get("/v1/backtests?state=failed&strategy=cross")
        .await
        .json();
    assert_eq!(
        failed["items"][0]["error"],
        json!({"kind": "no_data", "message": "nothing there", "hint": "look elsewhere", "causes": ["empty"]})
    );
    let none = client.get("/v1/backtests?strategy=other").await.json();
    assert_eq!(none, json!({"items": []}));
}

#[tokio::test]
async fn what_came_of_it_is_there_in_every_form() {
    let client = ready().await;
    let run = Client::accepted(&ask(&client, json!({"strategy": "cross"})).await);
    let early = client.get(&format!("{PATH}/{run}/equity")).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    client.work();
    let get = async |what: &str, header: (&str, &str)| {
        let request = Request::get(format!("{PATH}/{run}/{what}")).header(header.0, header.1);
        client.send(request.body(Body::empty()).unwrap()).await
    };
    let json = ("accept", "application/json");
    let equity = get("equity", json).await;
    assert_eq!(equity.headers["content-type"], "application/json");
    let columns = equity.json();
    assert_eq!(
        columns["time_ms"].as_array().unwrap().len(),
        columns["value"].as_array().unwrap().len()
    );
    let csv = get("equity", ("accept", "text/csv")).await;
    assert_eq!(csv.text, "date,equity,invested,benchmark\n");
    let tag = csv.headers["etag"].to_str().unwrap().to_owned();
    let request = Request::get(format!("{PATH}/{run}/equity"))
        .header("accept", "text/csv")
        .header("if-none-match", tag);
    let same = client.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    let first = get("trades?limit=1", json).await.json();
    assert_eq!(
        (first["items"].as_array().unwrap().len(), &first["next"]),
        (1, &json!("1"))
    );
    let rest = get("trades?cursor=1", json).await.json();
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["next"]),
        (2, &Value::Null)
    );
    assert_ne!(first["items"][0], rest["items"][0]);
    assert_eq!(
        get("trades?cursor=99", json).await.json(),
        json!({"items": []})
    );
    let document = get("result", json).await;
    assert_eq!(document.json()["contract"], "backtest-result/v1alpha1");
    let report = get("report", json).await;
    assert_eq!(report.headers["content-type"], "text/html; charset=utf-8");
    let policy = report.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox"),
        "{policy}"
    );
    // A result that was removed by hand is missing, not wrong.
    std::fs::remove_dir_all(client.platform.home.join("backtests")).unwrap();
    assert_eq!(get("result", json).await.status, StatusCode::NOT_FOUND);
    let shown = client.get(&format!("{PATH}/{run}")).await.json();
    assert_eq!(
        (&shown["state"], &shown["result"]),
        (&json!("completed"), &Value::Null)
    );
}

#[tokio::test]
async fn runs_of_other_kinds_are_no_backtests() {
    let client = ready().await;
    let run = client.submit(1).await;
    for path in ["", "/equity", "/trades", "/report", "/result"] {
        let answer = client.get(&format!("{PATH}/{run}{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let path = format!("{PATH}/{run}/cancel");
    let answer = client
        .post(&path, &json!({"reason": "none of yours"}))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let shown = client.get(&format!("/v1/runs/{run}")).await.json();
    assert_eq!(shown["state"], "queued");
}

#[tokio::test]
async fn a_late_worker_changes_nothing() {
    let client = ready().await;
    let run = Client::accepted(&ask(&client, json!({"strategy": "cross"})).await);
    let task = client.claim(1).remove(0);
    let path = format!("{PATH}/{run}/cancel");
    client.post(&path, &json!({"reason": "enough"})).await;
    let fence = task.task.fence;
    client.report(&task, TaskCommand::Stopped { fence });
    let shown = client.get(&format!("{PATH}/{run}")).await.json();
    assert_eq!(
        (&shown["state"], &shown["reason"]),
        (&json!("cancelled"), &json!("enough"))
    );
}
