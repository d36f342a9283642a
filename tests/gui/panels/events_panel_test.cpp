// The filter of the list of events takes words and conditions.
#include "tests/gui/support/bag_script.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"

namespace palloscope::gui {
namespace {

using test::Headless;
using test::kBagScript;
using test::requested;

void filter_by(Headless& window, std::string_view text) {
  apply(window.session(), ShowPanel{"events"});
  window.frames(2);
  window.key("Slash");
  window.frames(2);
  window.type(text);
  window.frames(3);
}

}  // namespace

TEST_CASE("a condition filters the list of events, and Enter and Down go from one to the next") {
  Headless window(1800, 1100);
  window.open_script(kBagScript);
  window.key("Home");
  filter_by(window, "alloc and size > 2kB");
  for (const std::size_t wanted : {3000u, 4000u, 5000u}) {
    window.key(wanted == 3000 ? "Enter" : "Down");  // Enter leaves the field
    window.frames(2);
    CHECK(requested(window.session()) == wanted);
  }
}

TEST_CASE("words filter it as they did, whatever conditions are") {
  Headless window(1800, 1100);
  window.open_script(kBagScript);
  window.key("Home");
  filter_by(window, "4000");
  window.key("Enter");
  window.frames(2);
  CHECK(requested(window.session()) == 4000);
}

TEST_CASE("what is not a condition yet leaves the list as it was") {
  Headless window(1800, 1100);
  window.open_script(kBagScript);
  window.key("Home");
  filter_by(window, "alloc and size > 4kB");
  window.type(" and siez");
  window.frames(3);
  window.key("Enter");
  window.frames(2);
  CHECK(requested(window.session()) == 5000);
}

}  // namespace palloscope::gui
