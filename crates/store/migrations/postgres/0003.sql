-- A page of runs, the newest first, by what they are.
create index run_state on run(state, run_id);
create index run_kind on run(kind, run_id);
create index run_queue on run(queue, run_id);
create index run_tenant on run(tenant, run_id);
create index run_strategy on run(strategy, run_id) where strategy is not null;
create index run_spec on run(spec_hash, run_id);
