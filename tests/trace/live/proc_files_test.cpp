// What /proc tells, as plain values, whatever its lines hold.
#include "trace/live/proc_files.h"

#include <unistd.h>

#include <algorithm>

#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

TEST_CASE("a process's status is read line by line") {
  const auto status = parse_status(
      "Name:\tpostgres\nUmask:\t0077\nState:\tS (sleeping)\nPid:\t4711\nPPid:\t17\nTracerPid:\t99\n"
      "Uid:\t101\t102\t103\t104\nGid:\t5\t5\t5\t5\nNSpid:\t4711\t33\nVmRSS:\t  20480 kB\nRssAnon:\t8 kB\nRssFile:\t16 "
      "kB\n"
      "RssShmem:\t20456 kB\nThreads:\t2\nCapEff:\t000001ffffffffff\n");
  REQUIRE(status);
  CHECK(status->name == "postgres");
  CHECK(status->state == 'S');
  CHECK(status->pid == 4711);
  CHECK(status->parent == 17);
  CHECK(status->tracer == 99);
  CHECK(status->threads == 2);
  CHECK(status->real_uid == 101);
  CHECK(status->effective_uid == 102);
  CHECK(status->saved_uid == 103);
  CHECK(status->namespace_pids == std::vector<std::uint32_t>{4711, 33});
  CHECK(status->rss_bytes == 20480 * 1024);
  CHECK(status->rss_anon == 8192);
  CHECK(status->rss_file == 16384);
  CHECK(status->rss_shmem == 20456 * 1024);
  CHECK(status->effective_capabilities == 0x1ffffffffff);
}

TEST_CASE("a status that is none gives none") {
  CHECK_FALSE(parse_status(""));
  CHECK_FALSE(parse_status("Name:\tx\nPid:\tmany\n"));
  CHECK(parse_status("Pid:\t1\nVmRSS:\t99999999999999999999 kB\nUid:\n:\n\n")->rss_bytes == 0);
}

TEST_CASE("mappings have rights, place in the file and a name that may hold blanks") {
  const auto maps = parse_maps(
      "55d0e8a00000-55d0e8b00000 r-xp 0009f000 fe:01 1234                       /usr/lib/my server/postgres\n"
      "7f0000000000-7f0008000000 rw-s 00000000 00:01 77                         /dev/zero (deleted)\n"
      "55d0e9000000-55d0e9021000 rw-p 00000000 00:00 0                          [heap]\n"
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n"
      "7f0009000000-7f0009001000 rw-p 00000000 00:00 0 \n");
  REQUIRE(maps.size() == 5);
  CHECK(maps[0].begin.value == 0x55d0e8a00000);
  CHECK(maps[0].end.value == 0x55d0e8b00000);
  CHECK(maps[0].read);
  CHECK_FALSE(maps[0].write);
  CHECK(maps[0].exec);
  CHECK_FALSE(maps[0].shared);
  CHECK(maps[0].file_offset == 0x9f000);
  CHECK(maps[0].inode == 1234);
  CHECK(maps[0].name == "/usr/lib/my server/postgres");
  CHECK(maps[1].shared);
  CHECK(maps[1].name == "/dev/zero (deleted)");
  CHECK(maps[2].name == "[heap]");
  CHECK(maps[3].end.value == 0xffffffffff601000);
  CHECK(maps[4].name.empty());
}

TEST_CASE("lines that are no mappings are passed over") {
  CHECK(parse_maps("").empty());
  CHECK(parse_maps("\n\nxyz\n1000-\n2000-1000 rw-p 0 0:0 0\n1000-2000\n1000-2000 rw\n1000-2000 rw-p zz 00:00 0\n")
            .empty());
  CHECK(parse_maps("fffffffffffffffffff-2 rw-p 0 0:0 0\n").empty());
}

TEST_CASE("our own process is found in /proc") {
  const auto self = static_cast<std::uint32_t>(getpid());
  const auto status = read_status("/proc", self);
  REQUIRE(status);
  CHECK(status->pid == self);
  CHECK(status->real_uid == getuid());
  CHECK(start_ticks("/proc", self) > 0);
  CHECK(started_seconds("/proc", self) > 1'600'000'000);
  CHECK_FALSE(read_title("/proc", self).empty());
  CHECK_FALSE(read_link("/proc/self/exe").empty());
  CHECK(available_memory("/proc") > 0);
  const auto pids = list_pids("/proc");
  CHECK(std::find(pids.begin(), pids.end(), self) != pids.end());
}

TEST_CASE("a folder that is not there tells nothing") {
  CHECK(list_pids("/nowhere").empty());
  CHECK_FALSE(read_status("/nowhere", 1));
  CHECK(read_title("/nowhere", 1).empty());
  CHECK(start_ticks("/nowhere", 1) == 0);
  CHECK(started_seconds("/nowhere", 1) == 0);
  CHECK(pid_of_inner("/nowhere", 1) == 0);
  CHECK(available_memory("/nowhere") == 0);
}

}  // namespace
}  // namespace palloscope::trace
