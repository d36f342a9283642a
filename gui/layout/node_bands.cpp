#include "gui/layout/node_bands.h"

#include <algorithm>
#include <map>

namespace palloscope::gui {
namespace {

// Neighbouring pages that are too narrow, collected until they are wide enough.
class Mix {
 public:
  explicit Mix(std::vector<NodeBand>& bands) : bands_(bands) {}

  float width() const { return x1_ - x0_; }
  bool touches(float x) const { return !bytes_.empty() && x - x1_ < 1; }
  void add(float x0, float x1, const NodeRun& run, std::uint64_t bytes) {
    if (bytes_.empty()) x0_ = x0;
    x1_ = std::max(x1, x1_);
    bytes_[run.node] += bytes;
    newest_ = std::max(newest_, run.newest);
  }
  void flush() {
    if (bytes_.empty()) return;
    double all = 0;
    for (const auto& [node, bytes] : bytes_) all += static_cast<double>(bytes);
    NodeBand band{x0_, x1_, {}, newest_};
    for (const auto& [node, bytes] : bytes_)
      band.shares.emplace_back(node, static_cast<float>(static_cast<double>(bytes) / all));
    bands_.push_back(std::move(band));
    bytes_.clear();
    newest_ = 0;
    x1_ = 0;
  }

 private:
  std::vector<NodeBand>& bands_;
  float x0_ = 0, x1_ = 0;
  std::map<std::uint32_t, std::uint64_t> bytes_;
  core::EventNumber newest_ = 0;
};

}  // namespace

std::vector<NodeBand> lay_out_nodes(std::span<const NodeRun> runs, std::uint64_t from, std::uint64_t to, float width_px,
                                    float smallest_px) {
  std::vector<NodeBand> bands;
  if (to <= from) return bands;
  const double scale = static_cast<double>(width_px) / static_cast<double>(to - from);
  const auto first = std::lower_bound(runs.begin(), runs.end(), from, [](const NodeRun& run, std::uint64_t at) {
    return run.offset + run.bytes <= at;
  });
  Mix mix(bands);
  for (auto run = first; run != runs.end() && run->offset < to; ++run) {
    const std::uint64_t low = std::max(run->offset, from), high = std::min(run->offset + run->bytes, to);
    const auto x0 = static_cast<float>(static_cast<double>(low - from) * scale);
    const auto x1 = static_cast<float>(static_cast<double>(high - from) * scale);
    const bool is_narrow = x1 - x0 < smallest_px;
    if (!mix.touches(x0) || !is_narrow || mix.width() >= 8 * smallest_px) mix.flush();
    if (is_narrow)
      mix.add(x0, x1, *run, high - low);
    else
      bands.push_back({x0, x1, {{run->node, 1.0f}}, run->newest});
  }
  mix.flush();
  return bands;
}

}  // namespace palloscope::gui
