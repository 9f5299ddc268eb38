//! Functions of expressions beside the indicators.

/// A function: its name, how it is written, what it gives.
#[derive(Debug)]
pub struct Function {
    /// The name in expressions.
    pub name: &'static str,
    /// How a call is written.
    pub signature: &'static str,
    /// One sentence without a full stop.
    pub summary: &'static str,
    /// What it takes, in order.
    pub(super) arguments: &'static [Argument],
    /// Arguments that may be left out, from the end.
    pub(super) optional: usize,
    pub(super) operation: Operation,
}

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Argument {
    /// A column of numbers or a fixed number.
    Number,
    /// A condition.
    Condition,
    /// Either.
    Any,
    /// A fixed whole number of candles, not below the least.
    Candles { least: u32 },
}

/// What a function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Map(Map),
    Cross(Cross),
    Shift,
    Run(Run),
    Held(Held),
    Pair(Pair),
    Nz,
    IsNan,
    Where,
    BarsSince,
    ValueWhen,
    Clock(Clock),
    Base,
}

/// One number to one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Map {
    Abs,
    Sqrt,
    Log,
    Exp,
    Sign,
    Round,
    Floor,
    Ceil,
    Negate,
}

/// Crossings of two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Cross {
    Above,
    Below,
}

/// Steps in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Run {
    Rising,
    Falling,
}

/// A condition over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Held {
    Any,
    All,
    Count,
}

/// Two numbers to one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pair {
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
}

/// Parts of a candle's open time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Clock {
    Minute,
    Hour,
    DayOfWeek,
    DayOfMonth,
    Month,
}

/// The most candles a function looks back.
pub(super) const MOST_CANDLES: u32 = 100_000;

/// The function of a name.
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

const fn of(
    name: &'static str,
    signature: &'static str,
    summary: &'static str,
    arguments: &'static [Argument],
    operation: Operation,
) -> Function {
    Function {
        name,
        signature,
        summary,
        arguments,
        optional: 0,
        operation,
    }
}

const NUMBER: &[Argument] = &[Argument::Number];
const NUMBERS: &[Argument] = &[Argument::Number, Argument::Number];
const NUMBER_WINDOW: &[Argument] = &[Argument::Number, Argument::Candles { least: 1 }];
const CONDITION: &[Argument] = &[Argument::Condition];
const CONDITION_WINDOW: &[Argument] = &[Argument::Condition, Argument::Candles { least: 1 }];

/// Every function that is not an indicator, in the order of the manual.
pub static FUNCTIONS: &[Function] = &[
    of(
        "crosses_above",
        "crosses_above(a, b)",
        "a is above b, and was not one candle before",
        NUMBERS,
        Operation::Cross(Cross::Above),
    ),
    of(
        "crosses_below",
        "crosses_below(a, b)",
        "a is below b, and was not one candle before",
        NUMBERS,
        Operation::Cross(Cross::Below),
    ),
    Function {
        name: "shift",
        signature: "shift(x, n)",
        summary: "x as it was n candles before, 1 where n is left out",
        arguments: &[Argument::Any, Argument::Candles { least: 0 }],
        optional: 1,
        operation: Operation::Shift,
    },
    of(
        "rising",
        "rising(x, n)",
        "x rose from candle to candle n times in a row",
        NUMBER_WINDOW,
        Operation::Run(Run::Rising),
    ),
    of(
        "falling",
        "falling(x, n)",
        "x fell from candle to candle n times in a row",
        NUMBER_WINDOW,
        Operation::Run(Run::Falling),
    ),
    of(
        "any",
        "any(condition, n)",
        "the condition held on one of the last n candles, this one included",
        CONDITION_WINDOW,
        Operation::Held(Held::Any),
    ),
    of(
        "all",
        "all(condition, n)",
        "the condition held on each of the last n candles, this one included",
        CONDITION_WINDOW,
        Operation::Held(Held::All),
    ),
    of(
        "count",
        "count(condition, n)",
        "on how many of the last n candles the condition held, this one included",
        CONDITION_WINDOW,
        Operation::Held(Held::Count),
    ),
    of(
        "barssince",
        "barssince(condition)",
        "candles since the condition last held, 0 on a candle on which it holds",
        CONDITION,
        Operation::BarsSince,
    ),
    of(
        "valuewhen",
        "valuewhen(condition, x)",
        "x on the last candle on which the condition held",
        &[Argument::Condition, Argument::Number],
        Operation::ValueWhen,
    ),
    of(
        "where",
        "where(condition, a, b)",
        "a where the condition holds, else b",
        &[Argument::Condition, Argument::Number, Argument::Number],
        Operation::Where,
    ),
    Function {
        name: "nz",
        signature: "nz(x, value)",
        summary: "x, or the value where x is unknown; 0 where it is left out",
        arguments: NUMBERS,
        optional: 1,
        operation: Operation::Nz,
    },
    of(
        "is_nan",
        "is_nan(x)",
        "x is unknown: in its warm-up, or without a result",
        NUMBER,
        Operation::IsNan,
    ),
    of(
        "abs",
        "abs(x)",
        "x without its sign",
        NUMBER,
        Operation::Map(Map::Abs),
    ),
    of(
        "min",
        "min(a, b)",
        "the smaller of two numbers of the same candle",
        NUMBERS,
        Operation::Pair(Pair::Min),
    ),
    of(
        "max",
        "max(a, b)",
        "the larger of two numbers of the same candle",
        NUMBERS,
        Operation::Pair(Pair::Max),
    ),
    of(
        "sqrt",
        "sqrt(x)",
        "the square root",
        NUMBER,
        Operation::Map(Map::Sqrt),
    ),
    of(
        "log",
        "log(x)",
        "the natural logarithm",
        NUMBER,
        Operation::Map(Map::Log),
    ),
    of(
        "exp",
        "exp(x)",
        "e to the power of x",
        NUMBER,
        Operation::Map(Map::Exp),
    ),
    of(
        "sign",
        "sign(x)",
        "1, 0 or -1",
        NUMBER,
        Operation::Map(Map::Sign),
    ),
    of(
        "round",
        "round(x)",
        "the nearest whole number, halves away from zero",
        NUMBER,
        Operation::Map(Map::Round),
    ),
    of(
        "floor",
        "floor(x)",
        "the next whole number below",
        NUMBER,
        Operation::Map(Map::Floor),
    ),
    of(
        "ceil",
        "ceil(x)",
        "the next whole number above",
        NUMBER,
        Operation::Map(Map::Ceil),
    ),
    of(
        "minute",
        "minute()",
        "the minute of the candle's open time, 0 to 59",
        &[],
        Operation::Clock(Clock::Minute),
    ),
    of(
        "hour",
        "hour()",
        "the hour of the candle's open time in UTC, 0 to 23",
        &[],
        Operation::Clock(Clock::Hour),
    ),
    of(
        "day_of_week",
        "day_of_week()",
        "the weekday of the candle's open time in UTC, Monday 0 to Sunday 6",
        &[],
        Operation::Clock(Clock::DayOfWeek),
    ),
    of(
        "day_of_month",
        "day_of_month()",
        "the day of the candle's open time in UTC, 1 to 31",
        &[],
        Operation::Clock(Clock::DayOfMonth),
    ),
    of(
        "month",
        "month()",
        "the month of the candle's open time in UTC, 1 to 12",
        &[],
        Operation::Clock(Clock::Month),
    ),
    of(
        "base",
        "base(x)",
        "x of an informative source as the strategy's own candles see it, so that what follows counts those",
        &[Argument::Any],
        Operation::Base,
    ),
];
