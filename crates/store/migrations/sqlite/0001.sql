-- Durable runs. Times are microseconds UTC, ids UUIDs of version 7 as text.
-- The CHECKs carry rules: a row that breaks one is a defect of the program.

create table run(
  run_id text primary key,
  kind text not null,
  spec_hash text not null,
  rule text not null check(rule in('all_required','model_days')),
  idem_scope text, idem_key text, idem_fingerprint text,    -- same key, other body: conflict
  state text not null check(state in('queued','running','halting','halted','cancelling','cancelled',
                                     'completed','partial','failed')),
  queue text not null,
  priority integer not null,
  parent_run text,
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
  unique(idem_scope, idem_key)
) strict;

create table task(
  task_id integer primary key,
  run_id text not null references run,
  no integer not null,                                      -- place in the plan
  step_key text not null,
  plan text not null,                                       -- JSON, never changes
  queue text not null,                                      -- of its run, for claims
  priority integer not null,
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
  unique(run_id, no),
  unique(run_id, step_key)
) strict;
create index task_ready on task(queue, priority desc, ready_at, task_id) where state = 'ready';
create index task_lease on task(lease_until) where state in('leased','running');

create table task_need(
  run_id text not null, need integer not null, no integer not null,
  primary key(run_id, need, no)
) strict, without rowid;

create table event(
  seq integer primary key,
  run_id text not null references run,
  run_seq integer not null,
  task_no integer,
  type text not null,
  v integer not null,
  at integer not null,
  actor text not null,
  body text not null,
  prev_hash text not null,
  hash text not null,
  unique(run_id, run_seq)
) strict;
create trigger event_is_kept before delete on event begin select raise(abort, 'events are kept'); end;
create trigger event_is_fixed before update on event begin select raise(abort, 'events are fixed'); end;

-- One row per event, written with it; readers outside follow it by cursor.
create table outbox(
  seq integer primary key autoincrement,
  run_id text not null,
  run_seq integer not null
) strict;
create table outbox_cursor(consumer text primary key, seq integer not null) strict;

create table halt(
  scope text primary key,
  epoch integer not null unique,
  mode text not null check(mode in('active','reducing','drain','halted','killed')),
  reason text not null, actor text not null, at integer not null
) strict;
