#include "trace/exporters/chrome_trace.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "trace/analysis/path_table.h"
#include "trace/exporters/event_csv.h"
#include "trace/exporters/printable.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

struct Exported {
  nlohmann::json json;
  MemoryState end;
  std::size_t left_out = 0;
};

Exported export_events(const std::vector<core::EventBody>& events, EventNumber sample, std::size_t first = 0) {
  core::StreamDescription description;
  description.title = "a \"quoted\" \xFF title";
  std::ostringstream out;
  ChromeTrace chrome(description, sample, out);
  Exported exported;
  for (std::size_t i = 0; i < events.size(); ++i) {
    exported.end.apply(events[i]);
    if (i >= first) chrome.take(i + 1, events[i], exported.end);
  }
  chrome.finish();
  exported.left_out = chrome.names_left_out();
  exported.json = nlohmann::json::parse(out.str());
  return exported;
}

}  // namespace

TEST_CASE("a Chrome trace has of each phase what the format asks for") {
  const Exported exported = export_events(test::random_events(5, 5000, {.live_chunks = 300, .texts = 0.1}), 50);
  REQUIRE(exported.json["traceEvents"].is_array());
  std::map<std::string, int> phases;
  for (const auto& event : exported.json["traceEvents"]) {
    INFO(event.dump());
    const std::string phase = event.at("ph").get<std::string>();
    ++phases[phase];
    REQUIRE(event.at("name").is_string());
    REQUIRE(event.at("pid").is_number());
    REQUIRE(event.at("tid").is_number());
    REQUIRE(event.at("ts").is_number());
    if (phase == "X") REQUIRE(event.at("dur").get<std::int64_t>() >= 0);
    if (phase == "i") REQUIRE(event.at("s") == "p");
    if (phase == "M") REQUIRE(event.at("args").at("name").is_string());
    if (phase == "C")
      for (const auto& [name, value] : event.at("args").items()) REQUIRE(value.is_number_unsigned());
  }
  REQUIRE(phases["M"] == 4);
  REQUIRE(phases["C"] > 100);
  REQUIRE(phases["X"] > 10);
  REQUIRE(phases.size() <= 4);
}

TEST_CASE("the last counters of each name are what the contexts of that name have at the end, wherever one begins") {
  for (const std::size_t first : {std::size_t{0}, std::size_t{1500}}) {
    const auto events = test::random_events(9, 3000, {.live_chunks = 200, .contexts = 20, .resets = 0.05});
    const Exported exported = export_events(events, 1, first);
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> told;  // used, free
    for (const auto& event : exported.json["traceEvents"])
      if (event["ph"] == "C" && event["name"] != "malloc'ed")
        told[event["name"]] = {event["args"]["used"], event["args"]["free"]};
    PathTable table;
    const core::StreamDescription description;  // as export_events has it
    table.add(exported.end, core::find_profile(description.pg_major, description.checking));
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> wanted;
    for (std::uint32_t i = 0; i < table.nodes().size(); ++i) {
      if (table.nodes()[i].omitted) continue;
      const PathSums& own = table.share(i, 0)->own;
      auto& sums = wanted[printable(table.nodes()[i].name)];
      sums.first += own.used_bytes;
      sums.second += own.total_bytes - own.used_bytes;
    }
    for (const auto& [name, sums] : wanted) {
      INFO(name);
      REQUIRE(told.count(name) == 1);
      CHECK(told[name].first == sums.first);
      CHECK(told[name].second == sums.second);
    }
    for (const auto& [name, sums] : told)
      if (name != "all contexts" && wanted.count(name) == 0) CHECK(sums == std::pair<std::uint64_t, std::uint64_t>{});
  }
}

TEST_CASE("rows of events and states are whole: as many fields as their heads, and JSON of the same") {
  const auto fields = [](const std::string& line) {  // of CSV, with quotes
    std::size_t count = 1;
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      count += c == ',' && !quoted ? 1 : 0;
    }
    return quoted ? 0 : count;
  };
  MemoryState state;
  const auto events = test::random_events(2, 1500, {.live_chunks = 200, .texts = 0.2});
  for (std::size_t i = 0; i < events.size(); ++i) {
    state.apply(events[i]);
    const std::string row = event_csv(i + 1, events[i], state);
    INFO(row);
    REQUIRE(fields(row) == fields(std::string(kEventCsvHead)));
    REQUIRE(row.starts_with(std::to_string(i + 1) + ","));
  }
  std::size_t contexts = 0;
  for (const ContextRecord& context : state.contexts()) contexts += context.born != 0 ? 1 : 0;
  std::istringstream rows(state_rows(state, nullptr, false)), lines(state_rows(state, nullptr, true));
  std::size_t rows_seen = 0;
  for (std::string row, line; std::getline(rows, row) && std::getline(lines, line); ++rows_seen) {
    REQUIRE(fields(row) == fields(std::string(kStateCsvHead)));
    const auto json = nlohmann::json::parse(line);
    REQUIRE(row.starts_with(fmt::format("{},{},", json["event"].get<int>(), json["context"].get<int>())));
  }
  REQUIRE(rows_seen == contexts);
}
