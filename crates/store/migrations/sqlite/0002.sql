-- Records in versions: all of them, in the order of `no`, are the trail.
create table record(
  no integer primary key autoincrement,
  kind text not null,
  name text not null,
  version integer not null check(version > 0),
  at integer not null,
  actor text not null,
  body text,                                                -- JSON; none where it was removed
  unique(kind, name, version)
) strict;
create trigger record_is_kept before delete on record
  begin select raise(abort, 'records are kept'); end;
create trigger record_is_fixed before update on record
  begin select raise(abort, 'records are fixed'); end;

-- Who serves under a name; without a host, nobody has come up yet.
create table service(
  name text primary key,
  generation integer not null check(generation > 0),
  claimed_by text not null,
  host text, pid integer, pid_start text, address text,
  renewals integer not null,
  since integer not null, seen integer not null,
  check((host is null) = (pid is null) and (host is null) = (pid_start is null)
        and (host is null) = (address is null))
) strict, without rowid;
