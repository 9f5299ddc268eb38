//! What a result makes wrong that its schema cannot say.

use super::{DayStatus, SIMULATION_RESULT, SimulationResult};
use crate::v1alpha1::analysis::Fault;

/// What is wrong with a result: counts that do not add up, days that say
/// something else than the counts, a day without the reason it must have.
pub fn faults_of_simulation(result: &SimulationResult) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, problem: String| {
        faults.push(Fault {
            pointer: pointer.to_owned(),
            problem,
        });
    };
    if result.contract != SIMULATION_RESULT {
        fault(
            "/contract",
            format!("`{}` is another contract", result.contract),
        );
    }
    let it = &result.progress;
    let sum = it.pending + it.running + it.completed + it.failed + it.skipped;
    if sum != it.total_model_days {
        let total = it.total_model_days;
        fault("/progress", format!("the counts make {sum}, not {total}"));
    }
    for (status, counted) in [
        (DayStatus::Pending, it.pending),
        (DayStatus::Running, it.running),
        (DayStatus::Completed, it.completed),
        (DayStatus::Failed, it.failed),
        (DayStatus::Skipped, it.skipped),
    ] {
        let days = result.days.iter().filter(|day| day.status == status);
        let days = days.count() as u64;
        if days != counted {
            let status = status.as_str();
            let problem = format!("{days} days are {status}, and {counted} are counted");
            fault(&format!("/progress/{status}"), problem);
        }
    }
    for (index, day) in result.days.iter().enumerate() {
        let must = matches!(day.status, DayStatus::Failed | DayStatus::Skipped);
        if must != day.error.is_some() {
            let status = day.status.as_str();
            let problem = if must {
                format!("a {status} day says why")
            } else {
                format!("a {status} day has no error")
            };
            fault(&format!("/days/{index}/error"), problem);
        }
    }
    faults
}
