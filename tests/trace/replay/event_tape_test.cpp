// What goes from thread to thread: tapes of events, and blocks decoded ahead.
#include "trace/replay/event_tape.h"

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "tests/support/sample_events.h"
#include "trace/file/trace_reader.h"
#include "trace/file/trace_writer.h"
#include "trace/replay/blocks_ahead.h"
#include "trace/replay/file_events.h"
#include "trace/replay/walker.h"

using namespace palloscope;
using namespace palloscope::trace;
using core::EventBody;

namespace {

std::vector<EventBody> through(EventTape& tape, const std::vector<EventBody>& events) {
  tape.clear();
  for (const EventBody& event : events) std::visit([&](const auto& e) { tape.put(e); }, event);
  std::vector<EventBody> out;
  EventTape::Reader reader(tape);
  while (reader.left() != 0) reader.visit(std::min(7u, reader.left()), [&](const auto& e) { out.emplace_back(e); });
  return out;
}

Bytes written(const std::vector<EventBody>& events, std::uint32_t events_a_block) {
  Bytes file;
  TraceWriterOptions options;
  options.flush_after = {};
  TraceWriter writer(
      [&](ByteSpan bytes) -> core::Status {
        file.insert(file.end(), bytes.begin(), bytes.end());
        return core::Done{};
      },
      {}, options);
  for (std::size_t i = 0; i < events.size(); ++i) {
    writer.emit(events[i]);
    if (events_a_block != 0 && (i + 1) % events_a_block == 0) writer.flush();
  }
  REQUIRE(writer.close());
  return file;
}

FileEvents store_of(Bytes file) {
  auto reader = TraceReader::from_bytes(std::move(file), "test.pscope");
  REQUIRE(reader);
  return FileEvents(std::move(*reader));
}

std::vector<EventBody> read_ahead(const EventStore& store, unsigned threads, core::Status& status) {
  BlocksAhead ahead(store, 0, store.block_count() - 1, threads);
  std::vector<EventBody> out;
  while (!ahead.done() && status) {
    const auto block = ahead.next();
    EventTape::Reader reader(*block.tape);
    reader.visit(reader.left(), [&](const auto& e) { out.emplace_back(e); });
    status = block.status;
  }
  return out;
}

}  // namespace

TEST_CASE("A tape gives back every kind of event as it was") {
  EventTape tape;
  const auto events = tests::sample_events();
  CHECK(through(tape, events) == events);
  CHECK(tape.count() == events.size());
}

TEST_CASE("A tape that is used again keeps nothing of what was on it") {
  EventTape tape;
  const auto first = test::random_events(5, 3000), second = test::random_events(6, 2000);
  CHECK(through(tape, first) == first);
  CHECK(through(tape, second) == second);
}

TEST_CASE("Allocations that are not usual go through a tape unchanged") {
  using core::ChunkAllocated;
  const ChunkAllocated usual{{7}, {3}, {0x555500001000},        100,
                             128, 4,   core::ChunkOrigin::Tail, core::ChunkCause::Palloc};
  std::vector<EventBody> events;
  const auto with = [&](auto change) {
    ChunkAllocated e = usual;
    change(e);
    events.emplace_back(e);
  };
  with([](ChunkAllocated&) {});
  with([](ChunkAllocated& e) { e.at.value = ~std::uint64_t{0}; });
  with([](ChunkAllocated& e) { e.at.value = (std::uint64_t{1} << 48) - 8; });
  with([](ChunkAllocated& e) { e.requested_bytes = std::uint64_t{1} << 32; });
  with([](ChunkAllocated& e) { e.requested_bytes = 0xFFFFFFFF; });
  with([](ChunkAllocated& e) { e.granted_bytes = 120; });
  with([](ChunkAllocated& e) { e.size_class = 255; });
  with([](ChunkAllocated& e) { e.size_class = 31, e.granted_bytes = std::uint64_t{8} << 31; });
  with([](ChunkAllocated& e) { e.origin = core::ChunkOrigin::External, e.cause = core::ChunkCause::Repalloc; });
  with([](ChunkAllocated& e) { e.chunk = {}, e.block = {}; });
  EventTape tape;
  CHECK(through(tape, events) == events);
}

TEST_CASE("Blocks decoded ahead come in order, whole, with any number of threads") {
  const auto events = test::random_events(11, 9000);
  const FileEvents store = store_of(written(events, 173));
  for (const unsigned threads : {0u, 1u, 3u}) {
    core::Status status = core::Done{};
    CHECK(read_ahead(store, threads, status) == events);
    CHECK(status);
  }
}

TEST_CASE("What is not asked for any more is not waited for") {
  const FileEvents store = store_of(written(test::random_events(12, 4000), 100));
  BlocksAhead ahead(store, 2, store.block_count() - 1, 2);
  CHECK(ahead.next().tape->count() == 100);
}

TEST_CASE("A damaged block says so in its place, and what was before it was given") {
  const auto events = test::random_events(13, 4000);
  Bytes file = written(events, 100);
  auto reader = TraceReader::from_bytes(file, "test.pscope");
  REQUIRE(reader);
  file[reader->blocks()[17].offset + kFrameHeadBytes + 100] ^= 0x55;
  const FileEvents store = store_of(std::move(file));
  for (const unsigned threads : {0u, 2u}) {
    core::Status status = core::Done{};
    const auto got = read_ahead(store, threads, status);
    CHECK_FALSE(status);
    REQUIRE(got.size() == 1700);
    CHECK(std::equal(got.begin(), got.end(), events.begin()));
  }
}

TEST_CASE("A long way replayed from blocks decoded ahead ends in the state of one event after the other") {
  const auto events = test::random_events(14, 100'000);
  MemoryState expected;
  const FileEvents store = store_of(written(events, 0));
  Walker walker(store, std::size_t{1} << 20);
  core::EventNumber next = 0, seen = 0;
  const auto go = [&](core::EventNumber n) {
    while (next < n) expected.apply(events[next++]);
    const bool moved = walker.advance(
        n, [&](const auto&) { ++seen; }, [] {});
    REQUIRE(moved);
    CHECK(walker.at() == n);
    CHECK(walker.state() == expected);
  };
  for (const core::EventNumber n : {5u, 16'384u, 16'385u, 90'000u, 100'000u}) go(n);
  CHECK(seen == events.size());
  REQUIRE(walker.seek(60'000, 10));
  MemoryState before;
  for (core::EventNumber n = 0; n < 60'000; ++n) before.apply(events[n]);
  CHECK(walker.state() == before);
}
