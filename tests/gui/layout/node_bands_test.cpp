#include "gui/layout/node_bands.h"

#include "tests/support/catch.h"

using namespace palloscope::gui;

TEST_CASE("a stretch of one node is one band to scale") {
  const std::vector<NodeRun> runs = {{0, 100, 0, 1}, {100, 300, 1, 2}};
  const auto bands = lay_out_nodes(runs, 0, 800, 80, 3);
  REQUIRE(bands.size() == 2);
  CHECK((bands[0].x0 == 0 && bands[0].x1 == 10));
  CHECK((bands[1].x0 == 10 && bands[1].x1 == 40));
  CHECK(bands[1].shares == std::vector<std::pair<std::uint32_t, float>>{{1, 1.0f}});
  CHECK(bands[1].newest == 2);
  const auto part = lay_out_nodes(runs, 200, 300, 80, 3);
  REQUIRE(part.size() == 1);
  CHECK((part[0].x0 == 0 && part[0].x1 == 80));
}

TEST_CASE("pages narrower than a pixel are told as shares, in bands of a bounded number") {
  std::vector<NodeRun> runs;
  for (std::uint64_t page = 0; page < 40'000; ++page)
    runs.push_back({page * 4096, 4096, static_cast<std::uint32_t>(page % 4), page});
  const auto bands = lay_out_nodes(runs, 0, 40'000 * 4096, 600, 3);
  CHECK(bands.size() <= 200);
  CHECK(bands.front().x0 == 0);
  CHECK(bands.back().x1 == Approx(600));
  for (const NodeBand& band : bands) {
    REQUIRE(band.shares.size() == 4);
    for (const auto& [node, share] : band.shares) CHECK(share == Approx(0.25).margin(0.01));
  }
}

TEST_CASE("a gap without pages stays empty") {
  const std::vector<NodeRun> runs = {{0, 1, 0, 0}, {1, 1, 1, 0}, {500, 1, 0, 0}, {501, 1, 1, 0}};
  const auto bands = lay_out_nodes(runs, 0, 1000, 100, 3);
  REQUIRE(bands.size() == 2);
  CHECK(bands[0].x1 < 1);
  CHECK(bands[1].x0 == 50);
}
