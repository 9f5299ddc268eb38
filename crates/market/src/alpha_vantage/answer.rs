//! What the source says, and what it means.

use std::path::PathBuf;
use std::time::Duration;

use fondaco_app::data::{Decimal, FileContent, ReadOptions};
use fondaco_app::simulation::download::SourceError;
use fondaco_domain::{Bars, Symbol, Timeframe};

use super::key::ApiKey;
use super::wire::{Fault, Response};
use crate::error::ReadError;
use crate::read::{self, Vantage};

/// The series that was asked for.
const DAILY: &str = "Time Series (Daily)";

/// Words of the source that are kept.
const LONGEST_SAID: usize = 300;

/// What was asked, to make sense of an answer.
pub(super) struct Question<'a> {
    pub(super) source: &'a str,
    pub(super) symbol: &'a Symbol,
    pub(super) key: &'a ApiKey,
}

impl Question<'_> {
    /// Why there is no answer.
    pub(super) fn fault(&self, fault: Fault, deadline: Duration) -> SourceError {
        let source_name = self.source.to_owned();
        match fault {
            Fault::Stopped => SourceError::Stopped,
            Fault::TimedOut => SourceError::TimedOut {
                source_name,
                deadline,
            },
            Fault::TooLong => self.malformed("it is longer than 32 MiB"),
            Fault::Transport(cause) => SourceError::Broken {
                source_name,
                cause: cause.into(),
            },
            Fault::Gone => SourceError::Broken {
                source_name,
                cause: "the thread that asked is gone".into(),
            },
        }
    }

    /// The candles of an answer.
    pub(super) fn read(&self, response: &Response) -> Result<Bars, SourceError> {
        let source_name = self.source.to_owned();
        match response.status {
            200..=299 => self.body(&response.body),
            300..=399 => Err(SourceError::Redirected {
                source_name,
                host: response.sent_to.clone().unwrap_or_default(),
            }),
            401 | 403 => Err(SourceError::Key {
                source_name,
                said: self.words(response),
            }),
            429 => Err(SourceError::RateLimited {
                source_name,
                said: self.words(response),
                retry_after: response.retry_after,
            }),
            408 | 500.. => Err(SourceError::Server {
                source_name,
                status: response.status,
                retry_after: response.retry_after,
            }),
            status => Err(SourceError::Refused {
                source_name,
                status,
            }),
        }
    }

    fn body(&self, body: &[u8]) -> Result<Bars, SourceError> {
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => return Err(self.broken("the answer is empty")),
            Some(b'<') => return Err(self.malformed("it is a page for people")),
            Some(_) => {}
        }
        let vantage: Vantage = serde_json::from_slice(body).map_err(|error| {
            if error.is_eof() {
                self.broken("the answer breaks off")
            } else {
                self.malformed(&format!("it is not what the protocol says: {error}"))
            }
        })?;
        if let Some((key, words)) = vantage.messages.first() {
            return Err(self.said(key, words));
        }
        let Some((name, rows)) = &vantage.series else {
            return Err(if vantage.is_blank() {
                self.empty()
            } else {
                self.malformed("it holds no prices")
            });
        };
        if name != DAILY {
            return Err(self.malformed(&format!("it holds `{}`", self.tidy(name))));
        }
        let Some(found) = vantage.about("symbol") else {
            return Err(self.malformed("it does not say of which symbol it is"));
        };
        if !found.eq_ignore_ascii_case(self.symbol.as_str()) {
            return Err(SourceError::WrongSymbol {
                source_name: self.source.to_owned(),
                symbol: self.symbol.clone(),
                found: self.tidy(found),
            });
        }
        if rows.is_empty() {
            return Err(self.empty());
        }
        self.bars(&vantage)
    }

    /// Rows to candles, by the rules of imported files: what cannot be a
    /// candle, and two that contradict each other, spoil all of it.
    fn bars(&self, vantage: &Vantage) -> Result<Bars, SourceError> {
        let options = ReadOptions {
            symbol: Some(self.symbol.clone()),
            timeframe: Some(Timeframe::DAY),
            decimal: Some(Decimal::Point),
            ..ReadOptions::default()
        };
        let label = PathBuf::from(self.symbol.file_stem());
        let rows = |error: ReadError| SourceError::Rows {
            source_name: self.source.to_owned(),
            problem: self.tidy(&error.to_string()),
        };
        let FileContent::Series(mut all) = vantage.series(&label, &options).map_err(rows)? else {
            return Err(self.malformed("it holds no prices"));
        };
        let raw = all.pop().ok_or_else(|| self.empty())?;
        let series = read::clean(&label, raw, options.repair).map_err(rows)?;
        let midnight = |at: &fondaco_domain::UnixMillis| Timeframe::DAY.floor(*at) == *at;
        if !series.bars.time().iter().all(midnight) {
            return Err(self.malformed("its stamps are no days"));
        }
        Ok(series.bars)
    }

    /// What words mean that come in place of prices.
    fn said(&self, key: &str, words: &str) -> SourceError {
        let source_name = self.source.to_owned();
        let said = self.tidy(words);
        match meaning(key, words) {
            Meaning::Enough => SourceError::RateLimited {
                source_name,
                said,
                retry_after: None,
            },
            Meaning::Premium => SourceError::Premium { source_name, said },
            Meaning::Key => SourceError::Key { source_name, said },
            Meaning::Unknown => SourceError::UnknownSymbol {
                source_name,
                symbol: self.symbol.clone(),
                said,
            },
        }
    }

    /// Words of a refusal, where there are any.
    fn words(&self, response: &Response) -> String {
        let vantage: Option<Vantage> = serde_json::from_slice(&response.body).ok();
        let words = vantage.and_then(|it| it.messages.into_iter().next());
        words.map_or_else(
            || format!("HTTP {}", response.status),
            |(_, words)| self.tidy(&words),
        )
    }

    /// On one line, not too long, and without the key.
    fn tidy(&self, words: &str) -> String {
        let words: Vec<&str> = words.split_whitespace().collect();
        let words = self.key.scrub(&words.join(" "));
        words.chars().take(LONGEST_SAID).collect()
    }

    fn malformed(&self, problem: &str) -> SourceError {
        SourceError::Malformed {
            source_name: self.source.to_owned(),
            problem: self.tidy(problem),
        }
    }

    fn broken(&self, problem: &'static str) -> SourceError {
        SourceError::Broken {
            source_name: self.source.to_owned(),
            cause: problem.into(),
        }
    }

    fn empty(&self) -> SourceError {
        SourceError::Empty {
            source_name: self.source.to_owned(),
            symbol: self.symbol.clone(),
        }
    }
}

/// What a message in place of prices means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// It has been asked often enough.
    Enough,
    /// For customers who pay.
    Premium,
    /// The key is wrong.
    Key,
    /// The symbol is not known.
    Unknown,
}

/// `Error Message` is about the key or the symbol. `Note` and `Information`
/// are about the limit, unless they name something else: their texts about the
/// limit praise premium plans, too, so words about the limit come first.
fn meaning(key: &str, words: &str) -> Meaning {
    let words = words.to_ascii_lowercase();
    let has = |any: &[&str]| any.iter().any(|part| words.contains(part));
    let limit = [
        "rate limit",
        "frequency",
        "per day",
        "per minute",
        "per second",
        "sparingly",
    ];
    if key == "Error Message" {
        if has(&["apikey", "api key"]) {
            Meaning::Key
        } else {
            Meaning::Unknown
        }
    } else if has(&["premium endpoint", "premium feature"]) && !has(&limit[..2]) {
        Meaning::Premium
    } else if has(&limit) {
        Meaning::Enough
    } else if has(&["demo purposes", "api key is invalid", "apikey is invalid"]) {
        Meaning::Key
    } else if has(&["premium"]) {
        Meaning::Premium
    } else {
        Meaning::Enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_source_are_understood() {
        for (key, words, expected) in [
            (
                "Note",
                "Our standard call frequency is 5 calls per minute and 500 calls per day. See our premium plans.",
                Meaning::Enough,
            ),
            (
                "Information",
                "Please spread your free requests out more sparingly (1 request per second). Premium plans lift the \
                 free key rate limit (25 requests per day) and unlock all premium endpoints.",
                Meaning::Enough,
            ),
            (
                "Information",
                "We have detected your API key as ABCDEF and our standard API rate limit is 25 requests per day.",
                Meaning::Enough,
            ),
            ("Information", "Come back later.", Meaning::Enough),
            (
                "Information",
                "Thank you! This is a premium endpoint. Subscribe to unlock it.",
                Meaning::Premium,
            ),
            (
                "Information",
                "The outputsize=full value is a premium feature of the daily series.",
                Meaning::Premium,
            ),
            (
                "Information",
                "The demo API key is for demo purposes only.",
                Meaning::Key,
            ),
            (
                "Error Message",
                "the parameter apikey is invalid or missing.",
                Meaning::Key,
            ),
            (
                "Error Message",
                "Invalid API call. Please retry or visit the documentation for TIME_SERIES_DAILY.",
                Meaning::Unknown,
            ),
        ] {
            assert_eq!(meaning(key, words), expected, "{words}");
        }
    }
}
