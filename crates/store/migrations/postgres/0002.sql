-- Records in versions: all of them, in the order of `no`, are the trail. They
-- are written under one lock, so that numbers follow the commits.
create table record(
  no bigint primary key,
  kind text not null,
  name text not null,
  version bigint not null check(version > 0),
  at bigint not null,
  actor text not null,
  body text,                                                -- JSON; none where it was removed
  unique(kind, name, version)
);
create trigger record_is_fixed before update or delete on record
  for each row execute function fondaco_is_fixed();
create trigger record_is_kept before truncate on record
  for each statement execute function fondaco_is_fixed();

-- Who serves under a name; without a host, nobody has come up yet.
create table service(
  name text primary key,
  generation bigint not null check(generation > 0),
  claimed_by text not null,
  host text, pid bigint, pid_start text, address text,
  renewals bigint not null,
  since bigint not null, seen bigint not null,
  check((host is null) = (pid is null) and (host is null) = (pid_start is null)
        and (host is null) = (address is null))
);
