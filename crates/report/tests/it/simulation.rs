//! The report of a simulation.

use fondaco_contract::v1alpha1::simulation::{ActionState, DayStatus, MessageRole};
use fondaco_report::simulation::Repeated;
use serde_json::json;

use crate::simulation_sample::{self as sample, Sample, Size};

const EVIL: &str = "</script><img src=x onerror=\"alert(1)\"><!-- \u{202e}\u{200f}";

const SMALL: Size = Size {
    models: 3,
    days: 12,
    messages: 6,
    characters: 200,
};

fn small() -> Sample {
    sample::of(SMALL)
}

#[test]
fn everything_that_was_asked_for_is_told() {
    let page = small().page();
    for told in [
        "<h1>3 models, 2025-03-03 to 2025-03-18</h1>",
        "1\u{a0}model-day failed; the days after them go on from the last one that was completed.",
        "Skipped 1 dates due to incomplete price data: [2025-03-06]",
        // The leaderboard: baselines between the models, and what is not known.
        "<tr class=\"baseline\"><th scope=\"row\">momentum<small>baseline</small></th>",
        "<th scope=\"row\">bold<small>fondaco/rule-based</small></th>",
        "<strong>not before the first day</strong>",
        "learnt from nothing",
        // The grid, and the same in words.
        "title=\"2025-03-06 Skipped: Incomplete price data\">I</td>",
        "title=\"2025-03-12 Failed: no answer of test within 30 s\">F</td>",
        "<td class=\"text wrap\">Incomplete price data</td><td class=\"text wrap\">all models</td><td>3</td><td class=\"text wrap\">2025-03-06</td>",
        "<td class=\"text wrap\">Already completed</td><td class=\"text wrap\">even</td><td>2</td><td class=\"text wrap\">2025-03-03 to 2025-03-04</td>",
        // Reasons, with what was done.
        "bought 12 AAPL at 182.10",
        "sell 3 KO refused",
        "sell 2 MSFT at the next open",
        "Of 12 symbols, AAPL looks best (+0.51) and KO worst (-0.12).",
        "indicators <code>{&quot;symbol&quot;:&quot;AAPL&quot;}</code>",
        "ended: finished",
        // Terms.
        "Execution next_open: an order waits and is filled at the open of the next step",
        "Completeness all_symbols:",
        "No fees, no duties, no slippage: the account is better than a real one.",
        "Nothing is sold short.",
        "djia AAPL 1d 9e107d9d372b",
        "10,000.00 USD each",
    ] {
        assert!(page.contains(told), "not told: {told}");
    }
}

#[test]
fn ranks_follow_returns_over_models_and_baselines() {
    let mut sample = small();
    let returns = [Some(4.0), Some(-2.0), None];
    for (line, pct) in sample.result.models.iter_mut().zip(returns) {
        line.return_pct = pct;
    }
    for (line, pct) in sample.result.baselines.iter_mut().zip([9.0, 4.0, 1.0]) {
        line.return_pct = Some(pct);
    }
    let page = sample.page();
    let board = part(&page, "<table class=\"sortable board\">", "</table>");
    let rows: Vec<String> = board
        .split("<tr")
        .skip(2)
        .map(|row| {
            let name = part(row, "<th scope=\"row\">", "<small>");
            let rank = part(row, "</th><td", "</td>")
                .rsplit('>')
                .next()
                .unwrap()
                .to_owned();
            format!("{rank} {name}")
        })
        .collect();
    let models: Vec<&str> = sample
        .result
        .models
        .iter()
        .map(|line| &*line.name)
        .collect();
    let expected = [
        "1 buy and hold".to_owned(),
        format!("2 {}", models[0]),
        "2 equal weight".to_owned(),
        "4 momentum".to_owned(),
        format!("5 {}", models[1]),
        format!("– {}", models[2]),
    ];
    assert_eq!(rows, expected);
}

/// What stands between two texts.
fn part<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let (_, after) = page.split_once(from).unwrap();
    after.split_once(to).unwrap().0
}

#[test]
fn several_runs_of_a_model_have_an_interval_or_say_why_not() {
    let mut sample = small();
    let one = |model: &str, interval_pct| Repeated {
        model: model.to_owned(),
        runs: 5,
        mean_return_pct: Some(3.2),
        interval_pct,
        level: 0.95,
    };
    sample.repeats = vec![
        one("gpt", Ok([-1.0, 7.4])),
        one("rules", Err("all runs are equal".to_owned())),
    ];
    let page = sample.page();
    assert!(page.contains("−1.00\u{a0}% to +7.40\u{a0}%"));
    assert!(page.contains("all runs are equal"));
    assert!(!small().page().contains("Over several runs"));
}

#[test]
fn what_others_wrote_is_never_markup() {
    let mut sample = small();
    sample.result.run = EVIL.to_owned();
    sample.result.status = EVIL.to_owned();
    sample.result.warnings = vec![EVIL.to_owned()];
    sample.account.currency = EVIL.to_owned();
    sample.job.book = Some(EVIL.to_owned());
    for model in &mut sample.job.models {
        model.model = EVIL.to_owned();
        model.name = format!("{}{EVIL}", model.name);
    }
    for line in sample
        .result
        .models
        .iter_mut()
        .chain(&mut sample.result.baselines)
    {
        line.name = format!("{}{EVIL}", line.name);
        line.model = line.model.as_ref().map(|_| EVIL.to_owned());
    }
    for line in &mut sample.result.days {
        line.model = format!("{}{EVIL}", line.model);
        line.error = line.error.as_ref().map(|_| EVIL.to_owned());
    }
    for day in &mut sample.days {
        day.model = format!("{}{EVIL}", day.model);
        day.session.summary = Some(EVIL.to_owned());
        day.session.ended = EVIL.to_owned();
        for action in &mut day.actions {
            if let ActionState::Refused { reason } = &mut action.state {
                *reason = EVIL.to_owned();
            }
        }
        for message in &mut day.session.conversation {
            message.text = EVIL.to_owned();
            if message.role == MessageRole::Tool {
                message.tool = Some(EVIL.to_owned());
                message.input = Some(json!({ "symbol": EVIL }));
            }
        }
    }
    let page = sample.page();
    assert!(page.matches("onerror").count() > 50, "it is told, escaped");
    assert!(!page.contains("<img"), "an element got in");
    assert!(!page.contains("onerror=\""), "an attribute got in");
    assert_eq!(page.matches("</script>").count(), 2, "an element was ended");
    assert_eq!(page.matches("<!--").count(), 0);
    let markup = page.split("<script").next().unwrap();
    assert!(
        !markup.contains(['\u{202e}', '\u{200f}']),
        "a text turns its neighbours around"
    );
}

#[test]
fn a_page_fetches_nothing_and_is_the_same_bytes_each_time() {
    let sample = small();
    let page = sample.page();
    assert_eq!(page, sample.page());
    for word in [
        "http://",
        "https://",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "import(",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert_eq!(page.matches("<th>").count(), 0, "every head has its scope");
}

#[test]
fn nothing_begun_is_a_page_all_the_same() {
    let mut sample = small();
    sample.days.clear();
    sample.result.models.clear();
    sample.result.baselines.clear();
    for line in &mut sample.result.days {
        line.status = DayStatus::Pending;
        line.error = None;
    }
    sample.result.progress.pending = sample.result.progress.total_model_days;
    let page = sample.page();
    assert!(page.contains("No model-day has been completed."));
    assert!(page.contains("Nothing was traded."));
    assert!(page.contains("still to be done"));
    sample.result.days.clear();
    assert!(sample.page().contains("<h1>3 models</h1>"));
}

#[test]
fn hours_are_told_as_hours() {
    let mut sample = small();
    let hour = |text: String| format!("{text} 10:30:00").parse().unwrap();
    for line in &mut sample.result.days {
        line.date = hour(line.date.to_string());
    }
    for day in &mut sample.days {
        day.date = hour(day.date.to_string());
    }
    let page = sample.page();
    assert!(page.contains("<th scope=\"col\" title=\"2025-03-03 10:30:00\">10:30</th>"));
    assert!(page.contains("\"daily\":false"));
}

#[test]
fn large_runs_stay_small_and_say_what_is_missing() {
    let wide = Size {
        models: 10,
        days: 83,
        messages: 14,
        characters: 3_000,
    };
    let long = Size {
        models: 10,
        days: 1_000,
        messages: 2,
        characters: 400,
    };
    for size in [wide, long] {
        let page = sample::of(size).page();
        assert!(page.len() < 4 << 20, "{size:?}: {} bytes", page.len());
        assert!(page.contains("characters more</span>"), "{size:?}");
        assert!(page.contains("fondaco simulate show 01956a50-7c00-7000-8000-000000000001 --date"));
    }
    let page = sample::of(long).page();
    assert!(page.contains("model-days are told of;"));
    // Nothing is cut where there is room.
    assert!(!small().page().contains("class=\"cut\">…"));
}

/// With `REPORT_DIR` set, writes reports to look at and for the browser test.
#[test]
fn simulation_reports_to_look_at() {
    let Some(folder) = std::env::var_os("REPORT_DIR").map(std::path::PathBuf::from) else {
        return;
    };
    let size = |models, days, characters| Size {
        models,
        days,
        messages: 8,
        characters,
    };
    let mut hostile = sample::of(size(2, 83, 600));
    for message in &mut hostile.days[0].session.conversation {
        message.text = EVIL.to_owned();
    }
    hostile.days[0].session.summary = Some(EVIL.to_owned());
    let pages = [
        ("simulation.html", hostile),
        ("simulation-many.html", sample::of(size(10, 83, 600))),
        ("simulation-long.html", sample::of(size(10, 1_000, 400))),
    ];
    for (name, sample) in pages {
        std::fs::write(folder.join(name), sample.page()).unwrap();
    }
}
