#include "tests/support/three_accounts.h"

#include <array>
#include <functional>
#include <optional>
#include <random>

#include "core/scenario/scenario_run.h"
#include "core/walk/heap_walker.h"
#include "core/walk/process_source.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"
#include "tests/support/source_tree.h"
#include "trace/golden/golden_replay.h"

namespace palloscope::test {
namespace {

using core::Address;

// Checks every golden sequence as it is replayed.
class GoldenAccounts final : public trace::GoldenObserver {
 public:
  void sequence_began(const trace::GoldenPlace&, const core::VersionProfile&) override { accounts_.emplace(); }
  void event(const core::EventBody& event, const core::Process* process) override {
    if (process) accounts_->watch(*process);
    accounts_->emit(event);
  }
  void op_done(const trace::GoldenPlace& place, const core::Process&) override {
    accounts_->check_now();
    if (!accounts_->disagreement().empty() && first_.empty()) {
      first_ = std::string(place.document) + ", " + std::string(place.sequence) + ", op " + std::to_string(place.op) +
               ", " + accounts_->disagreement();
    }
  }
  void sequence_ended(const trace::GoldenPlace&) override { comparisons_ += accounts_->comparisons(); }

  const std::string& first() const { return first_; }
  std::size_t comparisons() const { return comparisons_; }

 private:
  std::optional<ThreeAccounts> accounts_;
  std::string first_;
  std::size_t comparisons_ = 0;
};

void require_agreement_over(const std::string& name) {
  GoldenAccounts accounts;
  trace::GoldenOptions options;
  options.observer = &accounts;
  auto report = trace::replay_golden(in_source_tree("tests/golden/allocs/" + name + ".json.zst"), options);
  REQUIRE(report);
  CHECK(accounts.first() == "");
  CHECK(accounts.comparisons() > report->documents.front().ops);
}

TEST_CASE("counters, replay and walk agree over all golden AllocSet sequences") {
  require_agreement_over("aset");
  require_agreement_over("aset-checking");
}
TEST_CASE("counters, replay and walk agree over all golden tree sequences") {
  require_agreement_over("mcxt");
  require_agreement_over("mcxt-checking");
}
TEST_CASE("counters, replay and walk agree over all golden Generation sequences") {
  require_agreement_over("generation");
  require_agreement_over("generation-checking");
}
TEST_CASE("counters, replay and walk agree over all golden Slab sequences") {
  require_agreement_over("slab");
  require_agreement_over("slab-checking");
}
TEST_CASE("counters, replay and walk agree over all golden Bump sequences") {
  require_agreement_over("bump");
  require_agreement_over("bump-checking");
}

// A version and a build.
struct Build {
  int major = 0;
  bool checking = false;
  const core::VersionProfile& profile() const { return *core::find_profile(major, checking); }
  std::string name() const { return "PostgreSQL " + std::to_string(major) + (checking ? ", checking" : ""); }
};
std::vector<Build> all_builds() {
  std::vector<Build> builds;
  for (int major = 15; major <= 18; ++major) {
    for (bool checking : {false, true}) builds.push_back({major, checking});
  }
  return builds;
}

// Passes everything on; a program that makes no mistake gets no warning.
struct NoWarnings final : core::EventSink {
  explicit NoWarnings(core::EventSink& next_sink) : next(next_sink) {}
  void emit(const core::EventBody& event) override {
    const auto* report = std::get_if<core::ErrorReported>(&event);
    if (report && report->severity == core::Severity::Warning && first.empty()) first = report->message;
    next.emit(event);
  }
  core::EventSink& next;
  std::string first;
};

TEST_CASE("counters, replay and walk agree after each of many random operations") {
  const std::uint64_t base = std::random_device{}();
  for (const Build& build : all_builds()) {
    const auto version = static_cast<std::uint64_t>(build.major);
    for (std::uint64_t seed : {version * 1000, base + version}) {
      INFO(build.name() << ", seed " << seed);
      ThreeAccounts accounts({.each_event_up_to = 3000, .then_every = 7});
      NoWarnings sink(accounts);
      core::Process process(build.profile(), sink);
      accounts.watch(process);
      RandomOperations operations(process, seed);
      for (int i = 0; i < 4000; ++i) {
        operations.operate();
        if (i % 16 == 0) accounts.check_now();
        if (i % 64 == 0) process.memory_context_check(process.top_memory_context());
        REQUIRE(accounts.disagreement() == "");
        REQUIRE(sink.first == "");
      }
      CHECK(accounts.comparisons() > 3000);
    }
  }
}

TEST_CASE("counters, replay and walk agree over every scenario in every version and build") {
  const std::vector<core::BuiltinScenario> scenarios = core::builtin_scenarios();
  for (const core::BuiltinScenario& scenario : scenarios) {
    for (const Build& build : all_builds()) {
      INFO(scenario.info.name << " as " << build.name());
      ThreeAccounts accounts;
      core::ScenarioOptions options;
      options.pg_major = build.major;
      options.checking = build.checking;
      auto run = core::ScenarioRun::start(scenario.info.name, scenario.text, options, accounts);
      REQUIRE(run);
      accounts.watch(run->process());
      run->advance();
      accounts.check_now();
      CHECK(accounts.disagreement() == "");
      CHECK(accounts.comparisons() > 1);
    }
  }
}

// A small heap with something of everything, to be damaged.
struct SomeHeap {
  explicit SomeHeap(const Build& build) : process(build.profile(), accounts) {
    accounts.watch(process);
    set = process.alloc_set_context_create(process.top_memory_context(), "set", core::kDefaultSizes);
    generation = process.generation_context_create(set, "generation");
    slab = process.slab_context_create(set, "slab", 1024, 64);
    for (Address& chunk : chunks) chunk = process.memory_context_alloc(set, 100);
    large = process.memory_context_alloc(set, 20'000);
    process.pfree(chunks[1]);
    process.pfree(chunks[3]);
    in_generation = process.memory_context_alloc(generation, 50);
    for (Address& chunk : in_slab) chunk = process.memory_context_alloc(slab, 64);
    process.pfree(in_slab[1]);
    process.pfree(in_slab[2]);
  }
  // Changes one byte behind everybody's back, as far as the accounts go.
  void damage(Address at) {
    std::uint8_t byte[1];
    REQUIRE(process.read(at, byte));
    byte[0] = static_cast<std::uint8_t>(byte[0] ^ 0x10);
    process.write(at, byte);
  }

  ThreeAccounts accounts;
  core::Process process;
  Address set, generation, slab, large, in_generation;
  std::array<Address, 6> chunks;
  std::array<Address, 4> in_slab;
};

TEST_CASE("one byte changed in any header or link is noticed") {
  for (const Build& build : all_builds()) {
    const core::VersionProfile& profile = build.profile();
    const core::AllocSetLayout& layout = profile.alloc_set;
    struct Place {
      const char* what;
      std::function<Address(const SomeHeap&)> at;
    };
    const Place places[] = {
        {"node tag", [&](auto& h) { return h.set + profile.context.type.offset; }},
        {"isReset", [&](auto& h) { return h.set + profile.context.is_reset.offset; }},
        {"allowInCritSection", [&](auto& h) { return h.set + profile.context.allow_in_crit_section.offset; }},
        {"mem_allocated", [&](auto& h) { return h.set + profile.context.mem_allocated.offset; }},
        {"parent", [&](auto& h) { return h.set + profile.context.parent.offset; }},
        {"first child", [&](auto& h) { return h.set + profile.context.first_child.offset; }},
        {"next child", [&](auto& h) { return h.slab + profile.context.next_child.offset; }},
        {"name", [&](auto& h) { return h.set + profile.context.name.offset; }},
        {"block list", [&](auto& h) { return h.set + layout.blocks.offset; }},
        {"nextBlockSize", [&](auto& h) { return h.set + layout.next_block_size.offset + 1; }},
        {"freelist 4", [&](auto& h) { return h.set + layout.freelist + 4 * 8; }},
        {"freelist 0", [&](auto& h) { return h.set + layout.freelist; }},
        {"freeptr of the keeper", [&](auto& h) { return h.set + layout.context_bytes + layout.block_freeptr.offset; }},
        {"endptr of the keeper", [&](auto& h) { return h.set + layout.context_bytes + layout.block_endptr.offset; }},
        {"next block", [&](auto& h) { return h.set + layout.context_bytes + layout.block_next.offset; }},
        {"chunk header, size", [&](auto& h) { return h.chunks[0] - layout.chunk_bytes; }},
        {"chunk header, last byte but one", [&](auto& h) { return h.chunks[2] - 2; }},
        {"freed chunk's link", [&](auto& h) { return h.chunks[3] - layout.chunk_bytes + layout.free_link; }},
        {"external chunk's header", [&](auto& h) { return h.large - layout.chunk_bytes + 2; }},
        {"Generation chunk's header", [&](auto& h) { return h.in_generation - profile.generation.chunk_bytes; }},
        {"Slab chunk's header", [&](auto& h) { return h.in_slab[0] - 8; }},
        {"Slab's free chain", [&](auto& h) { return h.in_slab[2]; }},
        {"Slab's count of free chunks",
         [&](auto& h) {
           return h.in_slab[0] - profile.slab.chunk_bytes - profile.slab.block_bytes + profile.slab.block_free.offset;
         }},
    };
    for (const Place& place : places) {
      INFO(place.what << " in " << build.name());
      SomeHeap heap(build);
      heap.accounts.check_now();
      REQUIRE(heap.accounts.disagreement() == "");
      heap.damage(place.at(heap));
      heap.accounts.check_now();
      CHECK(heap.accounts.disagreement() != "");
    }
  }
}

TEST_CASE("bytes of the program's own are nobody's business") {
  SomeHeap heap({17, false});
  heap.damage(heap.chunks[0] + 5);
  heap.accounts.check_now();
  CHECK(heap.accounts.disagreement() == "");
}

TEST_CASE("an event that did not happen is noticed") {
  SomeHeap heap({17, false});
  heap.accounts.emit(core::CritSectionAllowed{heap.process.names().context(heap.set), true});
  CHECK_THAT(heap.accounts.disagreement(), Catch::Matchers::ContainsSubstring("allowInCritSection"));
}

}  // namespace
}  // namespace palloscope::test
