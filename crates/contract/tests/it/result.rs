//! The result contract: what was written must be read for ever.

use fondaco_contract::ContractError;
use fondaco_contract::v1alpha1::{BACKTEST_RESULT, BacktestResult, backtest_schema};
use fondaco_domain::{ErrorKind, Hint};

/// A hand-written document that uses every field, every kind of absence and
/// every closed word at least once. Never regenerate it.
const GOLDEN: &str = include_str!("../../golden/backtest-result.v1alpha1.json");

/// The same with what only the realistic profile has.
const REALISTIC: &str = include_str!("../../golden/backtest-result.v1alpha1.realistic.json");

#[test]
fn the_golden_document_still_reads_and_writes_byte_for_byte() {
    for golden in [GOLDEN, REALISTIC] {
        let result = BacktestResult::from_json(golden).unwrap();
        assert_eq!(result.to_json().unwrap(), golden);
    }
}

#[test]
fn other_contracts_and_unknown_fields_are_refused() {
    let other = GOLDEN.replace("result/v1alpha1", "result/v9");
    let error = BacktestResult::from_json(&other).unwrap_err();
    assert!(
        matches!(&error, ContractError::Version { found, .. } if found == "backtest-result/v9")
    );
    assert!(error.hint().unwrap().contains(BACKTEST_RESULT));

    let extra = GOLDEN.replacen("\"kind\":", "\"mood\":\"good\",\"kind\":", 1);
    let error = BacktestResult::from_json(&extra).unwrap_err();
    assert!(
        matches!(&error, ContractError::Shape { source, .. } if source.to_string().contains("mood"))
    );

    let cut = &GOLDEN[..GOLDEN.len() / 2];
    let error = BacktestResult::from_json(cut).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_number_that_json_cannot_hold_is_never_written() {
    let mut result = BacktestResult::from_json(GOLDEN).unwrap();
    result.trades[0].profit_abs = f64::NAN;
    assert!(matches!(
        result.to_json(),
        Err(ContractError::NotFinite { .. })
    ));
}

/// The published schema is the one of the types; `UPDATE=1` writes it.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test writes the published schema when asked to"
)]
fn the_published_schema_is_current() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/backtest-result.v1alpha1.json"
    );
    let schema = backtest_schema().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == schema,
        "schemas/backtest-result.v1alpha1.json is not that of the types: run this test with UPDATE=1"
    );
}
