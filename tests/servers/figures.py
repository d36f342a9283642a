"""How long it takes: figures.py PALLOSCOPE [--servers 15,17]. An idle backend, one of 1 GB in a million chunks, one of a server with
32,768 buffers: pause, and the whole run of `palloscope snapshot`, beside a plain process_vm_readv of the same private memory into a
buffer that is there already. On a quiet machine, with a release build; run as root or as the servers' user."""
import argparse
import ctypes
import mmap
import os
import re
import shutil
import statistics
import tempfile
import time

import checks
from server import Server, Tool, end_on_terminate, find_servers, server_user

libc = ctypes.CDLL(None, use_errno=True)


class Range(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def private_ranges(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            span, rights, *_ = line.split()
            begin, end = (int(x, 16) for x in span.split("-"))
            if rights == "rw-p":
                yield begin, end - begin


def plain_copy(pid):
    """Seconds and bytes of one copy, as fast as the kernel hands them over."""
    ranges = list(private_ranges(pid))
    total = sum(length for _, length in ranges)
    # MAP_POPULATE: its pages are there before the clock starts
    buffer = mmap.mmap(-1, total, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000)
    target = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    libc.process_vm_readv.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
    libc.process_vm_readv.restype = ctypes.c_ssize_t
    began, copied = time.perf_counter(), 0
    for begin, length in ranges:
        while length > 0:
            local, remote = Range(target + copied, length), Range(begin, length)
            got = libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
            if got <= 0:
                break
            begin, length, copied = begin + got, length - got, copied + got
    return time.perf_counter() - began, copied


def measure(tool, pid, path, rounds, *options):
    pauses, totals, copies, size = [], [], [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        said = tool.run("snapshot", pid, "-o", path, *options).stdout
        totals.append(time.perf_counter() - began)
        pause = re.search(r"stopped for ([0-9.]+) ms", said)
        pauses.append(float(pause[1]) if pause else float("nan"))
        seconds, size = plain_copy(pid)
        copies.append(seconds)
    ms = lambda values: f"{statistics.median(values) * 1000:8.1f}"
    contexts = re.search(r"(\d+) contexts", said)[1]
    return (f"pause {statistics.median(pauses):8.2f} ms, whole run {ms(totals)} ms; plain copy of {size / 1e6:7.1f} MB {ms(copies)} ms "
            f"({size / statistics.median(copies) / 1e9:.2f} GB/s); {contexts} contexts, file {os.path.getsize(path) / 1e6:.2f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("palloscope")
    parser.add_argument("--servers", help="only these, as 15,17")
    options = parser.parse_args()
    end_on_terminate()
    scratch = tempfile.mkdtemp(prefix="palloscope-figures-")
    if server_user():
        shutil.chown(scratch, server_user())
    tool = Tool(options.palloscope, server_user())
    try:
        for major, bin_dir in find_servers().items():
            if options.servers and str(major) not in options.servers.split(","):
                continue
            with Server(major, bin_dir, scratch, shared_buffers="256MB") as server:
                path = os.path.join(scratch, "figures.pssnap")
                idle = server.session()
                idle.run("select count(*) from pg_class;")
                print(f"{server.version()}: idle, 32,768 buffers:", measure(tool, idle.pid, path, 15), flush=True)
                big = server.session()
                big.run(checks.BIG)
                print(f"{server.version()}: 1 GB, 1 M chunks:    ", measure(tool, big.pid, path, 3, "--pause-limit", "10000"), flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
