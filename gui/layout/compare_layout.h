// Comparing maps by eye: one scale for all of them, taken from the most that any of them ever holds, so that it stays
// while one steps; and curves over the events of the recording in as many columns as there are pixels. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "trace/compare/held_curve.h"

namespace palloscope::gui {

// Bytes per pixel (a step of the square root of two) at which `most_bytes` fill `rows` rows of `width_px`, with some
// room for the gaps between blocks.
double compare_scale(std::uint64_t most_bytes, double width_px, int rows);

// The greatest value held in each of `columns` equal parts of events 0..last.
std::vector<std::uint64_t> curve_columns(const trace::HeldCurve& curve, core::EventNumber last, int columns);

}  // namespace palloscope::gui
