"""What psql prints of the server's views, in its table formats: record.py MAJOR, with the servers that tests/servers finds.
One file, sections begin with "@@ VIEW FORMAT". All formats of a view show the same rows: they are kept in a table first."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../servers"))
from server import Server, find_servers, run  # noqa: E402

FORMATS = {
    "csv": r"\pset format csv",
    "aligned": r"\pset format aligned",
    "border2": "\\pset format aligned\n\\pset border 2",
    "unicode": "\\pset format aligned\n\\pset linestyle unicode",
    "unicode-border2": "\\pset format aligned\n\\pset linestyle unicode\n\\pset border 2",
    "wrapped": "\\pset format wrapped\n\\pset columns 150",
    "unaligned": r"\pset format unaligned",
    "rows-only": "\\pset format unaligned\n\\pset tuples_only on",
    "expanded": "\\pset format aligned\n\\pset expanded on",
    "expanded-border2": "\\pset format aligned\n\\pset expanded on\n\\pset border 2",
    "expanded-unicode": "\\pset format aligned\n\\pset expanded on\n\\pset linestyle unicode",
    "expanded-unaligned": "\\pset format unaligned\n\\pset expanded on",
}
RESET = "\\pset border 1\n\\pset linestyle ascii\n\\pset expanded off\n\\pset tuples_only off\n"
PRELUDE = """
\\pset pager off
\\pset footer on
create extension pg_buffercache;
create table "表 | 宽" (i int);
prepare lines as select 1,
   'a | b',  -- of several lines
 2 from "表 | 宽";
prepare plain as select 1;
"""
VIEWS = {
    "contexts": ("select * from pg_backend_memory_contexts", "", 15),
    "shmem": ("select * from pg_shmem_allocations", "", 15),
    "buffers": ("select * from pg_buffercache where bufferid < 40", "order by bufferid", 15),
    "buffer-summary": ("select * from pg_buffercache_summary()", "", 16),
    "buffer-counts": ("select * from pg_buffercache_usage_counts()", "", 16),
}


def script(major):
    text = PRELUDE
    for view, (query, order, first) in VIEWS.items():
        if major < first:
            continue
        text += f'create temp table "{view}" as {query};\n'
        for name, settings in FORMATS.items():
            text += f'{settings}\n\\echo @@ {view} {name}\nselect * from "{view}" {order};\n{RESET}'
    text += "\\pset format aligned\n\\echo @@ contexts watch\nselect * from contexts \\watch 1\n"
    return text


def main(major):
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        with Server(major, find_servers()[major], scratch) as server:
            env = dict(os.environ, LC_ALL="C.UTF-8", PGCLIENTENCODING="UTF8")
            # \watch goes on for ever: the session is ended from outside
            stop = "(sleep 6; exec 0<&-)"
            done = run("bash", "-c", f"(cat; {stop}) | timeout -s INT 5 {server.psql} -X -q -h {server.folder} -U postgres postgres",
                       input=script(major), env=env, check=False)
    if "ERROR" in done.stderr:
        sys.exit(done.stderr)
    text = done.stdout
    sys.stdout.write(text[text.index("@@ "):])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(int(sys.argv[1]))
