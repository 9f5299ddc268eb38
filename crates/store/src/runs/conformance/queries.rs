//! Finding runs, tasks and events.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{RunQuery, RunStoreError, TaskQuery};
use fondaco_domain::run::{Command, RunCommand, RunKind, RunState};
use fondaco_domain::task::{TaskNo, TaskState};
use fondaco_domain::{RunId, UnixMicros};

use super::{at, begin, claim, completed, report, say, submission};

pub(super) fn runs(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut one = submission(1, "q", 1);
    one.new.deadline = Some(UnixMicros(500));
    let mut two = submission(2, "p", 2);
    two.new.kind = RunKind::Workflow;
    two.new.parent = Some(one.id);
    let mut three = submission(3, "q", 1);
    three.last = false;
    three.new.deadline = Some(UnixMicros(501));
    for asked in [&one, &two, &three] {
        store.submit(asked.clone(), at(1))?;
    }
    let reason = "enough".to_owned();
    let cancel = Command::Run(RunCommand::Cancel { reason });
    store.command(two.id, cancel, at(50))?;
    let all = RunQuery::default();
    let found = |query: &RunQuery| -> Result<Vec<u8>, RunStoreError> {
        let runs = store.runs(query)?;
        let number = |id| (1..=3).find(|number| submission(*number, "", 0).id == id);
        Ok(runs.iter().filter_map(|run| number(run.id)).collect())
    };
    let of = |query: RunQuery, wanted: &[u8]| -> Result<(), RunStoreError> {
        assert_eq!(found(&query)?, wanted, "{query:?}");
        Ok(())
    };
    of(all.clone(), &[3, 2, 1])?;
    let states = |states: &[RunState]| RunQuery {
        states: states.to_vec(),
        ..RunQuery::default()
    };
    of(states(&[RunState::Queued]), &[3, 1])?;
    of(states(&[RunState::Cancelled]), &[2])?;
    of(states(&[RunState::Cancelled, RunState::Queued]), &[3, 2, 1])?;
    of(states(&[RunState::Halted]), &[])?;
    let kind = Some(RunKind::Workflow);
    of(
        RunQuery {
            kind,
            ..all.clone()
        },
        &[2],
    )?;
    let queue = Some("q".to_owned());
    of(
        RunQuery {
            queue,
            ..all.clone()
        },
        &[3, 1],
    )?;
    let spec = Some(three.new.spec.clone());
    of(
        RunQuery {
            spec,
            ..all.clone()
        },
        &[3],
    )?;
    let parent = Some(one.id);
    of(
        RunQuery {
            parent,
            ..all.clone()
        },
        &[2],
    )?;
    for (planned, wanted) in [(true, &[2_u8, 1][..]), (false, &[3])] {
        let planned = Some(planned);
        of(
            RunQuery {
                planned,
                ..all.clone()
            },
            wanted,
        )?;
    }
    for (due, wanted) in [(499, &[][..]), (500, &[1]), (501, &[3, 1])] {
        let due = Some(UnixMicros(due));
        of(RunQuery { due, ..all.clone() }, wanted)?;
    }
    for (instant, wanted) in [(50, &[][..]), (51, &[2])] {
        let finished_before = Some(UnixMicros(instant));
        let query = RunQuery {
            finished_before,
            ..all.clone()
        };
        of(query, wanted)?;
    }
    let both = RunQuery {
        queue: Some("q".to_owned()),
        due: Some(UnixMicros(999)),
        before: Some(three.id),
        ..all
    };
    of(both, &[1])
}

pub(super) fn names(store: &dyn Store) -> Result<(), RunStoreError> {
    let one = submission(1, "q", 1);
    let mut two = submission(2, "q", 1);
    two.new.strategy = Some("cross".to_owned());
    let mut three = submission(3, "q", 1);
    "desk".clone_into(&mut three.new.tenant);
    for asked in [&one, &two, &three] {
        store.submit(asked.clone(), at(1))?;
    }
    let of = |query: RunQuery, wanted: &[&RunId]| -> Result<(), RunStoreError> {
        let found: Vec<RunId> = store.runs(&query)?.iter().map(|run| run.id).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{query:?}");
        Ok(())
    };
    let all = RunQuery::default();
    for (strategy, wanted) in [("cross", &[&two.id][..]), ("Cross", &[]), ("", &[])] {
        let strategy = Some(strategy.to_owned());
        of(
            RunQuery {
                strategy,
                ..all.clone()
            },
            wanted,
        )?;
    }
    let tenants = [
        ("desk", &[&three.id][..]),
        (&one.new.tenant, &[&two.id, &one.id]),
    ];
    for (tenant, wanted) in tenants {
        let tenant = Some(tenant.to_owned());
        of(
            RunQuery {
                tenant,
                ..all.clone()
            },
            wanted,
        )?;
    }
    Ok(())
}

pub(super) fn pages(store: &dyn Store) -> Result<(), RunStoreError> {
    for number in 1..=5 {
        store.submit(submission(number, "q", 5), at(1))?;
    }
    let everything = store.runs(&RunQuery::default())?;
    let mut paged = Vec::new();
    loop {
        let page = store.runs(&RunQuery {
            before: paged.last().map(|run: &fondaco_domain::run::Run| run.id),
            limit: Some(2),
            ..RunQuery::default()
        })?;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        paged.extend(page);
    }
    assert_eq!(paged, everything);

    let id = submission(1, "", 0).id;
    let mut wanted = super::want("q", 2);
    wanted.run = Some(id);
    super::take(store, wanted, 10)?;
    let page = |states: &[TaskState], after: Option<u32>, limit| {
        let found = store.tasks(
            id,
            &TaskQuery {
                states: states.to_vec(),
                after: after.map(TaskNo),
                limit,
            },
        )?;
        Ok::<Vec<u32>, RunStoreError>(found.iter().map(|task| task.no.0).collect())
    };
    assert_eq!(page(&[], None, None)?, [0, 1, 2, 3, 4]);
    assert_eq!(page(&[], None, Some(2))?, [0, 1]);
    assert_eq!(page(&[], Some(1), Some(2))?, [2, 3]);
    assert_eq!(page(&[], Some(4), Some(2))?, [0_u32; 0]);
    assert_eq!(page(&[TaskState::Ready], None, None)?, [2, 3, 4]);
    assert_eq!(page(&[TaskState::Leased], Some(0), None)?, [1]);
    let both = [TaskState::Leased, TaskState::Ready];
    assert_eq!(page(&both, Some(0), Some(3))?, [1, 2, 3]);
    Ok(())
}

pub(super) fn events(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 2);
    store.submit(asked.clone(), at(1))?;
    claim(store, "nowhere", 1)?;
    let held = begin(store, "q", 2)?;
    let reports = held
        .iter()
        .map(|one| report(one, completed(one.task.fence)));
    say(store, reports.collect(), 11)?;
    let all = store.events(asked.id, 0, usize::MAX)?;
    let places: Vec<u64> = all.iter().map(|one| one.seq).collect();
    assert_eq!(places, (1..=all.len() as u64).collect::<Vec<_>>());
    let mut paged = Vec::new();
    while let page = store.events(asked.id, paged.len() as u64, 3)?
        && !page.is_empty()
    {
        paged.extend(page);
    }
    assert_eq!(paged, all);
    Ok(())
}
