//! Strategy files: read, check, compare by name, start a new one; and the
//! registry of versions by name ([`register`], [`find`]).

mod checked;
mod mistakes;
mod registry;

use std::collections::HashMap;

use fondaco_domain::strategy::{Strategy, is_strategy_name, parse};
use fondaco_domain::{ErrorKind, Hint};
use fondaco_engine::expr::{ExprError, ParamValues, Program, check};
use thiserror::Error;

pub use checked::{Checked, Source, startup_candles};
pub use mistakes::{Mistake, mistakes};
pub use registry::{
    Beside, Content, Put, Registered, RegistryError, StrategyRef, find, put, register, registry,
    versions,
};

/// A strategy and the file it was read from.
#[derive(Debug, Clone)]
pub struct StrategyFile {
    /// Where the text is, as messages name it.
    pub path: String,
    /// The text.
    pub text: String,
    /// What it says.
    pub strategy: Strategy,
}

/// A strategy file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StrategyFileError {
    /// Mistakes in the file, each shown at its place.
    #[error("{shown}")]
    Mistakes {
        /// The file.
        path: String,
        /// The mistakes for people, the first without its leading `error:`.
        shown: String,
        /// What to do about a single one.
        advice: Option<String>,
    },
    /// One name in two files of a folder.
    #[error("two files hold a strategy `{name}`: {first} and {second}")]
    SameName {
        /// The name.
        name: String,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// A word that cannot name a strategy.
    #[error("`{0}` cannot name a strategy")]
    Name(String),
}

impl Hint for StrategyFileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Mistakes { .. } | Self::Name(_) => ErrorKind::Invalid,
            Self::SameName { .. } => ErrorKind::Conflict,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Mistakes { advice, .. } => advice.clone(),
            Self::SameName { .. } => Some("rename one of them in its [strategy] table".to_owned()),
            Self::Name(_) => Some(
                "use up to 64 letters, digits, `.`, `_` and `-`, a letter or digit first"
                    .to_owned(),
            ),
        }
    }
}

impl StrategyFile {
    /// Reads the text of a strategy file. Its expressions are looked at when
    /// it is compiled.
    pub fn read(path: &str, text: String) -> Result<Self, StrategyFileError> {
        match parse(&text) {
            Ok(strategy) => Ok(Self {
                path: path.to_owned(),
                text,
                strategy,
            }),
            Err(error) => {
                let shown = error.render(path, &text);
                Err(as_one(path, &[shown], error.hint()))
            }
        }
    }

    /// Compiles its rules; every mistake in its expressions is shown.
    pub fn compile(&self, params: &ParamValues) -> Result<Program, StrategyFileError> {
        check(&self.strategy, params).map_err(|errors| self.mistakes(&errors))
    }

    /// Shows mistakes in its expressions.
    fn mistakes(&self, errors: &[ExprError]) -> StrategyFileError {
        let shown: Vec<String> = errors
            .iter()
            .map(|error| error.render(&self.path, &self.text))
            .collect();
        let advice = errors.first().and_then(Hint::hint);
        as_one(&self.path, &shown, advice)
    }
}

/// Checks several files, each a path and a text: every mistake in any of them
/// is shown, and no name may stand twice.
pub fn check_all(
    sources: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<Checked>, StrategyFileError> {
    let mut files = Vec::new();
    let mut checked = Vec::new();
    let mut failures = Vec::new();
    for (path, text) in sources {
        let read = StrategyFile::read(&path, text);
        match read.and_then(|file| Ok((Checked::of(&file)?, file))) {
            Ok((facts, file)) => {
                checked.push(facts);
                files.push(file);
            }
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() {
        require_distinct(&files)?;
        return Ok(checked);
    }
    Err(together(failures))
}

/// Refuses two strategies of one name.
pub fn require_distinct<'a>(
    files: impl IntoIterator<Item = &'a StrategyFile>,
) -> Result<(), StrategyFileError> {
    let mut known: HashMap<&str, &str> = HashMap::new();
    for file in files {
        if let Some(first) = known.insert(&file.strategy.name, &file.path) {
            return Err(StrategyFileError::SameName {
                name: file.strategy.name.clone(),
                first: first.to_owned(),
                second: file.path.clone(),
            });
        }
    }
    Ok(())
}

/// The text of a new strategy file: a working strategy with comments.
pub fn template(name: &str) -> Result<String, StrategyFileError> {
    if !is_strategy_name(name) {
        return Err(StrategyFileError::Name(name.to_owned()));
    }
    Ok(include_str!("strategies/template.toml").replace("NAME", name))
}

/// Several renderings as one message. The reader of the message puts `error:`
/// before it and the hint of a single mistake behind it.
fn as_one(path: &str, shown: &[String], advice: Option<String>) -> StrategyFileError {
    let single = shown.len() == 1;
    let text = shown.join("\n");
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let text = if single {
        text.lines()
            .filter(|line| !line.trim_start().starts_with("= hint:"))
            .collect::<Vec<_>>()
            .join("\n")
    } else {
        text.trim_end().to_owned()
    };
    StrategyFileError::Mistakes {
        path: path.to_owned(),
        shown: text,
        advice: advice.filter(|_| single),
    }
}

/// The mistakes of several files as one message.
fn together(mut failures: Vec<StrategyFileError>) -> StrategyFileError {
    if failures.len() == 1 {
        return failures.swap_remove(0);
    }
    let mut paths = Vec::with_capacity(failures.len());
    let mut shown = Vec::with_capacity(failures.len());
    for failure in &failures {
        let hint = failure.hint();
        let hint = hint.map_or(String::new(), |hint| format!("\n  = hint: {hint}"));
        shown.push(format!("error: {failure}{hint}\n"));
        if let StrategyFileError::Mistakes { path, .. } = failure {
            paths.push(path.clone());
        }
    }
    as_one(&paths.join(", "), &shown, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[strategy]\nname = \"a\"\ntimeframe = \"1d\"\n[entry.long]\nwhen = \"close > sma(close, 5)\"\n\
                        [risk]\nstoploss = -0.1\n";

    #[test]
    fn a_mistake_is_shown_at_its_place() {
        let error = StrategyFile::read("a.toml", GOOD.replace("stoploss", "stoplos")).unwrap_err();
        insta::assert_snapshot!(error, @r#"
        unknown key `stoplos` in [risk]
         --> a.toml:7:1
          |
        7 | stoplos = -0.1
          | ^^^^^^^
        "#);
        assert_eq!(error.hint().as_deref(), Some("did you mean `stoploss`?"));
        let file = StrategyFile::read("a.toml", GOOD.replace("close >", "clos >")).unwrap();
        let error = file.compile(&ParamValues::default()).unwrap_err();
        insta::assert_snapshot!(error, @r#"
        unknown name `clos`
         --> a.toml:5:9
          |
        5 | when = "clos > sma(close, 5)"
          |         ^^^^
        "#);
        let file = StrategyFile::read("a.toml", GOOD.replace("close", "clos")).unwrap();
        let error = file.compile(&ParamValues::default()).unwrap_err();
        insta::assert_snapshot!(error, @r#"
        unknown name `clos`
         --> a.toml:5:9
          |
        5 | when = "clos > sma(clos, 5)"
          |         ^^^^
        "#);
    }

    #[test]
    fn mistakes_of_several_files_are_shown_together() {
        let sources = ["stoplos", "stop_loss"]
            .map(|key| (format!("{key}.toml"), GOOD.replace("stoploss", key)));
        insta::assert_snapshot!(check_all(sources).unwrap_err(), @r#"
        unknown key `stoplos` in [risk]
         --> stoplos.toml:7:1
          |
        7 | stoplos = -0.1
          | ^^^^^^^
          = hint: did you mean `stoploss`?

        error: unknown key `stop_loss` in [risk]
         --> stop_loss.toml:7:1
          |
        7 | stop_loss = -0.1
          | ^^^^^^^^^
          = hint: did you mean `stoploss`?
        "#);
    }

    #[test]
    fn one_name_in_two_files() {
        let file = |path: &str| StrategyFile::read(path, GOOD.to_owned()).unwrap();
        let error = require_distinct(&[file("a.toml"), file("b.toml")]).unwrap_err();
        insta::assert_snapshot!(error, @"two files hold a strategy `a`: a.toml and b.toml");
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }

    #[test]
    fn a_new_file_is_in_order() {
        let text = template("my-first").unwrap();
        let file = StrategyFile::read("my-first.toml", text).unwrap();
        let checked = Checked::of(&file).unwrap();
        assert_eq!(file.strategy.name, "my-first");
        assert_eq!(checked.notes, [] as [String; 0]);
        assert!(file.strategy.require_rules().is_ok());
        assert!(template("../etc").is_err());
    }

    #[test]
    fn what_is_told_about_a_file_in_order() {
        let text = GOOD.replace("\"1d\"", "\"1d\"\nstartup_candles = 2\n[params]\nn = { default = 3, low = 1, high = 9 }\n[indicators]\nunused = \"ema(close, 9)\"");
        let checked = Checked::of(&StrategyFile::read("a.toml", text).unwrap()).unwrap();
        assert_eq!((checked.startup_derived, checked.startup_candles), (4, 4));
        insta::assert_snapshot!(checked.notes.join("\n"), @r#"
        startup_candles = 2 is fewer than the rules need: 4 are used
        used by no rule or indicator: $n, unused
        "#);
    }
}
