"""What is demanded of the tool on a real server. Each check takes a running Server and says in a few words what it compared;
it raises Difference where the two disagree."""
import csv
import glob
import io
import os
import random
import re
import signal
import statistics
import subprocess
import threading
import time

from server import find_client, run, thread_state

HERE = os.path.dirname(os.path.abspath(__file__))
WORKLOAD = open(os.path.join(HERE, "workload.sql"), encoding="utf-8").read()
CHECKS = {}


class Difference(Exception):
    pass


def check(function):
    CHECKS[function.__name__.replace("_", "-")] = function
    return function


def demand(truth, what):
    if not truth:
        raise Difference(what)


def same_lines(server_says, tool_says, what):
    if server_says == tool_says:
        return
    pairs = [(a, b) for a, b in zip(server_says, tool_says) if a != b]
    shown = "".join(f"\n    server: {a}\n    tool:   {b}" for a, b in pairs[:8])
    raise Difference(f"{what}: {len(pairs)} of {len(server_says)} and {len(tool_says)} lines differ{shown}")


def busy_session(server):
    session = server.session()
    session.run(WORKLOAD)
    return session


def snapshot(tool, pid, path, *options):
    if os.path.exists(path):
        os.remove(path)
    said = tool.run("snapshot", pid, "-o", path, *options)
    mode = os.stat(path).st_mode & 0o777
    demand(mode == 0o600, f"{path} has mode {mode:o}, not 600")
    return said.stdout + said.stderr


def file_in(scratch, server, name):
    return os.path.join(scratch, f"{server.major}-{name}")


def compare_contexts(server, tool, scratch, pid, asker, name):
    """The tool's view against the server's own, of a backend that logs the same before and after."""
    server.logged_contexts(pid, asker)  # the first one makes what logging itself keeps
    path = file_in(scratch, server, name)
    for _ in range(3):
        before = server.logged_contexts(pid, asker)
        snapshot(tool, pid, path)
        if before == server.logged_contexts(pid, asker):
            break
    else:
        raise Difference(f"backend {pid} does not stand still")
    same_lines(before, tool.out("state", path, "--format", "text").splitlines(), name)
    return before


@check
def contexts(server, tool, scratch):
    """Every context's numbers as pg_log_backend_memory_contexts of the same idle backend prints them: its tree, names, idents,
    "more child contexts" and the Grand total. Bump's 112-byte header is not counted by the server, and so not by the tool."""
    asker, idle, busy = server.session(), server.session(), busy_session(server)
    few = compare_contexts(server, tool, scratch, idle.pid, asker, "idle.pssnap")
    many = compare_contexts(server, tool, scratch, busy.pid, asker, "busy.pssnap")
    demand(any(" more child contexts containing " in line for line in many), "the workload has no context with many children")
    demand(thread_state(busy.pid)[1] == 0, "the backend is still traced")
    demand(busy.run("fetch 1 from sorted;") != "", "the cursor is gone")
    for session in (asker, idle, busy):
        session.close()
    return f"{len(few)} and {len(many)} lines equal"


@check
def slab(server, tool, scratch):
    """A walsender that decodes: Slab and Generation contexts of the reorder buffer."""
    asker = server.session()
    asker.run("create table decoded(i int, t text);")
    asker.run("select pg_create_logical_replication_slot('decoding', 'test_decoding');")
    receiver = subprocess.Popen([find_client("pg_recvlogical"), "-h", server.folder, "-U", "postgres", "-d", "postgres",
                                 "--slot", "decoding", "--start", "-f", "/dev/null"], stderr=subprocess.DEVNULL)
    writer = server.session()
    try:
        pid = wait_for(lambda: asker.run("select active_pid from pg_replication_slots where active_pid is not null;"), "walsender")
        writer.run("begin; insert into decoded select i, md5(i::text) from generate_series(1, 3000) i; savepoint a;"
                   "insert into decoded select i, 'x' from generate_series(1, 500) i;")
        asker.run("insert into decoded values (1, 'one'); select pg_switch_wal();")
        time.sleep(1.5)
        lines = compare_contexts(server, tool, scratch, int(pid), asker, "walsender.pssnap")
        slabs = [line for line in lines if re.match(r" *(Change|TXN):", line)]
        demand(len(slabs) == 2, "the walsender has no Slab contexts")
    finally:
        writer.close()
        receiver.terminate()
        receiver.wait()
        asker.run("select pg_terminate_backend(active_pid) from pg_replication_slots where active_pid is not null;")
        wait_for(lambda: asker.run("select 1 from pg_replication_slots where active_pid is null;"), "end of the walsender")
        asker.run("select pg_drop_replication_slot('decoding'); drop table decoded;")
        asker.close()
    return f"{len(lines)} lines equal; " + "; ".join(line.strip().split(";")[0] for line in slabs)


def wait_for(ask, what, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.05)
    raise Difference(f"no {what} within {seconds} s")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@check
def buffers(server, tool, scratch):
    """Tags, flags, usage counts and pins as pg_buffercache has them, in the rows on which it agrees before and after."""
    asker, busy = server.session(), busy_session(server)
    asker.run("create extension if not exists pg_buffercache; create table pages as select i, repeat('x', 500) as t from "
              "generate_series(1, 30000) i; select sum(i) from pages; checkpoint; update pages set i = 0 where i % 9 = 0;")
    query, path = "select * from pg_buffercache order by bufferid", file_in(scratch, server, "buffers.pssnap")
    server.csv(query)
    before = rows(server.csv(query))
    snapshot(tool, busy.pid, path)
    after = rows(server.csv(query))
    seen = rows(tool.out("state", path, "--format", "buffers"))
    demand(len(seen) == len(before), f"{len(seen)} rows, the server has {len(before)}")
    steady = [i for i, row in enumerate(before) if row == after[i]]
    differing = [i for i in steady if any(seen[i][column] != before[i][column] for column in before[i])]
    shown = "".join(f"\n    server: {list(before[i].values())}\n    tool:   {list(seen[i].values())}" for i in differing[:5])
    demand(len(steady) > 0.99 * len(before), f"only {len(steady)} of {len(before)} buffers stood still")
    # What the counting query itself pins or uses at that moment may differ twice in the same way.
    demand(len(differing) <= 3, f"{len(differing)} of {len(steady)} buffers differ{shown}")
    used, dirty = sum(1 for r in before if r["relfilenode"]), sum(1 for r in before if r["isdirty"] == "t")
    asker.run("drop table pages;")
    asker.close(), busy.close()
    return (f"{len(steady) - len(differing)} of {len(before)} buffers equal ({used} in use, {dirty} dirty), "
            f"{len(before) - len(steady)} moved meanwhile, {len(differing)} differ")


@check
def shmem(server, tool, scratch):
    """Every row of pg_shmem_allocations: names, offsets, sizes, <anonymous> and the free rest."""
    idle, path = server.session(), file_in(scratch, server, "shmem.pssnap")
    snapshot(tool, idle.pid, path)
    key = lambda row: (row["off"] == "", int(row["off"] or 0), row["name"])
    server_rows = sorted(rows(server.csv("select * from pg_shmem_allocations")), key=key)
    tool_rows = sorted(rows(tool.out("state", path, "--format", "shmem")), key=key)
    same_lines([",".join(r.values()) for r in server_rows], [",".join(r.values()) for r in tool_rows], "pg_shmem_allocations")
    idle.close()
    return f"{len(server_rows)} rows equal"


@check
def core(server, tool, scratch):
    """gdb's core of a backend gives what the living one gave."""
    busy, path = busy_session(server), file_in(scratch, server, "live.pssnap")
    snapshot(tool, busy.pid, path)
    live = tool.out("state", path, "--format", "text").splitlines()
    target = file_in(scratch, server, "core")
    run("gcore", "-o", target, str(busy.pid), user=server.user, cwd=scratch)
    file = f"{target}.{busy.pid}"
    try:
        for form in ("text", "shmem"):
            same_lines(tool.out("state", path, "--format", form).splitlines(),
                       tool.out("state", file, "--format", form).splitlines(), f"the core's {form}")
        size = os.path.getsize(file)
    finally:
        os.remove(file)
    busy.close()
    return f"{len(live)} lines equal, from a core of {size // 1048576} MB"


@check
def slow_kernel_core(server, tool, scratch):
    """The kernel's own core: a backend aborts (and its server starts again)."""
    busy, path = busy_session(server), file_in(scratch, server, "live.pssnap")
    snapshot(tool, busy.pid, path)
    live = tool.out("state", path, "--format", "text").splitlines()
    pattern = open("/proc/sys/kernel/core_pattern", encoding="utf-8").read().strip()
    demand(pattern[0] != "|", f"core_pattern is {pattern}: no file to be had")
    os.kill(busy.pid, signal.SIGABRT)
    wait_for(lambda: not os.path.exists(f"/proc/{busy.pid}"), "end of the backend")
    files = glob.glob(server.data + "/core*")
    demand(len(files) == 1, f"no core file in {server.data}")
    same_lines(live, tool.out("state", files[0], "--format", "text").splitlines(), "the core's contexts")
    size = os.path.getsize(files[0])
    os.remove(files[0])
    wait_for(lambda: run(server.psql, "-h", server.folder, "-U", "postgres", "-c", "select 1", check=False).returncode == 0, "restart")
    return f"{len(live)} lines equal, from a core of {size // 1048576} MB"


BIG = """set work_mem = '4GB';
begin;
set local enable_sort = off;
declare big cursor for select i, max(repeat('x', 960)) as longest from generate_series(1, 1000000) i group by i;
fetch 1 from big;"""


def await_stop(pid, tool):
    """The tracer's pid, once the backend is held; None: the tool ended without."""
    while tool.poll() is None:
        state, tracer = thread_state(pid)
        if tracer != 0 and state == "t":
            return tracer
    return None


def runs_again(pid, seconds):
    """How long until nobody holds the backend."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        state, tracer = thread_state(pid)
        if tracer == 0 and state not in "tT":
            return time.monotonic() - began
    raise Difference(f"after {seconds} s the backend is in state {thread_state(pid)}")


@check
def slow_killed(server, tool, scratch):
    """The tool, its holder or both are killed while they hold a backend of 1 GB; then the tool is only stopped. The backend goes
    on, within the limit of the pause, and its session answers."""
    session, chance = server.session(), random.Random(server.major)
    session.run(BIG)
    longest, held = {}, 0
    for round_number in range(24):
        case = ("tool", "holder", "both", "stopped")[round_number % 4]
        process = subprocess.Popen(tool.words("snapshot", session.pid, "-o", file_in(scratch, server, f"{case}.pssnap")),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            holder = await_stop(session.pid, process)
            demand(holder is not None, "the tool ended before it was seen to hold the backend")
            time.sleep(chance.random() * 0.1)
            held += thread_state(session.pid)[1] != 0
            victims = {"tool": [process.pid], "holder": [holder], "both": [process.pid, holder], "stopped": [process.pid]}[case]
            for victim in dict.fromkeys(victims):
                try:
                    os.kill(victim, signal.SIGSTOP if case == "stopped" else signal.SIGKILL)
                except ProcessLookupError:
                    pass  # it was done already
            longest[case] = max(longest.get(case, 0), runs_again(session.pid, 5 if case == "stopped" else 2))
            demand(session.run("fetch 1 from big;").endswith("x" * 960), "the session's answer is wrong")
        finally:
            process.kill()
            process.wait()
    demand(held >= 12, f"only {held} of 24 times was the backend still held when the signal was sent")
    session.close()
    return f"{held} times while held; free again after at most " + ", ".join(f"{k} {v * 1000:.0f} ms" for k, v in longest.items())


QUERIES = (("select sum(i), count(*) from (select i from generate_series(1, 20000) i order by md5(i::text)) s;", "200010000|20000"),
           ("select count(*), sum(a.i) from generate_series(1, 5000) a(i) join generate_series(1, 9000) b(i) on a.i = b.i;",
            "5000|12502500"),
           ("select count(*), sum(n) from (select i % 700, count(*) n from generate_series(1, 9000) i group by 1) s;", "700|9000"),
           ("do $$ begin for i in 1..100 loop begin perform 1/0; exception when division_by_zero then null; end; end loop; end $$;"
            "select length(string_agg(i::text, ',')) from generate_series(1, 3000) i;", "13892"))


def queries_for_ever(session, stop, wrong, answered):
    number = 0
    while not stop.is_set():
        query, answer = QUERIES[number % len(QUERIES)]
        got = session.run(query)
        if got != answer:
            wrong.append(f"{query} gave {got}")
        number += 1
        answered[0] = number


def snapshots_of(tool, pid, path, times, *options):
    """The pauses in ms, the tries, and what was said of those that do not fit together, of so many snapshots."""
    done = tool.run("snapshot", pid, "-o", path, "--times", times, "--every", "0.02", *options, check=False)
    demand(done.returncode in (0, 1), f"status {done.returncode}: {done.stderr[-500:]}")
    told = re.findall(r"stopped for ([0-9.]+) ms \((\d+) tr|not stopped", done.stdout)
    demand(len(told) == times, f"{len(told)} snapshots of {times}: {done.stderr[-500:]}")
    return [float(p) for p, _ in told if p], [int(t) for _, t in told if t], [
        line for line in done.stderr.splitlines() if "do not fit together" in line]


def pauses_in_words(pauses):
    ordered = sorted(pauses)
    return (f"pause {statistics.median(ordered):.2f} ms (median), {ordered[int(len(ordered) * 0.99)]:.2f} (99 %), "
            f"{ordered[-1]:.2f} (most)")


@check
def slow_flat_out(server, tool, scratch):
    """500 snapshots each of a session whose queries have known answers and of pgbench's, both busy without a break: none wrong
    after retries, no answer wrong. Not stopping is counted beside it."""
    said, path = [], file_in(scratch, server, "flat-out.pscope")
    session, stop, wrong, answered = server.session(), threading.Event(), [], [0]
    thread = threading.Thread(target=queries_for_ever, args=(session, stop, wrong, answered), daemon=True)
    thread.start()
    try:
        pauses, tries, torn = snapshots_of(tool, session.pid, path, 500)
        _, _, torn_running = snapshots_of(tool, session.pid, path, 200, "--no-stop")
        snapshots_of(tool, session.pid, path, 40)  # what verify gets through in a debug build
    finally:
        stop.set()
        thread.join()
    session.close()
    demand(not torn, f"{len(torn)} complaints, the first: {torn[:2]}")
    demand(not wrong, f"{len(wrong)} of {answered[0]} answers are wrong: {wrong[:2]}")
    verified = tool.run("verify", path, check=False)
    demand(verified.returncode == 0, f"verify: {verified.stdout[:600]}{verified.stderr[:300]}")
    said.append(f"{answered[0]} answers right; {pauses_in_words(pauses)}; {sum(t > 1 for t in tries)} of 500 took more than one "
                f"try (at most {max(tries)}); not stopping: {len(torn_running)} of 200 do not fit together")

    bench = [find_client("pgbench"), "-h", server.folder, "-U", "postgres", "postgres"]
    run(*bench, "-i", "-s", "2", "-q")
    client = subprocess.Popen([*bench, "-S", "-c", "1", "-T", "600", "-n"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # not the connection by which it looks at its tables first
        find = "select pid from pg_stat_activity where application_name = 'pgbench' and backend_start < now() - interval '1 s'"
        pid = wait_for(lambda: server.ask(find).strip(), "pgbench")
        pauses, tries, torn = snapshots_of(tool, pid, path, 500)
        demand(client.poll() is None, "pgbench ended")
        demand(not torn, f"pgbench: {len(torn)} complaints, the first: {torn[:2]}")
    finally:
        client.terminate()
        client.wait()
    said.append(f"pgbench -S: {pauses_in_words(pauses)}; {sum(t > 1 for t in tries)} took more than one try")
    return "; ".join(said)
