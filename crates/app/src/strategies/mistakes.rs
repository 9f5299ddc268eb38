//! Mistakes in a strategy file one by one, for editors and pages.

use fondaco_domain::Hint;
use fondaco_domain::strategy::{Place, parse};
use fondaco_engine::expr::{ParamValues, check};

/// A mistake and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub at: Place,
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What is wrong with a file: the first mistake of its form, or every mistake
/// in its expressions. None: it can be used.
pub fn mistakes(text: &str) -> Vec<Mistake> {
    let strategy = match parse(text) {
        Ok(strategy) => strategy,
        Err(error) => {
            return vec![Mistake {
                at: error.at,
                message: error.problem.to_string(),
                hint: error.hint(),
            }];
        }
    };
    let Err(errors) = check(&strategy, &ParamValues::defaults(&strategy)) else {
        return Vec::new();
    };
    let mistakes = errors.into_iter().map(|error| Mistake {
        at: error.at,
        message: error.problem.to_string(),
        hint: error.hint(),
    });
    mistakes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[strategy]\nname = \"a\"\ntimeframe = \"1d\"\n[entry.long]\nwhen = \"close > sma(close, 5)\"\n\
                        [exit.long]\nwhen = \"close < 1\"\n[risk]\nstoploss = -0.1\n";

    #[test]
    fn each_has_its_place() {
        assert_eq!(mistakes(GOOD), []);
        let found = mistakes(&GOOD.replace("close", "clos"));
        let places: Vec<_> = found.iter().map(|it| (it.at.line, it.at.column)).collect();
        assert_eq!(places, [(5, 9), (7, 9)]);
        assert_eq!(found[0].message, "unknown name `clos`");
        let found = mistakes(&GOOD.replace("stoploss", "stoplos"));
        assert_eq!((found[0].at.line, found[0].at.length), (9, 7));
        assert_eq!(found[0].hint.as_deref(), Some("did you mean `stoploss`?"));
    }
}
