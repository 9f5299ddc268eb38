//! What a client is told of what was skipped, word for word.

use fondaco_contract::v1alpha1::simulation::SimDate;

/// `Skipped 2 dates due to incomplete price data: ['2025-10-04',
/// '2025-10-05']`, the dates in order and each once; nothing where there is
/// none.
pub fn incomplete(dates: impl IntoIterator<Item = SimDate>) -> Option<String> {
    let mut dates: Vec<SimDate> = dates.into_iter().collect();
    dates.sort_unstable();
    dates.dedup();
    if dates.is_empty() {
        return None;
    }
    let list: Vec<String> = dates.iter().map(|date| format!("'{date}'")).collect();
    Some(format!(
        "Skipped {} dates due to incomplete price data: [{}]",
        dates.len(),
        list.join(", ")
    ))
}

/// `Skipped 3 model-days already completed`; nothing where there is none.
pub fn already_completed(model_days: usize) -> Option<String> {
    (model_days > 0).then(|| format!("Skipped {model_days} model-days already completed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_that_clients_know() {
        let dates = ["2025-10-05", "2025-10-04", "2025-10-05"].map(|it| it.parse().unwrap());
        assert_eq!(
            incomplete(dates).as_deref(),
            Some("Skipped 2 dates due to incomplete price data: ['2025-10-04', '2025-10-05']")
        );
        assert_eq!(
            already_completed(1).as_deref(),
            Some("Skipped 1 model-days already completed")
        );
        assert_eq!((incomplete([]), already_completed(0)), (None, None));
    }
}
