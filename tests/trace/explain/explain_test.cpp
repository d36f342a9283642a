// Cards against the worked examples of the specification (3.12, 4.7, 5.4, 6), and their numbers against the state.
#include "trace/explain/explain.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "trace/explain/call.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

core::StreamDescription description(int major) {
  core::StreamDescription description;
  description.source = core::SourceKind::Scenario;
  description.pg_major = major;
  return description;
}

// A process whose events are recorded, and the cards of what it did.
struct Recorded {
  explicit Recorded(int major)
      : profile(*core::find_profile(major, false)),
        timeline(Timeline::recording(description(major))),
        process(profile, timeline.sink()) {}

  Card at(core::EventNumber n) const { return explain(timeline, n, profile); }
  Card last() const { return at(timeline.size()); }
  // The cards of all events from `from` on that say a sentence with this key.
  std::vector<Card> saying(std::string_view key, core::EventNumber from = 1) const {
    std::vector<Card> found;
    for (core::EventNumber n = from; n <= timeline.size(); ++n) {
      Card card = at(n);
      if (std::any_of(card.sentences.begin(), card.sentences.end(), [&](const Sentence& s) { return s.key == key; }))
        found.push_back(std::move(card));
    }
    return found;
  }

  const core::VersionProfile& profile;
  Timeline timeline;
  core::Process process;
};

std::uint64_t number(const Card& card, std::string_view key, std::string_view name) {
  for (const Sentence& sentence : card.sentences) {
    if (sentence.key != key) continue;
    for (const NamedValue& value : sentence.values)
      if (value.name == name) return value.number;
  }
  FAIL("no " << key << " with " << name);
  return 0;
}

bool says(const Card& card, std::string_view key) {
  return std::any_of(card.sentences.begin(), card.sentences.end(), [&](const Sentence& s) { return s.key == key; });
}

}  // namespace

TEST_CASE("the card of a first palloc tells class, rounding and what is left (spec 3.12 a)") {
  for (const int major : {15, 17}) {
    CAPTURE(major);
    Recorded r(major);
    const core::Address c = r.process.alloc_set_context_create(r.process.top_memory_context(), "work");
    r.process.memory_context_alloc(c, 100);
    const Card card = r.last();
    REQUIRE(number(card, "why.palloc_class", "asked") == 100);
    REQUIRE(number(card, "why.palloc_class", "granted") == 128);
    REQUIRE(number(card, "why.palloc_class", "class") == 4);
    REQUIRE(number(card, "why.palloc_class", "waste") == 28);
    REQUIRE(number(card, "why.from_tail", "header") == (major == 15 ? 16 : 8));
    REQUIRE(number(card, "why.from_tail", "room") == (major == 15 ? 7928 : 7952));
    REQUIRE(number(card, "why.from_tail", "left") == (major == 15 ? 7928 - 144 : 7952 - 136));
    REQUIRE(card.rule == RulePlace{"aset.c", major >= 17 ? "AllocSetAllocChunkFromBlock" : "AllocSetAlloc", "3.5"});
  }
}

TEST_CASE("the cards of a carve tell every piece, why none is bigger, and what stays unused (spec 3.12 a)") {
  for (const int major : {15, 17}) {
    CAPTURE(major);
    Recorded r(major);
    const core::Address c = r.process.alloc_set_context_create(r.process.top_memory_context(), "work");
    r.process.memory_context_alloc(c, 100);
    const core::EventNumber from = r.timeline.size() + 1;
    r.process.memory_context_alloc(c, 8000);
    const std::vector<std::uint64_t> wanted = major == 15 ? std::vector<std::uint64_t>{4096, 2048, 1024, 512, 16}
                                                          : std::vector<std::uint64_t>{4096, 2048, 1024, 512, 64, 16};
    std::vector<std::uint64_t> carved;
    for (const Card& card : r.saying("why.carved", from)) {
      carved.push_back(number(card, "why.carved", "granted"));
      REQUIRE(number(card, "why.carved", "bigger") + number(card, "why.carved", "header") >
              number(card, "why.carved", "rest"));
      REQUIRE(card.call.key == "why.call.palloc");
      REQUIRE(card.effects.size() == r.timeline.size() + 1 - from);
      REQUIRE(card.effects[card.effect].event == card.event);
    }
    REQUIRE(carved == wanted);
    const Card first = r.at(from);
    REQUIRE(number(first, "why.carved_first", "asked") == 8192);
    REQUIRE(number(first, "why.carved_first", "rest") == (major == 15 ? 7784 : 7816));
    const Card last = r.saying("why.carved", from).back();
    REQUIRE(number(last, "why.carved_unused", "left") == 8);
    REQUIRE(number(last, "why.carved_unused", "least") == (major == 15 ? 24 : 16));
    // required 8248 (8240) > 8192 -> 16384; nextBlockSize is 16384 after that.
    const auto blocks = r.saying("why.block", from);
    REQUIRE(blocks.size() == 1);
    REQUIRE(number(blocks[0], "why.size_doubled", "required") == (major == 15 ? 8248 : 8240));
    REQUIRE(number(blocks[0], "why.size_doubled", "next") == 8192);
    REQUIRE(number(blocks[0], "why.size_doubled", "block") == 16384);
    REQUIRE(number(blocks[0], "why.block_head", "next") == 16384);
    REQUIRE(blocks[0].rule.function == (major >= 17 ? "AllocSetAllocFromNewBlock" : "AllocSetAlloc"));
  }
}

TEST_CASE("the card of a large palloc tells the limit, the block for it alone, and that it is linked second") {
  for (const int major : {15, 18}) {
    CAPTURE(major);
    Recorded r(major);
    const core::Address c = r.process.alloc_set_context_create(r.process.top_memory_context(), "work");
    const core::EventNumber from = r.timeline.size() + 1;
    const core::Address p = r.process.memory_context_alloc(c, 8193);
    REQUIRE(number(r.at(from), "why.malloc_external", "bytes") == (major == 15 ? 8256 : 8248));
    REQUIRE(says(r.at(from + 1), "why.external_second"));
    REQUIRE(number(r.last(), "why.palloc_external", "limit") == 8192);
    REQUIRE(number(r.last(), "why.palloc_external_rule", "granted") == 8200);
    REQUIRE(r.last().rule.function == (major >= 17 ? "AllocSetAllocLarge" : "AllocSetAlloc"));
    r.process.pfree(p);
    REQUIRE(number(r.at(r.timeline.size() - 1), "why.freed_with_block", "block") == (major == 15 ? 8256 : 8248));
    REQUIRE(says(r.last(), "why.free_of_external"));
    REQUIRE(r.last().effects.size() == 2);
  }
}

TEST_CASE("the card of a reused chunk tells the freelist's length and head before and after") {
  Recorded r(17);
  const core::Address c = r.process.alloc_set_context_create(r.process.top_memory_context(), "work");
  std::vector<core::Address> p;
  for (int i = 0; i < 3; ++i) p.push_back(r.process.memory_context_alloc(c, 100));
  for (const core::Address at : p) r.process.pfree(at);
  REQUIRE(number(r.last(), "why.freed", "length") == 3);
  REQUIRE(number(r.last(), "why.freed_rule", "least") == 65);
  REQUIRE(number(r.last(), "why.freed_rule", "granted") == 128);
  r.process.memory_context_alloc(c, 70);
  REQUIRE(number(r.last(), "why.from_freelist", "length") == 3);
  REQUIRE(number(r.last(), "why.from_freelist", "left") == 2);
  REQUIRE(number(r.last(), "why.from_freelist", "at") == p.back().value);
}

TEST_CASE("the card of a recycled context tells the list and the chunk limit of its first life (spec 3.10)") {
  Recorded r(16);
  const core::Address top = r.process.top_memory_context();
  r.process.memory_context_delete(r.process.alloc_set_context_create(top, "first", core::kSmallSizes));
  REQUIRE(number(r.last(), "why.recycled", "waiting") == 1);
  const core::EventNumber from = r.timeline.size() + 1;
  r.process.alloc_set_context_create(top, "second", core::kStartSmallSizes);
  const Card card = r.at(from);
  REQUIRE(number(card, "why.created_recycled", "list") == 1);
  REQUIRE(number(card, "why.created_recycled", "waiting") == 1);
  REQUIRE(number(card, "why.created_recycled", "left") == 0);
  REQUIRE(number(card, "why.created_old_limit", "limit") == 1024);
  REQUIRE(number(card, "why.created_old_limit", "fresh") == 8192);
}

TEST_CASE("the card of a reset tells what is lost and what is kept, and each freed block whose it was") {
  Recorded r(17);
  const core::Address c = r.process.alloc_set_context_create(r.process.top_memory_context(), "work");
  r.process.memory_context_alloc(c, 100);
  r.process.memory_context_alloc(c, 8000);
  r.process.memory_context_alloc(c, 9000);
  const core::EventNumber from = r.timeline.size() + 1;
  r.process.memory_context_reset(c);
  const Card card = r.at(from);
  REQUIRE(number(card, "why.reset", "chunks") == 3);
  REQUIRE(number(card, "why.reset", "granted") == 128 + 8192 + 9000);
  REQUIRE(number(card, "why.reset_keeper", "blocks") == 2);
  REQUIRE(number(card, "why.reset_keeper", "bytes") == 16384 + 9048);
  REQUIRE(number(card, "why.reset_next", "old") == 16384);
  REQUIRE(number(card, "why.reset_next", "init") == 8192);
  REQUIRE(card.effects.size() == 3);
  REQUIRE(says(r.last(), "why.free_by_reset"));
}

TEST_CASE("a Generation's cards tell why a block is kept or given back, by version (spec 4.4, 4.7 d)") {
  for (const int major : {16, 17}) {
    CAPTURE(major);
    Recorded r(major);
    const core::Address c =
        r.process.generation_context_create(r.process.top_memory_context(), "tuples", {0, 8192, 8192});
    std::vector<core::Address> p;
    for (int i = 0; i < 60; ++i) p.push_back(r.process.memory_context_alloc(c, 500));
    const core::EventNumber from = r.timeline.size() + 1;
    for (int i = 15; i < 45; ++i) r.process.pfree(p[static_cast<std::size_t>(i)]);
    const auto kept = r.saying("why.block_emptied", from), gone = r.saying("why.block_removed", from);
    REQUIRE(kept.size() == 1);
    REQUIRE(gone.size() == 1);
    REQUIRE(says(kept[0], major >= 17 ? "why.emptied_other" : "why.emptied_other_16"));
    REQUIRE(says(gone[0], major >= 17 ? "why.generation_removed" : "why.generation_removed_16"));
    REQUIRE(number(gone[0], "why.block_removed", "bytes") == 8192);
    const auto counted = r.saying("why.freed_counted_rule", from);
    REQUIRE(number(counted[0], "why.freed_counted", "all") == 15);
    REQUIRE(number(counted[0], "why.freed_counted", "freed") == 1);
    REQUIRE(number(counted[0], "why.freed_counted_rule", "live") == 14);
  }
  // init 1 kB, max 1 MB: 20000 -> a block of 32768, the next power of two (4.7 e).
  Recorded r(17);
  const core::Address c =
      r.process.generation_context_create(r.process.top_memory_context(), "tuples", {0, 1024, 1024 * 1024});
  r.process.memory_context_alloc(c, 20000);
  const auto blocks = r.saying("why.size_power");
  REQUIRE(blocks.size() == 2);  // its malloc and the block
  REQUIRE(number(blocks[0], "why.size_power", "next") == 1024);
  REQUIRE(number(blocks[0], "why.size_power", "block") == 32768);
}

TEST_CASE("a Slab's cards tell its numbers, its lists and its cache of empty blocks, by version (spec 5.4)") {
  for (const int major : {15, 17}) {
    CAPTURE(major);
    Recorded r(major);
    const core::Address c = r.process.slab_context_create(r.process.top_memory_context(), "nodes", 1024, 100);
    const auto created = r.saying("why.created_slab");
    REQUIRE(created.size() == 1);
    REQUIRE(number(created[0], "why.created_slab", "full") == (major == 15 ? 120 : 112));
    REQUIRE(number(created[0], "why.created_slab", "per_block") == 8);
    std::vector<core::Address> p;
    for (int i = 0; i < 9; ++i) p.push_back(r.process.memory_context_alloc(c, 100));
    REQUIRE(r.saying("why.slab_block").size() == 2);
    const core::EventNumber from = r.timeline.size() + 1;
    for (const core::Address at : p) r.process.pfree(at);
    REQUIRE(r.saying("why.slab_no_cache", from).size() == (major == 15 ? 2 : 0));
    const auto cached = r.saying("why.slab_cached", from);
    REQUIRE(cached.size() == (major == 15 ? 0 : 2));
    if (major == 17) {
      REQUIRE(number(cached[1], "why.slab_cached", "cached") == 2);
      REQUIRE(number(cached[1], "why.slab_cached", "most") == 10);
      r.process.memory_context_alloc(c, 100);
      const auto reused = r.saying("why.slab_from_cache", from);
      REQUIRE(reused.size() == 1);
      REQUIRE(number(reused[0], "why.slab_from_cache", "left") == 1);
      REQUIRE(reused[0].effects.size() == 2);
    }
  }
}

TEST_CASE("a Bump's cards tell what a new block wastes of the old one, and where large chunks go (spec 6)") {
  Recorded r(17);
  const core::Address c = r.process.bump_context_create(r.process.top_memory_context(), "tuples", {0, 8192, 65536});
  r.process.memory_context_alloc(c, 100);
  REQUIRE(number(r.last(), "why.bump_tail", "left") == 8048 - 104);
  r.process.memory_context_alloc(c, 8193);
  REQUIRE(says(r.at(r.timeline.size() - 1), "why.external_last"));
  REQUIRE(number(r.at(r.timeline.size() - 2), "why.malloc_external", "bytes") == 8232);
  r.process.memory_context_alloc(c, 4096);
  r.process.memory_context_alloc(c, 4096);
  const auto wasteful = r.saying("why.bump_waste");
  REQUIRE(wasteful.size() == 1);
  REQUIRE(number(wasteful[0], "why.bump_waste", "rest") == 8048 - 104 - 4096);
}

TEST_CASE("a card's links name what is there after the event") {
  Recorded r(17);
  const core::Address c = r.process.alloc_set_context_create(r.process.top_memory_context(), "work");
  const core::Address p = r.process.memory_context_alloc(c, 100);
  r.timeline.seek(r.timeline.size());
  const Card card = r.last();
  const ChunkRecord* chunk = r.timeline.state().chunk(card.chunk.slot);
  REQUIRE(chunk != nullptr);
  REQUIRE(chunk->at == p);
  REQUIRE(card.chunk.born == r.timeline.size());
  REQUIRE(r.timeline.state().context(card.context.slot)->at == c);
  r.process.memory_context_delete(c);
  REQUIRE(r.last().context.born == 0);
}

TEST_CASE("the events of one call are kept together and those of two are not") {
  Recorded r(17);
  const core::Address c = r.process.alloc_set_context_create(r.process.top_memory_context(), "work");
  const core::EventNumber from = r.timeline.size() + 1;
  const core::Address a = r.process.memory_context_alloc(c, 100);
  const core::Address b = r.process.memory_context_alloc(c, 200);
  r.process.repalloc(a, 1000);
  r.process.pfree(b);
  const std::vector<std::size_t> wanted = {1, 1, 2, 2, 1};
  for (core::EventNumber n = from; n <= r.timeline.size(); ++n) {
    CAPTURE(n);
    REQUIRE(call_around(r.timeline, n).events.size() == wanted[n - from]);
  }
  REQUIRE(r.timeline.size() - from + 1 == wanted.size());
}
