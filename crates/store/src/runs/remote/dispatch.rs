//! A request carried out on a store.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::RunStoreError;

use super::wire::{Request, Response};

/// Calls the method that the request names. A subscription is none of them:
/// it needs the connection.
pub(in crate::runs) fn dispatch(store: &dyn Store, request: Request) -> Response {
    runs(store, request).unwrap_or_else(|error| Response::Failed((&error).into()))
}

type Answer = Result<Response, RunStoreError>;

/// The calls of the port of runs; the others go on.
fn runs(store: &dyn Store, request: Request) -> Answer {
    Ok(match request {
        Request::Submit(submission, by) => Response::Submitted(store.submit(*submission, by)?),
        Request::Command(run, command, by) => {
            Response::Commanded(Box::new(store.command(run, *command, by)?))
        }
        Request::Exchange(exchange, by) => Response::Exchanged(store.exchange(exchange, by)?),
        Request::Held => Response::Held(store.held()?),
        Request::Spec(hash) => Response::Text(store.spec(&hash)?),
        Request::Run(id) => Response::Run(Box::new(store.run(id)?)),
        Request::Runs(query) => Response::Runs(store.runs(&query)?),
        Request::KeyHolder(key) => Response::MaybeRun(store.key_holder(&key)?),
        Request::Tasks(id, query) => Response::Tasks(store.tasks(id, &query)?),
        Request::Attempts(id, task) => Response::Attempts(store.attempts(id, task)?),
        Request::Events(id, after, limit) => Response::Events(store.events(id, after, limit)?),
        Request::Remove(id) => done(store.remove(id))?,
        Request::Outbox(consumer, limit) => Response::Outbox(store.outbox(&consumer, limit)?),
        Request::Acknowledge(consumer, position) => done(store.acknowledge(&consumer, position))?,
        Request::Feed(after, limit) => Response::Feed(store.feed(after, limit)?),
        Request::FeedEnd => Response::Number(store.feed_end()?),
        Request::OpenRuns => Response::OpenRuns(store.open_runs()?),
        Request::KeepBody(body) => Response::Hash(store.keep_body(&body)?),
        Request::Body(hash) => Response::Body(store.body(&hash)?),
        Request::Vitals => Response::Vitals(store.vitals()?),
        Request::CheckRun(id) => Response::Disagreements(store.check_run(id)?),
        Request::Check => Response::Disagreements(store.check()?),
        other => return others(store, other),
    })
}

/// The calls of the ports of halts, workers and schedules.
fn others(store: &dyn Store, request: Request) -> Answer {
    Ok(match request {
        Request::Halt(command, by) => Response::Halt(store.halt(command, by)?),
        Request::Obey(limit, by) => Response::Count(store.obey(limit, by)?),
        Request::Halts => Response::Halts(store.halts()?),
        Request::AcknowledgeHalt(ack) => done(store.acknowledge_halt(ack))?,
        Request::HaltAcks => Response::HaltAcks(store.halt_acks()?),
        Request::Enlist(worker) => done(store.enlist(worker))?,
        Request::Dismiss(worker) => done(store.dismiss(worker))?,
        Request::Workers => Response::Workers(store.workers()?),
        Request::AddSchedule(schedule, by) => done(store.add_schedule(*schedule, by))?,
        Request::Schedules => Response::Schedules(store.schedules()?),
        Request::PauseSchedule(name, paused, next, by) => {
            done(store.pause_schedule(&name, paused, next, by))?
        }
        Request::RemoveSchedule(name, by) => done(store.remove_schedule(&name, by))?,
        Request::Fire(firing, by) => Response::Kept(store.fire(*firing, by)?),
        Request::Fired(name, limit) => Response::Ticks(store.fired(&name, limit)?),
        other => return records(store, other),
    })
}

/// The calls of the ports of records and services.
fn records(store: &dyn Store, request: Request) -> Answer {
    Ok(match request {
        Request::PutRecord(change, by) => Response::Record(store.put_record(change, by)?),
        Request::Record(kind, name) => Response::MaybeRecord(store.record(kind, &name)?),
        Request::Records(kind) => Response::Records(store.records(kind)?),
        Request::Trail(query) => Response::Records(store.trail(&query)?),
        Request::ClaimService(name, seen, by) => {
            Response::Service(store.claim_service(&name, seen, by)?)
        }
        Request::RenewService(name, generation, holder, at) => {
            Response::Kept(store.renew_service(&name, generation, holder, at)?)
        }
        Request::ReleaseService(name, generation) => {
            done(store.release_service(&name, generation))?
        }
        Request::Services => Response::Services(store.services()?),
        other => Response::Unserved(format!("{other:?} needs a connection of its own")),
    })
}

fn done(result: Result<(), RunStoreError>) -> Answer {
    result.map(|()| Response::Done)
}
