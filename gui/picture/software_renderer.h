// What ImGui drew, as pixels, without OpenGL: for pictures that are the same on every machine. Samples at the middles
// of pixels, as a GPU does, in whole numbers wherever a last bit could differ. Slow beside a GPU, quick beside a
// person.
#pragma once

#include <cstdint>
#include <functional>

#include "gui/picture/picture.h"
#include "gui/theme.h"

struct ImDrawData;

namespace palloscope::gui {

// The picture behind a texture number of a surface (picture_surfaces.h); null: unknown, nothing is drawn.
using TexturePictures = std::function<const Picture*(std::uint64_t)>;

// Width and height of the draw data; `ground`: what lies behind everything.
Picture rasterise(const ImDrawData& data, Color ground, const TexturePictures& pictures);

// Those pixels alone (within the picture).
Picture cut_out(const Picture& picture, int x, int y, int width, int height);

}  // namespace palloscope::gui
