#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <utility>

#include "gui/app.h"
#include "gui/document.h"
#include "gui/picture/cpu_screen.h"
#include "gui/picture/deflate.h"
#include "gui/picture/png_writer.h"
#include "gui/picture/software_renderer.h"
#include "gui/platform/offscreen.h"
#include "gui/platform/picture.h"
#include "tests/support/catch.h"

using namespace palloscope::gui;

namespace {

Picture random_picture(std::mt19937& random, int width, int height) {
  Picture picture{width, height, {}};
  for (int i = 0; i < width * height; ++i) {
    const bool is_flat = random() % 3 != 0;
    for (int c = 0; c < 3; ++c) picture.rgba.push_back(static_cast<std::uint8_t>(is_flat ? 17 * c : random() % 256));
    picture.rgba.push_back(255);
  }
  return picture;
}

void open(App& app, const char* scenario) {
  auto document = open_scenario(scenario);
  REQUIRE(document);
  document->run->advance();
  Session& session = app.session();
  session.preferences.motion = false;
  session.document.emplace(std::move(*document));
  session.document->serial = ++session.documents_opened;
  session.document->timeline.seek(session.document->timeline.size());
}

double share_off(const Picture& a, const Picture& b, int tolerance) {
  REQUIRE(a.rgba.size() == b.rgba.size());
  std::size_t off = 0;
  for (std::size_t i = 0; i < a.rgba.size(); i += 4) {
    int most = 0;
    for (std::size_t c = 0; c < 3; ++c) most = std::max(most, std::abs(int{a.rgba[i + c]} - int{b.rgba[i + c]}));
    off += most > tolerance ? 1 : 0;
  }
  return static_cast<double>(off) / (static_cast<double>(a.rgba.size()) / 4);
}

}  // namespace

TEST_CASE("what our PNG writer writes, libpng reads as it was") {
  std::mt19937 random(4);
  const auto path = std::filesystem::temp_directory_path() / "palloscope_stable.png";
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 2}, {257, 5}, {300, 190}}) {
    const Picture picture = random_picture(random, width, height);
    REQUIRE(write_stable_png(path, picture, "said"));
    const auto read = read_png(path);
    REQUIRE(read);
    REQUIRE(*read == picture);
  }
  // Long matches, and distances up to the window's end.
  Picture far{4000, 12, std::vector<std::uint8_t>(4000 * 12 * 4, 255)};
  for (std::size_t i = 0; i < far.rgba.size(); i += 4) far.rgba[i] = static_cast<std::uint8_t>((i / 4 * 7919) >> 8);
  REQUIRE(write_stable_png(path, far));
  REQUIRE(*read_png(path) == far);
  std::filesystem::remove(path);
  REQUIRE(zlib_packed({}).size() < 12);
}

TEST_CASE("an animated picture begins as its first, names all its frames, and refuses another size") {
  std::mt19937 random(5);
  const auto path = std::filesystem::temp_directory_path() / "palloscope_moving.png";
  const Picture first = random_picture(random, 40, 30), small = random_picture(random, 39, 30);
  Picture second = first;
  second.rgba[(12 * 40 + 7) * 4] ^= 0xFF;
  ApngWriter writer(path, 3, 100, "said");
  REQUIRE(writer.add(first));
  REQUIRE(writer.add(second));
  REQUIRE_FALSE(writer.add(small));
  REQUIRE(writer.add(second));  // nothing changed
  REQUIRE(writer.finish());
  REQUIRE(*read_png(path) == first);
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const auto count = [&](const std::string& type) {
    int found = 0;
    for (std::size_t at = bytes.find(type); at != std::string::npos; at = bytes.find(type, at + 1)) ++found;
    return found;
  };
  CHECK(count("acTL") == 1);
  CHECK(count("fcTL") == 3);
  CHECK(count("fdAT") == 2);
  // The second stores the one pixel that changed, at its place.
  const std::size_t control = bytes.find("fcTL", bytes.find("fcTL") + 1);
  const std::string part("\0\0\0\1\0\0\0\1\0\0\0\7\0\0\0\14", 16);
  CHECK(bytes.substr(control + 8, 16) == part);
  std::filesystem::remove(path);
}

TEST_CASE("drawn by the processor a window is the same byte for byte each time, and close to what OpenGL draws") {
  std::vector<std::uint8_t> first;
  Picture drawn;
  for (int run = 0; run < 2; ++run) {
    if (run == 1) {  // another picture of another size leaves no trace
      App other;
      open(other, "12");
      CpuScreen(other, 500, 400).frames(2);
    }
    App app;
    open(app, "1");
    CpuScreen screen(app, 800, 520);
    drawn = screen.settled();
    const std::vector<std::uint8_t> bytes = png_bytes(drawn, "said");
    if (run == 0)
      first = bytes;
    else
      REQUIRE((bytes == first));
  }
  App app;
  open(app, "1");
  auto offscreen = Offscreen::create(app, 800, 520);
  if (!offscreen) return;
  REQUIRE(share_off(drawn, render_settled(*offscreen, app), 20) < 0.001);
}

TEST_CASE("an SVG holds shapes, words as outlines and the map as a picture, the same each time") {
  std::string first;
  for (int run = 0; run < 2; ++run) {
    App app;
    open(app, "1");
    CpuScreen screen(app, 900, 640);
    const std::string svg = screen.settled_svg("a <title> & more");
    if (run == 1) REQUIRE(svg == first);
    first = svg;
  }
  for (const char* part : {"<svg xmlns=", "<title>a &lt;title> &amp; more</title>", "<use href=\"#g", "<path id=\"g",
                           "data:image/png;base64,", "clip-path=\"url(#c0)\"", "<rect class=\"b\""})
    CHECK_THAT(first, Catch::Matchers::ContainsSubstring(part));
  CHECK(first.find("nan") == std::string::npos);
  CHECK(first.find("inf\"") == std::string::npos);
  // Every outline that is used is there.
  for (std::size_t at = first.find("href=\"#g"); at != std::string::npos; at = first.find("href=\"#g", at + 1)) {
    const std::size_t begin = at + 7, end = first.find('"', begin);
    REQUIRE(first.find("<path id=\"" + first.substr(begin, end - begin) + "\"") != std::string::npos);
  }
}

TEST_CASE("neighbouring boxes of an SVG meet in one edge: no seam between the columns of a curve") {
  App app;
  open(app, "47-a-whole-session");
  app.session().preferences.workspace.full_screen = "timeline";
  CpuScreen screen(app, 1440, 900);
  const std::string svg = screen.settled_svg("");
  const std::regex rect(R"re(<rect class="b" x="([^"]+)" y="[^"]+" width="([^"]+)" height="[^"]+" ([^/]*)/>)re");
  std::map<std::string, double> ends;  // by colour: the right edge of the last box
  int neighbours = 0;
  for (std::sregex_iterator at(svg.begin(), svg.end(), rect), none; at != none; ++at) {
    const double left = std::stod((*at)[1]), right = left + std::stod((*at)[2]);
    const auto [last, is_first] = ends.try_emplace((*at)[3], right);
    const double gap = left - std::exchange(last->second, right);
    if (is_first || std::abs(gap) > 0.2) continue;
    ++neighbours;
    CHECK(std::abs(gap) < 0.002);
  }
  CHECK(neighbours > 100);
}

TEST_CASE("a picture is cut to what there is of it") {
  std::mt19937 random(6);
  const Picture picture = random_picture(random, 20, 10);
  const Picture part = cut_out(picture, 5, 2, 4, 3);
  REQUIRE(part.width == 4);
  REQUIRE(part.height == 3);
  REQUIRE(std::equal(part.rgba.begin(), part.rgba.begin() + 16, picture.rgba.begin() + (2 * 20 + 5) * 4));
  REQUIRE(cut_out(picture, 18, 8, 100, 100).width == 2);
  REQUIRE(cut_out(picture, 30, 30, 5, 5).rgba.empty());
}
