//! The document around a report.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::html::{Text, script_json};

const STYLE: &str = include_str!("../assets/report.css");
/// Style of an analysis.
pub(crate) const ANALYSIS_STYLE: &str = include_str!("../assets/analysis.css");
const BASE: &str = include_str!("../assets/base.js");
const LINES: &str = include_str!("../assets/lines.js");
const CANDLES: &str = include_str!("../assets/candles.js");
const TABLES: &str = include_str!("../assets/tables.js");
const TRADES: &str = include_str!("../assets/trades.js");

/// Scripts of the report of one result, in the order they run.
pub(crate) const REPORT_SCRIPTS: &[&str] = &[BASE, LINES, CANDLES, TABLES, TRADES];
/// Scripts of an analysis: the switch of the theme.
pub(crate) const ANALYSIS_SCRIPTS: &[&str] = &[BASE];
/// Style of a simulation.
pub(crate) const SIMULATION_STYLE: &str = include_str!("../assets/simulation.css");
const SIMULATION: &str = include_str!("../assets/simulation.js");
/// Scripts of a simulation.
pub(crate) const SIMULATION_SCRIPTS: &[&str] = &[BASE, LINES, TABLES, SIMULATION];
/// Scripts of a comparison.
pub(crate) const COMPARISON_SCRIPTS: &[&str] = &[BASE, LINES, TABLES];

/// The parts of a page.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) header: &'a str,
    pub(crate) body: &'a str,
    pub(crate) data: &'a Value,
    pub(crate) scripts: &'a [&'a str],
    /// Beyond the style that all pages have.
    pub(crate) style: &'a str,
}

/// The document. Its policy lets nothing be fetched and no script run but the
/// one whose hash it names.
pub(crate) fn page(page: &Page<'_>) -> String {
    let script = format!(
        "\"use strict\";\n(() => {{\n{}\n}})();\n",
        page.scripts.join("\n")
    );
    let hash = base64(&Sha256::digest(&script));
    let title = Text(page.title);
    let data = script_json(page.data);
    let (header, body, style) = (page.header, page.body, page.style);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <style>\n{STYLE}{style}</style>\n</head>\n<body>\n\
         {header}<main id=\"main\">\n{body}</main>\n\
         <footer>Made by Fondaco. This file is complete: it loads nothing from anywhere.</footer>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>{script}</script>\n</body>\n</html>\n"
    )
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |group: &[u8]| {
        let bits = group
            .iter()
            .enumerate()
            .fold(0_u32, |bits, (place, &byte)| {
                bits | u32::from(byte) << (16 - 8 * place)
            });
        let digits = group.len();
        (0..4).map(move |place| {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            if place > digits {
                '='
            } else {
                char::from(digit)
            }
        })
    };
    bytes.chunks(3).flat_map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
