//! Loops over columns. Row `i` of a result depends on rows up to `i` only; a
//! comparison with NaN is false.

use fondaco_domain::UnixMillis;

use super::ast::Binary;
use super::functions::{Clock, Cross, Held, Map, Pair, Run};

/// A number for every row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numbers<'a> {
    Fixed(f64),
    Column(&'a [f64]),
}

impl Numbers<'_> {
    fn at(self, row: usize) -> f64 {
        match self {
            Self::Fixed(number) => number,
            Self::Column(column) => column[row],
        }
    }
}

pub(super) fn arithmetic(pair: Pair) -> fn(f64, f64) -> f64 {
    match pair {
        Pair::Add => |a, b| a + b,
        Pair::Subtract => |a, b| a - b,
        Pair::Multiply => |a, b| a * b,
        Pair::Divide => |a, b| a / b,
        Pair::Min => |a, b| if a < b || a.is_nan() { a } else { b },
        Pair::Max => |a, b| if a > b || a.is_nan() { a } else { b },
    }
}

pub(super) fn mapping(map: Map) -> fn(f64) -> f64 {
    match map {
        Map::Abs => f64::abs,
        Map::Sqrt => f64::sqrt,
        Map::Log => f64::ln,
        Map::Exp => f64::exp,
        Map::Sign => |x| {
            if x == 0.0 || x.is_nan() {
                x
            } else {
                x.signum()
            }
        },
        Map::Round => f64::round,
        Map::Floor => f64::floor,
        Map::Ceil => f64::ceil,
        Map::Negate => |x| -x,
    }
}

/// All are false with NaN, `!=` too.
pub(super) fn comparison(operator: Binary) -> fn(f64, f64) -> bool {
    match operator {
        Binary::Less => |a, b| a < b,
        Binary::LessEqual => |a, b| a <= b,
        Binary::Greater => |a, b| a > b,
        Binary::GreaterEqual => |a, b| a >= b,
        Binary::NotEqual => |a, b| a != b && !a.is_nan() && !b.is_nan(),
        _ => |a, b| a == b,
    }
}

pub(super) fn pair(pair: Pair, a: Numbers<'_>, b: Numbers<'_>, rows: usize) -> Vec<f64> {
    // One loop per operator, so that the compiler sees the arithmetic.
    match pair {
        Pair::Add => zip(a, b, rows, |a, b| a + b),
        Pair::Subtract => zip(a, b, rows, |a, b| a - b),
        Pair::Multiply => zip(a, b, rows, |a, b| a * b),
        Pair::Divide => zip(a, b, rows, |a, b| a / b),
        Pair::Min | Pair::Max => zip(a, b, rows, arithmetic(pair)),
    }
}

pub(super) fn compare(operator: Binary, a: Numbers<'_>, b: Numbers<'_>, rows: usize) -> Vec<bool> {
    match operator {
        Binary::Less => zip(a, b, rows, |a, b| a < b),
        Binary::LessEqual => zip(a, b, rows, |a, b| a <= b),
        Binary::Greater => zip(a, b, rows, |a, b| a > b),
        Binary::GreaterEqual => zip(a, b, rows, |a, b| a >= b),
        _ => zip(a, b, rows, comparison(operator)),
    }
}

fn zip<T: Clone>(a: Numbers<'_>, b: Numbers<'_>, rows: usize, f: impl Fn(f64, f64) -> T) -> Vec<T> {
    match (a, b) {
        (Numbers::Column(a), Numbers::Column(b)) => {
            a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
        }
        (Numbers::Column(a), Numbers::Fixed(b)) => a.iter().map(|&a| f(a, b)).collect(),
        (Numbers::Fixed(a), Numbers::Column(b)) => b.iter().map(|&b| f(a, b)).collect(),
        (Numbers::Fixed(a), Numbers::Fixed(b)) => vec![f(a, b); rows],
    }
}

pub(super) fn map(map: Map, x: &[f64]) -> Vec<f64> {
    let f = mapping(map);
    x.iter().map(|&x| f(x)).collect()
}

pub(super) fn and(a: &[bool], b: &[bool]) -> Vec<bool> {
    a.iter().zip(b).map(|(a, b)| a & b).collect()
}

pub(super) fn or(a: &[bool], b: &[bool]) -> Vec<bool> {
    a.iter().zip(b).map(|(a, b)| a | b).collect()
}

/// Above now and not above one row before; nothing crosses on the first row.
pub(super) fn cross(cross: Cross, a: Numbers<'_>, b: Numbers<'_>, rows: usize) -> Vec<bool> {
    let (a, b) = match cross {
        Cross::Above => (a, b),
        Cross::Below => (b, a),
    };
    match (a, b) {
        (Numbers::Column(a), Numbers::Column(b)) => {
            // Slices of one length and no branch, so that rows are compared
            // several at a time.
            let Some(last) = rows.checked_sub(1) else {
                return Vec::new();
            };
            let (a_before, b_before) = (&a[..last], &b[..last]);
            let (a, b) = (&a[1..=last], &b[1..=last]);
            let mut crossed = vec![false; rows];
            let later = &mut crossed[1..=last];
            for row in 0..last {
                let (above, was_not) = (a[row] > b[row], a_before[row] <= b_before[row]);
                later[row] = above & was_not;
            }
            crossed
        }
        _ => (0..rows)
            .map(|row| row > 0 && a.at(row) > b.at(row) && a.at(row - 1) <= b.at(row - 1))
            .collect(),
    }
}

pub(super) fn nz(x: &[f64], value: Numbers<'_>) -> Vec<f64> {
    let rows = x.iter().enumerate();
    rows.map(|(row, &x)| if x.is_nan() { value.at(row) } else { x })
        .collect()
}

pub(super) fn is_nan(x: &[f64]) -> Vec<bool> {
    x.iter().map(|x| x.is_nan()).collect()
}

pub(super) fn choose(condition: &[bool], a: Numbers<'_>, b: Numbers<'_>) -> Vec<f64> {
    let rows = condition.iter().enumerate();
    rows.map(|(row, &holds)| if holds { a.at(row) } else { b.at(row) })
        .collect()
}

/// Whether the last `steps` steps all went one way.
pub(super) fn run(run: Run, x: &[f64], steps: usize) -> Vec<bool> {
    let mut length = 0;
    let mut before = f64::NAN;
    x.iter()
        .map(|&now| {
            let onwards = match run {
                Run::Rising => now > before,
                Run::Falling => now < before,
            };
            length = if onwards { length + 1 } else { 0 };
            before = now;
            length >= steps
        })
        .collect()
}

/// On how many of the last `window` rows a condition held; rows before the
/// first count as not.
pub(super) fn count(condition: &[bool], window: usize) -> Vec<usize> {
    let mut held = 0;
    (0..condition.len())
        .map(|row| {
            held += usize::from(condition[row]);
            if row >= window {
                held -= usize::from(condition[row - window]);
            }
            held
        })
        .collect()
}

pub(super) fn held(held: Held, condition: &[bool], window: usize) -> Vec<bool> {
    let least = if held == Held::All { window } else { 1 };
    let counts = count(condition, window);
    counts.into_iter().map(|count| count >= least).collect()
}

/// Like [`count`], unknown until the window is full.
pub(super) fn count_known(condition: &[bool], window: usize) -> Vec<f64> {
    let counts = count(condition, window).into_iter().enumerate();
    counts
        .map(|(row, count)| {
            if row + 1 < window {
                f64::NAN
            } else {
                count as f64
            }
        })
        .collect()
}

pub(super) fn shift<T: Copy>(x: &[T], rows: usize, before: T) -> Vec<T> {
    let rows = rows.min(x.len());
    let mut shifted = vec![before; rows];
    shifted.extend_from_slice(&x[..x.len() - rows]);
    shifted
}

pub(super) fn bars_since(condition: &[bool]) -> Vec<f64> {
    let mut since = f64::NAN;
    condition
        .iter()
        .map(|&holds| {
            since = if holds { 0.0 } else { since + 1.0 };
            since
        })
        .collect()
}

pub(super) fn value_when(condition: &[bool], x: Numbers<'_>) -> Vec<f64> {
    let mut value = f64::NAN;
    let rows = condition.iter().enumerate();
    rows.map(|(row, &holds)| {
        if holds {
            value = x.at(row);
        }
        value
    })
    .collect()
}

pub(super) fn clock(clock: Clock, times: &[UnixMillis]) -> Vec<f64> {
    const MINUTE: i64 = 60_000;
    const DAY: i64 = 1440 * MINUTE;
    let part = |time: &UnixMillis| match clock {
        Clock::Minute => time.0.div_euclid(MINUTE).rem_euclid(60) as f64,
        Clock::Hour => time.0.div_euclid(60 * MINUTE).rem_euclid(24) as f64,
        // 1970-01-01 was a Thursday.
        Clock::DayOfWeek => (time.0.div_euclid(DAY) + 3).rem_euclid(7) as f64,
        Clock::DayOfMonth => f64::from(time.date().day()),
        Clock::Month => f64::from(time.date().month()),
    };
    times.iter().map(part).collect()
}

/// For each base candle, how many candles of another source are known when it
/// closes: those that have closed by then.
pub(super) fn known_at_close(
    base: &[UnixMillis],
    base_millis: i64,
    other: &[UnixMillis],
    other_millis: i64,
) -> Vec<usize> {
    let mut known = 0;
    base.iter()
        .map(|open| {
            let close = open.0.saturating_add(base_millis);
            while other
                .get(known)
                .is_some_and(|other| other.0.saturating_add(other_millis) <= close)
            {
                known += 1;
            }
            known
        })
        .collect()
}

/// The last known value for each base candle.
pub(super) fn merge<T: Copy>(x: &[T], known: &[usize], before: T) -> Vec<T> {
    known
        .iter()
        .map(|&known| known.checked_sub(1).map_or(before, |row| x[row]))
        .collect()
}
