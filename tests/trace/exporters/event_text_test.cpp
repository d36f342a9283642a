#include "trace/exporters/event_text.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/sample_events.h"
#include "trace/exporters/event_json.h"
#include "trace/exporters/printable.h"

namespace palloscope::trace {
namespace {

using namespace core;

// A context "Query" with one block and one chunk of 100 bytes.
struct SmallHeap {
  MemoryState state;
  void feed(const EventBody& event) { state.apply(event); }
  SmallHeap() {
    feed(Malloc{BlockSlot{0}, Address{0x1000}, 8192});
    ContextCreated created;
    created.context = ContextSlot{0};
    created.region = BlockSlot{0};
    created.at = Address{0x1000};
    created.init_block_bytes = 8192;
    created.max_block_bytes = 8388608;
    created.name = "Query";
    feed(created);
    BlockAdded added;
    added.block = BlockSlot{0};
    added.context = ContextSlot{0};
    added.role = BlockRole::Keeper;
    added.header = Address{0x10C8};
    added.free_start = Address{0x10F0};
    added.accounted_bytes = 8192;
    feed(added);
    feed(allocated());
  }
  static ChunkAllocated allocated() {
    ChunkAllocated chunk;
    chunk.chunk = ChunkSlot{0};
    chunk.block = BlockSlot{0};
    chunk.at = Address{0x10F8};
    chunk.requested_bytes = 100;
    chunk.granted_bytes = 128;
    chunk.size_class = 4;
    return chunk;
  }
};

TEST_CASE("an allocation names context, request, grant and address") {
  SmallHeap heap;
  REQUIRE(heap.state.fault_count() == 0);
  CHECK(event_text(SmallHeap::allocated(), heap.state) == "palloc Query 100 -> 128 @0x10f8");
  ChunkAllocated again = SmallHeap::allocated();
  again.origin = ChunkOrigin::Freelist;
  CHECK(event_text(again, heap.state) == "palloc Query 100 -> 128 @0x10f8 from the freelist");
}

TEST_CASE("what has just gone is still named: a freed chunk, a deleted context") {
  SmallHeap heap;
  const ChunkFreed freed{ChunkSlot{0}, ChunkFate::ToFreelist, ChunkCause::Pfree};
  heap.feed(freed);
  CHECK(event_text(freed, heap.state) == "pfree Query 100 (128) @0x10f8 to the freelist");
  const ContextDeleted deleted{ContextSlot{0}};
  heap.feed(deleted);
  CHECK(event_text(deleted, heap.state) == "delete Query");
  const Free free{BlockSlot{0}};
  heap.feed(free);
  CHECK(event_text(free, heap.state) == "free 8192 @0x1000");
}

TEST_CASE("slots that name nothing are told as such, whatever the event") {
  const MemoryState empty;
  for (const EventBody& event : palloscope::tests::sample_events()) {
    const std::string text = event_text(event, empty);
    CHECK(!text.empty());
    CHECK(text.find('\n') == std::string::npos);
  }
}

TEST_CASE("every kind of event has its own name and a line of JSON with all its fields") {
  std::set<std::string> names;
  const MemoryState empty;
  for (const EventBody& event : palloscope::tests::sample_events()) {
    const auto tag = event.tag();
    CHECK(event_kind_name(event) == event_kind_name(tag));
    names.insert(std::string(event_kind_name(event)));
    const auto json = nlohmann::json::parse(event_json(7, event, empty));
    CHECK(json["event"] == 7);
    CHECK(json["type"] == std::string(event_kind_name(event)));
    std::size_t fields = 3;
    std::visit([&](const auto& body) { each_field(body, [&](const auto&) { ++fields; }); }, event);
    CHECK(json.size() == fields);
  }
  CHECK(names.size() == std::variant_size_v<EventVariant>);
  CHECK(event_kind_name(std::uint8_t{255}) == "?");
}

TEST_CASE("bytes that are no text are shown as escapes, and texts are cut between characters") {
  CHECK(printable("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(printable("caf\xE9 \x1B[31m\t\n") == "caf\\xe9 \\x1b[31m\\x09\\x0a");
  CHECK(valid_text("line\n\t\xE5\xBA\x93") == "line\n\t\xE5\xBA\x93");
  CHECK(valid_text("a\nb\xFF") == "a\\x0ab\\xff");
  CHECK(printable("\xED\xA0\x80\xC0\xAF\xF4\x90\x80\x80") == "\\xed\\xa0\\x80\\xc0\\xaf\\xf4\\x90\\x80\\x80");
  CHECK(printable_start("\xE5\xBA\x93\xE5\xBA\x93", 4) == "\xE5\xBA\x93...");
  CHECK(printable_start("\xE5\xBA\x93\xE5\xBA\x93", 6) == "\xE5\xBA\x93\xE5\xBA\x93");
  const MemoryState empty;
  CHECK(event_text(Output{"a\nb\xFF"}, empty) == "print: a\\x0ab\\xff");
  CHECK(nlohmann::json::parse(event_json(1, Output{"\xFF"}, empty))["text"] == "\\xff");
}

}  // namespace
}  // namespace palloscope::trace
