//! Expressions as written.

use std::ops::Range;

/// Bytes of an expression's source.
pub(super) type Bytes = Range<usize>;

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) at: Bytes,
}

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expr {
    pub(super) kind: Kind,
    pub(super) at: Bytes,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Bool(bool),
    /// `$name`.
    Param(String),
    /// A column, a named indicator or an informative source.
    Name(String),
    /// `of.name`: an output of an indicator or a column of a source.
    Member(Box<Expr>, Word),
    /// `name(…)`, or `scope.name(…)` on the candles of an informative source.
    Call {
        scope: Option<Word>,
        name: Word,
        arguments: Vec<Expr>,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
}

impl Expr {
    /// Calls a function with the expression and all its parts.
    pub(super) fn each<'e>(&'e self, call: &mut impl FnMut(&'e Self)) {
        call(self);
        match &self.kind {
            Kind::Number(_) | Kind::Bool(_) | Kind::Param(_) | Kind::Name(_) => {}
            Kind::Member(inner, _) | Kind::Not(inner) | Kind::Negate(inner) => inner.each(call),
            Kind::Call { arguments, .. } => arguments.iter().for_each(|part| part.each(call)),
            Kind::Binary(_, left, right) => {
                left.each(call);
                right.each(call);
            }
        }
    }
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Binary {
    Or,
    And,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Binary {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }

    /// How tightly it binds; a higher number binds first.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Less
            | Self::LessEqual
            | Self::Greater
            | Self::GreaterEqual
            | Self::Equal
            | Self::NotEqual => COMPARISON,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide => 6,
        }
    }
}

/// The precedence of comparisons; `not` binds just before it.
pub(super) const COMPARISON: u8 = 4;
