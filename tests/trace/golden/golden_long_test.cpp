// Golden files longer and nastier than the recorded ones: many contexts of mixed kinds in one sequence, written by the
// naive model, replayed as `palloscope golden` does.
#include <random>

#include "core/version/version_profile.h"
#include "tests/support/catch.h"
#include "tests/support/naive_model/golden_json.h"
#include "tests/support/naive_model/nasty_mix.h"
#include "trace/golden/golden_replay.h"

namespace palloscope::test {
namespace {

using nlohmann::json;

json question(const char* op, const char* key, int number) { return {{"op", op}, {key, number}}; }

// Operations with what the model says of them, and a question now and then.
json long_sequence(int major, bool checking, std::uint64_t seed, int length) {
  NaiveModel model(major, checking, [](std::int64_t) { return std::uint64_t{0}; });
  NastyMix mix(model, seed);
  json ops = json::array();
  auto ask = [&](json op) {
    op["r"] = golden_answer(op, model);
    ops.push_back(std::move(op));
  };
  for (int i = 0; i < length; ++i) {
    Operation operation = mix.next();
    if (operation.kind == OperationKind::AllocAligned) operation.align = std::min<std::uint64_t>(operation.align, 16);
    json op = golden_operation(operation);
    json r = golden_result(operation, model.apply(operation), model);
    if (!r.empty()) op["r"] = std::move(r);
    ops.push_back(std::move(op));
    const int last = model.contexts().rbegin()->first;
    if (i % 100 != 99 || last < 0) continue;
    ask(question("dump", "ctx", last));
    ask(question("tree", "ctx", last));
    json stats = question("stats_text", "ctx", last);
    stats["max_children"] = 3;
    ask(std::move(stats));
    json mem = question("mem_allocated", "ctx", last);
    mem["recurse"] = true;
    ask(std::move(mem));
  }
  return ops;
}

TEST_CASE("a golden sequence of thousands of mixed operations is replayed without a difference") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  for (int major = 15; major <= 18; ++major) {
    const json document = golden_document(major, false, "long", long_sequence(major, false, seed, 1000));
    auto report = trace::replay_golden_text("long", document.dump());
    REQUIRE(report);
    const trace::GoldenDocumentReport& found = report->documents.front();
    CHECK(found.ops >= 1000);
    INFO((found.first.empty() ? std::string() : trace::describe(found.first.front())));
    CHECK(found.differences == 0);
  }
}

TEST_CASE("a difference deep inside a long answer is shown alone, with the way to it") {
  json operations = json::array();
  operations.push_back(
      {{"op", "create_aset"}, {"ctx", 0}, {"parent", -1}, {"min", 0}, {"init", 1024}, {"max", 1024}, {"name", "c"}});
  for (int i = 0; i < 60; ++i) operations.push_back({{"op", "alloc"}, {"ctx", 0}, {"id", i}, {"size", 900}});
  NaiveModel model(17, false, [](std::int64_t) { return std::uint64_t{0}; });
  for (json& op : operations) {
    Operation operation = *operation_of(op);
    op["r"] = golden_result(operation, model.apply(operation), model);
  }
  json dump = question("dump", "ctx", 0);
  dump["r"] = model.dump(0);
  dump["r"]["blocks"][37]["free"] = 1;
  operations.push_back(dump);
  json stats = question("stats_text", "ctx", 0);
  stats["max_children"] = 100;
  stats["r"] = {{"lines", "c: one\n" + std::string(400, 'x') + "\n"}};
  operations.push_back(stats);
  auto report = trace::replay_golden_text("deep", golden_document(17, false, "deep", operations).dump());
  REQUIRE(report);
  const auto& differences = report->documents.front().first;
  REQUIRE(differences.size() == 2);
  CHECK(differences[0].key == "blocks[37]");
  CHECK(differences[0].expected.find("\"free\":1,") != std::string::npos);
  CHECK(differences[1].key == "lines, line 1");
  CHECK(differences[1].expected == "\"c: one\"");
}

}  // namespace
}  // namespace palloscope::test
