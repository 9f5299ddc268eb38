//! What statuses of providers mean.

use fondaco_app::ports::model::ModelError;
use serde_json::Value;

use super::wire::Answer;

/// Characters of what a provider said that are shown.
const SHOWN: usize = 300;

/// Of an answer that is not 200.
pub(super) fn of_status(provider: &str, model: &str, answer: &Answer) -> ModelError {
    let said = said(&answer.body);
    let provider = provider.to_owned();
    match answer.status {
        401 | 403 => ModelError::Auth { provider },
        // Gemini's way of saying so.
        400 if answer.body.contains("API key not valid") => ModelError::Auth { provider },
        404 => ModelError::Unknown(model.to_owned()),
        // No money left there: waiting does not help.
        429 if answer.body.contains("insufficient_quota") => ModelError::Refused {
            provider,
            problem: said,
        },
        429 => ModelError::RateLimited {
            provider,
            retry_after: answer.retry_after,
        },
        408 | 409 | 425 | 500.. => ModelError::Failed {
            provider,
            status: answer.status,
            source: said.into(),
        },
        300..=399 => ModelError::Refused {
            provider,
            problem: format!("it leads elsewhere with status {}", answer.status),
        },
        400..=499 => ModelError::Refused {
            provider,
            problem: said,
        },
        status => ModelError::Malformed {
            provider,
            problem: format!("it has status {status}"),
        },
    }
}

/// Its message where it has one, else its beginning.
pub(super) fn said(body: &str) -> String {
    let document: Option<Value> = serde_json::from_str(body).ok();
    let message = document.as_ref().and_then(|document| {
        let places = ["/error/message", "/message", "/detail", "/error"];
        places
            .iter()
            .find_map(|place| document.pointer(place)?.as_str())
    });
    let text = message.unwrap_or(body).trim();
    let line: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(SHOWN)
        .collect();
    if line.is_empty() {
        "it said nothing".to_owned()
    } else {
        line
    }
}
