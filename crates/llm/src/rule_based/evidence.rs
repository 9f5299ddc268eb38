//! Claims with weights, and what they come to.

use super::{Limits, words};

/// A claim. Positive weights speak for a rise, negative ones for a fall.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) text: String,
    /// None where whoever made the claim did not weigh it.
    pub(super) weight: Option<f64>,
}

impl Point {
    /// A claim as it stands in a report: `… below its average. [-0.12]`.
    pub(super) fn read(text: &str) -> Self {
        let marked = text
            .trim()
            .strip_suffix(']')
            .and_then(|text| text.rsplit_once('['));
        let weighed = marked.and_then(|(claim, mark)| {
            let signed = mark.starts_with(['+', '-']);
            let weight: f64 = mark.parse().ok().filter(|_| signed)?;
            (weight.abs() <= 1.0).then(|| (claim.trim_end().to_owned(), weight))
        });
        match weighed {
            Some((text, weight)) => Self {
                text,
                weight: Some(weight),
            },
            None => Self {
                text: text.trim().to_owned(),
                weight: None,
            },
        }
    }

    pub(super) fn weight(&self) -> f64 {
        self.weight.unwrap_or(0.0)
    }

    /// As it is written into a report.
    pub(super) fn marked(&self) -> String {
        let text = words::sentence(&self.text);
        match self.weight {
            Some(weight) => format!("{text} [{weight:+.2}]"),
            None => text,
        }
    }
}

/// Weights of claims that belong together.
#[derive(Debug, Default)]
pub(super) struct Claims {
    claims: Vec<(String, f64, f64)>,
}

impl Claims {
    /// One more: its share in the whole, and where it leans from -1 to 1.
    pub(super) fn add(&mut self, text: String, share: f64, lean: f64) {
        if lean.is_finite() {
            self.claims.push((text, share, lean.clamp(-1.0, 1.0)));
        }
    }

    /// The claims with their weights, the heaviest first. Together they weigh
    /// 1 at most. What rounds to nothing has no weight and is not told.
    pub(super) fn points(self) -> Vec<Point> {
        let whole: f64 = self.claims.iter().map(|(_, share, _)| share).sum();
        let point = |(text, share, lean): (String, f64, f64)| Point {
            text,
            weight: Some(hundredths(share * lean / whole)),
        };
        let points = self.claims.into_iter().map(point);
        let mut points: Vec<Point> = points.filter(|point| point.weight() != 0.0).collect();
        heaviest_first(&mut points);
        points
    }

    pub(super) fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }
}

/// By weight without its sign; equal ones stay in their order.
pub(super) fn heaviest_first(points: &mut [Point]) {
    points.sort_by(|a, b| b.weight().abs().total_cmp(&a.weight().abs()));
}

/// What points come to.
pub(super) fn balance(points: &[Point]) -> f64 {
    hundredths(points.iter().map(Point::weight).sum())
}

/// -1, 0 or 1: a side is taken from a balance on that is not next to nothing.
pub(super) fn direction(balance: f64, limits: &Limits) -> i8 {
    if balance.abs() < limits.side {
        0
    } else if balance > 0.0 {
        1
    } else {
        -1
    }
}

/// How sure a balance makes.
pub(super) fn confidence(balance: f64, slope: f64) -> f64 {
    hundredths((0.3 + slope * balance.abs()).min(0.95))
}

/// Rounded to what is shown, so that what is shown adds up.
pub(super) fn hundredths(number: f64) -> f64 {
    // Adding zero makes minus zero plain.
    (number * 100.0).round() / 100.0 + 0.0
}
