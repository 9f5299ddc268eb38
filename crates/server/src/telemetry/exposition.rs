//! Metrics as Prometheus reads them: text, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::names::Metric;

/// What it is called in a `Content-Type`.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page of samples, each under its metric whatever the order they come in.
#[derive(Debug, Default)]
pub struct Exposition(BTreeMap<&'static str, (&'static str, &'static str, String)>);

impl Exposition {
    /// One sample.
    pub fn sample(&mut self, metric: &Metric, labels: &[(&str, &str)], value: f64) {
        self.line(metric, "", labels, value);
    }

    /// A histogram: counts up to each bound and above all of them, and the sum
    /// of what was counted.
    pub fn histogram(
        &mut self,
        metric: &Metric,
        labels: &[(&str, &str)],
        counts: &[(f64, u64)],
        (all, sum): (u64, f64),
    ) {
        let mut below = 0;
        for (bound, count) in counts {
            below += count;
            let bound = bound.to_string();
            let labels = [labels, &[("le", &bound)]].concat();
            self.line(metric, "_bucket", &labels, below as f64);
        }
        let labels_of_all = [labels, &[("le", "+Inf")]].concat();
        self.line(metric, "_bucket", &labels_of_all, all as f64);
        self.line(metric, "_sum", labels, sum);
        self.line(metric, "_count", labels, all as f64);
    }

    fn line(&mut self, metric: &Metric, ending: &str, labels: &[(&str, &str)], value: f64) {
        let head = (metric.kind.as_str(), metric.help, String::new());
        let (.., lines) = self.0.entry(metric.name).or_insert(head);
        lines.push_str(metric.name);
        lines.push_str(ending);
        for (place, (name, value)) in labels.iter().enumerate() {
            let opening = if place == 0 { '{' } else { ',' };
            let _ = write!(lines, "{opening}{name}=\"{}\"", escaped(value));
        }
        if !labels.is_empty() {
            lines.push('}');
        }
        let _ = writeln!(lines, " {value}");
    }

    /// The page.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, (kind, help, lines)) in &self.0 {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
        }
        text
    }
}

/// A value of a label: backslashes, quotation marks and ends of lines are
/// written with a backslash.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::names::Kind;
    use super::*;

    #[test]
    fn samples_stand_below_their_metric() {
        let metric = |name, kind| Metric {
            name,
            kind,
            help: "What it is.",
        };
        let (b, a) = (metric("b_total", Kind::Counter), metric("a", Kind::Gauge));
        let h = metric("h", Kind::Histogram);
        let mut page = Exposition::default();
        page.sample(&b, &[("x", "1"), ("y", "a\"b\\c\nd")], 2.0);
        page.sample(&a, &[], 0.5);
        page.sample(&b, &[("x", "2"), ("y", "")], 3e9);
        page.histogram(&h, &[("x", "1")], &[(0.5, 2), (1.0, 1)], (4, 7.25));
        let expected = r#"# HELP a What it is.
# TYPE a gauge
a 0.5
# HELP b_total What it is.
# TYPE b_total counter
b_total{x="1",y="a\"b\\c\nd"} 2
b_total{x="2",y=""} 3000000000
# HELP h What it is.
# TYPE h histogram
h_bucket{x="1",le="0.5"} 2
h_bucket{x="1",le="1"} 3
h_bucket{x="1",le="+Inf"} 4
h_sum{x="1"} 7.25
h_count{x="1"} 4
"#;
        assert_eq!(page.text(), expected);
    }
}
