-- Durable runs. Times are microseconds UTC, ids UUIDs of version 7 as text.
-- The CHECKs carry rules: a row that breaks one is a defect of the program.

-- Versions of specs by the SHA-256 of their canonical JSON. Those over 8 KiB
-- lie in a file of that name beside the database.
create table spec_version(
  spec_hash text primary key check(length(spec_hash) = 64),
  body text
) strict, without rowid;
create trigger spec_version_is_kept before delete on spec_version
  begin select raise(abort, 'versions of specs are kept'); end;
create trigger spec_version_is_fixed before update on spec_version
  begin select raise(abort, 'versions of specs are fixed'); end;

create table run(
  run_id text primary key,
  kind text not null,
  spec_hash text not null references spec_version,
  rule text not null check(rule in('all_required','model_days')),
  tenant text not null,
  strategy text,
  queue text not null,
  priority integer not null,
  concurrency_key text,                                     -- one holder at a time, see below
  deadline integer,
  parent_run text,
  idem_scope text, idem_key text,
  fingerprint text not null,                                -- same key, other one: conflict
  state text not null check(state in('queued','running','halting','halted','cancelling','cancelled',
                                     'completed','partial','failed')),
  planned integer not null check(planned in(0,1)),
  degraded integer not null check(degraded in(0,1)),
  required_failed integer not null,
  halt_epoch integer not null,
  reason text,
  n_total integer not null, n_pending integer not null, n_running integer not null,
  n_completed integer not null, n_failed integer not null, n_skipped integer not null,
  n_cancelled integer not null,
  last_seq integer not null,                                -- end of its chain of events
  last_hash text not null,
  created_at integer not null, started_at integer, finished_at integer,
  check(n_total = n_pending + n_running + n_completed + n_failed + n_skipped + n_cancelled),
  check((state in('cancelled','completed','partial','failed')) = (finished_at is not null)),
  check((idem_scope is null) = (idem_key is null))
) strict, without rowid;
create unique index run_by_key on run(idem_scope, idem_key) where idem_key is not null;
create unique index run_holds_key on run(concurrency_key)
  where concurrency_key is not null and started_at is not null and finished_at is null;
create index run_open on run(run_id) where state in('queued','running','halting');
create index run_deadline on run(deadline) where deadline is not null and finished_at is null;
create index run_finished on run(finished_at) where finished_at is not null;
create index run_parent on run(parent_run) where parent_run is not null;
create index run_spec on run(spec_hash);

create table task(
  run_id text not null references run,
  no integer not null,                                      -- place in the plan
  step_key text not null,
  kind text not null,
  plan text not null,                                       -- JSON, never changes
  queue text not null,                                      -- of its run, for claims
  priority integer not null,                                -- of its run and its own, added
  state text not null check(state in('blocked','ready','leased','running','completed','failed',
                                     'skipped','cancelled')),
  waiting integer not null,
  skip_code text,
  detail text,
  attempt integer not null,
  failures integer not null,
  ready_at integer not null,
  fence integer not null,
  lease_owner text, lease_until integer,
  output_ref text,
  check((state = 'skipped') = (skip_code is not null)),
  check((state in('leased','running')) = (lease_owner is not null)),
  check((lease_owner is null) = (lease_until is null)),
  primary key(run_id, no),
  unique(run_id, step_key)
) strict, without rowid;
create index task_ready on task(queue, kind, priority desc, ready_at, run_id, no)
  where state = 'ready';
create index task_held on task(run_id, no) where state in('leased','running');

create table task_need(
  run_id text not null, need integer not null, no integer not null,
  primary key(run_id, need, no)
) strict, without rowid;

create table attempt(
  run_id text not null, task_no integer not null, number integer not null,
  fence integer not null,
  worker_id text not null,
  executor text, external_ref text,
  beats integer not null,
  progress text,
  leased_at integer not null, started_at integer, ended_at integer,
  outcome text,
  error text,
  check((ended_at is null) = (outcome is null)),
  primary key(run_id, task_no, number)
) strict, without rowid;

-- Runs whose removal is under way: the only ones whose events may go. Empty
-- between two transactions.
create table removed(run_id text primary key) strict, without rowid;

-- A body over 8 KiB lies in a file beside the database, named by its hash.
create table event(
  seq integer primary key autoincrement,
  run_id text not null references run,
  run_seq integer not null,
  task_no integer,
  type text not null,
  v integer not null,
  at integer not null,
  actor text not null,
  body text,
  body_hash text,
  prev_hash text not null,
  hash text not null,
  check((body is null) = (body_hash is not null)),
  unique(run_id, run_seq)
) strict;
create trigger event_is_kept before delete on event
  when old.run_id not in(select run_id from removed)
  begin select raise(abort, 'events are kept'); end;
create trigger event_is_fixed before update on event
  begin select raise(abort, 'events are fixed'); end;

-- One row per event, written with it; readers outside follow it by cursor.
create table outbox(seq integer primary key) strict;
create table outbox_cursor(consumer text primary key, seq integer not null) strict, without rowid;

create table halt(
  scope text primary key,
  epoch integer not null unique,
  mode text not null check(mode in('active','reducing','drain','halted','killed')),
  reason text not null, actor text not null, at integer not null
) strict, without rowid;
create table halt_ack(
  scope text not null, epoch integer not null, worker_id text not null, at integer not null,
  primary key(scope, epoch, worker_id)
) strict, without rowid;

create table worker(
  worker_id text primary key,
  host text not null, pid integer not null, pid_start text not null,
  build text not null,
  queues text not null, kinds text not null,                -- JSON
  since integer not null, seen integer not null
) strict, without rowid;

create table schedule(
  name text primary key,
  timing text not null,                                     -- JSON
  spec_hash text not null references spec_version,
  new_run text not null,                                    -- JSON
  paused integer not null check(paused in(0,1)),
  next integer,
  since integer not null
) strict, without rowid;
create table schedule_fire(
  name text not null references schedule on delete cascade,
  at integer not null,
  run_id text,
  passed text,
  primary key(name, at)
) strict, without rowid;

-- Bodies of up to 8 KiB; larger ones lie in files beside the database.
create table body(body_hash text primary key, body blob not null) strict;
