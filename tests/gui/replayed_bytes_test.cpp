// The bytes at the cursor, against the three accounts: what a walk over them finds must be the state at that event.
#include "gui/replayed_bytes.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/walk/process_source.h"
#include "gui/action.h"
#include "gui/document.h"
#include "gui/panels/profile_of.h"
#include "tests/support/catch.h"
#include "trace/analysis/known_bytes.h"

using namespace palloscope;
using namespace palloscope::gui;

namespace {

Session open(std::string_view script) {
  Session session;
  auto document = start_script("test", script);
  if (!document) FAIL(document.error().message);
  session.document.emplace(std::move(*document));
  session.document->serial = ++session.documents_opened;
  session.document->run->advance();
  return session;
}

const core::MemorySource* bytes_at(ReplayedBytes& replayed, Session& session, EventNumber n) {
  session.document->timeline.seek(n);
  const core::MemorySource* found = replayed.at_cursor(session);
  for (int slices = 0; found == nullptr && replayed.is_working() && slices < 10'000; ++slices)
    found = replayed.at_cursor(session);
  return found;
}

// Every field of every block that the events make known, held against the bytes. How many there were.
std::size_t compare(const core::MemorySource& bytes, const Session& session) {
  const trace::MemoryState& state = session.state();
  std::size_t fields = 0;
  for (std::uint32_t i = 0; i < state.blocks().size(); ++i) {
    const trace::BlockRecord& block = state.blocks()[i];
    if (block.born == 0) continue;
    for (const trace::KnownField& field : trace::known_fields(state, profile_of(session), {i}, block.at, block.end())) {
      std::array<std::uint8_t, 8> now{};
      REQUIRE(bytes.read(field.at, std::span(now).first(field.width)));
      std::uint64_t value = 0;
      for (std::size_t b = field.width; b-- > 0;) value = value << 8 | now[b];
      const std::uint64_t mask = field.width == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * field.width)) - 1;
      if (value != (field.value & mask)) FAIL(field.name << " at event " << session.cursor());
      ++fields;
    }
  }
  return fields;
}

constexpr const char* kScript = R"(
c = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
p = MemoryContextAlloc(c, 100)
for i = 1, 6 do MemoryContextAlloc(c, 1000) end
q = MemoryContextAlloc(c, 4000)
r = MemoryContextAlloc(c, 9000)
pfree(p)
r = repalloc(r, 20000)
write(q, "0123456789")
MemoryContextReset(c)
MemoryContextDelete(c)
)";

}  // namespace

TEST_CASE("the bytes at any event, also in the middle of a call, are what the state at that event says") {
  Session session = open(kScript);
  ReplayedBytes replayed;
  const EventNumber end = session.event_count();
  std::size_t moments = 0, fields = 0;
  std::vector<EventNumber> order;
  for (EventNumber n = 1; n <= end; ++n) order.push_back(n);
  for (EventNumber n = end; n > 1; n -= 7) {  // and back again
    order.push_back(n);
    if (n <= 8) break;
  }
  for (const EventNumber n : order) {
    const core::MemorySource* bytes = bytes_at(replayed, session, n);
    if (n > 12) REQUIRE(bytes != nullptr);  // the process itself is made by the first few
    if (bytes == nullptr) continue;
    CAPTURE(n);
    ++moments;
    fields += compare(*bytes, session);
  }
  REQUIRE(moments > end - 12);
  REQUIRE(fields > 1000);
}

TEST_CASE("the program's own bytes and what it trampled are there at each event, and not before it") {
  Session session = open(R"(
c = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
p = MemoryContextAlloc(c, 8)
q = MemoryContextAlloc(c, 8)
write(p, "abcdefgh" .. "trampled")
)");
  const trace::Timeline& timeline = session.document->timeline;
  const std::array<std::uint8_t, 1> written = {core::MemoryWritten::kTag};
  const EventNumber n = timeline.next_of(written, 0).value_or(0);
  REQUIRE(n != 0);
  const core::Address at = std::get<core::MemoryWritten>(timeline.event(n)).at;
  ReplayedBytes replayed;
  std::array<std::uint8_t, 16> bytes{};
  const core::MemorySource* after = bytes_at(replayed, session, n);
  REQUIRE(after != nullptr);
  REQUIRE(after->read(at, bytes));
  REQUIRE(std::string(bytes.begin(), bytes.end()) == "abcdefghtrampled");
  const core::MemorySource* before = bytes_at(replayed, session, n - 1);
  REQUIRE(before != nullptr);
  REQUIRE(before->read(at, bytes));
  REQUIRE(std::string(bytes.begin() + 8, bytes.end()) != "trampled");
}

TEST_CASE("console lines are repeated where they were typed") {
  Session session = open("p = palloc(64)");
  apply(session, Evaluate{"write(p, 'one')"});
  const EventNumber first = session.cursor();
  apply(session, Evaluate{"write(p, 'two')"});
  apply(session, Evaluate{"q = palloc(10)"});
  const core::Address at = [&] {
    const auto found = session.state().variables().find("p");
    return found == session.state().variables().end() ? core::Address{} : found->second;
  }();
  REQUIRE(at);
  ReplayedBytes replayed;
  std::array<std::uint8_t, 3> bytes{};
  const core::MemorySource* source = bytes_at(replayed, session, first);
  REQUIRE(source != nullptr);
  REQUIRE(source->read(at, bytes));
  REQUIRE(std::string(bytes.begin(), bytes.end()) == "one");
  source = bytes_at(replayed, session, session.event_count() - 1);
  REQUIRE(source != nullptr);
  REQUIRE(source->read(at, bytes));
  REQUIRE(std::string(bytes.begin(), bytes.end()) == "two");
}

TEST_CASE("a trace without a scenario has no bytes to repeat") {
  Session session;
  REQUIRE(ReplayedBytes().at_cursor(session) == nullptr);
}
