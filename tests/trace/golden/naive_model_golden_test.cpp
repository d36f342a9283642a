// The naive model against the recordings of the real allocators: what makes it worth comparing core with.
#include <fmt/format.h>

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/naive_model/golden_json.h"
#include "tests/support/source_tree.h"
#include "trace/golden/golden_file.h"

namespace palloscope::test {
namespace {

using nlohmann::json;

// Deliberate overwrites, double frees and the checks for them: mistakes are not modelled.
bool is_a_mistake(const json& op) {
  if (op["op"] == "poke" || op["op"] == "check") return true;
  if (!op.contains("r")) return false;
  return op["r"].contains("warn") || op["r"].value("err", "").find("detected ") == 0 ||
         op["r"].value("err", "").find("not supported") != std::string::npos;
}

// Answers differing operations in words; nothing else is said twice.
std::string replay(const json& document, std::size_t& operations) {
  const trace::GoldenHead head = trace::golden_head(document);
  for (const json& sequence : document["sequences"]) {
    if (std::any_of(sequence["ops"].begin(), sequence["ops"].end(), is_a_mistake)) continue;
    NaiveModel model(head.major, head.checking, [](std::int64_t) { return std::uint64_t{0}; });
    std::size_t place = 0;
    for (const json& op : sequence["ops"]) {
      json found;
      if (auto operation = operation_of(op)) {
        found = golden_result(*operation, model.apply(*operation), model);
      } else {
        found = golden_answer(op, model);
      }
      json expected = op.value("r", json::object());
      if (found != expected) {
        return fmt::format("{}, {}, op {}: {}\nexpected {}\nfound    {}", head.label(),
                           sequence["name"].get<std::string>(), place, op.dump(), expected.dump(), found.dump());
      }
      ++place;
      ++operations;
    }
  }
  return {};
}

TEST_CASE("the naive model does what the real allocators did, plain and checking") {
  for (const char* kind : {"aset", "generation", "slab", "bump", "mcxt"}) {
    for (const char* build : {"", "-checking"}) {
      const auto file = in_source_tree(fmt::format("tests/golden/allocs/{}{}.json.zst", kind, build));
      auto text = trace::read_golden_text(file);
      REQUIRE(text);
      auto documents = trace::parse_golden(file.string(), *text);
      REQUIRE(documents);
      std::size_t operations = 0;
      for (const json& document : *documents) {
        INFO(file.string());
        CHECK(replay(document, operations) == "");
      }
      CHECK(operations > 100);
    }
  }
}

}  // namespace
}  // namespace palloscope::test
