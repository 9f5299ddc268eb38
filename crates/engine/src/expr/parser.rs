//! From tokens to an expression: a Pratt parser.
//!
//! Loosest first: `or`, `and`, `not`, comparisons, `+ -`, `* /`, unary `-`,
//! calls and `.member`.

use super::ast::{Binary, Bytes, COMPARISON, Expr, Kind, Word};
use super::error::ExprProblem;
use super::lexer::{Token, TokenKind, tokens};

/// Nesting that is read; deeper expressions are refused before they can
/// exhaust the stack.
const DEEPEST: usize = 64;

/// Operators of one expression, bounded for the same reason.
const MOST: usize = 256;

type Parsed<T> = Result<T, (Bytes, ExprProblem)>;

/// Reads a whole expression.
pub(super) fn parse(source: &str) -> Parsed<Expr> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        next: 0,
        depth: 0,
        operators: 0,
    };
    let expr = parser.expression(0)?;
    match parser.peek() {
        TokenKind::End => Ok(expr),
        _ => Err(parser.expected("an operator or the end")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    operators: usize,
}

impl Parser {
    /// An expression of operators that bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err((self.at(), ExprProblem::TooDeep(DEEPEST)));
        }
        let mut left = self.prefix()?;
        while let Some(operator) = self.binary().filter(|op| op.precedence() >= least) {
            self.count_operator()?;
            self.next += 1;
            let right = self.expression(operator.precedence() + 1)?;
            let chained = operator.precedence() == COMPARISON
                && self
                    .binary()
                    .is_some_and(|next| next.precedence() == COMPARISON);
            if chained {
                return Err((self.at(), ExprProblem::ChainedComparison));
            }
            left = Expr {
                at: left.at.start..right.at.end,
                kind: Kind::Binary(operator, Box::new(left), Box::new(right)),
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Parsed<Expr> {
        let start = self.at().start;
        if self.take_word("not") {
            let inner = self.expression(COMPARISON)?;
            return Ok(Expr {
                at: start..inner.at.end,
                kind: Kind::Not(Box::new(inner)),
            });
        }
        if self.take("-") {
            // Binds tighter than every binary operator.
            let inner = self.expression(u8::MAX)?;
            return Ok(Expr {
                at: start..inner.at.end,
                kind: Kind::Negate(Box::new(inner)),
            });
        }
        self.postfix()
    }

    /// A primary expression and what is attached to it.
    fn postfix(&mut self) -> Parsed<Expr> {
        let mut expr = self.primary()?;
        while self.take(".") {
            self.count_operator()?;
            let name = self.word("a name after `.`")?;
            expr = match expr.kind {
                Kind::Name(scope) if self.peek() == &TokenKind::Symbol("(") => {
                    let scope = Word {
                        text: scope,
                        at: expr.at,
                    };
                    self.call(Some(scope), name)?
                }
                _ => Expr {
                    at: expr.at.start..name.at.end,
                    kind: Kind::Member(Box::new(expr), name),
                },
            };
        }
        Ok(expr)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let Token { kind, at } = self.tokens[self.next].clone();
        let kind = match kind {
            TokenKind::Number(number) => Kind::Number(number),
            TokenKind::Param(name) => Kind::Param(name),
            TokenKind::Symbol("(") => {
                self.next += 1;
                let inner = self.expression(0)?;
                let end = self.close()?;
                return Ok(Expr {
                    kind: inner.kind,
                    at: at.start..end,
                });
            }
            TokenKind::Word(word) => match word.as_str() {
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                "and" | "or" | "not" => return Err(self.expected("a value")),
                _ => {
                    self.next += 1;
                    let name = Word { text: word, at };
                    if self.peek() == &TokenKind::Symbol("(") {
                        return self.call(None, name);
                    }
                    return Ok(Expr {
                        at: name.at,
                        kind: Kind::Name(name.text),
                    });
                }
            },
            _ => return Err(self.expected("a value")),
        };
        self.next += 1;
        Ok(Expr { kind, at })
    }

    /// The arguments of a call whose name has been read.
    fn call(&mut self, scope: Option<Word>, name: Word) -> Parsed<Expr> {
        self.next += 1;
        let mut arguments = Vec::new();
        if self.peek() != &TokenKind::Symbol(")") {
            arguments.push(self.expression(0)?);
            while self.take(",") {
                arguments.push(self.expression(0)?);
            }
        }
        let end = self.close()?;
        let start = scope.as_ref().map_or(name.at.start, |word| word.at.start);
        Ok(Expr {
            kind: Kind::Call {
                scope,
                name,
                arguments,
            },
            at: start..end,
        })
    }

    /// The operator that comes next, if one does.
    fn binary(&self) -> Option<Binary> {
        Some(match self.peek() {
            TokenKind::Word(word) if word == "or" => Binary::Or,
            TokenKind::Word(word) if word == "and" => Binary::And,
            TokenKind::Symbol("<") => Binary::Less,
            TokenKind::Symbol("<=") => Binary::LessEqual,
            TokenKind::Symbol(">") => Binary::Greater,
            TokenKind::Symbol(">=") => Binary::GreaterEqual,
            TokenKind::Symbol("==") => Binary::Equal,
            TokenKind::Symbol("!=") => Binary::NotEqual,
            TokenKind::Symbol("+") => Binary::Add,
            TokenKind::Symbol("-") => Binary::Subtract,
            TokenKind::Symbol("*") => Binary::Multiply,
            TokenKind::Symbol("/") => Binary::Divide,
            _ => return None,
        })
    }

    fn count_operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators > MOST {
            return Err((self.at(), ExprProblem::TooLong(MOST)));
        }
        Ok(())
    }

    fn peek(&self) -> &TokenKind {
        &self.tokens[self.next].kind
    }

    fn at(&self) -> Bytes {
        self.tokens[self.next].at.clone()
    }

    fn take(&mut self, symbol: &'static str) -> bool {
        let found = self.peek() == &TokenKind::Symbol(symbol);
        self.next += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), TokenKind::Word(found) if found == word);
        self.next += usize::from(found);
        found
    }

    fn word(&mut self, expected: &'static str) -> Parsed<Word> {
        let Token { kind, at } = self.tokens[self.next].clone();
        let TokenKind::Word(text) = kind else {
            return Err(self.expected(expected));
        };
        self.next += 1;
        Ok(Word { text, at })
    }

    /// The closing parenthesis; gives where it ends.
    fn close(&mut self) -> Parsed<usize> {
        let end = self.at().end;
        if self.take(")") {
            Ok(end)
        } else {
            Err(self.expected("`)`"))
        }
    }

    fn expected(&self, expected: &'static str) -> (Bytes, ExprProblem) {
        let found = self.peek().shown();
        (self.at(), ExprProblem::Expected { expected, found })
    }
}
