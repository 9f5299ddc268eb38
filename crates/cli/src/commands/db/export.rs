//! `fondaco db export`.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{RunQuery, RunStoreError, TaskQuery};
use fondaco_app::runner::body_hash;
use fondaco_domain::run::Run;
use fondaco_domain::{ContentHash, ErrorKind, Hint};
use serde::Serialize;
use serde_json::json;
use thiserror::Error;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Where to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco db export runs.jsonl\n  fondaco db export -\n\nOne JSON document per line, each \
                  with one name: export, spec, run, task, attempt, event, body, halt, halt_ack, schedule, fired, \
                  worker. Times are microseconds since 1970."
)]
pub(crate) struct Args {
    /// New file; - for standard output.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

/// An export that was not written.
#[derive(Debug, Error)]
#[error("cannot write {}", .path.display())]
struct ExportError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Hint for ExportError {
    fn kind(&self) -> ErrorKind {
        match self.source.kind() {
            io::ErrorKind::AlreadyExists => ErrorKind::Conflict,
            _ => ErrorKind::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        (self.source.kind() == io::ErrorKind::AlreadyExists).then(|| "name a new file".to_owned())
    }
}

/// What was written.
#[derive(Debug, Serialize)]
struct Exported {
    file: PathBuf,
    runs: u64,
    lines: u64,
}

/// Rows that one look reads.
const PAGE: usize = 1_000;

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    if args.file == Path::new("-") {
        let mut lines = Lines::to(&args.file, Box::new(io::stdout().lock()));
        lines.everything(client.store())?;
        return lines.end();
    }
    let runs = write_file(&args.file, client.store())?;
    Ok(context.output.print(&runs)?)
}

/// Beside its place, and moved there whole.
fn write_file(path: &Path, store: &dyn Store) -> Result<Exported, Failure> {
    let failed = |source| ExportError {
        path: path.to_owned(),
        source,
    };
    if path.exists() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()).into());
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let file = std::fs::File::create(&beside).map_err(failed)?;
    let mut lines = Lines::to(path, Box::new(file.try_clone().map_err(failed)?));
    let runs = match lines.everything(store) {
        Ok(runs) => runs,
        Err(failure) => {
            // What went wrong before is what is told.
            let _ = std::fs::remove_file(&beside);
            return Err(failure);
        }
    };
    let count = lines.count;
    lines.end()?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)?;
    Ok(Exported {
        file: path.to_owned(),
        runs,
        lines: count,
    })
}

/// Documents on lines.
struct Lines<'a> {
    path: &'a Path,
    writer: BufWriter<Box<dyn Write + 'a>>,
    count: u64,
    specs: BTreeSet<ContentHash>,
    bodies: BTreeSet<ContentHash>,
}

impl<'a> Lines<'a> {
    fn to(path: &'a Path, writer: Box<dyn Write + 'a>) -> Self {
        Self {
            path,
            writer: BufWriter::new(writer),
            count: 0,
            specs: BTreeSet::new(),
            bodies: BTreeSet::new(),
        }
    }

    /// Returns how many runs there were.
    fn everything(&mut self, store: &dyn Store) -> Result<u64, Failure> {
        let vitals = store.vitals()?;
        self.line(
            "export",
            &json!({"version": 1, "engine": vitals.engine, "schema": vitals.schema}),
        )?;
        self.each("halt", &store.halts()?)?;
        self.each("halt_ack", &store.halt_acks()?)?;
        self.each("worker", &store.workers()?)?;
        for schedule in store.schedules()? {
            self.line("schedule", &schedule)?;
            for fired in store.fired(&schedule.name, usize::MAX)? {
                self.line("fired", &json!({"schedule": schedule.name, "fired": fired}))?;
            }
        }
        let mut runs = 0;
        let mut query = RunQuery {
            limit: Some(PAGE),
            ..RunQuery::default()
        };
        loop {
            let page = store.runs(&query)?;
            let Some(last) = page.last() else {
                return Ok(runs);
            };
            query.before = Some(last.id);
            for run in &page {
                self.run(store, run)?;
                runs += 1;
            }
        }
    }

    fn run(&mut self, store: &dyn Store, run: &Run) -> Result<(), Failure> {
        if self.specs.insert(run.new.spec.clone()) {
            let spec = store.spec(&run.new.spec)?;
            self.line("spec", &json!({"hash": run.new.spec, "text": spec}))?;
        }
        self.line("run", run)?;
        let mut query = TaskQuery {
            limit: Some(PAGE),
            ..TaskQuery::default()
        };
        loop {
            let page = store.tasks(run.id, &query)?;
            let Some(last) = page.last() else { break };
            query.after = Some(last.no);
            for task in &page {
                for held in [&task.plan.input, &task.output].into_iter().flatten() {
                    self.body(store, held)?;
                }
                self.line("task", &json!({"run": run.id, "task": task}))?;
                for attempt in store.attempts(run.id, task.no)? {
                    self.line(
                        "attempt",
                        &json!({"run": run.id, "task": task.no, "attempt": attempt}),
                    )?;
                }
            }
        }
        let mut after = 0;
        loop {
            let page = store.events(run.id, after, PAGE)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.seq;
            for event in &page {
                self.line("event", &json!({"run": run.id, "event": event}))?;
            }
        }
    }

    /// A body that lies elsewhere, once.
    fn body(&mut self, store: &dyn Store, held: &str) -> Result<(), Failure> {
        let Some(hash) = body_hash(held) else {
            return Ok(());
        };
        if self.bodies.insert(hash.clone()) {
            let bytes = store.body(&hash)?;
            let text = String::from_utf8(bytes)
                .map_err(|_| RunStoreError::Damaged(format!("body {hash} is no text")))?;
            self.line("body", &json!({"hash": hash, "text": text}))?;
        }
        Ok(())
    }

    fn each(&mut self, name: &str, documents: &[impl Serialize]) -> Result<(), Failure> {
        documents
            .iter()
            .try_for_each(|document| self.line(name, document))
    }

    fn line(&mut self, name: &str, document: &impl Serialize) -> Result<(), Failure> {
        self.count += 1;
        serde_json::to_writer(&mut self.writer, &json!({ name: document }))
            .map_err(io::Error::from)
            .and_then(|()| self.writer.write_all(b"\n"))
            .map_err(|source| self.failed(source))
    }

    fn end(mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Failure {
        ExportError {
            path: self.path.to_owned(),
            source,
        }
        .into()
    }
}

impl View for Exported {
    fn text(&self, style: Style) -> String {
        format!(
            "{} {}: {} runs, {} lines\n",
            style.dim("written"),
            self.file.display(),
            self.runs,
            self.lines
        )
    }
}
