#include "trace/analysis/shmem_structures.h"

#include <sstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"

namespace palloscope::trace {
namespace {

TEST_CASE("every structure that a sample names is known, in the versions that name it") {
  int rows = 0;
  for (const std::string& file : test::golden_names("views", ".csv")) {
    if (file.find("shmem-allocations") == std::string::npos) continue;
    const int major = std::stoi(file.substr(file.find("/pg") + 3, 2));
    std::istringstream lines(test::read_golden(file));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      const std::string name = line.substr(0, line.find(','));
      if (name.empty() || name == "<anonymous>") continue;
      INFO(file << ": " << name);
      const ShmemStructure* structure = find_shmem_structure(name);
      REQUIRE(structure != nullptr);
      CHECK(structure->first_major <= major);
      CHECK(structure->last_major >= major);
      ++rows;
    }
  }
  CHECK(rows > 600);
}

TEST_CASE("an anonymous allocation belongs where the structure does that it continues") {
  CHECK(area_of_shmem("LOCK hash", "") == ShmemArea::Locks);
  CHECK(area_of_shmem("", "LOCK hash: buckets and entries") == ShmemArea::Locks);
  CHECK(structure_of_purpose("LOCK hash: elements") == "LOCK hash");
  CHECK(area_of_shmem("", "LWLock array") == ShmemArea::Foundation);
  CHECK(structure_of_purpose("LWLock array").empty());
  CHECK(structure_of_purpose("PGPROC array: an entry for each process that may exist") == "Proc Header");
  CHECK(area_of_shmem("pg_stat_statements", "") == ShmemArea::Extensions);
}

TEST_CASE("a version is told from names, and from missing ones only where the list is complete") {
  const auto guess = [](std::initializer_list<std::string_view> names, std::uint64_t blocks, bool complete) {
    ShmemVersionGuess version;
    for (const std::string_view name : names) version.see(name, 0);
    if (blocks != 0) version.see("Buffer Blocks", blocks);
    return version.major(complete);
  };
  CHECK(guess({"AioCtl"}, 0, false) == 18);
  CHECK(guess({"TransamVariables"}, 0, false) == 0);
  CHECK(guess({"TransamVariables"}, 0, true) == 17);
  CHECK(guess({"Xact", "XLogPrefetchStats"}, 8192, false) == 15);
  CHECK(guess({"Xact", "XLogPrefetchStats"}, 8192 + 4096, false) == 16);
  CHECK(guess({"Xact", "XLogPrefetchStats"}, 0, true) == 0);
  CHECK(guess({"Xact"}, 0, true) == 14);
  CHECK(guess({"Xact"}, 0, false) == 0);
  CHECK(guess({"Proc Array"}, 0, true) == 0);
  CHECK(guess({"Xact", "AioCtl"}, 0, true) == 0);
}

}  // namespace
}  // namespace palloscope::trace
