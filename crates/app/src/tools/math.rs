//! `math`: arithmetic, so that a model need not guess.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::function::{self, Function, Said, Trouble};
use super::known::Known;
use super::text;

/// Letters of an expression.
const LONGEST: usize = 500;

/// Brackets, signs and functions in each other.
const DEEPEST: usize = 50;

/// Significant digits of a value: as many as a double keeps.
const DIGITS: usize = 15;

const WANTED: &str = "numbers, + - * /, brackets, and min, max, abs, sqrt, pow are wanted";

pub(super) const MATH: Function = Function {
    name: "math",
    description: "The value of an expression of numbers, + - * /, brackets and the functions \
                  min(a, b, …), max(a, b, …), abs(a), sqrt(a), pow(a, b), to 15 digits.",
    parameters,
    answer,
};

fn parameters() -> Value {
    let expression = json!({
        "type": "string",
        "maxLength": LONGEST,
        "description": "Such as (243.5 - 231.2) / 231.2 * 100.",
    });
    function::schema(&[("expression", expression)], &["expression"])
}

fn answer(arguments: &Arguments<'_>, _: &Known<'_>) -> Result<Said, Trouble> {
    let expression = arguments.text("expression", LONGEST)?;
    let value = value(expression).map_err(|problem| format!("`expression`: {problem}"))?;
    Ok(Said::new(json!({"value": text::number(value, DIGITS)})))
}

/// What an expression comes to: a finite number, or why there is none.
fn value(expression: &str) -> Result<f64, String> {
    let mut reader = Reader {
        rest: expression,
        depth: 0,
    };
    let value = reader.sum()?;
    reader.blank();
    if let Some(letter) = reader.rest.chars().next() {
        return Err(unexpected(letter));
    }
    Ok(value)
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn sum(&mut self) -> Result<f64, String> {
        let mut value = self.product()?;
        loop {
            if self.takes('+') {
                value = finite(value + self.product()?)?;
            } else if self.takes('-') {
                value = finite(value - self.product()?)?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut value = self.factor()?;
        loop {
            if self.takes('*') {
                value = finite(value * self.factor()?)?;
            } else if self.takes('/') {
                let by = self.factor()?;
                if by == 0.0 {
                    return Err("division by zero".into());
                }
                value = finite(value / by)?;
            } else {
                return Ok(value);
            }
        }
    }

    fn factor(&mut self) -> Result<f64, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("more than {DEEPEST} parts in each other"));
        }
        let value = self.part();
        self.depth -= 1;
        value
    }

    fn part(&mut self) -> Result<f64, String> {
        if self.takes('-') {
            return self.factor().map(|value| -value);
        }
        if self.takes('+') {
            return self.factor();
        }
        if self.takes('(') {
            let value = self.sum()?;
            self.expect(')')?;
            return Ok(value);
        }
        match self.rest.chars().next() {
            Some(letter) if letter.is_ascii_digit() || letter == '.' => self.number(),
            Some(letter) if letter.is_ascii_alphabetic() => self.function(),
            Some(letter) => Err(unexpected(letter)),
            None => Err(format!("it ends too early; {WANTED}")),
        }
    }

    /// Digits, a point and an exponent.
    fn number(&mut self) -> Result<f64, String> {
        let mut before = ' ';
        let end = self.rest.find(|letter: char| {
            let is_sign = matches!(letter, '+' | '-') && matches!(before, 'e' | 'E');
            before = letter;
            !(letter.is_ascii_digit() || matches!(letter, '.' | 'e' | 'E') || is_sign)
        });
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let number: f64 = digits
            .parse()
            .map_err(|_| format!("`{digits}` is no number"))?;
        finite(number)
    }

    fn function(&mut self) -> Result<f64, String> {
        let end = self
            .rest
            .find(|letter: char| !letter.is_ascii_alphanumeric());
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        self.expect('(')
            .map_err(|_| format!("there is no `{name}`; {WANTED}"))?;
        let mut values = vec![self.sum()?];
        while self.takes(',') {
            values.push(self.sum()?);
        }
        self.expect(')')?;
        let value = match (name, values.as_slice()) {
            ("min", values) => values.iter().copied().fold(f64::INFINITY, f64::min),
            ("max", values) => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ("abs", [value]) => value.abs(),
            ("sqrt", [value]) if *value < 0.0 => {
                return Err("the square root of a negative number".into());
            }
            ("sqrt", [value]) => value.sqrt(),
            ("pow", [base, exponent]) => base.powf(*exponent),
            ("abs" | "sqrt", _) => return Err(format!("`{name}` takes one number")),
            ("pow", _) => return Err("`pow` takes two numbers".into()),
            _ => return Err(format!("there is no `{name}`; {WANTED}")),
        };
        finite(value)
    }

    fn expect(&mut self, letter: char) -> Result<(), String> {
        if self.takes(letter) {
            Ok(())
        } else {
            Err(format!("`{letter}` is missing"))
        }
    }

    fn takes(&mut self, letter: char) -> bool {
        self.blank();
        match self.rest.strip_prefix(letter) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

fn finite(value: f64) -> Result<f64, String> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err("the value is not a finite number".into())
    }
}

fn unexpected(letter: char) -> String {
    let letter = text::plain(&letter.to_string(), 2);
    format!("`{letter}` cannot stand there; {WANTED}")
}
