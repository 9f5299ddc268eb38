//! A run once more, from what it was asked and answered.

use fondaco_app::simulation::record::RecordError;
use fondaco_domain::run::RunState;
use serde_json::json;

use super::world::{DAYS, Ran, Said, World, answer};

fn busy() -> World {
    let buys = ("buy", json!({"symbol": "AAPL", "amount": 5}));
    World::new()
        .job(|job| {
            job["models"][0]["temperature_milli"] = json!(700);
            job["models"][0]["seed"] = json!(7);
            job["account"]["margin_requirement"] = json!("0.5");
        })
        .says(
            DAYS[0],
            vec![
                Said::Wishes(vec![
                    ("prices", json!({"symbol": "AAPL"})),
                    ("lend", json!(null)),
                ]),
                Said::Whole(answer("", &[buys.clone(), ("finish", json!({}))])),
                Said::Text("Five were bought."),
            ],
        )
        .says(
            DAYS[1],
            vec![Said::Text("Nothing. <FINISH_SIGNAL>"), Said::Text("")],
        )
        .says(DAYS[2], vec![Said::Wishes(vec![buys]), Said::Text("")])
}

/// Questions that were asked and answered are those of the recording, to the
/// byte.
#[test]
fn questions_are_made_anew_as_they_were_asked() {
    let ran = busy().run();
    let recorded = ran.recorded().unwrap();
    for (day, answers) in [(0, 3), (1, 2), (2, 0), (3, 1)] {
        let day = DAYS[day];
        let made: Vec<_> = recorded
            .iter()
            .filter(|one| one.node.starts_with(day))
            .collect();
        // A day without a document cannot be recorded.
        assert_eq!(made.len(), answers, "{day}");
        for (one, asked) in made.iter().zip(ran.asked(day)) {
            assert_eq!(one.request, asked, "{day} #{}", one.ordinal);
        }
    }
}

fn replayed(ran: &Ran, change: impl FnOnce(&mut World)) -> Ran {
    let mut world = World::new().replays(ran.recorded().unwrap());
    world.job.clone_from(&ran.world.job);
    change(&mut world);
    world.run()
}

#[test]
fn a_recording_gives_the_same_days() {
    let ran = busy().run();
    let again = replayed(&ran, |_| ());
    assert_eq!(again.state(), RunState::Partial);
    for day in [0, 1, 3] {
        assert_eq!(again.text(DAYS[day]), ran.text(DAYS[day]));
    }
    assert!(ran.failed(DAYS[2]).contains("malformed"));
    assert!(again.failed(DAYS[2]).contains("not_recorded"));
}

/// Another price is another question: the day fails, and orders nothing.
#[test]
fn a_recording_of_other_prices_is_none() {
    let ran = busy().run();
    let again = replayed(&ran, |world| {
        let bars = world.sources.candles.get_mut("AAPL").unwrap();
        let day = super::sources::midnight(DAYS[1]);
        let changed = bars.iter_mut().find(|bar| bar.time == day).unwrap();
        changed.open += 0.125;
    });
    assert_eq!(again.text(DAYS[0]), ran.text(DAYS[0]));
    assert!(again.failed(DAYS[1]).contains("not_recorded: "));
}

/// Another program would ask other questions under the same names.
#[test]
fn questions_of_other_prompts_are_not_made_anew() {
    let ran = World::new()
        .job(|job| job["prompts"] = json!("0".repeat(64)))
        .run();
    assert_eq!(ran.state(), RunState::Failed);
    assert!(
        ran.failed(DAYS[0])
            .contains("was accepted with the prompts 000")
    );
    let error = ran.recorded().unwrap_err();
    assert!(matches!(error, RecordError::Prompts { .. }), "{error}");
}
