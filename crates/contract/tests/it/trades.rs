//! The trade list as CSV.

use fondaco_contract::trades_csv;

use crate::golden;

#[test]
fn golden_trade_lists_come_out_byte_for_byte() {
    for case in golden::cases() {
        let expected = golden::text(&case.join("trades.csv"));
        let found = trades_csv(&golden::trades(&case));
        for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{} line {}", case.display(), line + 1);
        }
        assert_eq!(found, expected, "{}", case.display());
    }
}
