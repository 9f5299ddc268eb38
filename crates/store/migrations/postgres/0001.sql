-- Durable runs. Times are microseconds UTC, ids UUIDs of version 7.
-- The CHECKs carry rules: a row that breaks one is a defect of the program.
-- No foreign keys on the tables every transition writes: all of them are
-- written under the lock of their run's row, and each reference would cost a
-- lookup per event.

create table spec_version(
  spec_hash text primary key check(length(spec_hash) = 64),
  body text not null
);

create table run(
  run_id uuid primary key,
  kind text not null,
  spec_hash text not null references spec_version,
  rule text not null check(rule in('all_required','model_days')),
  tenant text not null,
  strategy text,
  -- The names of the halts that cover it.
  scopes text[] not null generated always as (array_remove(array[
    'global', 'tenant:' || tenant, 'kind:' || kind, 'strategy:' || strategy,
    'spec:' || spec_hash, 'run:' || run_id::text], null)) stored,
  idem_scope text, idem_key text, idem_fingerprint text not null,
  state text not null check(state in('queued','running','halting','halted','cancelling','cancelled',
                                     'completed','partial','failed')),
  queue text not null,
  priority integer not null,
  concurrency_key text,
  deadline_at bigint,
  parent_run uuid,
  planned boolean not null,
  degraded boolean not null,
  required_failed bigint not null,
  halt_epoch bigint not null,
  reason text,
  n_total bigint not null, n_pending bigint not null, n_running bigint not null,
  n_completed bigint not null, n_failed bigint not null, n_skipped bigint not null,
  n_cancelled bigint not null,
  last_seq bigint not null,                                 -- end of its chain of events
  last_hash text not null,
  created_at bigint not null, started_at bigint, finished_at bigint,
  check(n_total = n_pending + n_running + n_completed + n_failed + n_skipped + n_cancelled),
  check((state in('cancelled','completed','partial','failed')) = (finished_at is not null)),
  check((idem_scope is null) = (idem_key is null)),
  unique(idem_scope, idem_key),
  -- Checked by the commit: one transaction may end a run and begin the next.
  constraint run_holds_key exclude using btree (concurrency_key with =)
    where (started_at is not null and finished_at is null) deferrable initially deferred
) with (fillfactor = 60);
create index run_open on run(run_id) where finished_at is null;
create index run_due on run(deadline_at) where finished_at is null and deadline_at is not null;
create index run_parent on run(parent_run) where parent_run is not null;

create table task(
  run_id uuid not null,
  no bigint not null,                                       -- place in the plan
  step_key text not null,
  plan text not null,                                       -- JSON, never changes
  state text not null check(state in('blocked','ready','leased','running','completed','failed',
                                     'skipped','cancelled')),
  waiting bigint not null,
  skip_code text,
  detail text,
  attempt bigint not null,
  failures bigint not null,
  ready_at bigint not null,
  fence bigint not null,
  lease_owner uuid, lease_until bigint,
  output_ref text,
  check((state = 'skipped') = (skip_code is not null)),
  check((state in('leased','running')) = (lease_owner is not null)),
  check((lease_owner is null) = (lease_until is null)),
  primary key(run_id, no),
  unique(run_id, step_key)
) with (fillfactor = 60);

create table task_need(
  run_id uuid not null, need bigint not null, no bigint not null,
  primary key(run_id, need, no)
);

-- The tasks that are ready, and nothing else: what claims look at. Rows come
-- and go with every task, so the table is vacuumed early.
create table ready_task(
  run_id uuid not null,
  no bigint not null,
  queue text not null,
  kind text not null,
  priority bigint not null,                                 -- of the run and of the task, added
  ready_at bigint not null,
  primary key(run_id, no)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
        autovacuum_analyze_scale_factor = 0.5);
create index ready_task_best on ready_task(queue, priority desc, ready_at, run_id, no);

create table attempt(
  run_id uuid not null,
  no bigint not null,
  number bigint not null,
  fence bigint not null,
  worker_id uuid not null,
  executor text, external_ref text,
  beats bigint not null,
  progress text,
  leased_at bigint not null, started_at bigint, ended_at bigint,
  outcome text, error text,
  check((ended_at is null) = (outcome is null)),
  primary key(run_id, no, number)
) with (fillfactor = 70);
create index attempt_open on attempt(run_id, no) where ended_at is null;

-- Bodies too long for a row, by the SHA-256 of their bytes.
create table body(hash text primary key check(length(hash) = 64), bytes bytea not null);

-- An event carries its place in the outbox, so that neither is ever without
-- the other: the transaction that wrote it, and its place in that.
create table event(
  run_id uuid not null,
  run_seq bigint not null,
  tx bigint not null,
  tx_seq bigint not null,
  task_no bigint,
  type text not null,
  v smallint not null,
  at bigint not null,
  actor text not null,
  body text, body_hash text,
  prev_hash bytea not null,
  hash bytea not null,
  check((body is null) = (body_hash is not null)),
  primary key(run_id, run_seq)
);
create unique index event_place on event(tx, tx_seq);
create view outbox as select tx, tx_seq, run_id, run_seq from event;
create table outbox_cursor(consumer text primary key, tx bigint not null, tx_seq bigint not null);

create function fondaco_is_fixed() returns trigger language plpgsql as $$
begin
  -- A run that has ended may be removed whole.
  if tg_op = 'DELETE' and tg_table_name = 'event'
     and current_setting('fondaco.removes', true) = 'a run' then
    return old;
  end if;
  raise exception 'rows of % are fixed', tg_table_name;
end $$;
create trigger event_is_fixed before update or delete on event
  for each row execute function fondaco_is_fixed();
create trigger event_is_kept before truncate on event
  for each statement execute function fondaco_is_fixed();
create trigger spec_is_fixed before update or delete on spec_version
  for each row execute function fondaco_is_fixed();
create trigger spec_is_kept before truncate on spec_version
  for each statement execute function fondaco_is_fixed();

create table halt(
  scope text primary key,
  epoch bigint not null unique,
  mode text not null check(mode in('active','reducing','drain','halted','killed')),
  reason text not null, actor text not null, at bigint not null
);
create table halt_ack(
  scope text not null, epoch bigint not null, worker_id uuid not null, at bigint not null,
  primary key(scope, epoch, worker_id)
);

create table worker(
  worker_id uuid primary key,
  host text not null, pid bigint not null, pid_start text not null,
  build text not null,
  queues text[] not null, kinds text[] not null,
  since bigint not null, seen bigint not null
);

create table schedule(
  name text primary key,
  timing text not null,                                     -- JSON
  spec text not null,
  new_run text not null,                                    -- JSON
  paused boolean not null,
  next_at bigint,
  since bigint not null
);
create table schedule_fire(
  name text not null references schedule on delete cascade,
  at bigint not null,
  run_id uuid,
  passed text,
  primary key(name, at)
);
