-- News, filings and corporate actions. Times are milliseconds UTC. What was
-- added stays as it was added: a reader that looks no further than a place
-- and an instant sees the same for ever.

-- One row for each import that brought something new.
create table import(
  place integer primary key check(place > 0),
  kind text not null check(kind in('stories','filings','actions')),
  added integer not null check(added > 0)
) strict;

-- What was published, by the hash of it.
create table story(
  no integer primary key,
  id text not null unique,
  published_at integer not null,
  title text not null,
  summary text not null,
  source text not null,
  url text
) strict;

-- From when on it was known what a story is about, and where that came in. The
-- symbol is empty where an import named none. Of several for one symbol each
-- says an earlier instant than those imported before it.
create table sighting(
  story integer not null references story,
  symbol text not null,
  known_at integer not null,
  place integer not null references import,
  primary key(story, symbol, known_at)
) strict, without rowid;
create index sighting_symbol on sighting(symbol, known_at, place);
create index sighting_known on sighting(known_at, place);

create virtual table story_text using fts5(
  title, summary, content = 'story', content_rowid = 'no',
  tokenize = 'unicode61 remove_diacritics 2'
);

create table filing(
  no integer primary key,
  hash text not null unique,                                -- of all that it says
  symbol text not null,
  fiscal_year text not null,
  fiscal_period text not null,
  period_start text, period_end text not null,
  known_at integer not null,
  figures text not null,                                    -- JSON
  place integer not null references import
) strict;
create index filing_symbol on filing(symbol, known_at);

create table action(
  no integer primary key,
  hash text not null unique,
  symbol text not null,
  known_at integer not null,
  effective text not null,
  what text not null,                                       -- JSON
  place integer not null references import
) strict;
create index action_symbol on action(symbol, effective);

create trigger import_is_fixed before update on import
  begin select raise(abort, 'imports are fixed'); end;
create trigger import_is_kept before delete on import
  begin select raise(abort, 'imports are kept'); end;
create trigger story_is_fixed before update on story
  begin select raise(abort, 'stories are fixed'); end;
create trigger story_is_kept before delete on story
  begin select raise(abort, 'stories are kept'); end;
create trigger sighting_is_fixed before update on sighting
  begin select raise(abort, 'sightings are fixed'); end;
create trigger sighting_is_kept before delete on sighting
  begin select raise(abort, 'sightings are kept'); end;
create trigger filing_is_fixed before update on filing
  begin select raise(abort, 'filings are fixed'); end;
create trigger filing_is_kept before delete on filing
  begin select raise(abort, 'filings are kept'); end;
create trigger action_is_fixed before update on action
  begin select raise(abort, 'actions are fixed'); end;
create trigger action_is_kept before delete on action
  begin select raise(abort, 'actions are kept'); end;
