"""Palloscope against real PostgreSQL servers: run.py PALLOSCOPE [CHECK...] [--servers 15,17] [--keep FOLDER].

Without names, the checks of checks.py whose names do not begin with "slow". Status 77: no server can be had here, or CI is set.
$PALLOSCOPE_SERVERS: a folder with 16/bin, 17/native/bin ... beside the distribution's own."""
import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback

import checks
from server import Server, Tool, end_on_terminate, find_client, find_servers, server_user

SKIPPED = 77


def why_not():
    if os.environ.get("CI"):
        return "CI is set: real servers are for a developer's machine"
    if not find_servers():
        return ("no PostgreSQL 15 to 18 here: apt install postgresql-15, or set PALLOSCOPE_SERVERS to a folder with 16/bin, "
                "17/native/bin ... (tests/servers/README.md)")
    if not find_client("psql"):
        return "no psql here: apt install postgresql-client"
    if os.getuid() == 0 and not shutil.which("setpriv"):
        return "no setpriv here, by which the tool is run as the servers' user"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("palloscope")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(checks.CHECKS))
    parser.add_argument("--servers", help="only these, as 15,17")
    parser.add_argument("--keep", metavar="FOLDER", help="keep here what the tool wrote")
    options = parser.parse_args()
    end_on_terminate()
    if reason := why_not():
        print("skipped:", reason)
        return SKIPPED
    if not os.access(options.palloscope, os.X_OK):
        parser.error(f"{options.palloscope} is no program")
    wanted = options.checks or [name for name in checks.CHECKS if not name.startswith("slow")]
    if unknown := [name for name in wanted if name not in checks.CHECKS]:
        parser.error(f"no check {unknown[0]}; there are {', '.join(checks.CHECKS)}")

    scratch = options.keep or tempfile.mkdtemp(prefix="palloscope-servers-")
    os.makedirs(scratch, exist_ok=True)
    if server_user():
        shutil.chown(scratch, server_user())
    tool, failed = Tool(options.palloscope, server_user()), 0
    chosen = {m: b for m, b in find_servers().items() if not options.servers or str(m) in options.servers.split(",")}
    if not chosen:
        parser.error(f"no server {options.servers} here; there are {', '.join(map(str, find_servers()))}")
    try:
        for major, bin_dir in chosen.items():
            with Server(major, bin_dir, scratch, core_files=True) as server:
                print(f"PostgreSQL {server.version()}", flush=True)
                for name in wanted:
                    began = time.monotonic()
                    try:
                        said = checks.CHECKS[name](server, tool, scratch) or ""
                        verdict = "good"
                    except Exception as error:  # pylint: disable=broad-except
                        failed += 1
                        verdict, said = "FAILED", str(error)
                        if not isinstance(error, checks.Difference):
                            said = traceback.format_exc()
                    server.close_sessions()
                    print(f"  {verdict:6} {name:12} {time.monotonic() - began:6.1f} s  {said}", flush=True)
    finally:
        if not options.keep:
            shutil.rmtree(scratch, ignore_errors=True)
    print(f"{failed} failed" if failed else "all good")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
