//! What analyses decided, over a store in memory.

use std::sync::Arc;

use fondaco_app::portfolio::context;
use fondaco_app::ports::runs::{Asked, RunStore, Submission};
use fondaco_app::recommendations::{RecommendationError, RecommendationQuery, Recommendations};
use fondaco_domain::run::{NewRun, RunKind};
use fondaco_domain::signal::Rating;
use fondaco_domain::task::{Adopted, TaskKind, TaskPlan};
use fondaco_domain::{ContentHash, ErrorKind, Hint, RunId, UnixMicros};
use fondaco_store::runs::MemoryRuns;
use serde_json::{Value, json};

fn id(number: u64) -> RunId {
    RunId::new(number, [0; 10])
}

/// The decision of one ticker: a rating by models of a confidence, alone.
fn decision(ticker: &str, date: &str, rating: &str, confidence: f64) -> Value {
    let (direction, llm) = match rating {
        "BUY" | "OVERWEIGHT" => (1, rating),
        "SELL" | "UNDERWEIGHT" => (-1, rating),
        _ => (0, "HOLD"),
    };
    let absent = json!({"available": false, "direction": null, "rating": null,
        "confidence": null, "structured": null});
    json!({
        "contract": "analysis-result",
        "contract_version": "v1alpha1",
        "ticker": ticker,
        "date": date,
        "status": "degraded_success",
        "decision": rating,
        "confidence": confidence,
        "signals": {
            "merged": {
                "direction": direction,
                "rating": rating,
                "policy": {"policy": "capped_sum", "quant_weight_cap": 0.8, "llm_weight_cap": 0.9,
                    "quant_solo_penalty": 0.8, "llm_solo_penalty": 0.7},
                "counted": [{"source": "llm", "stated": confidence, "factor": 1.0,
                    "counted": confidence}],
                "denominator": confidence,
            },
            "quant": absent,
            "llm": {"available": true, "direction": direction, "rating": llm,
                "confidence": confidence, "structured": null},
        },
        "degradation": {"degraded": true, "reason_codes": ["quant_not_configured"],
            "source_diagnostics": {}},
        "data_quality": null,
        "research": null,
        "evidence": [],
        "budget": {"calls": 0, "input_tokens": 0, "cached_tokens": 0, "output_tokens": 0,
            "cost_nano": 0, "limit_nano": null, "local_recovery_used": false,
            "provider_probe_used": false},
        "tentative_classification": null,
        "error": null,
    })
}

/// An analysis that has ended, with outputs of its tasks; items of one length,
/// unless `extra` tasks make them uneven.
fn analysis(store: &MemoryRuns, number: u64, model: &str, decisions: &[Value], extra: usize) {
    let items: Vec<Value> = decisions
        .iter()
        .map(|one| json!({"ticker": one["ticker"], "date": one["date"]}))
        .collect();
    let spec = json!({"kind": "analysis", "version": 1, "items": items,
        "llm": {"quick": model, "deep": model}, "number": number});
    let spec = spec.to_string();
    let done = |key: String, output: String| TaskPlan {
        adopted: Some(Adopted {
            from: id(0),
            output: Some(output),
        }),
        ..TaskPlan::new(key, TaskKind::Analysis)
    };
    let mut tasks: Vec<TaskPlan> = (0..extra)
        .map(|no| done(format!("probe/{no}"), "{}".to_owned()))
        .collect();
    for one in decisions {
        let ticker = one["ticker"].as_str().unwrap();
        for node in ["quant", "portfolio/manager"] {
            tasks.push(done(format!("{ticker}/{node}"), "{}".to_owned()));
        }
        tasks.push(done(format!("{ticker}/decision"), one.to_string()));
    }
    let submission = Submission {
        id: id(number),
        new: NewRun::new(RunKind::Analysis, ContentHash::of(spec.as_bytes())),
        spec,
        tasks,
        last: true,
        key: None,
    };
    let by = Asked {
        actor: "test".to_owned(),
        at: UnixMicros(number.cast_signed()),
    };
    store.submit(submission, by).unwrap();
    assert!(store.run(id(number)).unwrap().state.is_terminal());
}

fn of(store: &Arc<MemoryRuns>) -> Recommendations {
    Recommendations::new(Arc::clone(store) as _)
}

fn all(of: &Recommendations, query: &RecommendationQuery) -> (Vec<String>, usize) {
    let page = of.list(query).unwrap();
    let told = page.recommendations.iter().map(|one| {
        format!(
            "{} {} {} {}",
            one.date,
            one.ticker,
            one.decision.as_str(),
            one.run == id(3)
        )
    });
    (told.collect(), page.total)
}

#[test]
fn the_newest_analysis_of_a_day_counts() {
    let store = Arc::new(MemoryRuns::default());
    let recommendations = of(&store);
    let asked = RecommendationQuery::default();
    assert_eq!(all(&recommendations, &asked), (vec![], 0));
    analysis(
        &store,
        1,
        "a/b",
        &[decision("AAPL", "2025-03-04", "SELL", 0.9)],
        0,
    );
    analysis(
        &store,
        2,
        "a/b",
        &[
            decision("KO", "2025-03-04", "HOLD", 0.5),
            decision("MSFT", "2025-03-05", "BUY", 0.8),
        ],
        0,
    );
    analysis(
        &store,
        3,
        "a/b",
        &[decision("AAPL", "2025-03-04", "OVERWEIGHT", 0.6)],
        2,
    );
    let expected = [
        "2025-03-05 MSFT BUY false",
        "2025-03-04 AAPL OVERWEIGHT true",
        "2025-03-04 KO HOLD false",
    ];
    for _ in 0..2 {
        let found = all(&recommendations, &asked);
        assert_eq!(found, (expected.map(str::to_owned).to_vec(), 3));
    }
    let page = RecommendationQuery {
        date: Some("2025-03-04".parse().unwrap()),
        offset: 1,
        limit: Some(1),
        ..RecommendationQuery::default()
    };
    assert_eq!(
        all(&recommendations, &page),
        (vec![expected[2].to_owned()], 2)
    );
    // A run that is removed takes its decision along; the one before counts.
    store.remove(id(3)).unwrap();
    let found = all(&recommendations, &asked);
    assert_eq!(found.0[1], "2025-03-04 AAPL SELL false");
}

#[test]
fn one_is_shown_whole() {
    let store = Arc::new(MemoryRuns::default());
    let recommendations = of(&store);
    analysis(
        &store,
        2,
        "a/b",
        &[
            decision("KO", "2025-03-04", "HOLD", 0.5),
            decision("MSFT", "2025-03-04", "BUY", 0.8),
        ],
        1,
    );
    let (msft, day) = ("MSFT".parse().unwrap(), "2025-03-04".parse().unwrap());
    let shown = recommendations.show(&msft, day).unwrap();
    assert_eq!(shown.result.ticker, msft);
    assert_eq!(shown.result.confidence.unwrap().get(), 0.8);
    assert_eq!(shown.recommendation.model.as_deref(), Some("a/b"));
    assert!(shown.recommendation.quant.is_none() && shown.recommendation.llm.is_some());
    let none = recommendations.show(&msft, "2025-03-05".parse().unwrap());
    let none = none.unwrap_err();
    assert!(matches!(none, RecommendationError::None { .. }));
    assert_eq!(none.kind(), ErrorKind::NotFound);
}

#[test]
fn what_cannot_be_read_is_said_and_hides_nothing_else() {
    let store = Arc::new(MemoryRuns::default());
    let recommendations = of(&store);
    analysis(
        &store,
        1,
        "a/b",
        &[decision("AAPL", "2025-03-04", "SELL", 0.9)],
        0,
    );
    let mut odd = decision("KO", "2025-03-04", "HOLD", 0.5);
    odd["decision"] = json!("STRONG BUY");
    analysis(&store, 2, "a/b", &[odd], 0);
    let page = recommendations
        .list(&RecommendationQuery::default())
        .unwrap();
    assert_eq!((page.total, &*page.unreadable), (1, &[id(2)][..]));
}

#[test]
fn one_word_for_everything_is_a_warning() {
    let store = Arc::new(MemoryRuns::default());
    let recommendations = of(&store);
    let day = |number: u64| format!("2025-03-{number:02}");
    for number in 1..=10 {
        let rating = if number == 1 { "BUY" } else { "HOLD" };
        analysis(
            &store,
            number,
            "a/holds",
            &[decision("KO", &day(number), rating, 0.5)],
            0,
        );
    }
    for (number, rating) in [(11, "BUY"), (12, "HOLD"), (13, "SELL"), (14, "BUY")] {
        analysis(
            &store,
            number,
            "a/mixed",
            &[decision("KO", &day(number), rating, 0.5)],
            0,
        );
    }
    let told: Vec<_> = recommendations
        .distribution(100)
        .unwrap()
        .into_iter()
        .map(|one| (one.model, one.analyses, one.warning.map(Rating::as_str)))
        .collect();
    let model = |name: &str| Some(name.to_owned());
    assert_eq!(
        told,
        [
            (None, 14, None),
            (model("a/holds"), 10, Some("HOLD")),
            (model("a/mixed"), 4, None),
        ]
    );
    // Of the last four nothing is left of the first model.
    let last = recommendations.distribution(4).unwrap();
    assert_eq!(last.len(), 2);
    assert_eq!(last[1].shares.iter().map(|one| one.count).sum::<usize>(), 4);
    // Exactly eighty of a hundred is no warning yet; all of four is too few.
    let five = recommendations.distribution(5).unwrap();
    assert_eq!(five[0].warning, None);
}

#[test]
fn peers_are_the_surest_of_each_direction() {
    let store = Arc::new(MemoryRuns::default());
    let recommendations = of(&store);
    let day = "2025-03-04";
    let views = [
        ("A", "BUY", 0.9),
        ("B", "BUY", 0.8),
        ("C", "OVERWEIGHT", 0.6),
        ("D", "OVERWEIGHT", 0.6),
        ("E", "SELL", 0.7),
        ("F", "HOLD", 0.1),
        ("G", "HOLD", 0.3),
        ("H", "HOLD", 0.2),
    ];
    let decisions: Vec<Value> = views
        .iter()
        .map(|(ticker, rating, sure)| decision(ticker, day, rating, *sure))
        .collect();
    analysis(&store, 1, "a/b", &decisions, 0);
    let query = RecommendationQuery {
        date: Some(day.parse().unwrap()),
        ..RecommendationQuery::default()
    };
    let page = recommendations.list(&query).unwrap();
    let told = |without: Option<&str>| -> [Vec<String>; 3] {
        let without = without.map(|ticker| ticker.parse().unwrap());
        let peers = context::peers(&page.recommendations, without.as_ref());
        [peers.bullish, peers.bearish, peers.neutral].map(|views| {
            views
                .into_iter()
                .map(|view| view.ticker.to_string())
                .collect()
        })
    };
    let names = |of: &[&str]| -> Vec<String> { of.iter().map(|one| (*one).to_owned()).collect() };
    assert_eq!(
        told(None),
        [names(&["A", "B", "C"]), names(&["E"]), names(&["G", "H"])]
    );
    assert_eq!(
        told(Some("A")),
        [names(&["B", "C", "D"]), names(&["E"]), names(&["G", "H"])]
    );
}
