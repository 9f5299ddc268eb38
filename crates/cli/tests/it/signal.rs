//! Signals merged by hand.

use crate::harness::Place;

#[test]
fn two_lanes_that_disagree() {
    let said = Place::new().ok(&["signal", "merge", "--quant", "0.6", "--llm=-0.9"]);
    // |0.6 - 0.9| / (0.6 + 0.9).
    insta::assert_snapshot!(said, @r"
    Lane   Direction  Stated  Factor  Counted
    quant  up            0.6       1      0.6
    llm    down          0.9       1      0.9

    UNDERWEIGHT (down) with confidence 0.2
    capped_sum over 1.5
    ");
}

#[test]
fn a_lane_that_says_nothing_is_left_out_and_named() {
    let words = ["signal", "merge", "--quant", "stale_data", "--llm", "0.9"];
    let words = [&words[..], &["--llm-factor", "0.5"]].concat();
    let said = Place::new().ok(&words);
    // 0.9 x 0.5 x 0.7.
    insta::assert_snapshot!(said, @r"
    Lane  Direction  Stated  Factor  Counted
    llm   up            0.9     0.5    0.315

    OVERWEIGHT (up) with confidence 0.315
    capped_sum over 1
    degraded: stale_data
    ");
}

#[test]
fn weak_lanes_that_agree_are_as_sure_as_the_rule_makes_them() {
    let place = Place::new();
    let words = ["signal", "merge", "--quant", "0.1", "--llm", "0.1"];
    let sum = place.json(&words);
    assert_eq!(
        (&sum["direction"], &sum["confidence"]),
        (&1.into(), &1.0.into())
    );
    let odds = place.json(&[&words[..], &["--policy", "log-odds"]].concat());
    let confidence = odds["confidence"].as_f64().unwrap();
    assert!((confidence - 0.2 / 1.01).abs() < 1e-12);
    assert_eq!(odds["rating"], "OVERWEIGHT");
}

#[test]
fn what_is_no_signal_is_refused() {
    let place = Place::new();
    for wrong in ["1.01", "up", "flat:-0.1", "nan", "STALE_DATA", ""] {
        let ran = place.run(&["signal", "merge", "--quant", wrong, "--llm", "0.5"]);
        assert_eq!(ran.code, 2, "{wrong}");
        assert!(ran.stderr.contains("reason code"), "{}", ran.stderr);
    }
    let words = [
        "signal",
        "merge",
        "--quant",
        "stale_data",
        "--llm",
        "llm_signal_failed",
    ];
    let (code, error) = place.refused(&words);
    assert_eq!(code, 9);
    insta::assert_snapshot!(error["error"]["message"].as_str().unwrap(), @"both quant and llm signals are unavailable: stale_data, llm_signal_failed, both_signals_unavailable");
}
