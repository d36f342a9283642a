// Every sample of a real server: read without loss, given back byte for byte.
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"

namespace palloscope::trace {
namespace {

using test::golden_names;
using test::read_golden;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The messages of a log, by means that have nothing to do with the importers.
std::string messages_of(const std::string& name, const std::string& log) {
  std::string messages;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (contains(name, ".jsonl")) {
      line = nlohmann::json::parse(line)["message"];
    } else if (contains(name, ".csvlog")) {
      const std::size_t start = line.find(",LOG,00000,\"") + 12;
      line = line.substr(start, line.find("\",,,,,") - start);
      line = std::regex_replace(line, std::regex("\"\""), "\"");
    } else {
      line = line.substr(line.find("LOG:  ") + 6);
    }
    messages += line + '\n';
  }
  return messages;
}

TEST_CASE("every sample opens with no problem, and its sum is the dump's own Grand total") {
  const std::vector<std::string> names = golden_names("dumps");
  REQUIRE(names.size() >= 32);
  for (const std::string& name : names) {
    INFO(name);
    const std::string text = read_golden(name);
    const Imported imported = import_text(text, name);
    REQUIRE(imported.timeline);
    CHECK(imported.problems == std::vector<std::string>{""});
    const MemoryState& state = imported.timeline->state();
    CHECK(state.fault_count() == 0);
    CHECK(state.totals().context_count > 100);
    std::smatch total;
    if (std::regex_search(text, total, std::regex("Grand total: ([0-9]+) bytes")))
      CHECK(std::to_string(state.totals().context_bytes) == total[1]);
    else
      CHECK(contains(name, "backend-memory-contexts"));
  }
}

TEST_CASE("a dump from stderr is given back byte for byte") {
  for (const std::string& name : golden_names("dumps")) {
    if (!contains(name, "stderr") && !contains(name, "out-of-memory")) continue;
    INFO(name);
    const std::string text = read_golden(name);
    const std::size_t end = text.find('\n', text.find("Grand total")) + 1;
    CHECK(import_text(text).exported("text") == text.substr(0, end));
  }
}

TEST_CASE("a logged dump is given back message for message, from all three log formats") {
  int formats = 0;
  for (const std::string& name : golden_names("dumps")) {
    if (!contains(name, "-log-")) continue;
    INFO(name);
    formats |= contains(name, ".jsonl") ? 1 : contains(name, ".csvlog") ? 2 : 4;
    const std::string text = read_golden(name);
    CHECK(import_text(text).exported("text") == messages_of(name, text));
  }
  CHECK(formats == 7);
}

TEST_CASE("rows of pg_backend_memory_contexts are given back byte for byte") {
  int files = 0;
  for (const std::string& name : golden_names("dumps", ".csv")) {
    if (contains(name, "csvlog")) continue;
    INFO(name);
    ++files;
    const std::string text = read_golden(name);
    CHECK(import_text(text, name).exported("csv") == text);
  }
  CHECK(files == 10);
}

TEST_CASE("the version is said where the format tells it, and only there") {
  for (const std::string& name : golden_names("dumps")) {
    INFO(name);
    const int said = import_text(read_golden(name), name).timeline->description().pg_major;
    const bool is_18 = contains(name, "pg18");
    const bool is_from_stats = contains(name, "stderr") || contains(name, "out-of-memory");
    if (is_18 && !is_from_stats)
      CHECK(said == 18);
    else
      CHECK((said == 0 || (said == 17 && contains(name, "pg17"))));
  }
  CHECK(import_text(read_golden("dumps/pg17-log-backend-memory-contexts.log")).timeline->description().pg_major == 17);
  CHECK(
      import_text(read_golden("dumps/pg15-memorycontextstats-stderr.txt"), "x", 15).timeline->description().pg_major ==
      15);
}

TEST_CASE("an out-of-memory error, its context and its statement follow the dump that it printed") {
  for (const std::string& name : golden_names("dumps", "out-of-memory.log")) {
    INFO(name);
    const Imported imported = import_text(read_golden(name), name);
    const Timeline& timeline = *imported.timeline;
    const MemoryState& state = timeline.state();
    REQUIRE(state.point().error != 0);
    const core::EventBody event = timeline.event(state.point().error);
    const auto& error = std::get<core::ErrorReported>(event);
    CHECK(error.message == "out of memory");
    CHECK(contains(error.detail, "Failed on request of size 50008"));
    CHECK(contains(imported.moments.at(0).label, "2026-11-21 09:24:3"));
    const core::EventBody statement = timeline.event(state.point().statement);
    CHECK(contains(std::get<core::Statement>(statement).text, "array_agg(repeat('x',50000)"));
  }
}

TEST_CASE("a file and the same file without its last line end differ in nothing") {
  for (const std::string& name : golden_names("dumps")) {
    INFO(name);
    std::string text = read_golden(name);
    const Imported whole = import_text(text, name);
    text.pop_back();
    const Imported chomped = import_text(text, name);
    REQUIRE(chomped.timeline);
    CHECK(chomped.exported("text") == whole.exported("text"));
    CHECK(chomped.problems == whole.problems);
  }
}

TEST_CASE("carriage returns before newlines change nothing") {
  for (const std::string& name : golden_names("dumps")) {
    INFO(name);
    const std::string text = read_golden(name);
    const Imported dos = import_text(std::regex_replace(text, std::regex("\n"), "\r\n"), name);
    REQUIRE(dos.timeline);
    CHECK(dos.problems == std::vector<std::string>{""});
    CHECK(dos.timeline->state().totals() == import_text(text, name).timeline->state().totals());
  }
}

}  // namespace
}  // namespace palloscope::trace
