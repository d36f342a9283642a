// What psql printed, in each of its formats, holds the same rows as its CSV.
#include <map>
#include <random>
#include <regex>
#include <sstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;

// "@@ VIEW FORMAT" begins a section of a recording: by view, then by format.
std::map<std::string, std::map<std::string, std::string>> sections_of(const std::string& recording) {
  std::map<std::string, std::map<std::string, std::string>> sections;
  std::string* section = nullptr;
  std::istringstream lines(recording);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("@@ ")) {
      const std::size_t space = line.find(' ', 3);
      section = &sections[line.substr(3, space - 3)][line.substr(space + 1)];
    } else {
      *section += line + '\n';
    }
  }
  return sections;
}

// The exporter that gives a view back.
std::string exporter_of(const std::string& view) {
  if (view == "contexts") return "csv";
  if (view == "shmem") return "shmem";
  if (view == "buffers") return "buffers";
  return view == "buffer-summary" ? "buffer-summary" : "buffer-usage-counts";
}

std::string opened(const Imported& imported) {
  return imported.timeline ? std::string("opened") : imported.timeline.error().message;
}

TEST_CASE("psql's tables of a view open as its CSV does, in every format") {
  int compared = 0;
  for (const std::string& name : test::golden_names("psql")) {
    for (const auto& [view, formats] : sections_of(test::read_golden(name))) {
      const Imported csv = import_text(formats.at("csv"));
      REQUIRE(csv.timeline);
      for (const auto& [format, text] : formats) {
        if (format == "csv" || format == "watch") continue;
        INFO(name << ", " << view << ", " << format);
        const Imported table = import_text(text);
        if (format == "rows-only" && view != "contexts") {  // nothing tells what these numbers are
          CHECK(opened(table) != "opened");
          continue;
        }
        REQUIRE(opened(table) == "opened");
        CHECK(table.problems == csv.problems);
        CHECK(table.timeline->description().pg_major == csv.timeline->description().pg_major);
        CHECK(table.timeline->description().origin == csv.timeline->description().origin);
        CHECK(table.exported(exporter_of(view)) == csv.exported(exporter_of(view)));
        ++compared;
      }
    }
  }
  CHECK(compared > 4 * 2 * 11);
}

TEST_CASE("the tables that \\watch prints are moments, with their times") {
  for (const std::string& name : test::golden_names("psql")) {
    INFO(name);
    const auto sections = sections_of(test::read_golden(name));
    const Imported watched = import_text(sections.at("contexts").at("watch"));
    REQUIRE(opened(watched) == "opened");
    REQUIRE(watched.moments.size() >= 3);
    for (const core::SnapshotBegan& moment : watched.moments)
      CHECK(std::regex_match(moment.label, std::regex("Sun Nov 22 0[0-9]:[0-9]{2}:[0-9]{2} 2026")));
    CHECK(watched.moments[0].label != watched.moments[1].label);
    CHECK(watched.exported("csv") == import_text(sections.at("contexts").at("csv")).exported("csv"));
  }
}

TEST_CASE("what a terminal shows around psql's tables may stay, and several views may stand in one file") {
  const auto sections = sections_of(test::read_golden("psql/pg17.txt"));
  const std::string session =
      "psql (17.10)\nType \"help\" for help.\n\npostgres=# select * from pg_shmem_allocations;\n" +
      sections.at("shmem").at("aligned") + "postgres=# select a | b\npostgres-# from pg_backend_memory_contexts \\x\n" +
      sections.at("contexts").at("expanded") + "postgres=# select * from pg_buffercache;\n" +
      sections.at("buffers").at("unaligned") + "postgres=# \\q\n";
  const Imported imported = import_text(session);
  REQUIRE(opened(imported) == "opened");
  CHECK(imported.moments.size() == 3);
  CHECK(imported.timeline->description().origin == "pg_backend_memory_contexts");
  for (const char* view : {"contexts", "shmem", "buffers"})
    CHECK(imported.exported(exporter_of(view)) == import_text(sections.at(view).at("csv")).exported(exporter_of(view)));

  const Imported dos = import_text(std::regex_replace(session, std::regex("\n"), "\r\n"));
  REQUIRE(opened(dos) == "opened");
  CHECK(dos.exported("csv") == imported.exported("csv"));
}

TEST_CASE("an error in a table names the line of the file, and a row that is cut is not passed over") {
  const std::string head =
      "postgres=# select * from pg_backend_memory_contexts;\n name | level | total_bytes | total_nblocks | free_bytes "
      "| "
      "free_chunks | used_bytes \n"
      "------+-------+-------------+---------------+------------+-------------+------------\n";
  CHECK_THAT(
      opened(import_text(
          head + " a\xE8\xA1\xA8  |     0 |           1 |             1 |          0 |           0 |     "
                 "     1\n b    | x     |           1 |             1 |          0 |           0 |          1\n")),
      ContainsSubstring("line 5: level is \"x\""));
  CHECK_THAT(opened(import_text("bufferid|relfilenode|reltablespace|reldatabase|relforknumber|relblocknumber|isdirty|"
                                "usagecount|pinning_backends\n1|1260|1664|0|0|0|f|3|0\n2|1260|1664")),
             ContainsSubstring("line 3: 3 fields where the header promises 9"));
}

TEST_CASE("psql's tables cut or changed anywhere open or are refused, with no fault either way") {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  for (const char* name : {"psql/pg15.txt", "psql/pg18.txt"})
    for (const auto& [view, formats] : sections_of(test::read_golden(name)))
      for (const auto& [format, text] : formats) {
        INFO(name << ", " << view << ", " << format << ", seed " << seed);
        for (int round = 0; round < 6; ++round) {
          std::string broken = text.substr(0, round < 3 ? random() % text.size() : text.size());
          for (int change = 0; change < round * 8 && !broken.empty(); ++change)
            broken[random() % broken.size()] = static_cast<char>(random() % 256);
          const Imported imported = import_text(broken);
          if (imported.timeline) CHECK(imported.timeline->state().fault_count() == 0);
        }
      }
}

}  // namespace
}  // namespace palloscope::trace
