"""Real PostgreSQL servers of one's own: found, started in a temporary folder (socket only), stopped by their own pg_ctl. Only
Python's own modules. As root everything of the server runs as user postgres, and the tool as that user without any capability."""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

MAJORS = (15, 16, 17, 18)
SETTINGS = {"listen_addresses": "''", "fsync": "off", "autovacuum": "off", "jit": "off", "logging_collector": "off",
            "checkpoint_timeout": "1h", "log_line_prefix": "'%m [%p] '", "wal_level": "logical",
            "bgwriter_delay": "10s", "max_parallel_workers_per_gather": "0", "lc_messages": "C"}


def server_user():
    return "postgres" if os.getuid() == 0 else None


def find_servers():
    """{major: folder of initdb, pg_ctl and postgres}: the distribution's, and those below $PALLOSCOPE_SERVERS."""
    found = {}
    patterns = ["/usr/lib/postgresql/{}/bin"]
    if folder := os.environ.get("PALLOSCOPE_SERVERS"):
        patterns += [folder + "/{}/bin", folder + "/{}/native/bin"]
    for major in MAJORS:
        for pattern in patterns:
            if os.access(pattern.format(major) + "/initdb", os.X_OK):
                found[major] = pattern.format(major)
    return found


def find_client(name):
    """psql and pgbench talk to every version: the newest that is installed."""
    installed = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name))
    return installed[-1] if installed else shutil.which(name)


def end_on_terminate():
    """So that servers are stopped when a time limit ends the run."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def run(*words, user=None, check=True, **more):
    done = subprocess.run(words, user=user, group=user, extra_groups=[] if user else None, text=True,
                          capture_output=True, cwd=more.pop("cwd", "/"), **more)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Session:
    """A psql that stays connected: each run() is a statement (or several) and its answer."""

    def __init__(self, server, database="postgres", **settings):
        settings = {"statement_timeout": "120s", **settings}
        env = dict(os.environ, PGOPTIONS=" ".join(f"-c {k}={v}" for k, v in settings.items()))
        self.process = subprocess.Popen(
            [server.psql, "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", server.folder, "-U", "postgres", "-d", database], text=True, cwd="/",
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=1)
        self.count = 0
        self.pid = int(self.run("select pg_backend_pid();"))

    def send(self, sql):
        self.count += 1
        self.process.stdin.write(f"{sql}\n\\echo @@{self.count}@@\n")
        self.process.stdin.flush()

    def wait(self):
        lines = []
        for line in self.process.stdout:
            if line.strip() == f"@@{self.count}@@":
                return "\n".join(lines)
            lines.append(line.rstrip("\n"))
        raise RuntimeError("the session ended: " + "\n".join(lines))

    def run(self, sql):
        self.send(sql)
        return self.wait()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class Server:
    def __init__(self, major, bin_dir, scratch, core_files=False, **settings):
        self.major, self.bin, self.user = major, bin_dir, server_user()
        self.psql = find_client("psql")
        self.folder = tempfile.mkdtemp(prefix=f"pg{major}-", dir=scratch)
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        self.data, self.log = self.folder + "/data", self.folder + "/log"
        self.settings = dict(SETTINGS, unix_socket_directories=self.folder, **settings)
        self.core_files = core_files
        self.sessions = []

    def tool(self, name, *words):
        return run(f"{self.bin}/{name}", *words, user=self.user, cwd=self.folder)

    def __enter__(self):
        self.tool("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--locale=C", "--encoding=UTF8", "--no-sync")
        options = " ".join(f"-c {k}={v}" for k, v in self.settings.items())
        cores = ["-c"] if self.core_files else []
        self.tool("pg_ctl", "-D", self.data, "-w", "-l", self.log, *cores, "-o", options, "start")
        return self

    def __exit__(self, *_):
        self.tool("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def session(self, database="postgres", **settings):
        self.sessions.append(Session(self, database, **settings))
        return self.sessions[-1]

    def close_sessions(self):
        """Of a check that ended, as it should or not: the next one finds no locks of theirs."""
        for session in self.sessions:
            if session.process.poll() is None:
                session.process.kill()
                session.process.wait()
        self.sessions.clear()
        self.ask("select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()")

    def ask(self, sql, *options):
        return run(self.psql, "-X", "-q", "-At", "-h", self.folder, "-U", "postgres", "-d", "postgres", *options, "-c", sql).stdout

    def csv(self, sql):
        return self.ask(f"copy ({sql}) to stdout with (format csv, header)")

    def version(self):
        return self.ask("show server_version").split()[0]

    def logged_contexts(self, pid, asker):
        """What pg_log_backend_memory_contexts wrote of this backend, as MemoryContextStats would have printed it."""
        with open(self.log, encoding="utf-8") as log:
            log.seek(0, os.SEEK_END)
            asker.run(f"select pg_log_backend_memory_contexts({pid});")
            text, deadline = "", time.monotonic() + 20
            while "Grand total: " not in text or not text.endswith("\n"):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"backend {pid} did not log its memory contexts:\n{text}")
                time.sleep(0.01)
                text += log.read()
        return indented(text, pid)


def indented(log, pid):
    """Log lines "level: N; NAME: ..." of this process as the indented text of MemoryContextStats."""
    lines, base = [], None
    for line in log.splitlines():
        if f" [{pid}] LOG:  " not in line:
            continue
        message = line.split(" LOG:  ", 1)[1]
        if level := re.match(r"level: (\d+); ", message):
            base = int(level[1]) if base is None else base  # 18 counts from 1
            text = message[level.end():]
            # The log gives this line its parent's level, MemoryContextStats indents it like a child.
            deeper = re.match(r"\d+ more child contexts containing ", text) is not None
            lines.append("  " * (int(level[1]) - base + deeper) + text)
        elif message.startswith("Grand total: "):
            lines.append(message)
    return lines


class Tool:
    """The program under test, as the server's own user and with nothing more than that user may."""

    def __init__(self, path, user):
        self.path, self.user = os.path.abspath(path), user

    def words(self, *words):
        drop = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--bounding-set=-all",
                "--inh-caps=-all"] if self.user else []
        return [*drop, self.path, *map(str, words)]

    def run(self, *words, check=True, timeout=300):
        return run(*self.words(*words), check=check, timeout=timeout)

    def out(self, *words):
        return self.run(*words).stdout


def thread_state(pid):
    """The letter of /proc: S, R, t ..., and who traces it."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        fields = dict(line.split(":", 1) for line in status)
    return fields["State"].split()[0], int(fields["TracerPid"])
