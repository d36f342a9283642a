#include "trace/exporters/server_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/random_server_stream.h"
#include "trace/exporters/state_json.h"
#include "trace/replay/memory_state.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

nlohmann::json server_of(const MemoryState& state) {
  std::ostringstream out;
  write_state_json(state, {}, out);
  return nlohmann::json::parse(out.str())["server"];
}

}  // namespace

TEST_CASE("a state without a server around it has no server in its JSON") {
  std::ostringstream out;
  write_state_json(MemoryState{}, {}, out);
  REQUIRE(!nlohmann::json::parse(out.str()).contains("server"));
}

TEST_CASE("the JSON of a pool names its pages, its freelist in order, and who pins what") {
  MemoryState state;
  state.apply(core::BackendStarted{{0}, core::BackendKind::Client, 4711, "alice"});
  state.apply(core::BufferPoolCreated{{0}, {}, {0}, 4, true});
  state.apply(core::RelationNamed{1663, 5, 16384, 9, "orders"});
  state.apply(core::FreelistPopped{{0}, true});
  state.apply(core::BufferPinned{{0}, {0}, 1});
  state.apply(
      core::BufferTagged{{0}, {1663, 5, 16384, 0, 7}, 1 | core::buffer_bits::kUsageOne | core::buffer_bits::kTagValid});
  const auto server = server_of(state);
  REQUIRE(server["backends"][0]["name"] == "alice");
  REQUIRE(server["backends"][0]["pins"][0]["buffer"] == 1);
  const auto& pool = server["pools"][0];
  REQUIRE(pool["freelist"] == nlohmann::json::array({2, 3, 4}));
  REQUIRE(pool["pages"].size() == 1);
  REQUIRE(pool["pages"][0]["name"] == "orders block 7");
  REQUIRE(pool["pages"][0]["usage"] == 1);
  REQUIRE(pool["pages"][0]["flags"] == "TAG_VALID");
}

TEST_CASE("a freelist that runs in a circle or out of its pool is still JSON, and ends") {
  MemoryState state;
  state.apply(core::BufferPoolCreated{{0}, {}, {0}, 4, true});
  const auto freelist = [&](auto&& change) {
    ServerState server = state.server();
    change(server);
    std::ostringstream out;
    write_server_json(server, out);
    return nlohmann::json::parse(out.str())["pools"][0]["freelist"];
  };
  using Numbers = nlohmann::json;
  CHECK(freelist([](ServerState& s) {
          s.buffers[1].next_free = {0};
          s.pools[0].free_count = 0xFFFFFFFF;
        }) == Numbers::array({1, 2, 1, 2}));
  CHECK(freelist([](ServerState& s) { s.buffers[1].next_free = {77}; }) == Numbers::array({1, 2}));
}

TEST_CASE("every moment of a random server is JSON with each live thing in it") {
  MemoryState state;
  std::size_t n = 0;
  for (const auto& event : test::random_server_events(21, 1500)) {
    state.apply(event);
    if (++n % 50 != 0) continue;
    const auto json = server_of(state);
    const auto live = [](const auto& table) {
      return static_cast<std::size_t>(
          std::count_if(table.begin(), table.end(), [](const auto& record) { return record.born != 0; }));
    };
    REQUIRE(json["backends"].size() == live(state.server().backends));
    REQUIRE(json["pools"].size() == live(state.server().pools));
    REQUIRE(json["rings"].size() == live(state.server().rings));
    REQUIRE(json["segments"].size() == live(state.server().segments));
    REQUIRE(json["operations"].size() == live(state.server().operations));
    REQUIRE(json["placements"].size() == live(state.server().placements));
  }
}
