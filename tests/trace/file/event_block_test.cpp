#include "trace/file/event_block.h"

#include <random>

#include "tests/support/catch.h"
#include "tests/support/sample_events.h"

using namespace palloscope;
using namespace palloscope::trace;
using core::EventBody;
using core::EventVariant;
using tests::sample_events;

namespace {

std::vector<EventBody> decoded(ByteSpan payload) {
  EventBlockDecoder decoder;
  REQUIRE(decoder.begin(payload, 1));
  std::vector<EventBody> events;
  auto status = decoder.decode(decoder.left(), [&](const auto& e) { events.emplace_back(e); });
  INFO((status ? "" : status.error().message));
  REQUIRE(status);
  return events;
}

Bytes encoded(const std::vector<EventBody>& events) {
  EventBlockEncoder encoder;
  for (const auto& e : events) encoder.add(e);
  auto payload = encoder.finish();
  return {payload.begin(), payload.end()};
}

template <std::size_t... I>
std::vector<std::uint8_t> all_tags(std::index_sequence<I...>) {
  return {std::variant_alternative_t<I, EventVariant>::kTag...};
}

}  // namespace

TEST_CASE("every kind of event comes back from a block as it went in") {
  auto events = sample_events();
  for (const auto& e : sample_events(100000)) events.push_back(e);
  for (const auto& e : events) CHECK(decoded(encoded({e})) == std::vector<EventBody>{e});
  CHECK(decoded(encoded(events)) == events);
}

TEST_CASE("events with every field at its default or at its largest value come back") {
  core::BlockAdded added;
  added.accounted_bytes = ~0ull;
  core::ContextCreated created;
  created.recycle_list = INT32_MIN;
  std::vector<EventBody> events{
      core::ContextCreated{},
      core::Malloc{},
      core::ChunkAllocated{},
      core::ChunkFreed{},
      core::ContextIdentSet{},
      core::Malloc{{0xFFFFFFFE}, {~0ull}, ~0ull},
      added,
      core::ChunkAllocated{{0xFFFFFFFE}, {0xFFFFFFFE}, {~0ull}, ~0ull, ~0ull, 255},
      core::ChunkAllocated{{0}, {0}, {1}, ~0ull, 0, 0},
      core::CallbackRun{{}, 0xFFFFFFFF},
      created,
      core::MemoryWritten{},
      core::SnapshotBegan{"", 0xFFFFFFFF},
  };
  CHECK(decoded(encoded(events)) == events);
}

TEST_CASE("tags of events are distinct and leave room for ops") {
  auto tags = all_tags(std::make_index_sequence<std::variant_size_v<EventVariant>>{});
  std::sort(tags.begin(), tags.end());
  CHECK(std::adjacent_find(tags.begin(), tags.end()) == tags.end());
  CHECK(tags.front() > 0);
  CHECK(tags.back() < kHintOp);
}

TEST_CASE("random events of all kinds come back, whatever nonsense they say") {
  auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  auto samples = sample_events();
  std::vector<EventBody> events;
  for (int i = 0; i < 20000; ++i) {
    auto e = samples[random() % samples.size()];
    if (random() % 2) e = core::ChunkAllocated{};
    std::visit(
        [&]<class E>(E& event) {
          auto small = [&](auto& field) {
            using F = std::remove_reference_t<decltype(field)>;
            if constexpr (requires { field.value; }) field.value = static_cast<decltype(field.value)>(random() % 64);
            if constexpr (std::is_same_v<F, std::uint64_t>) field = random() % 100;
          };
          each_field(event, small);
          if constexpr (std::is_same_v<E, core::ChunkAllocated>) {
            event.origin = static_cast<core::ChunkOrigin>(random() % 3);
            event.cause = static_cast<core::ChunkCause>(random() % 8 == 0);
            auto grant = granted_for(static_cast<GrantRule>(random() % kGrantRules), event.requested_bytes);
            event.granted_bytes = grant.bytes;
            event.size_class = grant.size_class;
          }
          if constexpr (std::is_same_v<E, core::ChunkFreed>) event.fate = static_cast<core::ChunkFate>(random() % 3);
        },
        e);
    events.push_back(e);
  }
  CHECK(decoded(encoded(events)) == events);
}

TEST_CASE("a decoder stops after any event and goes on from there") {
  auto events = sample_events();
  auto payload = encoded(events);
  for (std::size_t k = 0; k < events.size(); ++k) {
    EventBlockDecoder decoder;
    REQUIRE(decoder.begin(payload, 1));
    REQUIRE(decoder.decode(static_cast<std::uint32_t>(k), [](const auto&) {}));
    CHECK(decoder.left() == events.size() - k);
    CHECK(decoder.next().value() == events[k]);
  }
}

TEST_CASE("blocks of one encoder are readable one by one") {
  EventBlockEncoder encoder;
  std::vector<Bytes> blocks;
  auto events = sample_events();
  for (int i = 0; i < 3; ++i) {
    for (const auto& e : events) encoder.add(e);
    auto payload = encoder.finish();
    blocks.emplace_back(payload.begin(), payload.end());
  }
  for (const auto& block : blocks) CHECK(decoded(block) == events);
}

TEST_CASE("a block cut or changed anywhere is refused or decodes to something, never worse") {
  auto payload = encoded(sample_events());
  EventBlockDecoder decoder;
  auto attempt = [&](ByteSpan bytes) {
    if (!decoder.begin(bytes, 1)) return false;
    return static_cast<bool>(decoder.decode(decoder.left(), [](const auto&) {}));
  };
  for (std::size_t length = 0; length < payload.size(); ++length) CHECK_FALSE(attempt(ByteSpan(payload).first(length)));
  for (std::size_t at = 0; at < payload.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = payload;
      changed[at] ^= static_cast<std::uint8_t>(1 << bit);
      attempt(changed);
    }
}

TEST_CASE("an unknown kind of event is named, with the format it needs") {
  auto payload = encoded({core::ErrorCaught{}});
  *std::find(payload.begin(), payload.end(), core::ErrorCaught::kTag) = 190;
  EventBlockDecoder decoder;
  REQUIRE(decoder.begin(payload, 7, kFormatMinor + 3));
  auto status = decoder.decode(1, [](const auto&) {});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == core::ErrorCode::Unsupported);
  CHECK(status.error().message ==
        "event 7 is of kind 190, which this version of Palloscope does not know: the trace is of format 1.6, this "
        "version reads up to 1.3, use a newer one");
  REQUIRE(decoder.begin(payload, 7));
  status = decoder.decode(1, [](const auto&) {});
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "event 7 is damaged: there is no kind 190");
}

TEST_CASE("columns of a later version are passed over") {
  auto payload = encoded({core::ErrorCaught{}});
  Bytes more{payload[0], kColumnCount * 2 + 3};  // one event, one column more
  more.insert(more.end(), payload.begin() + 2, payload.begin() + 2 + kColumnCount);
  more.push_back(2 * 2 + 1);  // two bytes long
  more.insert(more.end(), payload.begin() + 2 + kColumnCount, payload.end());
  more.insert(more.end(), {0xAA, 0xBB});
  CHECK(decoded(more) == std::vector<EventBody>{core::ErrorCaught{}});
}

TEST_CASE("differences of addresses take little room both ways, and any come back") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    auto expected = random() >> (random() % 64);
    auto address = i % 2 ? random() >> (random() % 64) : expected + random() % 2000 - 1000;
    REQUIRE(unpack_address(pack_address(address, expected), expected) == address);
  }
  CHECK(pack_address(992, 1000) == 1);
  CHECK(pack_address(1008, 1000) == 2);
}
