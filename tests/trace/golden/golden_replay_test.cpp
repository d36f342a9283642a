#include "trace/golden/golden_replay.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/support/source_tree.h"
#include "trace/golden/golden_file.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

std::filesystem::path golden(const std::string& name) {
  return test::in_source_tree("tests/golden/allocs/" + name + ".json.zst");
}

void require_all_equal(const std::string& name, std::size_t documents) {
  auto report = replay_golden(golden(name));
  REQUIRE(report);
  CHECK(report->documents.size() == documents);
  for (const GoldenDocumentReport& document : report->documents) {
    CHECK(document.sequences >= 11);
    CHECK(document.ops >= 400);
    std::string first;
    for (const GoldenDifference& difference : document.first) first += describe(difference) + "\n";
    INFO(document.label << ": see `palloscope golden " << golden(name).string() << "`\n" << first);
    CHECK(document.differences == 0);
  }
}

// The first document of an allocator's file, to be changed by a test.
json first_document(const std::string& name) {
  static std::map<std::string, json> read;  // parsing is the slow part
  if (auto found = read.find(name); found != read.end()) return found->second;
  auto text = read_golden_text(golden(name));
  REQUIRE(text);
  auto documents = parse_golden(name, *text);
  REQUIRE(documents);
  return read[name] = documents->front();
}

// The first operation of this kind that records this key. The document keeps only its sequence.
json& find_op(json& document, const std::string& op, const std::string& key) {
  for (json& sequence : document["sequences"]) {
    for (std::size_t i = 0; i < sequence["ops"].size(); ++i) {
      const json& candidate = sequence["ops"][i];
      if (candidate["op"] != op || !candidate.contains("r") || !candidate["r"].contains(key)) continue;
      document["sequences"] = json::array({json(sequence)});
      return document["sequences"][0]["ops"][i];
    }
  }
  FAIL("no " << op << " with " << key);
  return document;
}

core::Result<GoldenReport> replay(const json& document) { return replay_golden_text("test", document.dump()); }

json tiny(json ops) {
  return {{"format", "pg-golden-allocs"}, {"format_version", 1},
          {"server_major", 17},           {"checking", false},
          {"allocator", "aset"},          {"sequences", {{{"name", "tiny"}, {"ops", std::move(ops)}}}}};
}

json create(int number, const char* kind = "create_aset") {
  return {{"op", kind},   {"ctx", number},  {"parent", -1}, {"min", 0},
          {"init", 8192}, {"max", 8388608}, {"name", "c"},  {"r", {{"ev", {{"m", number, 8192}}}}}};
}

TEST_CASE("every recorded AllocSet operation of 15, 16, 17, 18 comes out the same") {
  require_all_equal("aset", 4);
  require_all_equal("aset-checking", 4);
}
TEST_CASE("every recorded operation on the context tree comes out the same") {
  require_all_equal("mcxt", 4);
  require_all_equal("mcxt-checking", 4);
}
TEST_CASE("every recorded Generation operation comes out the same") {
  require_all_equal("generation", 4);
  require_all_equal("generation-checking", 4);
}
TEST_CASE("every recorded Slab operation comes out the same") {
  require_all_equal("slab", 4);
  require_all_equal("slab-checking", 4);
}
TEST_CASE("every recorded Bump operation comes out the same") {
  require_all_equal("bump", 2);
  require_all_equal("bump-checking", 2);
}

TEST_CASE("a changed expectation of any kind is a difference that says where, what and how") {
  struct Change {
    const char *file, *op, *key;
    json value;
  };
  const Change changes[] = {
      {"aset", "alloc", "at", {0, 281}},
      {"aset", "alloc", "space", 25},
      {"aset", "alloc", "csize", 9},
      {"aset", "alloc", "ev", {{"m", 1, 1}}},
      {"aset", "alloc", "err", "no"},
      {"aset", "dump", "freelists", {{"0", {{0, 1}}}}},
      {"aset", "dump", "blocks", json::array()},
      {"aset", "dump", "text", "c0: nothing"},
      {"aset", "dump", "is_reset", nullptr},
      {"mcxt", "tree", "tree", {{"name", "other"}}},
      {"mcxt", "stats_text", "lines", ""},
      {"mcxt", "mem_allocated", "mem", 1},
      {"mcxt", "owner", "owner", "nobody"},
      {"mcxt", "delete", "cb", {1, 2, 3}},
      {"mcxt", "chunk_space", "space", 1},
      {"generation", "dump", "blocks", json::array()},
      {"slab", "dump", "lists", {{"7", json::array()}}},
      {"aset-checking", "check", "warn", {"detected nothing"}},
      {"slab-checking", "free", "warn", {"detected write past chunk end in chk <1:25>"}},
  };
  for (const Change& change : changes) {
    json document = first_document(change.file);
    json& op = find_op(document, change.op, change.key);
    INFO(change.file << " " << change.op << " " << change.key);
    op["r"][change.key] = change.value;
    auto report = replay(document);
    REQUIRE(report);
    const GoldenDocumentReport& found = report->documents.front();
    CHECK(found.differences == 1);
    REQUIRE(found.first.size() == 1);
    CHECK(found.first.front().key.find(change.key) == 0);  // a long one is narrowed down: "tree.name"
    CHECK(found.first.front().op_name == change.op);
    CHECK_FALSE(report->all_equal());
  }
}

TEST_CASE("an expectation that is missing is a difference too") {
  json document = first_document("aset");
  find_op(document, "alloc", "ev")["r"].erase("ev");
  auto report = replay(document);
  REQUIRE(report);
  REQUIRE(report->documents.front().differences == 1);
  CHECK(report->documents.front().first.front().expected == "nothing");
}

TEST_CASE("a version that is not re-built is refused") {
  json document = tiny(json::array());
  document["server_major"] = 14;
  auto report = replay(document);
  REQUIRE_FALSE(report);
  CHECK_THAT(report.error().message, ContainsSubstring("PostgreSQL 14"));
}

TEST_CASE("bad golden input is an error that names file and place") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "empty"},
      {"{", "document 1"},
      {"[]", "not a JSON object"},
      {"{\"format\":\"other\"}", "pg-golden-allocs"},
      {tiny(json::array()).dump() + " x", "document 2"},
      {tiny({{{"op", 3}}}).dump(), "sequences[0].ops[0]"},
      {tiny({{{"op", "frobnicate"}}}).dump(), "op 0 (\"frobnicate\"): is not known"},
      {tiny({{{"op", "free"}}}).dump(), "has no \"id\""},
      {tiny({{{"op", "free"}, {"id", 7}}}).dump(), "chunk 7"},
      {tiny({{{"op", "reset"}, {"ctx", 1.5}}}).dump(), "not a whole number"},
      {tiny({{{"op", "reset"}, {"ctx", 0}}}).dump(), "context 0"},
      {tiny({create(0), create(0)}).dump(), "in use"},
  };
  for (const auto& [text, words] : cases) {
    auto report = replay_golden_text("bad.json", text);
    INFO(text.substr(0, 300));
    REQUIRE_FALSE(report);
    CHECK_THAT(report.error().message, ContainsSubstring("bad.json"));
    CHECK_THAT(report.error().message, ContainsSubstring(words));
  }
}

TEST_CASE("operations that would break the simulated process are refused, not carried out") {
  auto refused = [](json more) {
    json ops = {create(0), {{"op", "alloc"}, {"ctx", 0}, {"id", 0}, {"size", 100}}};
    for (json& op : more) ops.push_back(op);
    INFO(ops.back().dump());
    auto report = replay(tiny(ops));
    CHECK_FALSE(report);
  };
  refused({{{"op", "free"}, {"id", 0}}, {{"op", "free"}, {"id", 0}}});
  refused({{{"op", "reset"}, {"ctx", 0}}, {{"op", "free"}, {"id", 0}}});
  refused({{{"op", "delete"}, {"ctx", 0}}, {{"op", "alloc"}, {"ctx", 0}, {"id", 1}, {"size", 1}}});
  refused({{{"op", "alloc"}, {"ctx", 0}, {"id", 1}, {"size", -1}}});
  refused({{{"op", "alloc"}, {"ctx", 0}, {"id", 1}, {"size", 1}, {"flags", 8}}});
  refused({{{"op", "alloc_aligned"}, {"ctx", 0}, {"id", 1}, {"size", 1}, {"align", 24}}});
  refused({{{"op", "poke"}, {"id", 0}, {"off", 1u << 29}, {"byte", 1}}});
  refused({{{"op", "poke"}, {"id", 0}, {"off", 0}, {"byte", 256}}});
  json child = create(1);
  child["parent"] = 0;
  refused({child, {{"op", "set_parent"}, {"ctx", 0}, {"parent", 1}}});
  json sizes = create(1);
  sizes["init"] = 3;
  refused({sizes});
  sizes["init"] = 1 << 30;
  sizes["max"] = 1 << 30;
  refused({sizes});
  json slab = {{"op", "create_slab"}, {"ctx", 1}, {"parent", -1}, {"name", "s"}, {"chunk", 1}, {"block", 1 << 29}};
  refused({slab});
  refused({{{"op", "alloc"}, {"ctx", 0}, {"id", 1}, {"size", 0x3FFFFFFF}, {"flags", 4}}});
  json deep = json::array();
  for (int i = 1; i < 1200; ++i) {
    json nested = create(i);
    nested["parent"] = i - 1;
    deep.push_back(nested);
  }
  deep.push_back({{"op", "tree"}, {"ctx", 0}});
  refused(deep);
  json bump = create(1, "create_bump");
  json document = tiny({bump});
  document["server_major"] = 16;
  CHECK_FALSE(replay(document));
}

TEST_CASE("a compressed golden file that is cut or damaged is an error, never a crash") {
  std::string whole = test::read_file(golden("mcxt"));
  auto file = std::filesystem::temp_directory_path() / "palloscope_golden_cut.json.zst";
  auto try_bytes = [&](const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
    return static_cast<bool>(replay_golden(file));
  };
  CHECK(try_bytes(whole));
  for (std::size_t length = 0; length < whole.size(); length += 97) CHECK_FALSE(try_bytes(whole.substr(0, length)));
  for (std::size_t at = 0; at < whole.size(); at += 211) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    try_bytes(damaged);  // may even be good JSON; must only come back
  }
  std::filesystem::remove(file);
}

TEST_CASE("a golden file that is not there is an error") {
  auto report = replay_golden("/no/such/file.json");
  REQUIRE_FALSE(report);
  CHECK(report.error().code == core::ErrorCode::NotFound);
}

}  // namespace
}  // namespace palloscope::trace
