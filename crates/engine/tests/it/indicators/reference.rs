//! The reference page is generated; this keeps it true.

use std::path::PathBuf;

use fondaco_engine::indicators::{reference, registry};

/// `UPDATE=1` writes the page instead of comparing it.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads and updates a page")]
fn the_page_is_what_the_registry_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/indicators.md");
    let page = reference::page();
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{} is out of date: run the test with UPDATE=1",
        path.display()
    );
}

#[test]
fn wrong_numbers_are_refused_with_the_right_call() {
    use fondaco_domain::Hint;
    let macd = registry::lookup("macd").expect("macd exists");
    let show = |given: &[f64]| {
        let error = macd.params(given).expect_err("refused");
        format!("{error}\n{}", error.hint().unwrap_or_default())
    };
    insta::assert_snapshot!(show(&[12.0, 26.5]), @r"
    `slow` of `macd` must be a whole number, not 26.5
    it is used as macd(close, 12, 26, 9)
    ");
    insta::assert_snapshot!(show(&[0.0]), @r"
    `fast` of `macd` must lie from 2 to 100000, not 0
    it is used as macd(close, 12, 26, 9)
    ");
    insta::assert_snapshot!(show(&[1.0, 2.0, 3.0, 4.0]), @r"
    `macd` takes at most 3 numbers, not 4
    it is used as macd(close, 12, 26, 9)
    ");
    insta::assert_snapshot!(show(&[f64::NAN]), @r"
    `fast` of `macd` must lie from 2 to 100000, not NaN
    it is used as macd(close, 12, 26, 9)
    ");
    assert_eq!(macd.params(&[5.0]), Ok(vec![5.0, 26.0, 9.0]));
}
