//! Any question about runs: the file answers as memory does, whichever filter
//! leads.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{RunQuery, RunStore};
use fondaco_domain::UnixMicros;
use fondaco_domain::run::{Command, RunCommand, RunKind, RunState};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{MemoryRuns, SqliteOptions, SqliteRuns, Synchronous};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::TestRunner;

const RUNS: u8 = 120;

/// Runs of every sort, some of which have ended.
fn fill(store: &dyn Store) {
    for n in 0..RUNS {
        let mut asked = submission(n, if n % 7 == 0 { "p" } else { "q" }, 1);
        asked.new.kind = [RunKind::Backtest, RunKind::Workflow][usize::from(n % 3 == 0)];
        asked.new.strategy = (n % 2 == 0).then(|| format!("s{}", n % 5));
        asked.new.tenant = format!("t{}", n % 11 / 10);
        asked.new.deadline = (n % 9 == 0).then_some(UnixMicros(i64::from(n)));
        asked.new.parent = (n % 13 == 1).then(|| submission(n / 13, "", 0).id);
        asked.last = n % 10 != 3;
        let id = asked.id;
        store.submit(asked, at(1)).unwrap();
        let reason = "enough".to_owned();
        let command = match n % 4 {
            0 => RunCommand::Cancel { reason },
            1 if n % 10 == 3 => RunCommand::FailPlanning { reason },
            _ => continue,
        };
        let when = at(i64::from(n));
        store.command(id, Command::Run(command), when).unwrap();
    }
}

fn maybe<T: std::fmt::Debug + Clone + 'static>(values: Vec<T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::weighted(0.3, select(values))
}

fn queries() -> impl Strategy<Value = RunQuery> {
    let words = |words: &[&str]| maybe(words.iter().map(|&word| word.to_owned()).collect());
    let times: Vec<UnixMicros> = (0..i64::from(RUNS)).step_by(8).map(UnixMicros).collect();
    let ids: Vec<_> = (0..RUNS).map(|n| submission(n, "", 0).id).collect();
    let specs: Vec<_> = (0..4).map(|n| submission(n, "", 0).new.spec).collect();
    let states = prop_oneof![
        2 => Just(Vec::new()),
        3 => subsequence(RunState::ALL.to_vec(), 1..=9).prop_shuffle(),
        1 => Just(vec![RunState::Queued; 2]),
    ];
    let first = (
        states,
        maybe(vec![RunKind::Backtest, RunKind::Workflow, RunKind::Trading]),
        words(&["p", "q", "r"]),
        words(&["s0", "s2", "s9"]),
        words(&["t0", "t1"]),
        maybe(specs),
    );
    let others = (
        maybe(ids[..9].to_vec()),
        maybe(vec![true, false]),
        maybe(times.clone()),
        maybe(times),
        maybe(ids),
        maybe(vec![0, 1, 5, 500]),
    );
    (first, others).prop_map(|(first, others)| {
        let (states, kind, queue, strategy, tenant, spec) = first;
        let (parent, planned, due, finished_before, before, limit) = others;
        RunQuery {
            states,
            kind,
            queue,
            spec,
            strategy,
            tenant,
            parent,
            planned,
            due,
            finished_before,
            before,
            limit,
        }
    })
}

#[test]
fn whichever_filter_leads_the_answer_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions {
        synchronous: Synchronous::Normal,
        ..SqliteOptions::default()
    };
    let file = SqliteRuns::open(&folder.path().join("runs.db"), options).unwrap();
    let memory = MemoryRuns::default();
    fill(&file);
    fill(&memory);
    assert_eq!(file.open_runs().unwrap(), memory.open_runs().unwrap());
    let config = ProptestConfig {
        cases: crate::size(2_000, 50_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&queries(), |query| {
            let (file, memory) = (file.runs(&query).unwrap(), memory.runs(&query).unwrap());
            prop_assert_eq!(file, memory);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
