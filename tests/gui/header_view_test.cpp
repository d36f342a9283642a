// The header under the lens in the window: a bit is flipped on paper by mouse or key, then written, then freed.
#include <string>
#include <variant>

#include "core/mcxt/process.h"
#include "gui/panels/profile_of.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::gui;
using palloscope::test::Headless;

namespace {

constexpr const char* kScript = R"(
c = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
p = MemoryContextAlloc(c, 100)
)";

// The window on the script's end, the chunk selected and the inspector alone in sight.
void look_at_chunk(Headless& window, core::Address& at) {
  window.open_script(kScript);
  Session& session = window.session();
  at = session.state().variables().at("p");
  apply(session, SetFind{"0x" + [&] {
          std::string digits;
          for (std::uint64_t v = at.value; v != 0; v /= 16) digits.insert(0, 1, "0123456789abcdef"[v % 16]);
          return digits;
        }()});
  apply(session, FindNext{});
  apply(session, FullScreenPanel{"inspector"});
  window.frames(3);
}

std::uint64_t word_at(const Session& session, core::Address at) {
  std::array<std::uint8_t, 8> bytes{};
  REQUIRE(session.document->run->process().read(at, bytes));
  std::uint64_t word = 0;
  for (std::size_t i = 8; i-- > 0;) word = word << 8 | bytes[i];
  return word;
}

}  // namespace

TEST_CASE("flipping a bit by key changes nothing until it is written, and pfree then does what was said") {
  Headless window(1600, 1000);
  core::Address at;
  look_at_chunk(window, at);
  Session& session = window.session();
  const std::uint64_t was = word_at(session, at - 8);
  const EventNumber before = session.event_count();
  window.key("Up");  // the lowest bit of the method id
  window.key("Enter");
  window.frames(2);
  REQUIRE(word_at(session, at - 8) == was);
  REQUIRE(session.event_count() == before);
  window.key("Ctrl+Enter");
  window.frames(2);
  REQUIRE(word_at(session, at - 8) == (was ^ 1));
  REQUIRE(session.document->console.back().line.substr(0, 7) == "poke(0x");
  // Method id 2: reserved, so PostgreSQL's own error.
  window.key("Ctrl+Delete");
  window.frames(2);
  REQUIRE_FALSE(session.document->console.back().answer.ok);
  REQUIRE(session.document->console.back().answer.text.find("pfree called with invalid pointer") != std::string::npos);
}

TEST_CASE("a click on a bit flips it on paper, and Undo takes it back") {
  Headless window(1600, 1000);
  core::Address at;
  look_at_chunk(window, at);
  Session& session = window.session();
  const std::uint64_t was = word_at(session, at - 8);
  window.click("##bit");
  window.frames(2);
  window.key("Delete");
  window.frames(1);
  window.key("Ctrl+Enter");
  window.frames(2);
  REQUIRE(word_at(session, at - 8) == was);
  REQUIRE(session.document->console.empty());
}

TEST_CASE("a byte of the payload is typed over with / and written") {
  Headless window(1600, 1400);
  core::Address at;
  look_at_chunk(window, at);
  Session& session = window.session();
  apply(session, FocusFilter{});  // what / asks for
  window.frames(3);
  window.type("7e");
  window.key("Enter");
  window.frames(3);
  window.key("Escape");
  window.frames(2);
  apply(session, FullScreenPanel{"inspector"});
  window.frames(2);
  window.key("Ctrl+Enter");
  window.frames(2);
  REQUIRE((word_at(session, at) & 0xFF) == 0x7e);
}
