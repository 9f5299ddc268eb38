//! `fondaco tool`.

mod call;
mod list;

use clap::Subcommand;
use fondaco_app::tools::Scope;
use fondaco_domain::{Timeframe, UnixMillis, time};

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco tool`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What models may call.
    List(list::Args),
    /// Call one, and see exactly what a model would see.
    Call(call::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, context),
        Command::Call(args) => call::run(args, context),
    }
}

/// A clock by its day or its instant. A day is meant to its end: what became
/// known on it is known.
pub(crate) fn clock(text: &str) -> Result<UnixMillis, time::TimeRangeError> {
    let at = time::parse_stamp(text)?;
    let is_day = text.parse::<jiff::civil::Date>().is_ok() && !text.contains([':', 'T', ' ']);
    Ok(if is_day {
        at.plus(Timeframe::DAY.millis())
    } else {
        at
    })
}

/// What may be seen at a clock, or now where none is given or it is later:
/// the newest candles and all research; holdings are not known.
pub(crate) fn scope(at: Option<UnixMillis>, now: UnixMillis) -> Scope {
    Scope {
        clock: at.map_or(now, |at| at.min(now)),
        opening: None,
        candles: None,
        timeframe: Timeframe::DAY,
        research: None,
        portfolio: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_to_its_end() {
        let midnight = time::parse_stamp("2025-03-05T00:00:00Z").unwrap();
        for day in ["2025-03-04", "20250304", "2025-03-05T00:00:00Z"] {
            assert_eq!(clock(day).unwrap(), midnight, "{day}");
        }
        assert!(clock("tomorrow").is_err());
        assert_eq!(
            scope(Some(midnight), midnight.plus(-7)).clock.0,
            midnight.0 - 7
        );
    }
}
