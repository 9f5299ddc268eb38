-- Tasks of kind `analysis`, and records of what calls cost, of what is watched
-- and of what is held: a program that does not know them stays away.

-- A run over model days ends by its required tasks; those that ended with a
-- result are counted from now on, and once here for the runs there are.
alter table run add column required_completed bigint not null default 0;
update run set required_completed = (
  select count(*) from task
  where task.run_id = run.run_id and task.state = 'completed'
    -- Quotes inside of texts are escaped: this is the field. The function of
    -- JSON refuses the NUL that a text of a plan may have.
    and position('"required":true' in task.plan) > 0
) where n_completed > 0;
