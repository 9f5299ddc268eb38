-- Tasks of kind `model_day`, and plans and workers that say a task is not to be
-- done: a program that does not know them stays away.
select 1;
