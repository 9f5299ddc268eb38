//! Ehlers' Hilbert transform: the dominant cycle of a series and what follows
//! from it.
//!
//! After John F. Ehlers, *Rocket Science for Traders* (2001), chapters 6–11.
//! All of it is causal: a finite impulse response over seven smoothed rows,
//! and exponential smoothing.

use std::cell::OnceCell;
use std::f64::consts::PI;

use super::registry::{Indicator, Input, Param, Source};
use super::runs::{by_run, one};

/// The dominant cycle's period in rows, 6 to 50.
pub fn ht_dcperiod(values: &[f64]) -> Vec<f64> {
    one([values], |[x], out| {
        cycles(x, SHORT, |row, cycle| {
            if row >= 32 {
                out[row] = cycle.smooth_period;
            }
        });
    })
}

/// The two components of the dominant cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Phasor {
    /// The component in phase with the cycle.
    pub inphase: Vec<f64>,
    /// The component a quarter of a cycle off.
    pub quadrature: Vec<f64>,
}

/// The components of the dominant cycle.
pub fn ht_phasor(values: &[f64]) -> Phasor {
    let [inphase, quadrature] = by_run([values], |[x], [inphase, quadrature]| {
        cycles(x, SHORT, |row, cycle| {
            if row >= 32 {
                inphase[row] = cycle.inphase;
                quadrature[row] = cycle.quadrature;
            }
        });
    });
    Phasor {
        inphase,
        quadrature,
    }
}

/// The phase of the dominant cycle in degrees, −45 to 315.
pub fn ht_dcphase(values: &[f64]) -> Vec<f64> {
    one([values], |[x], out| {
        cycles(x, LONG, |row, cycle| {
            let phase = cycle.phase();
            if row >= 63 {
                out[row] = phase;
            }
        });
    })
}

/// A sine of the dominant cycle's phase and one that leads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sines {
    /// Sine of the phase.
    pub sine: Vec<f64>,
    /// Sine of the phase and 45 degrees.
    pub lead: Vec<f64>,
}

/// Sines of the dominant cycle's phase.
pub fn ht_sine(values: &[f64]) -> Sines {
    let [sine, lead] = by_run([values], |[x], [sine, lead]| {
        cycles(x, LONG, |row, cycle| {
            let phase = cycle.phase();
            if row >= 63 {
                sine[row] = (phase * RADIANS).sin();
                lead[row] = ((phase + 45.0) * RADIANS).sin();
            }
        });
    });
    Sines { sine, lead }
}

/// The series with the dominant cycle averaged out.
pub fn ht_trendline(values: &[f64]) -> Vec<f64> {
    one([values], |[x], out| {
        let mut trend = Trend::default();
        cycles(x, LONG, |row, cycle| {
            let line = trend.next(x, row, cycle);
            if row >= 63 {
                out[row] = line;
            }
        });
    })
}

/// 1 where the series follows a trend, 0 where it cycles.
pub fn ht_trendmode(values: &[f64]) -> Vec<f64> {
    one([values], |[x], out| {
        let mut trend = Trend::default();
        let (mut rows_in_trend, mut last_phase) = (0.0, 0.0);
        let (mut last_sine, mut last_lead) = (0.0, 0.0);
        cycles(x, LONG, |row, cycle| {
            let phase = cycle.phase();
            let sine = (phase * RADIANS).sin();
            let lead = ((phase + 45.0) * RADIANS).sin();
            let line = trend.next(x, row, cycle);
            let mut mode = 1.0;
            let up = sine > lead && last_sine <= last_lead;
            let down = sine < lead && last_sine >= last_lead;
            if up || down {
                rows_in_trend = 0.0;
                mode = 0.0;
            }
            rows_in_trend += 1.0;
            if rows_in_trend < 0.5 * cycle.smooth_period {
                mode = 0.0;
            }
            let turned = phase - last_phase;
            let even = 360.0 / cycle.smooth_period;
            if cycle.smooth_period != 0.0 && turned > 0.67 * even && turned < 1.5 * even {
                mode = 0.0;
            }
            if line != 0.0 && ((cycle.smooth[0] - line) / line).abs() >= 0.015 {
                mode = 1.0;
            }
            (last_phase, last_sine, last_lead) = (phase, sine, lead);
            if row >= 63 {
                out[row] = mode;
            }
        });
    })
}

/// An average that follows fast when the phase changes, and one behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mama {
    /// The adaptive average.
    pub mama: Vec<f64>,
    /// The same with half the weight, of `mama`.
    pub fama: Vec<f64>,
}

/// MESA adaptive moving average; the weight of the newest row lies between the
/// limits.
pub fn mama(values: &[f64], fast_limit: f64, slow_limit: f64) -> Mama {
    let [mama, fama] = by_run([values], |[x], [mamas, famas]| {
        let (mut mama, mut fama, mut last_phase) = (0.0, 0.0, 0.0);
        cycles(x, SHORT, |row, cycle| {
            let phase = if cycle.inphase == 0.0 {
                0.0
            } else {
                (cycle.quadrature / cycle.inphase).atan() * DEGREES
            };
            let turned: f64 = last_phase - phase;
            last_phase = phase;
            let weight = if turned > 1.0 {
                (fast_limit / turned).max(slow_limit)
            } else {
                fast_limit
            };
            mama = (1.0 - weight).mul_add(mama, weight * x[row]);
            let half = weight * 0.5;
            fama = (1.0 - half).mul_add(fama, half * mama);
            if row >= 32 {
                mamas[row] = mama;
                famas[row] = fama;
            }
        });
    });
    Mama { mama, fama }
}

const DEGREES: f64 = 180.0 / PI;
const RADIANS: f64 = 1.0 / DEGREES;
/// Rows before the transform begins, where 32 rows of warm-up follow.
const SHORT: usize = 12;
/// Rows before the transform begins, where 63 rows of warm-up follow.
const LONG: usize = 37;
/// The longest cycle looked for, in rows.
const LONGEST: usize = 50;

/// The state of one row.
struct Cycle {
    /// Smoothed values, newest first.
    smooth: [f64; LONGEST],
    inphase: f64,
    quadrature: f64,
    smooth_period: f64,
    period: f64,
    last: Phase,
    re: f64,
    im: f64,
    /// [`one_turn`] by whole period, as they come up.
    turns: [OnceCell<Vec<(f64, f64)>>; LONGEST + 1],
}

/// Sine and cosine at evenly spaced angles of one turn.
fn one_turn(period: usize) -> Vec<(f64, f64)> {
    let angle = |row: usize| row as f64 * (2.0 * PI) / period as f64;
    (0..period).map(|row| angle(row).sin_cos()).collect()
}

#[derive(Clone, Copy, Default)]
struct Phase {
    i: f64,
    q: f64,
}

/// Follows the cycle from row `begin` on, calling `emit` on every row.
fn cycles(x: &[f64], begin: usize, mut emit: impl FnMut(usize, &Cycle)) {
    let mut cycle = Cycle {
        smooth: [0.0; LONGEST],
        inphase: 0.0,
        quadrature: 0.0,
        smooth_period: 0.0,
        period: 0.0,
        last: Phase::default(),
        re: 0.0,
        im: 0.0,
        turns: [const { OnceCell::new() }; LONGEST + 1],
    };
    let mut weighted = Weighted::default();
    let (mut detrended, mut of_inphase, mut of_quadrature) = (
        Quadrature::default(),
        Quadrature::default(),
        Quadrature::default(),
    );
    let mut smoothed = Quadrature::default();
    let mut delay = [0.0; 3];
    for (row, &value) in x.iter().enumerate() {
        let smooth = weighted.next(value);
        if row < begin {
            continue;
        }
        cycle.smooth.rotate_right(1);
        cycle.smooth[0] = smooth;
        let stretch = 0.075_f64.mul_add(cycle.period, 0.54);
        let detrender = smoothed.next(smooth, stretch);
        cycle.quadrature = detrended.next(detrender, stretch);
        cycle.inphase = delay[2];
        delay = [detrender, delay[0], delay[1]];
        let ji = of_inphase.next(cycle.inphase, stretch);
        let jq = of_quadrature.next(cycle.quadrature, stretch);
        cycle.turn(ji, jq);
        emit(row, &cycle);
    }
}

/// Smoothing with a fifth for the newest row.
fn fifth(newest: f64, past: f64) -> f64 {
    0.2_f64.mul_add(newest, 0.8 * past)
}

impl Cycle {
    /// Takes the period from how far the phasor turned since the last row.
    fn turn(&mut self, ji: f64, jq: f64) {
        let q = fifth(self.quadrature + ji, self.last.q);
        let i = fifth(self.inphase - jq, self.last.i);
        let re = i.mul_add(self.last.i, q * self.last.q);
        let im = i * self.last.q - q * self.last.i;
        self.re = 0.8_f64.mul_add(self.re, 0.2 * re);
        self.im = 0.8_f64.mul_add(self.im, 0.2 * im);
        self.last = Phase { i, q };
        let before = self.period;
        let mut period = before;
        if self.im != 0.0 && self.re != 0.0 {
            period = 360.0 / ((self.im / self.re).atan() * DEGREES);
        }
        period = period.min(1.5 * before).max(0.67 * before);
        period = period.clamp(6.0, LONGEST as f64);
        self.period = fifth(period, before);
        self.smooth_period = 0.67_f64.mul_add(self.smooth_period, 0.33 * self.period);
    }

    /// The period in whole rows.
    fn whole_period(&self) -> usize {
        (self.smooth_period + 0.5) as usize
    }

    /// The phase in degrees, by correlation with one cycle.
    fn phase(&self) -> f64 {
        let period = self.whole_period();
        let (mut real, mut imaginary) = (0.0, 0.0);
        let turn = self.turns[period].get_or_init(|| one_turn(period));
        for ((sin, cos), value) in turn.iter().zip(&self.smooth) {
            real += sin * value;
            imaginary += cos * value;
        }
        let mut phase = if imaginary == 0.0 {
            90.0 * real.signum()
        } else {
            (real / imaginary).atan() * DEGREES
        };
        phase += 90.0;
        // The smoothing lags by one row.
        phase += 360.0 / self.smooth_period;
        if imaginary < 0.0 {
            phase += 180.0;
        }
        if phase > 315.0 {
            phase -= 360.0;
        }
        phase
    }
}

/// Weighted average of four rows (weights 4, 3, 2, 1), carried.
#[derive(Default)]
struct Weighted {
    last: [f64; 4],
    plain: f64,
    sum: f64,
    rows: usize,
}

impl Weighted {
    fn next(&mut self, value: f64) -> f64 {
        self.rows += 1;
        if self.rows <= 3 {
            self.plain += value;
            self.sum += value * self.rows as f64;
            self.last = [value, self.last[0], self.last[1], self.last[2]];
            return 0.0;
        }
        let left = self.last[3];
        self.last = [value, self.last[0], self.last[1], self.last[2]];
        self.plain += value;
        self.plain -= left;
        self.sum += value * 4.0;
        let smooth = self.sum * 0.1;
        self.sum -= self.plain;
        smooth
    }
}

/// The transform itself: a quarter cycle's shift, from seven rows.
#[derive(Default)]
struct Quadrature {
    last: [f64; 6],
}

impl Quadrature {
    fn next(&mut self, value: f64, stretch: f64) -> f64 {
        const A: f64 = 0.0962;
        const B: f64 = 0.5769;
        let [_, two, _, four, _, six] = self.last;
        let shifted = -(A * six) + A * value - B * four + B * two;
        self.last.rotate_right(1);
        self.last[0] = value;
        shifted * stretch
    }
}

/// The average over one cycle, smoothed over four rows.
#[derive(Default)]
struct Trend {
    last: [f64; 3],
}

impl Trend {
    fn next(&mut self, x: &[f64], row: usize, cycle: &Cycle) -> f64 {
        let period = cycle.whole_period().min(row + 1);
        let mut sum = 0.0;
        for value in x[row + 1 - period..=row].iter().rev() {
            sum += value;
        }
        let mean = if period > 0 { sum / period as f64 } else { 0.0 };
        let [one, two, three] = self.last;
        self.last = [mean, one, two];
        (4.0 * mean + 3.0 * one + 2.0 * two + three) / 10.0
    }
}

const SERIES: &[Input] = &[Input::Series("close")];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "ht_dcperiod",
        summary: "Period of the dominant cycle in rows",
        inputs: SERIES,
        params: &[],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 32,
        compute: |x, _| vec![ht_dcperiod(x[0])],
        formula: "Ehlers' homodyne discriminator: 360° / the phasor's turn per row, limited to 6–50 rows and smoothed; begun on row 12",
        source: Source::exact("TA-Lib `HT_DCPERIOD`"),
    },
    Indicator {
        name: "ht_phasor",
        summary: "Components of the dominant cycle",
        inputs: SERIES,
        params: &[],
        outputs: &["inphase", "quadrature"],
        recursive: true,
        warmup: |_| 32,
        compute: |x, _| {
            let Phasor {
                inphase,
                quadrature,
            } = ht_phasor(x[0]);
            vec![inphase, quadrature]
        },
        formula: "the detrended series three rows before, and its Hilbert transform; begun on row 12",
        source: Source::exact("TA-Lib `HT_PHASOR`"),
    },
    Indicator {
        name: "ht_dcphase",
        summary: "Phase of the dominant cycle in degrees",
        inputs: SERIES,
        params: &[],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 63,
        compute: |x, _| vec![ht_dcphase(x[0])],
        formula: "phase of the smoothed series against one cycle of the dominant period, −45° to 315°; begun on row 37",
        source: Source::exact("TA-Lib `HT_DCPHASE`"),
    },
    Indicator {
        name: "ht_sine",
        summary: "Sine of the dominant cycle's phase, and a leading one",
        inputs: SERIES,
        params: &[],
        outputs: &["sine", "lead"],
        recursive: true,
        warmup: |_| 63,
        compute: |x, _| {
            let Sines { sine, lead } = ht_sine(x[0]);
            vec![sine, lead]
        },
        formula: "sin(ht_dcphase) and sin(ht_dcphase + 45°)",
        source: Source::exact("TA-Lib `HT_SINE`"),
    },
    Indicator {
        name: "ht_trendline",
        summary: "Instantaneous trend line",
        inputs: SERIES,
        params: &[],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 63,
        compute: |x, _| vec![ht_trendline(x[0])],
        formula: "mean over one dominant cycle, averaged over four rows with weights 4, 3, 2, 1; begun on row 37",
        source: Source::exact("TA-Lib `HT_TRENDLINE`"),
    },
    Indicator {
        name: "ht_trendmode",
        summary: "1 in a trend, 0 in a cycle",
        inputs: SERIES,
        params: &[],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 63,
        compute: |x, _| vec![ht_trendmode(x[0])],
        formula: "0 for half a cycle after the sines cross and while the phase turns at the cycle's rate, 1 otherwise and wherever the smoothed series is 1.5 % off the trend line",
        source: Source::exact("TA-Lib `HT_TRENDMODE`"),
    },
    Indicator {
        name: "mama",
        summary: "MESA adaptive moving average and the one that follows it",
        inputs: SERIES,
        params: &[
            Param::real("fast_limit", 0.5, 0.01, 0.99),
            Param::real("slow_limit", 0.05, 0.01, 0.99),
        ],
        outputs: &["mama", "fama"],
        recursive: true,
        warmup: |_| 32,
        compute: |x, p| {
            let Mama { mama, fama } = mama(x[0], p[0], p[1]);
            vec![mama, fama]
        },
        formula: "mama += w · (x − mama), fama += w / 2 · (mama − fama); w = `fast_limit` / turn of the phase in degrees, between the limits; begun at 0 on row 12",
        source: Source::exact("TA-Lib `MAMA`"),
    },
];
