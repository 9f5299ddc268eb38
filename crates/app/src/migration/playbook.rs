//! What to do when it goes wrong, on one page.

use std::fmt::Write as _;

use super::{Phase, Standing};

/// The rollback playbook of seed 000, with the flags as they are now.
pub fn playbook(standing: &Standing) -> String {
    let phase = standing.phase;
    let mut text = format!("Rollback playbook, from {phase}\n\n");
    let _ = writeln!(text, "Now:");
    for (flag, _) in phase.flags() {
        let name = flag.variable().unwrap_or(flag.name());
        let _ = writeln!(text, "  {name}={}", standing.flags.value(flag));
    }
    let back = match phase.back() {
        Some(back) => format!("leads to {back}"),
        None => "there is nothing before phase 0".to_owned(),
    };
    let steps = [
        format!("One step back, where that is enough ({back}):\n     fondaco migration rollback --reason \"…\""),
        format!(
            "Or everything at once. Disable the read path of the application service; from then on the \
             legacy files are\n     what routes read, and answers and sockets have the legacy shape:\n     \
             fondaco flag set {} false",
            phase.flags()[0].0.name(),
        ),
        "Disable dual write, where it spoils what is compared:\n     fondaco flag set \
         ta_taskstore_dual_write false"
            .to_owned(),
        "Restore the legacy shape of answers and sockets, where the application service is to stay:\n     \
         fondaco flag set ta_result_contract_version off\n     fondaco flag set ta_ws_v1alpha1_enabled false"
            .to_owned(),
        "Keep what was compared; nothing of it is removed by a step back:\n     fondaco migration diff \
         --output json > parity.json"
            .to_owned(),
        "Test again, and go through one analysis by hand, from its start to its report:\n     \
         fondaco migration status"
            .to_owned(),
    ];
    text.push('\n');
    for (number, step) in steps.iter().enumerate() {
        let _ = writeln!(text, "  {}. {step}", number + 1);
    }
    let _ = writeln!(
        text,
        "\nThe flags count from the next request on; no process is started again. When all is well,\n\
         `fondaco migration rollback --to {}` sets the flags of the phase once more.",
        phase.number()
    );
    if phase == Phase::LegacyRemoved {
        text.push_str(
            "\nFiles of tasks that were started in this phase are written once dual write is on again:\n\
             wait for `fondaco migration status` to find no task in the new store only.\n",
        );
    }
    text
}
