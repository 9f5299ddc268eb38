-- Nothing changes but what a row may say: tasks of kind `analysis`, and
-- records of what calls cost, of what is watched and of what is held. A program
-- that does not know them stays away.
select 1 where 0;
