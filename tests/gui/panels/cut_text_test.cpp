// Text that is too long for its place.
#include "gui/panels/cut_text.h"

#include <imgui.h>

#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"

namespace palloscope::gui {
namespace {

using test::Headless;

float width_of(const std::string& text) { return ImGui::GetFont()->CalcTextSizeA(16, FLT_MAX, 0, text.c_str()).x; }

}  // namespace

TEST_CASE("text is cut between two signs, as far back as it must be and no further") {
  Headless window;
  window.frames(1);
  const std::string dots = "\u2026";
  for (const std::string text : {"TupleSort main", "\u5185\u5b58\u4e0a\u4e0b\u6587 ExprContext", "a  b", "W"}) {
    INFO(text);
    CHECK(cut_to_width(ImGui::GetFont(), 16, text, width_of(text)) == text);
    std::string last;
    for (float width = 0; width < width_of(text); width += 0.5f) {
      const std::string shown = cut_to_width(ImGui::GetFont(), 16, text, width);
      if (shown == text) continue;  // less than half a pixel is missing
      REQUIRE(shown.ends_with(dots));
      const std::string kept = shown.substr(0, shown.size() - dots.size());
      REQUIRE(text.starts_with(kept));
      REQUIRE((kept.size() == text.size() || (static_cast<unsigned char>(text[kept.size()]) & 0xC0) != 0x80));
      if (!kept.empty()) REQUIRE(width_of(shown) <= width + 0.6f);
      REQUIRE(kept.size() >= last.size());
      last = kept;
    }
    // One sign before the whole is cut off by half of that sign, not by more than the dots need.
    CHECK(last.size() + 8 >= text.size());
  }
  CHECK(cut_to_width(ImGui::GetFont(), 16, "", 0).empty());
}

}  // namespace palloscope::gui
