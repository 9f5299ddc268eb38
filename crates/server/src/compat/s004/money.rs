//! Amounts as the clients take them: as numbers.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Number, Value};

/// A price or an amount of money: always with a point.
pub(super) fn amount(value: Decimal) -> Value {
    let number = value.to_f64().and_then(Number::from_f64);
    number.map_or(Value::Null, Value::Number)
}

/// How much of something: a whole number where it is one.
pub(super) fn quantity(value: Decimal) -> Value {
    let whole = value.is_integer().then(|| value.to_i64()).flatten();
    whole.map_or_else(|| amount(value), Value::from)
}
