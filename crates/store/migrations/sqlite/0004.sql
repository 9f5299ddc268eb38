-- Tasks of kind `analysis`, and records of what calls cost, of what is watched
-- and of what is held: a program that does not know them stays away.

-- A run over model days ends by its required tasks; those that ended with a
-- result are counted from now on, and once here for the runs there are.
alter table run add column required_completed integer not null default 0;
update run set required_completed = (
  select count(*) from task
  where task.run_id = run.run_id and task.state = 'completed'
    and json_extract(task.plan, '$.required')
) where n_completed > 0;
