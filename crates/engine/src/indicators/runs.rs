//! Splitting columns into runs of finite rows.

/// Applies a kernel to every run of rows that are finite in all inputs.
///
/// The kernel sees slices of one run, inputs and outputs alike; output rows it
/// does not write, and rows outside runs, are NaN.
///
/// # Panics
/// When the inputs differ in length.
pub(super) fn by_run<const N: usize, const M: usize>(
    inputs: [&[f64]; N],
    mut kernel: impl FnMut([&[f64]; N], [&mut [f64]; M]),
) -> [Vec<f64>; M] {
    let rows = inputs[0].len();
    assert!(
        inputs.iter().all(|column| column.len() == rows),
        "input columns differ in length"
    );
    let finite = |row: usize| inputs.iter().all(|column| column[row].is_finite());
    let mut outputs: [Vec<f64>; M] = std::array::from_fn(|_| vec![f64::NAN; rows]);
    let mut row = 0;
    while row < rows {
        if !finite(row) {
            row += 1;
            continue;
        }
        let end = (row + 1..rows).find(|&next| !finite(next)).unwrap_or(rows);
        kernel(
            inputs.map(|column| &column[row..end]),
            outputs.each_mut().map(|column| &mut column[row..end]),
        );
        row = end;
    }
    outputs
}

/// [`by_run`] for one output.
pub(super) fn one<const N: usize>(
    inputs: [&[f64]; N],
    mut kernel: impl FnMut([&[f64]; N], &mut [f64]),
) -> Vec<f64> {
    let [output] = by_run(inputs, |inputs, [output]: [&mut [f64]; 1]| {
        kernel(inputs, output);
    });
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_a_row_that_is_not_finite() {
        let nan = f64::NAN;
        let values = [nan, 1.0, 2.0, f64::INFINITY, 3.0];
        let mut seen = Vec::new();
        let out = one([&values], |[run], out| {
            seen.push(run.to_vec());
            out[0] = run[0];
        });
        assert_eq!(seen, [vec![1.0, 2.0], vec![3.0]]);
        assert_eq!(format!("{out:?}"), "[NaN, 1.0, NaN, NaN, 3.0]");
    }
}
