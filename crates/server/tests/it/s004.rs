//! The model-day simulator: requests and what is answered, pair by pair, field
//! by field.

pub(crate) mod world;

use axum::http::Method;
use serde_json::{Value, json};

use self::world::World;

/// The first example of its design, with its comments taken out and what it
/// leaves out filled: a day that was completed before, two that are done, a
/// weekend.
#[tokio::test]
async fn a_job_with_skipped_days_ends_and_says_why() {
    let world = World::new().await;
    let first = world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-01"}))
        .await;
    world.work_all();
    let job = world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-05"}))
        .await;
    assert_ne!(job, first);
    world.work_all();
    let (status, answer) = world.get(&format!("/simulate/status/{job}")).await;
    assert_eq!(status, 200);
    let skipped = |date: &str, error: &str| {
        json!({"date": date, "model": "gpt-5", "status": "skipped", "error": error,
               "started_at": null, "completed_at": null, "duration_seconds": null})
    };
    let done = |date: &str| {
        json!({"date": date, "model": "gpt-5", "status": "completed", "error": null,
               "started_at": "<time>", "completed_at": "<time>", "duration_seconds": "<seconds>"})
    };
    assert_eq!(
        answer,
        json!({
            "job_id": job,
            "status": "completed",
            "progress": {
                "total_model_days": 5, "completed": 2, "failed": 0, "pending": 0, "running": 0,
                "skipped": 3,
            },
            "date_range": ["2025-10-01", "2025-10-02", "2025-10-03", "2025-10-04", "2025-10-05"],
            "models": ["gpt-5"],
            "created_at": "<time>", "started_at": "<time>", "completed_at": "<time>",
            "total_duration_seconds": "<seconds>",
            "error": null,
            "details": [
                skipped("2025-10-01", "Already completed"),
                done("2025-10-02"),
                done("2025-10-03"),
                skipped("2025-10-04", "Incomplete price data"),
                skipped("2025-10-05", "Incomplete price data"),
            ],
            "warnings": [
                "Skipped 2 dates due to incomplete price data: ['2025-10-04', '2025-10-05']",
                "Skipped 1 model-days already completed",
            ],
            "deployment_mode": "PROD", "is_dev_mode": false, "preserve_dev_data": null,
        })
    );
}

/// The second example: of two models, one has done a day that the other has
/// not.
#[tokio::test]
async fn a_day_is_skipped_for_the_model_that_did_it() {
    let world = World::new().await;
    world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-01"}))
        .await;
    world.work_all();
    let body = json!({
        "start_date": "2025-10-01", "end_date": "2025-10-03", "models": ["gpt-5", "claude-opus"],
    });
    let job = world.accepted(body).await;
    world.work_all();
    let (_, answer) = world.get(&format!("/simulate/status/{job}")).await;
    assert_eq!(answer["status"], "completed");
    let told: Vec<String> = world::details(&answer);
    assert_eq!(
        told,
        [
            "2025-10-01 gpt-5 skipped Already completed",
            "2025-10-01 claude-opus completed",
            "2025-10-02 gpt-5 completed",
            "2025-10-02 claude-opus completed",
            "2025-10-03 gpt-5 completed",
            "2025-10-03 claude-opus completed",
        ]
    );
}

#[tokio::test]
async fn a_job_is_accepted_at_once() {
    let world = World::new().await;
    let body = json!({"start_date": "2025-10-01", "end_date": "2025-10-04"});
    let (status, answer) = world.post("/simulate/trigger", &body).await;
    assert_eq!(status, 200, "{answer}");
    let job = answer["job_id"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({
            "job_id": job, "status": "pending", "total_model_days": 4,
            "message": "Simulation job created for 4 dates, 1 models",
            "deployment_mode": "PROD", "is_dev_mode": false, "preserve_dev_data": null,
            "warnings": [
                "Skipped 1 dates due to incomplete price data: ['2025-10-04']",
            ],
        })
    );
    let spec = world.client.spec(job);
    assert_eq!(spec["execution"], "open");
    assert_eq!(spec["book"], "simulate");
    assert_eq!(spec["style"]["max_steps"], 12);
    assert_eq!(spec["account"]["initial_cash"], "5000");
    assert_eq!(spec["models"][0]["name"], "gpt-5");
    assert_eq!(spec["models"][0]["model"], "openai/gpt-5");
    // All that is not over counts as what it is.
    let (_, answer) = world.get(&format!("/simulate/status/{job}")).await;
    assert_eq!(
        answer["progress"],
        json!({"total_model_days": 4, "completed": 0, "failed": 0, "pending": 3, "running": 0,
               "skipped": 1})
    );
    let held = world.claim();
    let (_, answer) = world.get(&format!("/simulate/status/{job}")).await;
    assert_eq!(answer["status"], "running");
    assert_eq!(answer["progress"]["running"], held.len());
    assert_eq!(answer["progress"]["pending"], 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_trigger_is_said_as_it_was() {
    let world = World::new().await;
    let tooth = "Another simulation job is already running or pending. Please wait for it to \
                 complete.";
    for (body, detail) in [
        (
            json!({"start_date": "2025-10-03", "end_date": "2025-10-01"}),
            "start_date (2025-10-03) must be <= end_date (2025-10-01)",
        ),
        (
            json!({"start_date": "2025-09-01", "end_date": "2025-10-01"}),
            "Date range too large: 31 days (max: 30). Reduce range or increase \
             MAX_SIMULATION_DAYS.",
        ),
        (
            json!({"start_date": "2025-10-09", "end_date": "2025-10-10"}),
            "end_date (2025-10-10) cannot be in the future",
        ),
        (
            json!({"end_date": "2025-10-01", "models": ["gpt-6"]}),
            "Model gpt-6 not found in config",
        ),
        (
            json!({"end_date": "2025-10-01", "models": ["gpt-5", "gpt-5"]}),
            "Model gpt-5 is named twice",
        ),
    ] {
        let answer = world.post("/simulate/trigger", &body).await;
        assert_eq!(answer, (400, json!({"detail": detail})), "{body}");
    }
    let day = json!({"start_date": "2025-10-01", "end_date": "2025-10-01"});
    let job = world.accepted(day.clone()).await;
    let busy = (400, json!({"detail": tooth}));
    assert_eq!(world.post("/simulate/trigger", &day).await, busy);
    let held = world.claim();
    assert_eq!(world.post("/simulate/trigger", &day).await, busy);
    world.finish(held);
    let done = "All requested simulations are already completed. Skipped 1 model-day pair(s). \
                Details: ['Skipped gpt-5/2025-10-01 - already completed']";
    let answer = world.post("/simulate/trigger", &day).await;
    assert_eq!(answer, (400, json!({"detail": done})));
    let (_, answer) = world.get(&format!("/simulate/status/{job}")).await;
    assert_eq!(answer["status"], "completed");
}

#[tokio::test]
async fn what_does_not_read_is_told_field_by_field() {
    let world = World::new().await;
    let bad = |field: &str, problem: &str, input: Value| {
        json!({"type": "value_error", "loc": ["body", field], "msg": problem, "input": input,
               "ctx": {"error": {}}})
    };
    let invalid = "Value error, Invalid date format: soon. Expected YYYY-MM-DD";
    for (body, faults) in [
        (
            json!({}),
            json!([{"type": "missing", "loc": ["body", "end_date"], "msg": "Field required",
                    "input": {}}]),
        ),
        (
            json!({"end_date": null}),
            json!([{"type": "string_type", "loc": ["body", "end_date"],
                    "msg": "Input should be a valid string", "input": null}]),
        ),
        (
            json!({"end_date": ""}),
            json!([bad(
                "end_date",
                "Value error, end_date is required and cannot be null or empty",
                "".into()
            )]),
        ),
        (
            json!({"start_date": "soon", "end_date": "soon"}),
            json!([
                bad("start_date", invalid, "soon".into()),
                bad("end_date", invalid, "soon".into())
            ]),
        ),
        (
            json!({"end_date": "2025-10-01", "models": "gpt-5", "replace_existing": "perhaps"}),
            json!([
                {"type": "list_type", "loc": ["body", "models"],
                 "msg": "Input should be a valid list", "input": "gpt-5"},
                {"type": "bool_parsing", "loc": ["body", "replace_existing"],
                 "msg": "Input should be a valid boolean, unable to interpret input",
                 "input": "perhaps"},
            ]),
        ),
    ] {
        let answer = world.post("/simulate/trigger", &body).await;
        assert_eq!(answer, (422, json!({"detail": faults})), "{body}");
    }
}

#[tokio::test]
async fn without_a_configuration_or_models_nothing_begins() {
    let day = json!({"start_date": "2025-10-01", "end_date": "2025-10-01"});
    let world = World::with(|state| state.rules = Err("configs/mine.json".to_owned())).await;
    let detail = "Server configuration file not found: configs/mine.json";
    let answer = world.post("/simulate/trigger", &day).await;
    assert_eq!(answer, (500, json!({"detail": detail})));

    let world = World::with(|state| {
        let rules = state.rules.as_mut().unwrap();
        rules
            .config
            .models
            .iter_mut()
            .for_each(|model| model.enabled = false);
    })
    .await;
    let detail = "No enabled models found in config. Either enable models in config or specify \
                  them in request.";
    let answer = world.post("/simulate/trigger", &day).await;
    assert_eq!(answer, (400, json!({"detail": detail})));
}

/// Two who ask at once: one of them is told to wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_triggers_at_once_one_is_accepted() {
    let world = World::new().await;
    let body = json!({"start_date": "2025-10-01", "end_date": "2025-10-03"});
    let ask = || world.post("/simulate/trigger", &body);
    let (one, two) = tokio::join!(ask(), ask());
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

/// Each model goes on the day after its last one; one that has none does the
/// last day alone.
#[tokio::test]
async fn without_a_first_day_each_model_goes_on() {
    let world = World::new().await;
    world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-02"}))
        .await;
    world.work_all();
    let body =
        json!({"start_date": null, "end_date": "2025-10-06", "models": ["gpt-5", "claude-opus"]});
    let (status, answer) = world.post("/simulate/trigger", &body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["total_model_days"], 5);
    assert_eq!(
        answer["message"],
        "Simulation job created for 4 dates, 2 models (resume mode)"
    );
    world.work_all();
    let path = format!("/simulate/status/{}", answer["job_id"].as_str().unwrap());
    let (_, answer) = world.get(&path).await;
    assert_eq!(
        world::details(&answer),
        [
            "2025-10-03 gpt-5 completed",
            "2025-10-04 gpt-5 skipped Incomplete price data",
            "2025-10-05 gpt-5 skipped Incomplete price data",
            "2025-10-06 gpt-5 completed",
            "2025-10-06 claude-opus completed",
        ]
    );
    // Where all is done there is nothing to go on with.
    let body = json!({"end_date": "2025-10-06"});
    let detail = "start_date (2025-10-07) must be <= end_date (2025-10-06)";
    let answer = world.post("/simulate/trigger", &body).await;
    assert_eq!(answer, (400, json!({"detail": detail})));
}

/// Only days without prices: a job that has ended, and not failed.
#[tokio::test]
async fn a_weekend_is_a_completed_job() {
    let world = World::new().await;
    let job = world
        .accepted(json!({"start_date": "2025-10-04", "end_date": "2025-10-05"}))
        .await;
    let (_, answer) = world.get(&format!("/simulate/status/{job}")).await;
    assert_eq!(answer["status"], "completed");
    assert_eq!(answer["error"], Value::Null);
    assert_eq!(
        answer["progress"],
        json!({"total_model_days": 2, "completed": 0, "failed": 0, "pending": 0, "running": 0,
               "skipped": 2})
    );
    // It leaves no claim: the next one is accepted.
    world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-01"}))
        .await;
}

#[tokio::test]
async fn replacing_does_completed_days_again_and_makes_later_ones_stale() {
    let world = World::new().await;
    world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-03"}))
        .await;
    world.work_all();
    let again =
        json!({"start_date": "2025-10-01", "end_date": "2025-10-01", "replace_existing": true});
    let job = world.accepted(again).await;
    assert_eq!(world.work_all(), 1);
    let (_, answer) = world.get(&format!("/simulate/status/{job}")).await;
    assert_eq!(world::details(&answer), ["2025-10-01 gpt-5 completed"]);
    let (_, answer) = world.get("/results?start_date=2025-10-01").await;
    assert_eq!(answer["results"][0]["job_id"], job);
    let (_, answer) = world.get("/results?start_date=2025-10-02").await;
    assert_eq!(answer["results"][0]["metadata"]["stale"], true);
    // What is stale is not completed: it is done again.
    let job = world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-03"}))
        .await;
    assert_eq!(world.work_all(), 2);
    let (_, answer) = world.get(&format!("/simulate/status/{job}")).await;
    assert_eq!(
        world::details(&answer),
        [
            "2025-10-01 gpt-5 skipped Already completed",
            "2025-10-02 gpt-5 completed",
            "2025-10-03 gpt-5 completed",
        ]
    );
}

#[tokio::test]
async fn outcomes_make_the_status_of_a_job() {
    for (fail, status) in [(0, "completed"), (1, "partial"), (3, "failed")] {
        let world = World::new().await;
        let body = json!({"start_date": "2025-10-01", "end_date": "2025-10-04"});
        let job = world.accepted(body).await;
        for _ in 0..fail {
            world.fail("the model does not answer");
        }
        world.work_all();
        let (_, answer) = world.get(&format!("/simulate/status/{job}")).await;
        assert_eq!(answer["status"], status, "{answer}");
        assert_eq!(answer["progress"]["failed"], fail);
        assert_eq!(answer["progress"]["skipped"], 1);
        if fail > 0 {
            assert_eq!(answer["details"][0]["error"], "the model does not answer");
        }
    }
}

#[tokio::test]
async fn a_job_can_be_cancelled_once() {
    let world = World::new().await;
    let job = world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-03"}))
        .await;
    let path = format!("/simulate/cancel/{job}");
    let (status, answer) = world.send(Method::POST, &path, "").await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["status"], "failed");
    assert_eq!(answer["error"], "cancelled");
    assert_eq!(answer["progress"]["failed"], 3);
    let again = world.send(Method::POST, &path, "").await;
    let detail = format!("Job {job} is already failed");
    assert_eq!(again, (400, json!({"detail": detail})));
    for (method, path) in [
        (Method::POST, "/simulate/cancel/nobody"),
        (Method::GET, "/simulate/status/nobody"),
    ] {
        let answer = world.send(method, path, "").await;
        assert_eq!(answer, (404, json!({"detail": "Job nobody not found"})));
    }
    // The next one need not wait.
    world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-01"}))
        .await;
}

/// What was done before stays done, and the job has failed all the same.
#[tokio::test]
async fn a_job_that_is_cancelled_in_between_has_failed() {
    let world = World::new().await;
    let job = world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-03"}))
        .await;
    let held = world.claim();
    world.finish(held);
    let path = format!("/simulate/cancel/{job}");
    let (_, answer) = world.send(Method::POST, &path, "").await;
    assert_eq!(
        (&answer["status"], &answer["error"]),
        (&json!("failed"), &json!("cancelled"))
    );
    assert_eq!(answer["progress"]["completed"], 1);
    assert_eq!(answer["progress"]["failed"], 2);
    let (status, _) = world.get(&format!("/results?job_id={job}")).await;
    assert_eq!(status, 200);
}

/// A job of a database that was imported answers as it did there.
#[tokio::test]
async fn an_imported_job_is_told_as_it_was() {
    use fondaco_app::ports::days::{ImportedDetail, ImportedJob, ImportedStatus};
    let world = World::new().await;
    let detail = |date: &str, status, error: Option<&str>| ImportedDetail {
        date: date.to_owned(),
        model: "gpt-4".to_owned(),
        status,
        error: error.map(str::to_owned),
        started_at: Some("2025-09-02T14:05:45Z".to_owned()),
        completed_at: None,
        duration_seconds: Some(2.5),
    };
    let job = ImportedJob {
        id: "c2b68f6a-8beb-4bd2-bd98-749cdd98dda6".to_owned(),
        status: ImportedStatus::Partial,
        dates: vec!["2025-09-01".to_owned(), "2025-09-02".to_owned()],
        models: vec!["gpt-4".to_owned()],
        created_at: "2025-09-02T14:05:40Z".to_owned(),
        started_at: None,
        completed_at: None,
        total_duration_seconds: Some(60.0),
        error: None,
        warnings: vec!["Rate limit reached - downloaded 3/5 symbols".to_owned()],
        details: vec![
            detail(
                "2025-09-01",
                ImportedStatus::Skipped,
                Some("Incomplete price data"),
            ),
            detail("2025-09-02", ImportedStatus::Failed, Some("no answer")),
        ],
    };
    let days = &world.client.platform.simulations.days;
    days.import(&[job], &[]).unwrap();
    let path = "/simulate/status/c2b68f6a-8beb-4bd2-bd98-749cdd98dda6";
    let (status, answer) = world.get(path).await;
    assert_eq!(status, 200);
    assert_eq!(answer["status"], "partial");
    assert_eq!(
        answer["progress"],
        json!({"total_model_days": 2, "completed": 0, "failed": 1, "pending": 0, "running": 0,
               "skipped": 1})
    );
    assert_eq!(
        world::details(&answer),
        [
            "2025-09-01 gpt-4 skipped Incomplete price data",
            "2025-09-02 gpt-4 failed no answer"
        ]
    );
    assert_eq!(
        answer["warnings"][0],
        "Rate limit reached - downloaded 3/5 symbols"
    );
}

#[tokio::test]
async fn a_day_is_told_in_detail() {
    let world = World::new().await;
    let job = world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-02"}))
        .await;
    world.work_all();
    let (status, answer) = world
        .get("/results?start_date=2025-10-02&reasoning=summary")
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer,
        json!({"count": 1, "results": [{
            "date": "2025-10-02", "model": "gpt-5", "job_id": job,
            "starting_position": {
                "holdings": [{"symbol": "AAPL", "quantity": 10}],
                "cash": 9_000.0, "portfolio_value": 10_020.5,
            },
            "daily_metrics": {"profit": 20.5, "return_pct": 0.205, "days_since_last_trading": 1},
            "trades": [
                {"action_type": "buy", "symbol": "AAPL", "quantity": 5, "price": 102.05,
                 "created_at": "<time>"},
                {"action_type": "hold", "symbol": null, "quantity": null, "price": null,
                 "created_at": "<time>"},
            ],
            "final_position": {
                "holdings": [{"symbol": "AAPL", "quantity": 15}],
                "cash": 8_489.75, "portfolio_value": 10_020.5,
            },
            "metadata": {"total_actions": 2, "session_duration_seconds": "<seconds>",
                         "completed_at": "<time>"},
            "reasoning": "Bought some more.",
        }]})
    );
    let (_, answer) = world
        .get("/results?end_date=2025-10-02&reasoning=full")
        .await;
    assert_eq!(
        answer["results"][0]["reasoning"],
        json!([
            {"role": "user", "content": "Trade.", "timestamp": "<time>"},
            {"role": "tool", "content": "done", "tool_name": "buy",
             "tool_input": {"amount": 5, "symbol": "AAPL"}, "timestamp": "<time>"},
            {"role": "assistant", "content": "Done.", "timestamp": "<time>"},
        ])
    );
    let (_, answer) = world
        .get("/results?start_date=2025-10-02&end_date=2025-10-02")
        .await;
    assert_eq!(answer["results"][0]["reasoning"], Value::Null);
}

#[tokio::test]
async fn a_range_is_told_by_its_values() {
    let world = World::new().await;
    let job = world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-03"}))
        .await;
    world.work_all();
    let expected = json!({"count": 1, "results": [{
        "model": "gpt-5", "start_date": "2025-10-01", "end_date": "2025-10-03",
        "daily_portfolio_values": [
            {"date": "2025-10-01", "portfolio_value": 10_000.0},
            {"date": "2025-10-02", "portfolio_value": 10_020.5},
            {"date": "2025-10-03", "portfolio_value": 10_041.0},
        ],
        "period_metrics": {
            "starting_portfolio_value": 10_000.0, "ending_portfolio_value": 10_041.0,
            // 1.0041^(365/3) - 1, by another program.
            "period_return_pct": 0.41, "annualized_return_pct": 64.51,
            "calendar_days": 3, "trading_days": 3,
        },
    }]});
    for path in [
        "/results".to_owned(),
        "/results?start_date=2025-09-20&end_date=2025-10-09".to_owned(),
        format!("/results?job_id={job}&model=gpt-5"),
    ] {
        assert_eq!(world.get(&path).await, (200, expected.clone()), "{path}");
    }
    let none = (
        404,
        json!({"detail": "No trading data found for the specified filters"}),
    );
    for path in [
        "/results?model=other",
        "/results?job_id=other",
        "/results?start_date=2025-09-30",
    ] {
        assert_eq!(world.get(path).await, none, "{path}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_question_for_results_is_said_as_it_was() {
    let world = World::new().await;
    let format = "Invalid date format. Expected YYYY-MM-DD";
    for (path, status, detail) in [
        ("/results?start_date=2025-1-16", 400, json!(format)),
        ("/results?end_date=soon", 400, json!(format)),
        ("/results?start_date=", 400, json!(format)),
        (
            "/results?start_date=2025-10-03&end_date=2025-10-01",
            400,
            json!("start_date must be <= end_date"),
        ),
        (
            "/results?start_date=2025-10-10",
            400,
            json!("Cannot query future dates"),
        ),
        (
            "/results?date=2025-10-01",
            422,
            json!("Parameter 'date' has been removed. Use 'start_date' and/or 'end_date' instead."),
        ),
        (
            "/results?reasoning=all",
            422,
            json!([{"type": "literal_error", "loc": ["query", "reasoning"],
                    "msg": "Input should be 'none', 'summary' or 'full'", "input": "all",
                    "ctx": {"expected": "'none', 'summary' or 'full'"}}]),
        ),
        (
            "/reasoning?date=soon",
            400,
            json!("Invalid date format: soon. Expected YYYY-MM-DD"),
        ),
        (
            "/reasoning",
            404,
            json!("No trading sessions found matching the provided filters"),
        ),
        (
            "/reasoning?include_full_conversation=perhaps",
            422,
            json!([{"type": "bool_parsing", "loc": ["query", "include_full_conversation"],
                    "msg": "Input should be a valid boolean, unable to interpret input",
                    "input": "perhaps"}]),
        ),
    ] {
        assert_eq!(
            world.get(path).await,
            (status, json!({"detail": detail})),
            "{path}"
        );
    }
}

#[tokio::test]
async fn reasoning_is_told_by_session() {
    let world = World::new().await;
    let job = world
        .accepted(json!({"start_date": "2025-10-01", "end_date": "2025-10-02"}))
        .await;
    world.work_all();
    let path = format!("/reasoning?job_id={job}&date=2025-10-02&model=gpt-5");
    let (status, answer) = world.get(&path).await;
    assert_eq!(status, 200, "{answer}");
    let session = |conversation: Value| {
        json!({
            "session_id": "<number>", "job_id": job, "date": "2025-10-02", "model": "gpt-5",
            "session_summary": "Bought some more.",
            "started_at": "<time>", "completed_at": "<time>", "total_messages": 3,
            "positions": [
                {"action_id": 1, "action_type": "buy", "symbol": "AAPL", "amount": 5,
                 "price": 102.05, "cash_after": 8_489.75, "portfolio_value": 10_020.5},
                {"action_id": 2, "action_type": "hold", "symbol": null, "amount": null,
                 "price": null, "cash_after": 8_489.75, "portfolio_value": 10_020.5},
            ],
            "conversation": conversation,
        })
    };
    let whole = |conversation| {
        json!({"sessions": [session(conversation)], "count": 1,
               "deployment_mode": "PROD", "is_dev_mode": false, "preserve_dev_data": null})
    };
    assert_eq!(answer, whole(Value::Null));
    let (_, answer) = world
        .get(&format!("{path}&include_full_conversation=true"))
        .await;
    let message =
        |index: u32, role: &str, content: &str, summary: Value, tool: Value, input: Value| {
            json!({"message_index": index, "role": role, "content": content, "summary": summary,
               "tool_name": tool, "tool_input": input, "timestamp": "<time>"})
        };
    assert_eq!(
        answer,
        whole(json!([
            message(0, "user", "Trade.", Value::Null, Value::Null, Value::Null),
            message(
                1,
                "tool",
                "done",
                Value::Null,
                json!("buy"),
                json!(r#"{"amount":5,"symbol":"AAPL"}"#)
            ),
            message(
                2,
                "assistant",
                "Done.",
                json!("Bought some more."),
                Value::Null,
                Value::Null
            ),
        ]))
    );
    let (_, answer) = world.get("/reasoning?model=gpt-5").await;
    assert_eq!(answer["count"], 2);
}

#[tokio::test]
async fn health_says_how_the_process_was_started() {
    for (is_dev, preserve, told) in [
        (false, false, ("PROD", json!(null))),
        (true, false, ("DEV", json!(false))),
        (true, true, ("DEV", json!(true))),
    ] {
        let world = World::with(|state| {
            state.deployment = fondaco_server::Deployment {
                is_dev,
                preserve_dev_data: preserve,
            };
            state.rules.as_mut().unwrap().is_dev = is_dev;
        })
        .await;
        let answer = world.own("/health").await;
        assert_eq!(
            answer,
            (
                200,
                json!({
                    "status": "healthy", "database": "connected", "timestamp": "<time>",
                    "deployment_mode": told.0, "is_dev_mode": is_dev, "preserve_dev_data": told.1,
                })
            )
        );
        // On the shared address these stand among the others.
        let (_, shared) = world.get("/health").await;
        assert_eq!(shared["deployment_mode"], told.0);
        assert_eq!(shared["is_dev_mode"], is_dev);
        assert_eq!(shared["status"], "healthy");
        let body = json!({"start_date": "2025-10-01", "end_date": "2025-10-01"});
        let (_, answer) = world.post("/simulate/trigger", &body).await;
        assert_eq!(answer["deployment_mode"], told.0);
        let spec = world.client.spec(answer["job_id"].as_str().unwrap());
        let model = if is_dev {
            "fondaco/mock-trader"
        } else {
            "openai/gpt-5"
        };
        assert_eq!(spec["models"][0]["model"], model);
    }
}
