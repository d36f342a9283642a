#include "gui/view_link.h"

#include <random>

#include "gui/panels/panel_table.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::gui;

namespace {

Selection random_selection(std::mt19937& random) {
  const auto slot = static_cast<std::uint32_t>(random());
  const EventNumber born = random();
  switch (random() % 8) {
    case 0:
      return ContextKey{{slot}, born};
    case 1:
      return BlockKey{{slot}, born};
    case 2:
      return ChunkKey{{slot}, born};
    case 3:
      return EventKey{born};
    case 4:
      return core::Address{born << 20};
    case 5:
      return ShmemKey{slot, born};
    case 6:
      return SegmentKey{{slot}, born};
    default:
      return BufferKey{{slot}};
  }
}

ViewLink random_link(std::mt19937& random) {
  constexpr std::string_view kSigns = "ab #%&=@:/\\'\"\xE5\x86\x85\t,+?";
  ViewLink link{.file = "/"};
  for (std::size_t i = random() % 20; i > 0; --i) link.file += kSigns[random() % kSigns.size()];
  if (random() % 4 == 0) link.scenario = std::exchange(link.file, {});
  if (random() % 2) link.at = random();
  if (random() % 2) link.of = random();
  if (random() % 2) link.base = random();
  if (random() % 2) link.selection = random_selection(random);
  if (random() % 2) link.preset = static_cast<Preset>(random() % kPresetCount);
  if (random() % 3 == 0) link.server = ServerChoice{15 + static_cast<int>(random() % 4), random() % 2 == 0};
  for (const PanelRow& row : panel_table())
    if (random() % 4 == 0) link.panels.emplace_back(row.placement.id);
  if (random() % 4 == 0) link.full_screen = panel_table()[random() % panel_table().size()].placement.id;
  return link;
}

}  // namespace

TEST_CASE("links come back as they were, whatever is in the file's name") {
  std::mt19937 random(11);
  for (int i = 0; i < 2000; ++i) {
    const ViewLink link = random_link(random);
    const std::string text = format_view_link(link);
    INFO(text);
    REQUIRE(looks_like_view_link(text));
    REQUIRE(text.find_first_of(" \t\n\"'") == std::string::npos);  // fits between quotes, and into a mail
    const auto back = parse_view_link(text);
    REQUIRE(back);
    REQUIRE(*back == link);
  }
}

TEST_CASE("a link that was cut, bent or made up is refused with a reason, or means what it says") {
  std::mt19937 random(12);
  for (int i = 0; i < 4000; ++i) {
    std::string text = format_view_link(random_link(random));
    for (std::size_t n = 1 + random() % 4; n > 0; --n) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0)
        text.resize(at + 1);
      else
        text[at] = static_cast<char>(random() % 256);
    }
    const auto link = parse_view_link(text);
    if (!link) {
      REQUIRE(link.error().message.starts_with("link: "));
      REQUIRE(link.error().message.size() > 10);
    } else {
      const auto again = parse_view_link(format_view_link(*link));
      REQUIRE(again);
      REQUIRE(*again == *link);
    }
  }
}

TEST_CASE("bad links name the part that is wrong") {
  for (const auto& [text, says] :
       std::vector<std::pair<const char*, const char*>>{{"palloscope:", "names no file"},
                                                        {"a#at=x", "at=x"},
                                                        {"a#at=1&at=2", "at is given twice"},
                                                        {"a#att=1", "did you mean at?"},
                                                        {"a#panels=mapp", "did you mean map?"},
                                                        {"a#full=map,diff", "give one panel"},
                                                        {"a#sel=chunk:5", "context:SLOT@EVENT"},
                                                        {"a#pg=9", "give 15 to 18"},
                                                        {"a%0", "%25"},
                                                        {"a#at", "give at=N"}}) {
    const auto link = parse_view_link(text);
    INFO(text);
    REQUIRE_FALSE(link);
    CHECK_THAT(link.error().message, Catch::Matchers::ContainsSubstring(says));
  }
  REQUIRE_FALSE(looks_like_view_link("#12"));
  REQUIRE_FALSE(looks_like_view_link("report #3 at=5"));
}

TEST_CASE("a copied link opens the same scenario, event, selection, panel and mark again") {
  std::string link;
  Selection selection;
  {
    test::Headless window;
    apply(window.session(), OpenScenario{"12"});
    window.frames(2);
    apply(window.session(), SeekEnd{});
    window.frames(60);
    apply(window.session(), Seek{300});
    apply(window.session(), MarkDiffBase{});
    apply(window.session(), Seek{400});
    apply(window.session(), SetFind{"changes"});
    apply(window.session(), FindNext{});
    selection = window.session().selection;
    REQUIRE(std::holds_alternative<ContextKey>(selection));
    window.key("Ctrl+Shift+L");
    window.frames(2);
    REQUIRE(window.session().message);
    link = window.session().message->detail;
  }
  INFO(link);
  test::Headless window;
  apply(window.session(), OpenLink{link});
  window.frames(4);
  REQUIRE(window.session().document);
  CHECK(window.session().cursor() == 400);
  CHECK(window.session().selection == selection);
  CHECK(window.session().focused_panel == "diff");
  REQUIRE(window.session().diff_base);
  CHECK(window.session().diff_base->event == 300);
  CHECK(format_view_link(*view_link_of(window.session())).find("at=400") != std::string::npos);
}

TEST_CASE("a link that cannot be followed is told, and what is open stays") {
  test::Headless window;
  window.open_scenario("1");
  const EventNumber before = window.session().cursor();
  apply(window.session(), OpenLink{"palloscope:scenario:1#at=x"});
  window.frames(2);
  REQUIRE(window.session().message);
  CHECK(window.session().message->key == "message.bad_link");
  CHECK(window.session().cursor() == before);
  window.open_script("p = palloc(10)");
  window.key("Ctrl+Shift+L");
  window.frames(2);
  REQUIRE(window.session().message);
  CHECK(window.session().message->key == "message.no_link");
}
