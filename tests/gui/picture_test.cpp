// Pictures of the window, drawn through EGL without a display. Left out, with words, where there is no OpenGL.
// A changed picture is accepted with: PALLOSCOPE_ACCEPT_PICTURES=1 build/palloscope_gui_tests "[picture]"
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "gui/app.h"
#include "gui/document.h"
#include "gui/platform/offscreen.h"
#include "tests/support/catch.h"
#include "tests/support/source_tree.h"

using namespace palloscope::gui;
using palloscope::test::in_source_tree;

namespace {

// Another Mesa rasterises edges a shade differently: a pixel counts when it is off by more than 8 %, and one in a
// hundred may be.
constexpr int kChannelTolerance = 20;
constexpr double kShareTolerance = 0.01;

double differing_share(const Picture& a, const Picture& b) {
  if (a.width != b.width || a.height != b.height) return 1;
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.rgba.size(); i += 4) {
    int most = 0;
    for (std::size_t c = 0; c < 3; ++c) most = std::max(most, std::abs(int{a.rgba[i + c]} - int{b.rgba[i + c]}));
    different += most > kChannelTolerance ? 1 : 0;
  }
  return static_cast<double>(different) / (static_cast<double>(a.rgba.size()) / 4);
}

struct Scene {
  App app;
  std::optional<Offscreen> screen;

  Scene(int width, int height) {
    app.session().preferences.motion = false;
    auto made = Offscreen::create(app, width, height);
    if (!made)
      WARN("no picture was drawn: " << made.error().message);
    else
      screen.emplace(std::move(*made));
  }
  Picture draw() { return render_settled(*screen, app); }
};

void compare(const std::string& name, const Picture& drawn) {
  const std::filesystem::path kept = in_source_tree("tests/gui/pictures/" + name + ".png");
  if (std::getenv("PALLOSCOPE_ACCEPT_PICTURES") != nullptr) {
    REQUIRE(write_png(kept, drawn));
    return;
  }
  const auto wanted = read_png(kept);
  INFO("picture " << kept.string());
  REQUIRE(wanted);
  const double share = differing_share(*wanted, drawn);
  if (share > kShareTolerance) REQUIRE(write_png(name + ".new.png", drawn));
  INFO("drawn picture: " << name << ".new.png; accept with PALLOSCOPE_ACCEPT_PICTURES=1 and the filter [picture]");
  REQUIRE(share <= kShareTolerance);
}

}  // namespace

TEST_CASE("bars, a panel and the help look as they did", "[picture]") {
  for (const bool is_dark : {true, false}) {
    Scene scene(800, 500);
    if (!scene.screen) return;
    // A script of our own, so that a lesson's new words change no picture.
    auto document = start_script("picture",
                                 "c = AllocSetContextCreate(TopMemoryContext, 'work', 0, 8192, 8388608)\n"
                                 "p = MemoryContextAlloc(c, 100)\n");
    REQUIRE(document);
    REQUIRE(document->run->advance() == palloscope::core::RunState::Finished);
    Session& session = scene.app.session();
    session.document.emplace(std::move(*document));
    session.document->serial = 1;
    auto& timeline = session.document->timeline;
    const std::array<std::uint8_t, 1> chunk = {palloscope::core::ChunkAllocated::kTag};
    timeline.seek(timeline.next_of(chunk, 0).value_or(0));
    session.preferences.workspace.full_screen = "why";
    session.preferences.theme = is_dark ? ThemeChoice::Dark : ThemeChoice::Light;
    session.preferences.language = is_dark ? Language::English : Language::Chinese;
    session.overlay = is_dark ? Overlay::None : Overlay::Help;
    compare(is_dark ? "why_dark_en" : "help_light_zh", scene.draw());
  }
}

TEST_CASE("drawing the same moment twice gives the same picture, another moment another one", "[picture]") {
  Scene scene(960, 640);
  if (!scene.screen) return;
  auto document = open_scenario("1");
  REQUIRE(document);
  document->run->advance();
  scene.app.session().document.emplace(std::move(*document));
  scene.app.session().document->serial = 1;
  auto& timeline = scene.app.session().document->timeline;
  timeline.seek(timeline.size());
  const Picture first = scene.draw(), second = scene.draw();
  REQUIRE(first == second);
  timeline.seek(timeline.size() / 2);
  REQUIRE(differing_share(first, scene.draw()) > 0.001);
}

TEST_CASE("pictures are written and read back whole, and a file that is no picture is an error") {
  Picture picture{3, 2, {}};
  for (int i = 0; i < 24; ++i) picture.rgba.push_back(static_cast<std::uint8_t>(i * 10));
  const auto path = std::filesystem::temp_directory_path() / "palloscope_picture_test.png";
  REQUIRE(write_png(path, picture));
  const auto read = read_png(path);
  REQUIRE(read);
  REQUIRE(*read == picture);
  std::ofstream(path) << "no picture";
  REQUIRE_FALSE(read_png(path));
  std::filesystem::remove(path);
}
