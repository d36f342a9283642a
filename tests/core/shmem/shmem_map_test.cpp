// The computed map against pg_shmem_allocations of real servers of 15, 16, 17 and 18: the samples, and some forty
// settings for each version (golden/shmem; made by starting a server with them and asking the view).
#include "core/shmem/shmem_map.h"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/shmem/hash_size.h"
#include "core/shmem/huge_pages.h"
#include "tests/support/catch.h"
#include "tests/support/golden_files.h"

using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;

namespace {

// name -> "off,size,allocated_size"; the view's last row, of what is free, has no name
using Rows = std::map<std::string, std::string>;

void add_row(Rows& rows, const std::string& line) {
  const std::size_t comma = line.find(',');
  rows[line.substr(0, comma)] = line.substr(comma + 1);
}

Rows rows_of(const ShmemMap& map) {
  Rows rows;
  for (const ShmemPiece& piece : map.pieces)
    if (!piece.name.empty())
      rows[piece.name] = std::to_string(piece.offset) + "," + std::to_string(piece.bytes) + "," +
                         std::to_string(piece.allocated_bytes);
  const std::string anonymous = std::to_string(map.anonymous_bytes());
  const std::string rest = std::to_string(map.total_bytes - map.free_offset);
  rows["<anonymous>"] = "," + anonymous + "," + anonymous;
  rows[""] = std::to_string(map.free_offset) + "," + rest + "," + rest;
  return rows;
}

struct Server {
  std::string name;
  std::vector<std::string> settings;
  std::map<std::string, std::string> shown;
  Rows rows;
};

std::vector<Server> servers_of(int major) {
  std::istringstream text(
      palloscope::test::read_golden("shmem/pg" + std::to_string(major) + "-shmem-under-settings.txt"));
  std::vector<Server> servers;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("== ", 0) == 0) {
      servers.push_back({line.substr(3, line.find(" |") - 3), {}, {}, {}});
    } else if (line.rfind("set ", 0) == 0) {
      servers.back().settings.push_back(line.substr(4));
    } else if (line.rfind("show ", 0) == 0) {
      const std::size_t equals = line.find('=');
      servers.back().shown[line.substr(5, equals - 5)] = line.substr(equals + 1);
    } else {
      add_row(servers.back().rows, line);
    }
  }
  return servers;
}

// Settings that have no place in the size are not in the table; the server took them all.
void apply(const Server& server, ShmemSettings& settings) {
  for (const std::string& assignment : server.settings) {
    const std::string name = assignment.substr(0, assignment.find('='));
    if (find_guc(name, settings.major()) == nullptr) continue;
    const auto done = settings.set_assignment(assignment);
    INFO(assignment);
    REQUIRE(done);
  }
}

ShmemMap map_of(const ShmemSettings& settings, const ShmemRequests& requests = {}) {
  auto map = compute_shmem_map(settings, requests);
  REQUIRE(map);
  return *map;
}

}  // namespace

TEST_CASE("The map of the samples' settings is pg_shmem_allocations, row by row") {
  for (int major = 15; major <= 18; ++major) {
    for (const std::string size : {"2MB", "128MB"}) {
      INFO("PostgreSQL " << major << ", " << size);
      std::istringstream text(
          palloscope::test::read_golden("views/pg" + std::to_string(major) + "-shmem-allocations-" + size + ".csv"));
      Rows want;
      std::string line;
      std::getline(text, line);
      REQUIRE(line == "name,off,size,allocated_size");
      while (std::getline(text, line)) add_row(want, line);
      ShmemSettings settings(major);
      REQUIRE(settings.set("shared_buffers", size));
      if (size == "2MB") REQUIRE(settings.set("max_connections", "20"));
      Rows got = rows_of(map_of(settings));
      if (size == "2MB") {
        // This server had worked before it was asked: the buffer lookup table had taken further groups of 51 entries,
        // 2048 bytes each, from the free rest. Apart from that:
        const std::uint64_t grown = std::stoull(want[""]) - std::stoull(got[""]);
        CHECK(grown > 0);
        CHECK(grown % 2048 == 0);
        CHECK(grown / 2048 < 32);
        CHECK(std::stoull(want["<anonymous>"].substr(1)) == std::stoull(got["<anonymous>"].substr(1)) + grown);
        const auto total = [](const std::string& row) {
          return std::stoull(row) + std::stoull(row.substr(row.find(',') + 1));
        };
        CHECK(total(want[""]) == total(got[""]));
        for (Rows* rows : {&want, &got}) {
          rows->erase("");
          rows->erase("<anonymous>");
        }
      }
      CHECK(got == want);
    }
  }
}

TEST_CASE("The map under other settings is what real servers showed, with the sizes that they report") {
  std::size_t compared = 0;
  for (int major = 15; major <= 18; ++major) {
    for (const Server& server : servers_of(major)) {
      if (server.name == "pss") continue;  // has structures of an extension: below
      INFO("PostgreSQL " << major << ", " << server.name);
      ShmemSettings settings(major);
      apply(server, settings);
      const ShmemMap map = map_of(settings);
      CHECK(map.complete);
      CHECK(rows_of(map) == server.rows);
      CHECK(std::to_string(shared_memory_size_mb(map.total_bytes)) == server.shown.at("shared_memory_size"));
      CHECK(std::to_string(huge_pages_for(map.total_bytes, kDefaultHugePage)) ==
            server.shown.at("shared_memory_size_in_huge_pages"));
      ++compared;
    }
  }
  CHECK(compared > 150);
}

TEST_CASE("What an extension asks for widens the lock array and the segment") {
  // pg_stat_statements: a struct of 64 bytes and a hash of 5000 entries of the given size, and one LWLock
  const std::uint64_t entry_bytes[] = {360, 360, 408, 432};
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    const HashShape hash{entry_bytes[major - 15], 5000, 5000, false};
    const ShmemRequests requests{64 + hash.estimate_bytes(), {{"pg_stat_statements", 1}}};
    const ShmemMap map = map_of(ShmemSettings(major), requests);
    const std::vector<Server> servers = servers_of(major);
    std::size_t found = 0;
    for (const Server& server : servers) {
      if (server.name != "pss") continue;
      ++found;
      Rows got = rows_of(map);
      for (const auto& [name, row] : server.rows) {
        if (name.empty()) {
          const std::size_t comma = row.find(',');
          CHECK(std::stoull(row.substr(0, comma)) + std::stoull(row.substr(comma + 1)) == map.total_bytes);
        } else if (name != "<anonymous>" && name.rfind("pg_stat_statements", 0) != 0) {
          CHECK(got[name] == row);
        }
      }
      CHECK(std::to_string(shared_memory_size_mb(map.total_bytes)) == server.shown.at("shared_memory_size"));
    }
    CHECK(found == 1);
  }
}

TEST_CASE("The pieces of a map lie one behind the other, from the header to the free rest") {
  for (int major = 15; major <= 18; ++major) {
    const ShmemMap map = map_of(ShmemSettings(major));
    std::uint64_t end = 0;
    bool locked = false;
    for (const ShmemPiece& piece : map.pieces) {
      INFO(piece.name << " " << piece.purpose << " at " << piece.offset);
      CHECK(piece.offset >= end);
      CHECK(piece.offset - end < kShmemLine);
      CHECK(piece.allocated_bytes >= piece.bytes);
      CHECK(!piece.purpose.empty());
      locked = locked || piece.allocated_bytes % kShmemLine == 0;
      if (piece.purpose.rfind("LWLock array", 0) == 0) CHECK(piece.offset % kShmemLine == 0);
      end = piece.end();
    }
    CHECK(end == map.free_offset);
    CHECK(map.total_bytes % 8192 == 0);
    CHECK(map.free_offset < map.total_bytes);
    CHECK(map.find("Buffer Blocks") != nullptr);
    CHECK(map.find("no such") == nullptr);
  }
}

TEST_CASE("What is not known is said, not guessed: the rings of io_uring") {
  ShmemSettings settings(18);
  REQUIRE(settings.set("io_method", "io_uring"));
  const ShmemMap map = map_of(settings);
  CHECK_FALSE(map.complete);
  CHECK(map.find("AioUring")->known == Knowledge::Unknown);
  CHECK(map.find("AioHandle")->known == Knowledge::Rule);
  CHECK(map.find("AioWorkerControl") == nullptr);
}

TEST_CASE("Constant structures are marked as measured, those that grow with settings as following a rule") {
  const ShmemMap map = map_of(ShmemSettings(17));
  CHECK(map.find("Control File")->known == Knowledge::Measured);
  CHECK(map.find("Shared Memory Stats")->known == Knowledge::Measured);
  CHECK(map.find("XLOG Ctl")->known == Knowledge::Rule);
  CHECK(map.find("LOCK hash")->known == Knowledge::Rule);
  CHECK(map.find("transaction")->known == Knowledge::Rule);
}

TEST_CASE("Settings too large for any machine are refused") {
  ShmemSettings settings(17);
  REQUIRE(settings.set("max_connections", "200000"));
  REQUIRE(settings.set("max_locks_per_transaction", "2147483647"));
  REQUIRE_FALSE(compute_shmem_map(settings));
  CHECK_THAT(compute_shmem_map(settings).error().message, ContainsSubstring("TB of shared memory"));
  REQUIRE(settings.set("max_connections", "262143"));
  REQUIRE_FALSE(compute_shmem_map(settings));
  CHECK_THAT(compute_shmem_map(settings).error().message, ContainsSubstring("there may be 262143"));
}
