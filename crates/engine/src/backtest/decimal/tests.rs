use proptest::prelude::*;

use super::*;

#[test]
fn a_noisy_price_keeps_its_digits() {
    let parts = |value| {
        let Written { digits, scale } = short_digits(value);
        (digits, scale)
    };
    assert_eq!(parts(5.440_000_000_000_001e-5), (5_440_000_000_000_001, 20));
    assert_eq!(parts(0.017_1), (1_710_000, 8));
    assert_eq!(parts(1e22), (1, -22));
    assert_eq!(Dec::of(1e22).to_f64(), 1e22);
    assert_eq!(Dec::of(1e30).over(Dec::of(1e28)).to_f64(), 100.0);
}

#[test]
fn steps() {
    let on = |value, step, rounding| Dec::of(value).on_step(Dec::of(step), rounding).to_f64();
    assert_eq!(on(0.123_45, 0.001, Rounding::Down), 0.123);
    assert_eq!(on(0.123_45, 0.001, Rounding::Up), 0.124);
    assert_eq!(on(0.1235, 0.001, Rounding::HalfUp), 0.124);
    assert_eq!(on(0.123, 0.001, Rounding::Up), 0.123);
    assert_eq!(on(7.0, 2.5, Rounding::HalfUp), 7.5);
}

#[test]
fn ties_go_to_even() {
    // 2^-9 ends exactly on the ninth decimal, a 5.
    assert_eq!(round_decimals(0.001_953_125, 8), 0.001_953_12);
    assert_eq!(round_decimals(-0.009_330_099_999, 8), -0.009_330_1);
}

proptest! {
    #[test]
    fn digits_read_back(mantissa in 1.0..10.0_f64, exponent in -12..15) {
        let value = mantissa * 10_f64.powi(exponent);
        prop_assert_eq!(Dec::of(value).to_f64(), value);
    }

    #[test]
    fn rounding_agrees_with_the_exact_expansion(value in -1e5..1e5_f64) {
        prop_assert_eq!(round_decimals(value, 8), parse(&format!("{value:.8}")));
    }

    #[test]
    fn fees_are_exact(amount in 0.001..1e6_f64, rate in 1e-8..1e5_f64, fee in 0.0..0.01_f64) {
        let amount = round_decimals(amount, 3);
        let value = Dec::of(amount).times(Dec::of(rate));
        let with_fee = value.plus(value.times(Dec::of(fee)));
        prop_assert_eq!(value_with_fee(amount, rate, fee, true), with_fee.to_f64());
    }

    #[test]
    fn the_nearest_double_is_the_one_the_text_reads_as(
        high in any::<i64>(), low in any::<u64>(), shift in 0_u32..128, scale in 0_u32..50,
    ) {
        let digits = ((i128::from(high) << 64) | i128::from(low)) >> shift;
        prop_assert_eq!(nearest(digits, scale), parse(&format!("{digits}e-{scale}")));
    }

    #[test]
    fn the_neighbourhood_of_a_tie_is_settled(mantissa in 1_i128 << 52..1 << 53, offset in -2_i128..3, scale in 0_u32..8) {
        // Between two doubles, on a decimal and beside it.
        let digits = (2 * mantissa + 1) * 10_i128.pow(scale + 12) + offset;
        let scale = scale + 12;
        prop_assert_eq!(nearest(digits, scale), parse(&format!("{digits}e-{scale}")));
    }

    #[test]
    fn short_digits_are_those_written(units in -1_000_000_000_000_000_000_i64..1_000_000_000_000_000_000, decimals in 0_usize..16) {
        let value = units as f64 / POWERS[decimals];
        let (fast, slow) = (short_digits(value), short_digits_as_written(value));
        let difference = Dec::from(fast).minus(slow.into());
        prop_assert!(difference.digits.is_zero());
    }

    #[test]
    fn both_widths_agree(
        a in -1e12..1e12_f64, b in 1e-9..1e9_f64, decimals in 0_u32..9, scale in 0_u32..30,
    ) {
        let step = Dec::small(1, decimals);
        let (small, other) = (Dec::of(a), Dec::of(b));
        let far = |dec: Dec| Dec { digits: Digits::Wide(dec.digits.widened()), scale: dec.scale };
        let lifted = Dec::small(1, scale).times(small);
        for (x, y) in [(small, other), (other, small), (lifted, other)] {
            let pairs = [
                (x.plus(y), far(x).plus(far(y))),
                (x.minus(y), far(x).minus(far(y))),
                (x.times(y), far(x).times(far(y))),
                (x.over(y), far(x).over(far(y))),
                (x.on_step(step, Rounding::Down), far(x).on_step(far(step), Rounding::Down)),
                (x.on_step(step, Rounding::Up), far(x).on_step(far(step), Rounding::Up)),
                (x.on_step(step, Rounding::HalfUp), far(x).on_step(far(step), Rounding::HalfUp)),
            ];
            for (index, (near, wide)) in pairs.into_iter().enumerate() {
                prop_assert_eq!(near.digits.widened(), wide.digits.widened(), "operation {}", index);
                prop_assert_eq!(near.scale, wide.scale);
            }
            prop_assert_eq!(x.is_multiple_of(step), far(x).is_multiple_of(far(step)));
            prop_assert_eq!(x.is_positive(), far(x).is_positive());
        }
    }

    #[test]
    fn a_step_is_hit_from_both_sides(value in 0.0..1e4_f64, decimals in 0_u32..8) {
        let step = Dec::of(1.0 / 10_f64.powi(decimals as i32));
        let down = Dec::of(value).on_step(step, Rounding::Down).to_f64();
        let up = Dec::of(value).on_step(step, Rounding::Up).to_f64();
        prop_assert!(down <= value && value <= up);
        prop_assert!(Dec::of(down).is_multiple_of(step));
    }
}
