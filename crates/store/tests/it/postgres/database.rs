//! One database: its schema, its guards, its connection.

use std::error::Error as _;
use std::time::Duration;

use fondaco_app::ports::runs::{INLINE, Report, RunQuery, RunStore, RunStoreError, TaskQuery};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::run::Command;
use fondaco_domain::task::{TaskCommand, TaskKind, TaskPlan};
use fondaco_store::runs::conformance::at;
use fondaco_store::runs::{PgOptions, PgRuns};

use super::server::{own, shared};
use super::together::{completed, numbered, turn, want};

#[test]
fn processes_that_start_at_once_make_one_schema() {
    let Some(server) = shared() else { return };
    let address = server.database();
    let stores: Vec<PgRuns> = std::thread::scope(|scope| {
        let open = |_| scope.spawn(|| PgRuns::open(&address, PgOptions::default()).unwrap());
        let threads: Vec<_> = (0..6).map(open).collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for store in &stores {
        assert_eq!(store.vitals().unwrap().schema, 5);
        assert_eq!(store.runs(&RunQuery::default()).unwrap(), []);
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let Some(server) = shared() else { return };
    let address = server.database();
    drop(PgRuns::open(&address, PgOptions::default()).unwrap());
    let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    raw.batch_execute("insert into schema_version values(99)")
        .unwrap();
    let error = PgRuns::open(&address, PgOptions::default()).unwrap_err();
    assert!(matches!(
        error,
        RunStoreError::Newer {
            found: 99,
            known: 5,
            ..
        }
    ));
}

/// What the fourth schema counts is counted for the runs of the third.
#[test]
fn a_database_of_the_third_schema_is_brought_up_to_date() {
    let Some(server) = shared() else { return };
    let address = server.database();
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    for (number, required) in [(1, [true, false, true]), (2, [false, false, false])] {
        let mut asked = numbered(number, 3);
        for (task, required) in asked.tasks.iter_mut().zip(required) {
            task.required = required;
            task.input = Some("\"required\":true".to_owned());
        }
        store.submit(asked, at(1)).unwrap();
    }
    let held = turn(&store, 1, Vec::new(), Some(want(5))).unwrap();
    turn(&store, 1, held.iter().map(completed).collect(), None).unwrap();
    let before = store.runs(&RunQuery::default()).unwrap();
    let counted: u32 = before.iter().map(|run| run.required_completed).sum();
    let done: u32 = before.iter().map(|run| run.counts.completed).sum();
    assert_eq!((done, counted), (5, 2));
    drop(store);
    let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    raw.batch_execute(
        "alter table run drop column required_completed;
         delete from schema_version where version > 3;",
    )
    .unwrap();
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    assert_eq!(store.runs(&RunQuery::default()).unwrap(), before);
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn events_and_specs_cannot_be_changed() {
    let Some(server) = shared() else { return };
    let address = server.database();
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    store.submit(numbered(1, 1), at(1)).unwrap();
    let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    for (table, column) in [("event", "body"), ("spec_version", "body")] {
        for sql in [
            format!("update {table} set {column} = ''"),
            format!("delete from {table}"),
            format!("truncate {table} cascade"),
        ] {
            let error = raw.batch_execute(&sql).unwrap_err();
            let said = error.as_db_error().map(|error| error.message().to_owned());
            assert_eq!(said, Some(format!("rows of {table} are fixed")), "{sql}");
        }
    }
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn a_row_that_is_not_what_its_events_say_is_found() {
    let Some(server) = shared() else { return };
    let address = server.database();
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    store.submit(numbered(1, 2), at(1)).unwrap();
    let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    for (wrong, right) in [
        (
            "update task set failures = 1 where no = 1",
            "update task set failures = 0",
        ),
        (
            "update run set required_failed = 1",
            "update run set required_failed = 0",
        ),
        (
            "update ready_task set priority = 5 where no = 0",
            "update ready_task set priority = 0",
        ),
        (
            "create table away as select * from ready_task; delete from ready_task",
            "insert into ready_task select * from away",
        ),
    ] {
        assert_eq!(store.check().unwrap(), []);
        raw.batch_execute(wrong).unwrap();
        assert_eq!(store.check().unwrap().len(), 1, "{wrong}");
        raw.batch_execute(right).unwrap();
    }
}

#[test]
fn long_bodies_and_odd_texts_are_kept() {
    let Some(server) = shared() else { return };
    let address = server.database();
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    let mut asked = numbered(1, 0);
    let odd = "a\0b\u{1a}c\u{1a}0";
    let mut plan = TaskPlan::new(odd, TaskKind::Noop);
    plan.input = Some("x".repeat(2 * INLINE));
    asked.tasks = vec![plan];
    asked.new.tenant = odd.to_owned();
    let id = asked.id;
    store.submit(asked, at(1)).unwrap();
    let got = turn(&store, 1, Vec::new(), Some(want(1))).unwrap();
    let fail = Report {
        run: id,
        task: got[0].task.no,
        command: TaskCommand::Fail {
            fence: got[0].task.fence,
            class: ErrorClass::Permanent,
            error: odd.to_owned(),
        },
    };
    turn(&store, 1, vec![fail], None).unwrap();
    let task = &store.tasks(id, &TaskQuery::default()).unwrap()[0];
    assert_eq!(task.plan.key, odd);
    assert_eq!(task.detail.as_deref(), Some(odd));
    let attempts = store.attempts(id, task.no).unwrap();
    assert_eq!(attempts[0].error.as_deref(), Some(odd));
    assert_eq!(store.check().unwrap(), []);
    let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    let sql =
        "select count(*) from event where body is null and body_hash in(select hash from body)";
    assert_eq!(raw.query_one(sql, &[]).unwrap().get::<_, i64>(0), 1);
}

#[test]
fn a_connection_that_was_cut_is_made_again() {
    let Some(server) = shared() else { return };
    let address = server.database();
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    for number in 0..5 {
        store.submit(numbered(number, 1), at(1)).unwrap();
        assert_eq!(
            store.runs(&RunQuery::default()).unwrap().len(),
            number as usize + 1
        );
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()";
        raw.batch_execute(cut).unwrap();
    }
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn a_server_that_is_away_is_said_to_be_and_comes_back() {
    let Some(server) = own("") else { return };
    let address = server
        .database()
        .replace("user=fondaco", "user=fondaco&password=s3cret");
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    store.submit(numbered(1, 1), at(1)).unwrap();
    server.stop();
    let asked = numbered(2, 1);
    for error in [
        store.submit(asked.clone(), at(2)).unwrap_err(),
        store.run(asked.id).unwrap_err(),
        PgRuns::open(&address, PgOptions::default()).unwrap_err(),
    ] {
        assert!(
            matches!(error, RunStoreError::Unreachable { .. }),
            "{error:?}"
        );
        let mut said = error.to_string();
        said.push_str(&error.source().unwrap().to_string());
        assert!(!said.contains("s3cret"), "{said}");
        assert!(!format!("{error:?} {store:?}").contains("s3cret"));
    }
    server.start_again();
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while store.submit(asked.clone(), at(3)).is_err() {
        assert!(std::time::Instant::now() < deadline);
        std::thread::yield_now();
    }
    assert_eq!(store.runs(&RunQuery::default()).unwrap().len(), 2);
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn one_command_that_fails_takes_no_neighbour_with_it() {
    let Some(server) = shared() else { return };
    let address = server.database();
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    for number in 0..8 {
        store.submit(numbered(number, 1), at(1)).unwrap();
    }
    let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    let broken = numbered(3, 1).id.to_string();
    raw.execute(
        "update task set plan = '{' where run_id = $1::text::uuid",
        &[&broken],
    )
    .unwrap();
    let cancel = |number: u64| {
        let command = Command::Task(fondaco_domain::task::TaskNo(0), TaskCommand::Cancel);
        store.command(numbered(number, 1).id, command, at(2))
    };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| scope.spawn(move || cancel(number)))
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for (number, answer) in answers.iter().enumerate() {
        let damaged = matches!(answer, Err(RunStoreError::Damaged(_)));
        assert_eq!(damaged, number == 3, "{number}: {answer:?}");
        assert_eq!(answer.is_ok(), number != 3, "{number}: {answer:?}");
    }
}
