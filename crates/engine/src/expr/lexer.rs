//! From characters to tokens.

use super::ast::Bytes;
use super::error::ExprProblem;

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: Bytes,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Number(f64),
    Word(String),
    Param(String),
    Symbol(&'static str),
    End,
}

impl TokenKind {
    /// How the token is called in messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Number(number) => format!("`{number}`"),
            Self::Word(word) => format!("`{word}`"),
            Self::Param(name) => format!("`${name}`"),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Longer symbols first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 15] = [
    "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ",", ".", "$",
];

/// Spellings of other languages, and what is written here.
const FOREIGN: [(&str, &str); 12] = [
    ("&&", "write `and`"),
    ("&", "write `and`"),
    ("||", "write `or`"),
    ("|", "write `or`"),
    ("!", "write `not`"),
    ("**", "multiply, as in `x * x`"),
    ("^", "multiply, as in `x * x`"),
    ("=", "equality is written `==`"),
    ("[", "the candle before is shift(x, 1)"),
    ("%", "a share is written as a ratio: 0.02 is 2 %"),
    ("\"", "an expression holds no texts"),
    ("'", "an expression holds no texts"),
];

/// All tokens, an end token last.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, (Bytes, ExprProblem)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if first == '#' {
            at += source[at..].find('\n').unwrap_or(source.len() - at);
            continue;
        }
        let (kind, length) =
            token(&source[at..], first).map_err(|(length, problem)| (at..at + length, problem))?;
        tokens.push(Token {
            kind,
            at: at..at + length,
        });
        at += length;
    }
    tokens.push(Token {
        kind: TokenKind::End,
        at: source.trim_end().len()..source.trim_end().len(),
    });
    Ok(tokens)
}

fn token(rest: &str, first: char) -> Result<(TokenKind, usize), (usize, ExprProblem)> {
    let after_dot = rest[first.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
    if first.is_ascii_digit() || (first == '.' && after_dot) {
        return number(rest);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = word_length(rest);
        return Ok((TokenKind::Word(rest[..length].to_owned()), length));
    }
    if let Some(name) = rest.strip_prefix('$') {
        let length = word_length(name);
        if length > 0 {
            return Ok((TokenKind::Param(name[..length].to_owned()), length + 1));
        }
    }
    let foreign = FOREIGN.iter().find(|(symbol, _)| rest.starts_with(symbol));
    let known = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
    match (known, foreign) {
        (Some(symbol), None) if *symbol != "$" => Ok((TokenKind::Symbol(symbol), symbol.len())),
        (Some(symbol), Some((other, _))) if symbol.len() >= other.len() => {
            Ok((TokenKind::Symbol(symbol), symbol.len()))
        }
        (_, Some((symbol, advice))) => Err((
            symbol.len(),
            ExprProblem::Character {
                found: (*symbol).to_owned(),
                advice: Some(advice),
            },
        )),
        _ => Err((
            first.len_utf8(),
            ExprProblem::Character {
                found: first.to_string(),
                advice: (first == '$').then_some("a parameter is written `$name`"),
            },
        )),
    }
}

/// Digits, an optional fraction and an optional exponent; underscores may
/// group digits.
fn number(rest: &str) -> Result<(TokenKind, usize), (usize, ExprProblem)> {
    let mut length = 0;
    let mut before = ' ';
    for c in rest.chars() {
        let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        if !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || sign) {
            break;
        }
        length += c.len_utf8();
        before = c;
    }
    let text = rest[..length].replace('_', "");
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((TokenKind::Number(number), length)),
        _ => Err((length, ExprProblem::Number(rest[..length].to_owned()))),
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(rest.len())
}
