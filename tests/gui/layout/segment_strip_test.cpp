#include "gui/layout/segment_strip.h"

#include <random>

#include "tests/support/catch.h"

using namespace palloscope::gui;

namespace {

StripView view(std::uint64_t from, std::uint64_t to, int rows, float width = 100) {
  StripView made;
  made.from = from;
  made.to = to;
  made.rows = rows;
  made.width_px = width;
  return made;
}

}  // namespace

TEST_CASE("a part lies to scale, and is cut where the strip is folded") {
  const std::vector<StripPart> parts = {{0, 50, 1}, {50, 250, 2}, {250, 400, 3}};
  const auto boxes = lay_out_strip(parts, view(0, 400, 4));
  REQUIRE(boxes.size() == 6);
  CHECK((boxes[0].part == 0 && boxes[0].row == 0 && boxes[0].x0 == 0 && boxes[0].x1 == 50));
  CHECK((boxes[1].part == 1 && boxes[1].row == 0 && boxes[1].x0 == 50 && boxes[1].x1 == 100));
  CHECK((boxes[1].begins && !boxes[1].ends));
  CHECK((boxes[2].row == 1 && boxes[2].x0 == 0 && boxes[2].x1 == 100));
  CHECK((boxes[3].row == 2 && boxes[3].x1 == 50 && boxes[3].ends));
  CHECK((boxes[4].part == 2 && boxes[4].row == 2 && boxes[5].row == 3 && boxes[5].ends));
}

TEST_CASE("a view of a stretch leaves out what lies outside") {
  const std::vector<StripPart> parts = {{0, 50, 1}, {50, 250, 2}, {250, 400, 3}};
  const auto boxes = lay_out_strip(parts, view(100, 200, 1));
  REQUIRE(boxes.size() == 1);
  CHECK((boxes[0].part == 1 && !boxes[0].begins && !boxes[0].ends));
}

TEST_CASE("many narrow parts are boxes of a bounded number that stand for all of them") {
  std::vector<StripPart> parts;
  for (std::uint64_t i = 0; i < 100'000; ++i) parts.push_back({i * 128, i * 128 + 128, static_cast<int>(i)});
  const auto boxes = lay_out_strip(parts, view(0, 100'000 * 128, 8, 700));
  CHECK(boxes.size() <= 8 * 700);
  int stood_for = 0;
  for (const StripBox& box : boxes) stood_for += box.count;
  CHECK(stood_for >= 100'000);
  CHECK(stood_for <= 100'000 + 8);  // a part on a fold is in two rows
}

TEST_CASE("the byte under a place lies in the box drawn there") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::vector<StripPart> parts;
  std::uint64_t at = 0;
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t bytes = 128 * (1 + random() % 100);
    parts.push_back({at, at + bytes, i});
    at += bytes;
  }
  const StripView whole = view(0, at, 5, 900);
  for (const StripBox& box : lay_out_strip(parts, whole)) {
    if (box.count > 1) continue;
    const std::uint64_t byte = byte_at(whole, box.row, (box.x0 + box.x1) / 2);
    CHECK(byte + 1 >= parts[static_cast<std::size_t>(box.part)].from);
    CHECK(byte <= parts[static_cast<std::size_t>(box.part)].to);
  }
}

TEST_CASE("zooming keeps the byte under the mouse, stays inside, and comes back to the whole") {
  constexpr std::uint64_t kBytes = 150'000'000;
  StripView at = view(0, kBytes, 6);
  const std::uint64_t around = 100'000'000;
  const auto share = [&](const StripView& v) {
    return static_cast<double>(around - v.from) / static_cast<double>(v.to - v.from);
  };
  const double before = share(at);
  for (int i = 0; i < 40; ++i) {
    at = zoom_strip(at, 0.7, around, kBytes);
    CHECK(at.from < at.to);
    CHECK(at.to <= kBytes);
  }
  CHECK(at.to - at.from >= 64);
  CHECK(at.to - at.from < 1000);
  CHECK(share(at) == Approx(before).margin(0.05));
  for (int i = 0; i < 60; ++i) at = zoom_strip(at, 1.5, around, kBytes);
  CHECK((at.from == 0 && at.to == kBytes));
  const StripView moved = move_strip(view(10, 20, 1), 1000, 50);
  CHECK((moved.from == 40 && moved.to == 50));
}
