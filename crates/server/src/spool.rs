//! Uploads on their way: in a folder of their own, never in memory.

use std::io;
use std::path::{Path, PathBuf};

use axum::body::{Body, BodyDataStream};
use fondaco_contract::http::ProblemCode;
use futures::StreamExt;
use tokio::fs;
use tokio::io::AsyncWriteExt;

use crate::problem::Refusal;
use crate::state::Platform;

/// Letters of a name at most.
const LONGEST_NAME: usize = 120;

/// A file that was sent, as long as this lives.
#[derive(Debug)]
pub(crate) struct Spooled {
    folder: PathBuf,
    /// Its name, without anything that could lead elsewhere.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: u64,
}

impl Spooled {
    /// Takes a body in, up to the limit of uploads.
    pub(crate) async fn receive(
        platform: &Platform,
        name: &str,
        body: Body,
    ) -> Result<Self, Refusal> {
        let name = plain(name).ok_or_else(|| {
            Refusal::of_field("filename", "a name such as BTC_USDT-1d.csv is wanted")
        })?;
        let chance = platform.machine.entropy();
        let folder = chance
            .iter()
            .fold(String::new(), |name, byte| format!("{name}{byte:02x}"));
        let folder = platform.candles.spool.join(folder);
        fs::create_dir_all(&folder)
            .await
            .map_err(|error| storage(&error))?;
        let mut spooled = Self {
            folder,
            name,
            bytes: 0,
        };
        let limit = platform.limits.upload;
        spooled.fill(body.into_data_stream(), limit).await?;
        Ok(spooled)
    }

    async fn fill(&mut self, mut parts: BodyDataStream, limit: u64) -> Result<(), Refusal> {
        let file = fs::File::create(self.path()).await;
        let mut file = file.map_err(|error| storage(&error))?;
        while let Some(part) = parts.next().await {
            let part =
                part.map_err(|error| Refusal::new(ProblemCode::Invalid, error.to_string()))?;
            self.bytes += part.len() as u64;
            if self.bytes > limit {
                let problem = format!("a file of {limit} bytes at most is taken");
                return Err(Refusal::new(ProblemCode::TooLarge, problem));
            }
            file.write_all(&part)
                .await
                .map_err(|error| storage(&error))?;
        }
        file.flush().await.map_err(|error| storage(&error))
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// A text without the place of the file, which is nobody's business.
    pub(crate) fn hide(&self, text: &str) -> String {
        let place = format!("{}{}", self.folder.display(), std::path::MAIN_SEPARATOR);
        text.replace(&place, "")
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

/// What cannot be removed is removed with a later start.
fn remove(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
}

fn storage(error: &io::Error) -> Refusal {
    Refusal::new(
        ProblemCode::Storage,
        format!("the upload cannot be written: {error}"),
    )
}

/// The last part of a name, of plain letters: what it says of the instrument
/// and the length of its candles stays, what could lead elsewhere goes.
fn plain(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next()?;
    let tidy = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let tidy: String = last.trim_start_matches('.').chars().map(tidy).collect();
    let usable = (1..=LONGEST_NAME).contains(&tidy.len()) && tidy.bytes().any(|b| b != b'_');
    usable.then_some(tidy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere() {
        for (name, expected) in [
            ("BTC_USDT-1d.csv", Some("BTC_USDT-1d.csv")),
            ("../../etc/passwd", Some("passwd")),
            ("..\\..\\boot.ini", Some("boot.ini")),
            ("/etc/cron.d/job", Some("job")),
            (".bashrc", Some("bashrc")),
            ("...", None),
            ("a/..", None),
            ("a/", None),
            ("", None),
            ("AAPL daily\n.csv", Some("AAPL_daily_.csv")),
            ("a\0b.csv", Some("a_b.csv")),
            ("кот.csv", Some("___.csv")),
            ("///", None),
        ] {
            assert_eq!(plain(name).as_deref(), expected, "{name:?}");
        }
        assert_eq!(plain(&"x".repeat(121)), None);
    }
}
