//! What the process takes of its machine.

use std::fs;

use super::exposition::Exposition;
use super::names;

/// Bytes of a page of memory, and ticks of a second of a processor, as Linux
/// counts them for programs.
const PAGE: f64 = 4096.0;
const TICKS: f64 = 100.0;

/// What Linux says; nothing where it is another system.
pub(super) fn tell(page: &mut Exposition) {
    if let Some(pages) = resident() {
        page.sample(&names::PROCESS_MEMORY, &[], pages * PAGE);
    }
    if let Some(ticks) = ticks() {
        page.sample(&names::PROCESS_CPU, &[], ticks / TICKS);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // The look itself is one of them.
        let open = files.count().saturating_sub(1);
        page.sample(&names::PROCESS_FILES, &[], open as f64);
    }
}

/// The second word of `statm`: pages in memory.
fn resident() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

/// Ticks in the program and for it, words 14 and 15 of `stat`; the name of the
/// program, which may hold anything, ends with the last bracket.
fn ticks() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let [user, system] = [words.get(11)?, words.get(12)?];
    Some(user.parse::<f64>().ok()? + system.parse::<f64>().ok()?)
}
