#!/usr/bin/env python3
"""Asks a real PostgreSQL server what its sorts, hash joins and hash aggregates took, over a grid of inputs.

    record.py BIN_DIR > pgM.jsonl        BIN_DIR holds initdb, pg_ctl, postgres; psql is found in PATH

Starts a server of its own in a temporary folder (socket only, as the user "postgres" if run by root), runs EXPLAIN
(ANALYZE) for each case below and prints a line of JSON for each: the inputs, what the planner guessed, what the node
said, and what trace_sort logged. The server is stopped and the folder removed at the end. See README.md beside this.
"""
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

CASE = "=====case "


def sort_case(rows, work_mem, columns="kt", width=32, order="random", bound=0):
    return dict(op="sort", rows=rows, work_mem=work_mem, columns=columns, width=width, order=order, bound=bound)


def join_case(rows, work_mem, guess, width=0, distinct=0, frequent=0, multiplier=2, outer="function"):
    return dict(op="join", rows=rows, work_mem=work_mem, guess=guess, width=width, distinct=distinct or rows,
                frequent=frequent, multiplier=multiplier, outer=outer)


def aggregate_case(rows, groups, work_mem, width=0, analyzed=True, multiplier=2):
    return dict(op="aggregate", rows=rows, groups=groups, work_mem=work_mem, width=width, analyzed=analyzed,
                multiplier=multiplier)


def cases():
    for columns in ("kt", "k", "t"):
        for rows in (100, 1000, 1024, 5000, 20000):
            yield sort_case(rows, 4096, columns)
    for columns, work_mem, rows in itertools.product(("kt", "k", "t"), (64, 256, 1000), (1000, 1500, 5000, 20000)):
        yield sort_case(rows, work_mem, columns)
    for width in (1, 126, 127, 500, 1500):
        yield sort_case(3000, 4096, "kt", width)
        yield sort_case(3000, 256, "kt", width)
        yield sort_case(3000, 128, "t", width)
    for order in ("asc", "desc"):
        yield sort_case(20000, 64, "kt", 32, order)
        yield sort_case(20000, 256, "k", 32, order)
    yield sort_case(40000, 64, "kt", 100)
    for columns, order, bound in itertools.product(("kt", "k", "t"), ("asc", "desc", "random"), (1, 10, 100, 400)):
        yield sort_case(2000, 4096, columns, 32, order, bound)
    for bound in (600, 900, 1200):  # more than fits in 64 kB, or nearly
        yield sort_case(5000, 64, "kt", 60, "random", bound)
        yield sort_case(5000, 64, "k", 60, "random", bound)
    yield sort_case(50, 4096, "kt", 32, "random", 100)

    for work_mem, rows in itertools.product((64, 256, 4096), (100, 1024, 1025, 3000, 20000)):
        yield join_case(rows, work_mem, guess=rows)
        yield join_case(rows, work_mem, guess=rows, outer="table")
    for guess, work_mem, rows in itertools.product((100, 1000, 100000), (64, 256, 1024), (2000, 20000)):
        yield join_case(rows, work_mem, guess)
    for width in (10, 100, 1000, 8100, 8300, 20000):
        yield join_case(1000, 256, 1000, width)
        yield join_case(1000, 256, 50, width)
    for multiplier in (1, 4):
        yield join_case(20000, 256, 20000, multiplier=multiplier)
    yield join_case(20000, 64, 20000, distinct=1)  # one key: nothing can be divided
    yield join_case(20000, 64, 1000, distinct=1)
    yield join_case(20000, 64, 1000, distinct=5)
    for frequent in (10, 50, 90):  # percent of the rows have one key
        yield join_case(20000, 64, 20000, frequent=frequent)
        yield join_case(20000, 64, 1000, frequent=frequent)
        yield join_case(20000, 256, 1000, width=100, frequent=frequent)

    for groups, work_mem in itertools.product((10, 200, 1000, 5000, 20000), (64, 256, 4096)):
        yield aggregate_case(20000, groups, work_mem)
        yield aggregate_case(20000, groups, work_mem, analyzed=False)
    for groups in (1000, 10000):
        yield aggregate_case(20000, groups, 1024, width=60)
        yield aggregate_case(20000, groups, 1024, width=60, analyzed=False)
        yield aggregate_case(20000, groups, 512, multiplier=1)


# Keys that a reader can make again: (i * 48271) mod 1000003 is another number for each i.
KEY = {"asc": "i", "desc": "{rows} - i", "random": "(i::bigint * 48271 % 1000003)::int"}
EXPLAIN = "explain (analyze, timing off, format json) "


def sort_sql(c):
    key = KEY[c["order"]].format(**c)
    columns = {"kt": "k, t", "k": "k", "t": "t"}[c["columns"]]
    limit = f" limit {c['bound']}" if c["bound"] else ""
    # The text begins with the key as a number of fixed width, so that it sorts as the key does ("C").
    return (f"create temp table d as select {key} as k, rpad(lpad(({key})::text, {min(7, c['width'])}, '0'), "
            f"{c['width']}, 'x') collate \"C\" as t from generate_series(1, {c['rows']}) i;\n"
            f"analyze d;\n{EXPLAIN}select {columns} from d order by {'t' if c['columns'] == 't' else 'k'}{limit};\n"
            "drop table d;\n")


def join_sql(c):
    key = f"case when i * 100 <= {c['rows'] * c['frequent']} then 0 else i % {c['distinct']} end"
    text = f", repeat('x', {c['width']}) as t" if c["width"] else ""
    outer = "o" if c["outer"] == "table" else "(select k from numbers(%d) k offset 0)" % c["distinct"]
    return (f"create temp table o as select i as k from generate_series(0, {c['distinct'] - 1}) i;\nanalyze o;\n"
            f"alter function numbers rows {max(c['guess'] * 2, 100000)};\nalter function inner_rows rows {c['guess']};\n"
            f"{EXPLAIN}select count(*), count({'i.t' if text else 'i.k'}) from {outer} o left join "
            f"(select {key} as k{text} from inner_rows({c['rows']}) i offset 0) i on o.k = i.k;\ndrop table o;\n")


def aggregate_sql(c):
    key = f"i % {c['groups']}"
    column = f"rpad(({key})::text, {c['width']}, 'x') as k" if c["width"] else f"{key} as k"
    analyze = "analyze d;\n" if c["analyzed"] else ""
    return (f"create temp table d as select {column} from generate_series(0, {c['rows'] - 1}) i;\n{analyze}"
            f"{EXPLAIN}select k, count(*) from d group by k;\ndrop table d;\n")


PRELUDE = """
\\set QUIET on
set client_min_messages = log; set trace_sort = on;
set max_parallel_workers_per_gather = 0; set jit = off;
set enable_mergejoin = off; set enable_nestloop = off; set enable_hashagg = on;
create function inner_rows(n int) returns setof int language sql immutable as 'select generate_series(1, n)';
create function numbers(n int) returns setof int language plpgsql as
  'begin return query select generate_series(0, n - 1); end';
create or replace function inner_rows(n int) returns setof int language plpgsql as
  'begin return query select generate_series(1, n); end';
"""


def script(all_cases):
    text = PRELUDE
    for number, c in enumerate(all_cases):
        text += f"\\echo {CASE}{number}\n\\warn {CASE}{number}\n"
        text += f"set work_mem = '{c['work_mem']}kB';\nset hash_mem_multiplier = {c.get('multiplier', 2)};\n"
        text += f"set enable_sort = {'off' if c['op'] == 'aggregate' else 'on'};\n"
        text += {"sort": sort_sql, "join": join_sql, "aggregate": aggregate_sql}[c["op"]](c)
    return text


def nodes_of(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes_of(child)


WANTED = {"sort": "Sort", "join": "Hash", "aggregate": "Aggregate"}
FIELDS = ["Sort Method", "Sort Space Used", "Sort Space Type", "Hash Buckets", "Original Hash Buckets", "Hash Batches",
          "Original Hash Batches", "Peak Memory Usage", "Planned Partitions", "HashAgg Batches", "Disk Usage",
          "Plan Rows", "Strategy"]
LOGGED = {"max_tapes": r"switching to external sort with (\d+) tapes", "tape_buffers_kb": r"using (\d+) KB of memory for tape",
          "merged_tapes": r"except (\d+)-way final merge"}


def summary_of(log):
    """What trace_sort said of the last sort that began (others are the catalog's, or ANALYZE's)."""
    begins = [i for i, line in enumerate(log) if line.startswith("begin ")]
    text = "\n".join(log[begins[-1]:])
    found = {name: int(m.group(1)) for name, pattern in LOGGED.items() if (m := re.search(pattern, text))}
    return dict(kind=log[begins[-1]].split(" sort", 1)[0][6:], runs=len(re.findall("finished writing run", text)), **found)


def answer(c, out, err):
    plan = json.loads(out)[0]["Plan"]
    found = [n for n in nodes_of(plan) if n["Node Type"] == WANTED[c["op"]]]
    if c["op"] == "join":
        found = [n for n in found if n["Plans"][0]["Actual Rows"] == c["rows"]]
    if len(found) != 1:
        return dict(c, problem=[n["Node Type"] for n in nodes_of(plan)])
    node = found[0]
    said = {k: node[k] for k in FIELDS if k in node}
    child = node["Plans"][0]
    said["Child Rows"], said["Child Width"] = child["Plan Rows"], child["Plan Width"]
    log = [line.split("LOG:  ", 1)[1] for line in err.splitlines() if "LOG:  " in line]
    return dict(c, said=said, **({"log": summary_of(log)} if c["op"] == "sort" else {}))


def run(bin_dir):
    user = "postgres" if os.getuid() == 0 else None
    folder = tempfile.mkdtemp(prefix="workmem-")
    if user:
        shutil.chown(folder, user)
    data = os.path.join(folder, "data")
    tool = lambda name: os.path.join(bin_dir, name)
    def call(*words, **more):
        return subprocess.run(words, check=True, user=user, cwd=folder, text=True, capture_output=True, **more)
    try:
        call(tool("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--locale=C", "--encoding=UTF8")
        call(tool("pg_ctl"), "-D", data, "-w", "-l", os.path.join(folder, "log"), "-o",
             f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off", "start")
        try:
            psql = ["psql", "-X", "-h", folder, "-U", "postgres", "-d", "postgres", "-At"]
            version = call(*psql, "-c", "show server_version").stdout.strip()
            all_cases = list(cases())
            done = call(*psql, input=script(all_cases))
        finally:
            call(tool("pg_ctl"), "-D", data, "-w", "-m", "fast", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    parts = [re.split(CASE + r"\d+\n", text)[1:] for text in (done.stdout, done.stderr)]
    print(json.dumps({"server_version": version, "cases": len(all_cases)}))
    for c, out, err in zip(all_cases, *parts):
        try:
            print(json.dumps(answer(c, out, err), separators=(",", ":")))
        except ValueError:
            print("cannot read the answer to", c, out[:500], err[:500], file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run(sys.argv[1])
