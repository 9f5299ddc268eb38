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
