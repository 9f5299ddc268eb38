//! Any event, any plan, any document.

use fondaco_domain::halt::{Epoch, HaltMode};
use fondaco_domain::retry::{ErrorClass, RetryPolicy};
use fondaco_domain::run::{
    CompletionRule, Event, LateReason, NewRun, ReleaseReason, RunKind, RunState,
};
use fondaco_domain::task::{
    Adopted, Fence, OnNeedFailed, Rung, SkipReason, TaskKind, TaskNo, TaskPlan,
};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

fn run() -> impl Strategy<Value = RunId> {
    (0..1_u64 << 48, any::<[u8; 10]>()).prop_map(|(millis, random)| RunId::new(millis, random))
}

fn worker() -> impl Strategy<Value = WorkerId> {
    (0..1_u64 << 48, any::<[u8; 10]>()).prop_map(|(millis, random)| WorkerId::new(millis, random))
}

fn task() -> impl Strategy<Value = TaskNo> {
    any::<u32>().prop_map(TaskNo)
}

fn fence() -> impl Strategy<Value = Fence> {
    any::<u64>().prop_map(Fence)
}

fn at() -> impl Strategy<Value = UnixMicros> {
    any::<i64>().prop_map(UnixMicros)
}

fn class() -> impl Strategy<Value = ErrorClass> {
    select(vec![
        ErrorClass::Transient,
        ErrorClass::LostWorker,
        ErrorClass::TimedOut,
        ErrorClass::Permanent,
    ])
}

pub(super) fn new_run() -> impl Strategy<Value = NewRun> {
    let who = (
        select(RunKind::ALL.to_vec()),
        any::<bool>(),
        ".*",
        option::of(".*"),
        ".*",
        any::<i32>(),
    );
    let rest = (
        option::of(".*"),
        option::of(at()),
        option::of(run()),
        any::<[u8; 4]>(),
    );
    (who, rest).prop_map(|(who, rest)| {
        let (kind, days, tenant, strategy, queue, priority) = who;
        let (concurrency_key, deadline, parent, spec) = rest;
        NewRun {
            kind,
            spec: ContentHash::of(&spec),
            rule: if days {
                CompletionRule::ModelDays
            } else {
                CompletionRule::AllRequired
            },
            tenant,
            strategy,
            queue,
            priority,
            concurrency_key,
            deadline,
            parent,
        }
    })
}

pub(super) fn plan() -> impl Strategy<Value = TaskPlan> {
    let choice = select(vec![
        OnNeedFailed::Skip,
        OnNeedFailed::Fail,
        OnNeedFailed::Proceed,
    ]);
    let retry =
        (any::<u32>(), any::<i64>(), any::<i64>()).prop_map(|(max_attempts, first, longest)| {
            RetryPolicy {
                max_attempts,
                first,
                longest,
            }
        });
    let adopted = (run(), option::of(".*")).prop_map(|(from, output)| Adopted { from, output });
    (
        (
            ".*",
            select(TaskKind::ALL.to_vec()),
            prop::collection::vec(task(), 0..4),
            choice,
        ),
        (
            any::<bool>(),
            retry,
            any::<i32>(),
            option::of(".*"),
            option::of(adopted),
        ),
    )
        .prop_map(|((key, kind, needs, on_need_failed), rest)| {
            let (required, retry, priority, input, adopted) = rest;
            TaskPlan {
                key,
                kind,
                needs,
                on_need_failed,
                required,
                retry,
                priority,
                input,
                adopted,
                skip: None,
            }
        })
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![of_run(), of_task(), end_of_task()]
}

fn of_run() -> impl Strategy<Value = Event> {
    let modes = select(vec![HaltMode::Drain, HaltMode::Halted, HaltMode::Killed]);
    let ends = select(RunState::ALL.to_vec());
    let epoch = || any::<u64>().prop_map(Epoch);
    prop_oneof![
        (new_run(), epoch()).prop_map(|(new, epoch)| Event::Submitted { new, epoch }),
        (task(), prop::collection::vec(plan(), 0..3), any::<bool>())
            .prop_map(|(first, tasks, last)| Event::Planned { first, tasks, last }),
        Just(Event::RunStarted),
        (modes, epoch(), ".*").prop_map(|(mode, epoch, reason)| Event::RunHalting {
            mode,
            epoch,
            reason
        }),
        Just(Event::RunHalted),
        epoch().prop_map(|epoch| Event::RunResumed { epoch }),
        ".*".prop_map(|reason| Event::RunCancelling { reason }),
        (ends, any::<bool>(), option::of(".*")).prop_map(|(state, degraded, reason)| {
            Event::RunEnded {
                state,
                degraded,
                reason,
            }
        }),
    ]
}

fn of_task() -> impl Strategy<Value = Event> {
    let rung = select(Rung::ALL.to_vec());
    let released = select(vec![
        ReleaseReason::Halt,
        ReleaseReason::Killed,
        ReleaseReason::GivenBack,
    ]);
    prop_oneof![
        (task(), task(), any::<u32>()).prop_map(|(task, need, left)| Event::TaskNeedEnded {
            task,
            need,
            left
        }),
        (task(), fence(), worker(), at()).prop_map(|(task, fence, worker, until)| {
            Event::TaskLeased {
                task,
                fence,
                worker,
                until,
            }
        }),
        (task(), worker(), at()).prop_map(|(task, worker, until)| Event::TaskAdopted {
            task,
            worker,
            until
        }),
        (task(), rung).prop_map(|(task, rung)| Event::TaskEscalated { task, rung }),
        task().prop_map(|task| Event::TaskStarted { task }),
        (task(), fence(), at(), class(), ".*").prop_map(|(task, fence, ready_at, class, error)| {
            Event::TaskRetried {
                task,
                fence,
                ready_at,
                class,
                error,
            }
        }),
        (task(), fence(), released).prop_map(|(task, fence, reason)| Event::TaskReleased {
            task,
            fence,
            reason
        }),
    ]
}

fn end_of_task() -> impl Strategy<Value = Event> {
    let skipped = select(vec![
        SkipReason::AlreadyCompleted,
        SkipReason::IncompletePriceData,
        SkipReason::RateLimited,
        SkipReason::NeedFailed,
    ]);
    let late = select(vec![LateReason::NotHeld, LateReason::Killed]);
    prop_oneof![
        (task(), option::of(".*")).prop_map(|(task, output)| Event::TaskCompleted { task, output }),
        (task(), class(), ".*").prop_map(|(task, class, error)| Event::TaskFailed {
            task,
            class,
            error
        }),
        (task(), skipped, option::of(".*")).prop_map(|(task, reason, detail)| Event::TaskSkipped {
            task,
            reason,
            detail
        }),
        task().prop_map(|task| Event::TaskCancelled { task }),
        (task(), fence(), late).prop_map(|(task, fence, reason)| Event::LateResult {
            task,
            fence,
            reason
        }),
    ]
}

/// Any JSON, with numbers of every kind.
pub(super) fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".*", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
