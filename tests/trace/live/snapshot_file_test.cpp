// Snapshot files of simulated processes: they give back what the walk found, and nothing that it did not look at.
#include "trace/live/snapshot_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/walk/kept_bytes.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"
#include "trace/live/anonymize.h"
#include "trace/open_any.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;
using core::Address;

struct ScratchFolder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("palloscope-snapshots-" + std::to_string(::getpid()));
  ScratchFolder() { std::filesystem::create_directories(path); }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// All that the opened file holds of the process, one piece behind the other.
std::string held(const Capture& capture, Address from, std::uint64_t bytes) {
  std::string text;
  for (std::uint64_t i = 0; i < bytes; ++i) {
    std::uint8_t byte = 0;
    if (capture.memory->read(from + i, {&byte, 1})) text.push_back(static_cast<char>(byte));
  }
  return text;
}

ServerMoment moment_of(const Capture& capture) {
  auto moment = read_moment(capture);
  REQUIRE(moment);
  return std::move(*moment);
}

const core::WalkedContext& named(const core::WalkedHeap& heap, std::string_view name) {
  const auto found =
      std::find_if(heap.contexts.begin(), heap.contexts.end(), [&](const auto& c) { return c.name == name; });
  REQUIRE(found != heap.contexts.end());
  return *found;
}

constexpr std::string_view kSecret = "4111 1111 1111 1111";

// A context "shop orders" of somebody's extension, an "index info" for "orders_pkey", a chunk with a secret in it.
struct People {
  explicit People(int major, bool checking = false) : simulated(major, checking) {
    core::Process& process = simulated.process;
    const Address cache = process.alloc_set_context_create(process.top_memory_context(), "CacheMemoryContext");
    const Address index = process.alloc_set_context_create(cache, "index info", core::kSmallSizes);
    process.memory_context_set_identifier(index, "orders_pkey");
    own = process.alloc_set_context_create(process.top_memory_context(), "shop orders");
    const Address chunk = process.memory_context_alloc(own, 64);
    process.write(chunk, {reinterpret_cast<const std::uint8_t*>(kSecret.data()), kSecret.size()});
  }
  test::SimulatedProcess simulated;
  Address own;
};

TEST_CASE("a snapshot file gives back what a walk over the process finds, in every version and build") {
  const ScratchFolder folder;
  const std::filesystem::path file = folder.path / "s.pssnap";
  for (int major = 15; major <= 18; ++major) {
    for (const bool checking : {false, true}) {
      INFO("PostgreSQL " << major << (checking ? ", checking" : ""));
      test::SimulatedProcess simulated(major, checking);
      test::RandomOperations operations(simulated.process, static_cast<std::uint64_t>(major));
      for (int i = 0; i < 400; ++i) operations.operate();
      const Capture capture = test::capture_of(simulated.process);
      const ServerMoment before = moment_of(capture);
      REQUIRE(write_snapshot_file(capture, before, file));
      CHECK(is_snapshot_file(bytes_of(file).substr(0, 16)));

      const auto opened = open_snapshot_file(file);
      REQUIRE(opened);
      const ServerMoment after = moment_of(*opened);
      CHECK(after.heap.contexts == before.heap.contexts);
      CHECK(
          std::equal(std::begin(after.heap.recycled), std::end(after.heap.recycled), std::begin(before.heap.recycled)));
      CHECK(after.heap.findings == before.heap.findings);
      CHECK(after.heap.current == before.heap.current);
      CHECK(after.build.major == major);
      CHECK(after.build.checking == checking);
      CHECK(after.facts.title == before.facts.title);
      CHECK(after.facts.time == before.facts.time);
      CHECK(after.measure == before.measure);
      // Written anew from the file it is the same file.
      REQUIRE(write_snapshot_file(*opened, after, folder.path / "again.pssnap"));
      CHECK(bytes_of(folder.path / "again.pssnap").size() == bytes_of(file).size());
    }
  }
}

TEST_CASE("a snapshot file is for its owner alone, replaces what was there, and follows no link") {
  const ScratchFolder folder;
  People people(17);
  const Capture capture = test::capture_of(people.simulated.process);
  const ServerMoment moment = moment_of(capture);
  const std::filesystem::path file = folder.path / "s.pssnap", other = folder.path / "other";
  std::ofstream(other) << "of somebody else";
  std::filesystem::create_symlink(other, folder.path / "s.pssnap.new");
  std::ofstream(file) << "older";
  REQUIRE(write_snapshot_file(capture, moment, file));
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(bytes_of(other) == "of somebody else");
  CHECK_FALSE(std::filesystem::exists(folder.path / "s.pssnap.new"));
  CHECK(open_snapshot_file(file));

  const auto nowhere = write_snapshot_file(capture, moment, folder.path / "no" / "s.pssnap");
  REQUIRE_FALSE(nowhere);
  CHECK_THAT(nowhere.error().message, ContainsSubstring("cannot be made"));
}

TEST_CASE("contents of chunks are in a snapshot file only when they were asked for") {
  const ScratchFolder folder;
  const std::filesystem::path file = folder.path / "s.pssnap";
  for (const bool payload : {false, true}) {
    People people(18);
    Capture capture = test::capture_of(people.simulated.process);
    capture.facts.payload = payload;
    const ServerMoment moment = moment_of(capture);
    REQUIRE(write_snapshot_file(capture, moment, file));
    const auto opened = open_snapshot_file(file);
    REQUIRE(opened);
    const ServerMoment after = moment_of(*opened);
    const core::WalkedBlock& block = named(after.heap, "shop orders").blocks.at(0);
    const std::string found = held(*opened, block.header, block.end - block.header);
    CHECK((found.find(kSecret) != std::string::npos) == payload);
    CHECK(after.heap.contexts == moment.heap.contexts);
    if (payload) CHECK_FALSE(write_snapshot_file(capture, moment, file, {.anonymize = true}));
  }
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      words.back() += c;
    else
      words.emplace_back();
  }
  return words;
}

TEST_CASE("an anonymous snapshot keeps sizes, order and shape, and none of people's words") {
  const ScratchFolder folder;
  const std::filesystem::path file = folder.path / "s.pssnap";
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    People people(major);
    core::Process& process = people.simulated.process;
    const Address second = process.alloc_set_context_create(people.own, "shop orders");
    process.memory_context_set_identifier(second, "select * from orders");
    Capture capture = test::capture_of(process);
    capture.build.data_directory = "/home/bob/data";
    capture.build.executable = "/home/bob/pg/bin/postgres";
    const ServerMoment moment = moment_of(capture);
    const auto report = write_snapshot_file(capture, moment, file, {.anonymize = true});
    REQUIRE(report);
    CHECK(report->idents == 2);
    CHECK(report->titles == 1);
    CHECK(report->names >= 1);

    const auto opened = open_snapshot_file(file);
    REQUIRE(opened);
    const ServerMoment after = moment_of(*opened);
    REQUIRE(after.heap.contexts.size() == moment.heap.contexts.size());
    std::string code;
    for (std::size_t i = 0; i < after.heap.contexts.size(); ++i) {
      core::WalkedContext was = moment.heap.contexts[i], is = after.heap.contexts[i];
      CHECK(is.name.size() == was.name.size());
      if (was.name == "shop orders") {
        CHECK(is.name != was.name);
        if (!code.empty()) CHECK(is.name == code);  // the same name has the same code
        code = is.name;
      } else if (is_postgres_name(was.name)) {
        CHECK(is.name == was.name);
      }
      REQUIRE(is.ident.has_value() == was.ident.has_value());
      if (is.ident) CHECK((is.ident->size() == was.ident->size() && *is.ident != *was.ident));
      is.name = was.name;
      is.ident = was.ident;
      CHECK(is == was);
    }
    // Whole words: a code may have two or three letters in a row by chance.
    for (const std::string& text : {after.facts.title, after.build.data_directory, after.build.executable})
      for (const std::string& word : words_of(text))
        for (const char* said : {"bob", "shop", "home", "pg", "data"}) CHECK(word != said);
    CHECK(after.facts.title.size() == moment.facts.title.size());
    CHECK_THAT(after.facts.title, Catch::Matchers::EndsWith(" [local] SELECT"));
    CHECK_THAT(after.build.executable, Catch::Matchers::EndsWith("/postgres"));
  }
}

TEST_CASE("process titles keep what the server does and lose who it does it for") {
  TextCodes codes;
  const auto same = [&](const char* title) { CHECK(anonymous_title(title, codes) == title); };
  same("postgres: checkpointer");
  same("postgres: background writer");
  same("postgres: logical replication launcher");
  same("postgres: parallel worker for PID 4711");
  same("");
  const std::string bob = codes.of("bob"), shop = codes.of("shop"), main = codes.of("15/main");
  CHECK(anonymous_title("postgres: bob shop [local] idle in transaction", codes) ==
        "postgres: " + bob + ' ' + shop + " [local] idle in transaction");
  CHECK(anonymous_title("postgres: 15/main: bob shop 10.0.0.7(51234) SELECT", codes) ==
        "postgres: " + main + ": " + bob + ' ' + shop + ' ' + codes.of("10.0.0.7(51234)") + " SELECT");
  // A role and a database that are called like a state.
  CHECK(anonymous_title("postgres: idle SELECT [local] idle", codes) ==
        "postgres: " + codes.of("idle") + ' ' + codes.of("SELECT") + " [local] idle");
  CHECK(anonymous_title("postgres: autovacuum worker shop", codes) == "postgres: autovacuum worker " + shop);
}

TEST_CASE("a snapshot file that is cut or changed anywhere is refused, and says where") {
  const ScratchFolder folder;
  const std::filesystem::path file = folder.path / "s.pssnap", broken = folder.path / "broken.pssnap";
  People people(16);
  const Capture capture = test::capture_of(people.simulated.process);
  REQUIRE(write_snapshot_file(capture, moment_of(capture), file));
  const std::string whole = bytes_of(file);
  const auto refused = [&](const std::string& bytes) {
    std::ofstream(broken, std::ios::binary | std::ios::trunc) << bytes;
    const auto opened = open_snapshot_file(broken);
    return !opened && opened.error().message.find("broken.pssnap: ") != std::string::npos;
  };
  for (std::size_t length = 0; length < whole.size(); length += 1 + length / 20) {
    INFO("cut to " << length << " bytes");
    CHECK(refused(whole.substr(0, length)));
  }
  for (std::size_t at = 0; at < whole.size(); at += 1 + at / 20) {
    INFO("byte " << at << " changed");
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x21);
    CHECK(refused(bytes));
  }
}

TEST_CASE("a snapshot opens like any file, as one moment at its end") {
  const ScratchFolder folder;
  const std::filesystem::path file = folder.path / "s.pssnap";
  People people(15);
  const Capture capture = test::capture_of(people.simulated.process);
  REQUIRE(write_snapshot_file(capture, moment_of(capture), file));
  const auto timeline = open_any(file);
  REQUIRE(timeline);
  CHECK(timeline->description().source == core::SourceKind::Snapshot);
  CHECK(timeline->description().pg_major == 15);
  CHECK(timeline->description().title == "s.pssnap");
  CHECK(timeline->cursor() == timeline->size());
  CHECK(timeline->state().fault_count() == 0);
  const auto& contexts = timeline->state().contexts();
  CHECK(std::any_of(contexts.begin(), contexts.end(),
                    [](const auto& c) { return c.born != 0 && c.name == "shop orders"; }));

  REQUIRE(timeline->save(folder.path / "s.pscope"));
  struct stat status {};
  REQUIRE(::stat((folder.path / "s.pscope").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);  // people's words are in there too
}

}  // namespace
}  // namespace palloscope::trace
