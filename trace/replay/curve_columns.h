// A stretch of a track in columns, from pieces that its source knows block by block.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "trace/replay/memory_curve.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// A block in pieces of kCurveSteps[level] events; empty: not known.
struct BlockPieces {
  std::span<const CurveExtremes> pieces;  // valid until the next call
  int level = 0;
};
// Asked with the level that the picture needs; kWholeBlock where the block is smaller than a column.
using PiecesOfBlock = std::function<BlockPieces(std::size_t block, int level)>;

// At most `columns` that cover first..last without gaps; pieces lie in the column that their first event lies in.
std::vector<TrackSample> curve_columns(const Timeline& timeline, EventNumber first, EventNumber last, int columns,
                                       const PiecesOfBlock& pieces_of);

}  // namespace palloscope::trace
