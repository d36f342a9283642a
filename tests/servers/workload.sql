-- What a busy session leaves behind: run by one that then sits idle in its transaction.
set work_mem = '64kB';
set max_parallel_workers_per_gather = 0;
create temp table rows as select i, (i * 48271::bigint % 1000003)::int as k, md5(i::text) as t from generate_series(1, 200000) i;
create index on rows (k);
analyze rows;
create or replace function pg_temp.tries(n int) returns int language plpgsql as $$
declare caught int := 0;
begin
  for i in 1 .. n loop
    begin
      perform 1 / (i - i);
    exception when division_by_zero then caught := caught + 1;
    end;
  end loop;
  return caught;
end $$;
create or replace function pg_temp.depth(n int) returns int language plpgsql as $$
begin
  return case when n = 0 then 0 else 1 + pg_temp.depth(n - 1) end;
end $$;
select pg_temp.tries(300), pg_temp.depth(20);
do $$ begin for i in 1 .. 130 loop execute format('prepare many_%s as select %s + $1::int', i, i); end loop; end $$;
begin;
savepoint one;
insert into rows select i, i, 'more' from generate_series(1, 100) i;
savepoint two;
update rows set t = 'changed' where i < 50;
-- Executors that stay open, each with what it holds: a sort that spilled, one in memory, hash tables.
declare spilled cursor for select * from rows order by t;
fetch 3 from spilled;
set local work_mem = '8MB';
declare sorted cursor for select * from rows where i < 5000 order by t, k;
fetch 3 from sorted;
set local enable_mergejoin = off; set local enable_nestloop = off; set local enable_indexscan = off;
declare joined cursor for select a.i, b.t from rows a join rows b on a.k = b.i where b.i < 20000;
fetch 3 from joined;
set local enable_sort = off;
declare grouped cursor for select k % 3000 as g, count(*), min(t) from rows group by 1;
fetch 3 from grouped;
set local work_mem = '64kB';
declare grouped_small cursor for select k % 30000 as g, count(*), min(t) from rows group by 1;
fetch 3 from grouped_small;
declare windowed cursor for select i, sum(k) over (order by i rows 3 preceding) from rows;
fetch 3 from windowed;
select count(*) from rows where t ~ '^(a|b)+[0-9]{3}' and k in (select k from rows where i % 7 = 0);
select jsonb_agg(jsonb_build_object('i', i, 't', t)) is not null from rows where i < 2000;
