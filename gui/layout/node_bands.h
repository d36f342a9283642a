// On which nodes the pages of a stretch lie, as bands along a line: a band is of one node where its pages can be seen,
// else (interleaved pages are narrower than a pixel) it tells the nodes' shares. Their number is bounded by the width.
// Pure.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "gui/layout/shmem_model.h"

namespace palloscope::gui {

struct NodeBand {
  float x0 = 0, x1 = 0;
  std::vector<std::pair<std::uint32_t, float>> shares;  // node, share of the band's placed bytes; by node
  core::EventNumber newest = 0;
};

// `runs` in order of offsets, without overlaps; [from, to) is drawn over `width_px`.
std::vector<NodeBand> lay_out_nodes(std::span<const NodeRun> runs, std::uint64_t from, std::uint64_t to, float width_px,
                                    float smallest_px);

}  // namespace palloscope::gui
