-- Completed days of models. Times are microseconds UTC. A row is never changed
-- but for its two marks, and never goes.

create table day(
  place integer primary key autoincrement,                  -- later is put later
  book text,                                                -- null: of no book
  origin_kind text not null check(origin_kind in('run','imported')),
  origin text not null,
  model text not null,
  date text not null,                                       -- sorts as time does
  replaced integer not null check(replaced in(0,1)),
  stale integer not null check(stale in(0,1)),
  started_at integer not null,
  completed_at integer not null,
  value text not null,                                      -- decimal, at its end
  document text not null,                                   -- JSON, last: it is long
  unique(origin_kind, origin, model, date)
) strict;
create index day_book on day(book, model, date, replaced, stale, completed_at);
create index day_date on day(date, model, replaced, stale);
create index day_model on day(model, date, replaced, stale);

-- Jobs of another program.
create table imported_job(
  job text primary key,
  document text not null                                    -- JSON
) strict, without rowid;

-- Up to which number of the feed of runs the days of runs are here.
create table followed(
  one integer primary key check(one = 1),
  no integer not null
) strict;
insert into followed values(1, 0);
