"""EXPLAIN (MEMORY) in its formats: record.py MAJOR (17 or later), with the servers that tests/servers finds. Sections begin
with "@@ FORMAT"; all explain the same statement, planned afresh."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../servers"))
from server import Server, find_servers, run  # noqa: E402

QUERY = "select * from t a join t b using (k) where a.i < 10"
SECTIONS = {"text": ("memory", ""), "text-analyze": ("memory, analyze", ""), "text-unaligned": ("memory", "\\pset format unaligned"),
            "json": ("memory, format json", ""), "json-analyze": ("memory, analyze, format json", ""),
            "json-plain": ("memory, format json", "\\pset format unaligned\n\\pset tuples_only on"),
            "yaml": ("memory, format yaml", "\\pset format unaligned\n\\pset tuples_only on")}


def main(major):
    script = "\\pset pager off\ncreate table t as select i, i % 10 as k from generate_series(1, 1000) i;\nanalyze t;\n"
    script += f"explain {QUERY};\n\\o\n"
    for name, (options, settings) in SECTIONS.items():
        script += f"{settings}\n\\echo @@ {name}\nexplain ({options}) {QUERY};\n\\pset format aligned\n\\pset tuples_only off\n"
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        with Server(major, find_servers()[major], scratch) as server:
            text = run(server.psql, "-X", "-q", "-h", server.folder, "-U", "postgres", "postgres", input=script).stdout
    sys.stdout.write(text[text.index("@@ "):])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(int(sys.argv[1]))
