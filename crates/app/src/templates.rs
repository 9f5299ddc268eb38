//! Words for models, from files that are built into the program.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value};

/// Templates by name.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    /// These. One that does not parse is missing here, and found missing when
    /// it is rendered.
    pub(crate) fn of(files: &[(&'static str, &'static str)]) -> Self {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in files {
            let _missing = environment.add_template(name, text);
        }
        Self(environment)
    }

    /// One with its values, without a line break at the end.
    pub(crate) fn render<const N: usize>(
        &self,
        name: &str,
        values: [(&str, Value); N],
    ) -> Result<String, Error> {
        let values: BTreeMap<&str, Value> = values.into();
        let text = self.0.get_template(name)?.render(Value::from(values))?;
        Ok(text.trim_end().to_owned())
    }
}
