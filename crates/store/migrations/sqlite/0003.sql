-- A page of runs, the newest first, by what they are. The key of the table is
-- part of each index, so that each has its runs in that order.
create index run_state on run(state);
create index run_kind on run(kind);
create index run_queue on run(queue);
create index run_tenant on run(tenant);
create index run_strategy on run(strategy) where strategy is not null;
