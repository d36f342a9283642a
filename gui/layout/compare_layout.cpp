#include "gui/layout/compare_layout.h"

#include <algorithm>
#include <cmath>

namespace palloscope::gui {

double compare_scale(std::uint64_t most_bytes, double width_px, int rows) {
  constexpr double kRoom = 1.06, kSmallest = 1.0 / 64;
  const double exact = static_cast<double>(most_bytes) * kRoom / std::max(1.0, width_px * std::max(1, rows));
  return std::exp2(std::ceil(std::log2(std::max(exact, kSmallest)) * 2 - 1e-6) / 2);
}

std::vector<std::uint64_t> curve_columns(const trace::HeldCurve& curve, core::EventNumber last, int columns) {
  std::vector<std::uint64_t> values(static_cast<std::size_t>(std::max(0, columns)));
  const auto& pieces = curve.pieces();
  const double events = static_cast<double>(last) + 1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double width = events / static_cast<double>(values.size());
    const auto first = static_cast<std::size_t>(width * static_cast<double>(i)) / curve.width();
    const auto end =
        static_cast<std::size_t>(std::max(0.0, std::ceil(width * static_cast<double>(i + 1)) - 1)) / curve.width();
    std::uint64_t most = first < pieces.size() ? 0 : curve.last();
    for (std::size_t piece = first; piece <= end && piece < pieces.size(); ++piece)
      most = std::max(most, pieces[piece]);
    values[i] = most;
  }
  return values;
}

}  // namespace palloscope::gui
