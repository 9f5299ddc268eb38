//! What is said about mistakes in expressions.

use fondaco_domain::strategy::parse;
use fondaco_engine::expr::{ParamValues, check};

const HEAD: &str = "[strategy]\nname = \"a\"\ntimeframe = \"5m\"\n[risk]\nstoploss = -0.1\n\
                    [params]\nfast = { default = 10, low = 5, high = 30 }\n\
                    [informative]\nh1 = { timeframe = \"1h\" }\n";

fn shown(rest: &str) -> String {
    let text = format!("{HEAD}{rest}");
    let strategy = parse(&text).unwrap_or_else(|error| panic!("{}", error.render("a.toml", &text)));
    match check(&strategy, &ParamValues::defaults(&strategy)) {
        Ok(_) => "no mistake found".to_owned(),
        Err(errors) => {
            let shown: Vec<String> = errors
                .iter()
                .map(|error| error.render("a.toml", &text))
                .collect();
            shown.join("\n")
        }
    }
}

fn mistake(when: &str) -> String {
    shown(&format!(
        "[indicators]\nma = \"sma(close, $fast)\"\n[entry.long]\nwhen = \"{when}\"\n"
    ))
}

#[test]
fn of_spelling() {
    insta::assert_snapshot!(mistake("close > mma"), @r#"
    error: unknown name `mma`
      --> a.toml:13:17
       |
    13 | when = "close > mma"
       |                 ^^^
       = hint: did you mean `ma`?
    "#);
    insta::assert_snapshot!(mistake("close > smma(close, 5)"), @r#"
    error: unknown function `smma`
      --> a.toml:13:17
       |
    13 | when = "close > smma(close, 5)"
       |                 ^^^^
       = hint: did you mean `sma`?
    "#);
    insta::assert_snapshot!(mistake("close > sma(close, $fats)"), @r#"
    error: unknown parameter `$fats`
      --> a.toml:13:28
       |
    13 | when = "close > sma(close, $fats)"
       |                            ^^^^^
       = hint: did you mean `$fast`?
    "#);
    insta::assert_snapshot!(mistake("close > sma(close, fast)"), @r#"
    error: unknown name `fast`
      --> a.toml:13:28
       |
    13 | when = "close > sma(close, fast)"
       |                            ^^^^
       = hint: `fast` is a parameter: write `$fast`
    "#);
    insta::assert_snapshot!(mistake("close > h1.clos"), @r#"
    error: `h1` has no `clos`
      --> a.toml:13:20
       |
    13 | when = "close > h1.clos"
       |                    ^^^^
       = hint: did you mean `h1.close`?
    "#);
    insta::assert_snapshot!(mistake("h1 > close"), @r#"
    error: `h1` is a source of candles, not a column
      --> a.toml:13:9
       |
    13 | when = "h1 > close"
       |         ^^
       = hint: name a column of it, such as `h1.close`
    "#);
    insta::assert_snapshot!(mistake("h2.rsi(close) > close"), @r#"
    error: `h2` is not a source of [informative]
      --> a.toml:13:9
       |
    13 | when = "h2.rsi(close) > close"
       |         ^^
    "#);
    insta::assert_snapshot!(mistake("ma.upper > close"), @r#"
    error: a single column has no parts to name with `.`
      --> a.toml:13:12
       |
    13 | when = "ma.upper > close"
       |            ^^^^^
    "#);
    insta::assert_snapshot!(mistake("sma > close"), @r#"
    error: unknown name `sma`
      --> a.toml:13:9
       |
    13 | when = "sma > close"
       |         ^^^
       = hint: `sma` is an indicator: write sma(close, 30)
    "#);
    insta::assert_snapshot!(mistake("hour > 5"), @r#"
    error: unknown name `hour`
      --> a.toml:13:9
       |
    13 | when = "hour > 5"
       |         ^^^^
       = hint: `hour` is a function: write hour()
    "#);
    insta::assert_snapshot!(mistake("ma() > 5"), @r#"
    error: unknown function `ma`
      --> a.toml:13:9
       |
    13 | when = "ma() > 5"
       |         ^^
       = hint: `ma` is a column: write it without parentheses
    "#);
}

#[test]
fn of_grammar() {
    insta::assert_snapshot!(mistake("close > 1 && volume > 0"), @r#"
    error: `&&` has no meaning here
      --> a.toml:13:19
       |
    13 | when = "close > 1 && volume > 0"
       |                   ^^
       = hint: write `and`
    "#);
    insta::assert_snapshot!(mistake("close = 1"), @r#"
    error: `=` has no meaning here
      --> a.toml:13:15
       |
    13 | when = "close = 1"
       |               ^
       = hint: equality is written `==`
    "#);
    insta::assert_snapshot!(mistake("close[1] > 1"), @r#"
    error: `[` has no meaning here
      --> a.toml:13:14
       |
    13 | when = "close[1] > 1"
       |              ^
       = hint: the candle before is shift(x, 1)
    "#);
    insta::assert_snapshot!(mistake("1 < close < 3"), @r#"
    error: comparisons do not chain
      --> a.toml:13:19
       |
    13 | when = "1 < close < 3"
       |                   ^
       = hint: join two comparisons with `and`
    "#);
    insta::assert_snapshot!(mistake("close > "), @r#"
    error: found the end where a value is needed
      --> a.toml:13:16
       |
    13 | when = "close > "
       |                ^
    "#);
    insta::assert_snapshot!(mistake("close > 1 and"), @r#"
    error: found the end where a value is needed
      --> a.toml:13:22
       |
    13 | when = "close > 1 and"
       |                      ^
    "#);
    insta::assert_snapshot!(mistake("(close > 1"), @r#"
    error: found the end where `)` is needed
      --> a.toml:13:19
       |
    13 | when = "(close > 1"
       |                   ^
    "#);
    insta::assert_snapshot!(mistake("close > 1 2"), @r#"
    error: found `2` where an operator or the end is needed
      --> a.toml:13:19
       |
    13 | when = "close > 1 2"
       |                   ^
    "#);
    insta::assert_snapshot!(mistake("close > 1.2.3"), @r#"
    error: `1.2.3` is not a number
      --> a.toml:13:17
       |
    13 | when = "close > 1.2.3"
       |                 ^^^^^
    "#);
    insta::assert_snapshot!(mistake("sma(close, 5,) > 1"), @r#"
    error: found `)` where a value is needed
      --> a.toml:13:22
       |
    13 | when = "sma(close, 5,) > 1"
       |                      ^
    "#);
    insta::assert_snapshot!(mistake("close > 2 € 3"), @r#"
    error: `€` has no meaning here
      --> a.toml:13:19
       |
    13 | when = "close > 2 € 3"
       |                   ^
    "#);
    insta::assert_snapshot!(mistake(&format!("{}close{} > 1", "(".repeat(70), ")".repeat(70))), @r#"
    error: the expression is nested more than 64 deep
      --> a.toml:13:73
       |
    13 | when = "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((close)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))) > 1"
       |                                                                         ^
       = hint: give parts of it a name in [indicators]
    "#);
}

#[expect(
    clippy::too_many_lines,
    reason = "a table of mistakes and what is said"
)]
#[test]
fn of_types_and_arguments() {
    insta::assert_snapshot!(mistake("close"), @r#"
    error: the rule is a number where a condition is needed
      --> a.toml:13:9
       |
    13 | when = "close"
       |         ^^^^^
       = hint: compare it with something, such as `> 0`
    "#);
    insta::assert_snapshot!(mistake("close and volume > 0"), @r#"
    error: the left side of `and` is a number where a condition is needed
      --> a.toml:13:9
       |
    13 | when = "close and volume > 0"
       |         ^^^^^
       = hint: compare it with something, such as `> 0`
    "#);
    insta::assert_snapshot!(mistake("(close > 1) + 1 > 2"), @r#"
    error: the left side of `+` is a condition where a number is needed
      --> a.toml:13:9
       |
    13 | when = "(close > 1) + 1 > 2"
       |         ^^^^^^^^^^^
       = hint: turn a condition into a number with where(condition, 1, 0)
    "#);
    insta::assert_snapshot!(mistake("crosses_above(close > 1, ma)"), @r#"
    error: the first argument of `crosses_above` is a condition where a number is needed
      --> a.toml:13:23
       |
    13 | when = "crosses_above(close > 1, ma)"
       |                       ^^^^^^^^^
       = hint: turn a condition into a number with where(condition, 1, 0)
    "#);
    insta::assert_snapshot!(mistake("sma(close) > sma()"), @r#"
    error: `sma` takes 1 to 2 arguments, not 0
      --> a.toml:13:22
       |
    13 | when = "sma(close) > sma()"
       |                      ^^^^^
       = hint: it is used as sma(close, 30)
    "#);
    insta::assert_snapshot!(mistake("crosses_above(close)"), @r#"
    error: `crosses_above` takes 2 arguments, not 1
      --> a.toml:13:9
       |
    13 | when = "crosses_above(close)"
       |         ^^^^^^^^^^^^^^^^^^^^
       = hint: it is used as crosses_above(a, b)
    "#);
    insta::assert_snapshot!(mistake("sma(5, 10) > 1"), @r#"
    error: the first argument of `sma` is a fixed number where a column is needed
      --> a.toml:13:13
       |
    13 | when = "sma(5, 10) > 1"
       |             ^
    "#);
    insta::assert_snapshot!(mistake("sma(close, ma) > 1"), @r#"
    error: `period` of `sma` must be a fixed number, not a column
      --> a.toml:13:20
       |
    13 | when = "sma(close, ma) > 1"
       |                    ^^
       = hint: write a number or a `$parameter`
    "#);
    insta::assert_snapshot!(mistake("sma(close, 2.5) > 1"), @r#"
    error: `period` of `sma` must be a whole number, not 2.5
      --> a.toml:13:20
       |
    13 | when = "sma(close, 2.5) > 1"
       |                    ^^^
       = hint: it is used as sma(close, 30)
    "#);
    insta::assert_snapshot!(mistake("sma(close, 0) > 1"), @r#"
    error: `period` of `sma` must lie from 1 to 100000, not 0
      --> a.toml:13:20
       |
    13 | when = "sma(close, 0) > 1"
       |                    ^
       = hint: it is used as sma(close, 30)
    "#);
    insta::assert_snapshot!(mistake("rising(close, 0)"), @r#"
    error: `n` of `rising` must be a whole number from 1 to 100000, not 0
      --> a.toml:13:23
       |
    13 | when = "rising(close, 0)"
       |                       ^
    "#);
    insta::assert_snapshot!(mistake("rising(close, close)"), @r#"
    error: `n` of `rising` must be a fixed number, not a column
      --> a.toml:13:23
       |
    13 | when = "rising(close, close)"
       |                       ^^^^^
       = hint: write a number or a `$parameter`
    "#);
    insta::assert_snapshot!(mistake("rising(5, 5)"), @r#"
    error: the first argument of `rising` is a fixed number where a column is needed
      --> a.toml:13:16
       |
    13 | when = "rising(5, 5)"
       |                ^
    "#);
    insta::assert_snapshot!(mistake("close > 1 / 0"), @r#"
    error: this is inf, not a finite number
      --> a.toml:13:17
       |
    13 | when = "close > 1 / 0"
       |                 ^^^^^
    "#);
    insta::assert_snapshot!(mistake("h1.sma(ma, 5) > 1"), @r#"
    error: the argument is a column of the strategy's candles, and the call is on those of `h1`
      --> a.toml:13:16
       |
    13 | when = "h1.sma(ma, 5) > 1"
       |                ^^
       = hint: inside `h1.f(…)` the columns are those of `h1`
    "#);
    insta::assert_snapshot!(mistake("close.open > 1"), @r#"
    error: a single column has no parts to name with `.`
      --> a.toml:13:15
       |
    13 | when = "close.open > 1"
       |               ^^^^
    "#);
}

#[test]
fn of_looking_ahead() {
    insta::assert_snapshot!(mistake("shift(close, -1) > close"), @r#"
    error: `shift` by -1 would look ahead
      --> a.toml:13:22
       |
    13 | when = "shift(close, -1) > close"
       |                      ^^
       = hint: a later candle is not known when a signal is computed: shift(x, 1) is the candle before, and a larger number goes further back
    "#);
}

#[test]
fn of_order_and_of_several_lines() {
    insta::assert_snapshot!(shown("[indicators]\na = \"b + 1\"\nb = \"close\"\n"), @r#"
    error: unknown name `b`
      --> a.toml:11:6
       |
    11 | a = "b + 1"
       |      ^
       = hint: `b` is defined further down, or by itself: put it above its use
    "#);
    insta::assert_snapshot!(shown("[entry.long]\nwhen = '''\nclose > 1\n  and closs > 2'''\n"), @r#"
    error: unknown name `closs`
      --> a.toml:13:7
       |
    13 |   and closs > 2'''
       |       ^^^^^
       = hint: did you mean `close`?
    "#);
}

#[test]
fn every_mistake_is_shown_once_in_the_order_of_the_file() {
    insta::assert_snapshot!(shown(
        "[indicators]\na = \"clos + 1\"\nb = \"a + \"\n[entry.long]\nwhen = \"a > b\"\n[exit.long]\nwhen = \"opne > a\"\n"
    ), @r#"
    error: unknown name `clos`
      --> a.toml:11:6
       |
    11 | a = "clos + 1"
       |      ^^^^
       = hint: did you mean `close`?

    error: found the end where a value is needed
      --> a.toml:12:9
       |
    12 | b = "a + "
       |         ^

    error: unknown name `opne`
      --> a.toml:16:9
       |
    16 | when = "opne > a"
       |         ^^^^
       = hint: did you mean `open`?
    "#);
}
