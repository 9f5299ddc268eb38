//! Student's t distribution.

/// Probability that |T| with `degrees` degrees of freedom is at least `|t|`.
///
/// It is the regularised incomplete beta function I(x; ν/2, 1/2) at
/// x = ν / (ν + t²) (Abramowitz and Stegun, 26.7.1 and 26.5.27).
pub fn two_sided_p(t: f64, degrees: f64) -> f64 {
    let square = t * t;
    if square.is_infinite() {
        return 0.0;
    }
    let whole = degrees + square;
    let (x, y) = (degrees / whole, square / whole);
    if y <= 0.0 {
        return 1.0;
    }
    let (a, b) = (degrees / 2.0, 0.5);
    // x^a · √y / B(a, 1/2), where B(a, 1/2) = Γ(a) √π / Γ(a + 1/2).
    let log_power = -a * (square / degrees).ln_1p();
    let front = (log_power + half_step(a)).exp() * (y / std::f64::consts::PI).sqrt();
    // The fraction converges fast on the side of its mean; the other side is
    // its mirror image.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(x, a, b) / a
    } else {
        1.0 - front * continued_fraction(y, b, a) / b
    }
}

/// The `t` beyond which |T| lies with a probability: what an interval around a
/// mean reaches in standard errors. `None` unless the probability lies between
/// 0 and 1 and there is at least one degree of freedom.
///
/// [`two_sided_p`] falls with `t`, so halving finds it.
pub fn two_sided_t(p: f64, degrees: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0 && degrees >= 1.0) {
        return None;
    }
    let mut high = 1.0;
    while two_sided_p(high, degrees) > p {
        high *= 2.0;
        if high > 1e150 {
            return None;
        }
    }
    let mut low = 0.0;
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if two_sided_p(middle, degrees) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(f64::midpoint(low, high))
}

/// The continued fraction of Abramowitz and Stegun 26.5.8, evaluated forward
/// by the recurrence of numerators and denominators, rescaled at each step.
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    let coefficient = |step: u32| {
        let m = f64::from(step / 2);
        if step.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    let (mut numerator_before, mut denominator_before) = (1.0, 1.0);
    let (mut numerator, mut denominator) = (1.0, 1.0 + coefficient(1));
    let mut value = numerator / denominator;
    for step in 2..20_000 {
        let d = coefficient(step);
        let next = (
            numerator + d * numerator_before,
            denominator + d * denominator_before,
        );
        (numerator_before, denominator_before) = (numerator / next.1, denominator / next.1);
        (numerator, denominator) = (next.0 / next.1, 1.0);
        let converged = (numerator - value).abs() <= 1e-16 * numerator.abs();
        value = numerator;
        if converged {
            break;
        }
    }
    value
}

/// ln Γ(a + 1/2) - ln Γ(a) by its asymptotic series (Abramowitz and Stegun,
/// 6.1.47, in logarithms), after the argument is shifted far enough for it.
fn half_step(a: f64) -> f64 {
    let mut shifted = a;
    let mut ratio = 1.0;
    while shifted < 64.0 {
        ratio *= shifted / (shifted + 0.5);
        shifted += 1.0;
    }
    let inverse = 1.0 / shifted;
    let square = inverse * inverse;
    let series = inverse * (-1.0 / 8.0 + square * (1.0 / 192.0 - square / 640.0));
    0.5 * shifted.ln() + series + ratio.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 1e-12 * expected.max(1e-300),
            "{found} is not {expected}"
        );
    }

    #[test]
    fn closed_forms_of_one_and_two_degrees() {
        // ν = 1 is Cauchy's distribution, ν = 2 has an algebraic one.
        for t in [0.01_f64, 0.5, 1.0, 2.5, 40.0] {
            close(
                two_sided_p(t, 1.0),
                1.0 - 2.0 * t.atan() / std::f64::consts::PI,
            );
            let one_minus = 2.0 / (t * t + 2.0) / (1.0 + t / (t * t + 2.0).sqrt());
            close(two_sided_p(-t, 2.0), one_minus);
        }
        close(two_sided_p(0.0, 7.0), 1.0);
    }

    #[test]
    fn many_degrees_come_close_to_the_normal_distribution() {
        assert!((two_sided_p(1.959_963_984_540_054, 1e9) - 0.05).abs() < 1e-8);
    }

    #[test]
    fn tabled_quantiles() {
        // Any table of the distribution: 95 % two-sided, and one of 99 %.
        for (degrees, p, table) in [
            (1.0, 0.05, 12.706),
            (2.0, 0.05, 4.303),
            (4.0, 0.05, 2.776),
            (9.0, 0.05, 2.262),
            (30.0, 0.05, 2.042),
            (4.0, 0.01, 4.604),
        ] {
            let found = two_sided_t(p, degrees).unwrap();
            assert!((found - table).abs() < 5e-4, "{degrees} {p}: {found}");
        }
        assert_eq!(two_sided_t(0.05, 0.0), None);
        assert_eq!(two_sided_t(0.0, 3.0), None);
        assert_eq!(two_sided_t(1.0, 3.0), None);
    }

    #[test]
    fn half_steps_of_the_gamma_function() {
        // Γ(1) / Γ(1/2), Γ(3/2) / Γ(1) and Γ(11) / Γ(21/2).
        let root = std::f64::consts::PI.sqrt();
        close(half_step(0.5).exp(), 1.0 / root);
        close(half_step(1.0).exp(), root / 2.0);
        let odd: f64 = (0..10).map(|k| f64::from(k) + 0.5).product();
        close(half_step(10.5).exp(), 3_628_800.0 / (odd * root));
    }
}
