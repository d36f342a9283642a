#include "gui/picture/picture_surfaces.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace palloscope::gui {
namespace {

// Numbers of our own where there is no GPU; no texture of ImGui's lies there.
constexpr std::uint64_t kOwnMaps = 0x7000000000000000, kOwnPool = kOwnMaps + 1000;

Rgb mixed(Rgb a, Rgb b, float share) {
  return {a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share};
}
Rgb scaled(Rgb a, float by) { return {a.r * by, a.g * by, a.b * by}; }
Rgb sum(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
float modulo(float x, float y) { return x - y * std::floor(x / y); }

std::uint8_t level(float share) {
  return static_cast<std::uint8_t>(std::clamp(static_cast<int>(share * 255.0f + 0.5f), 0, 255));
}

struct Pixels {
  Picture picture;
  Pixels(int width, int height) {
    picture.width = width;
    picture.height = height;
    picture.rgba.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4);
  }
  void set(int x, int y, Rgb color) {
    std::uint8_t* at = &picture.rgba[(static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                                      static_cast<std::size_t>(x)) *
                                     4];
    at[0] = level(color.r);
    at[1] = level(color.g);
    at[2] = level(color.b);
    at[3] = 255;
  }
};

// One pixel of a row of the map.
class MapShader {
 public:
  MapShader(const MapImage& image, const MapColours& colours)
      : image_(image), c_(colours), thick_(std::max(1, static_cast<int>(colours.scale + 0.5f))) {}
  Rgb at(int x, MapLine line) const;

 private:
  const MapTexel& texel(int x, int row) const {
    return image_
        .texels[static_cast<std::size_t>(row) * static_cast<std::size_t>(image_.width) + static_cast<std::size_t>(x)];
  }
  Rgb filled(const MapTexel& t, Rgb tint, float px, float py) const;
  Rgb notched(Rgb color, int x, MapLine line) const;

  const MapImage& image_;
  const MapColours& c_;
  int thick_;
};

Rgb MapShader::filled(const MapTexel& t, Rgb tint, float px, float py) const {
  const float hatch = modulo(px + py, 6) < 1.6f ? 1.0f : 0.0f;
  const float counter_hatch = modulo(px - py + 600000.0f, 6) < 1.2f ? 1.0f : 0.0f;
  const float dots = modulo(px, 6) < 1.3f && modulo(py + 2, 6) < 1.3f ? 1.0f : 0.0f;
  const Rgb faint = mixed(c_.ground, tint, 0.14f);
  const Rgb tail = mixed(mixed(c_.ground, c_.ink, 0.05f), mixed(c_.ground, c_.ink, 0.38f), dots);
  Rgb other = mixed(faint, tint, 0.7f * std::max(hatch, counter_hatch));
  if ((t.marks & kMarkRecycled) != 0) other = mixed(c_.ground, tint, 0.15f + 0.35f * dots);
  Rgb all = scaled(tint, t.live);
  all = sum(all, scaled(mixed(c_.ground, tint, 0.42f), t.rounding));
  all = sum(all, scaled(mixed(faint, tint, 0.75f * hatch), t.free));
  all = sum(all, scaled(tail, t.tail));
  all = sum(all, scaled(mixed(c_.header, tint, 0.18f), t.header));
  all = sum(all, scaled(other, t.other));
  const int shares = t.live + t.rounding + t.free + t.tail + t.header + t.other;
  return scaled(all, 1.0f / static_cast<float>(std::max(1, shares)));
}

// The corner of an external block, upper left.
Rgb MapShader::notched(Rgb color, int x, MapLine line) const {
  const int notch = static_cast<int>(6.0f * c_.scale);
  for (int k = 0; k < notch - line.y && x - k >= 0; ++k)
    if ((texel(x - k, line.row).marks & kMarkBlockEdge) != 0)
      return k == notch - line.y - 1 ? mixed(c_.ground, c_.ink, 0.6f) : c_.ground;
  return color;
}

Rgb MapShader::at(int x, MapLine line) const {
  if (line.row < 0) return c_.ground;
  const MapTexel& t = texel(x, line.row);
  if (t.live + t.rounding + t.free + t.tail + t.header + t.other == 0) return c_.ground;
  const float px = static_cast<float>(x) / c_.scale, py = static_cast<float>(line.y) / c_.scale;
  Rgb color = filled(t, c_.tints[t.tint & 31U], px, py);
  const int from_bottom = image_.row_height - 1 - line.y, band = std::min<int>(line.y, from_bottom);
  if ((t.marks & kMarkChunkEdge) != 0) color = mixed(color, c_.ground, 0.75f);
  if ((t.marks & kMarkBlockEdge) != 0 || band < thick_) color = mixed(color, c_.ink, 0.55f);
  if ((t.marks & kMarkKeeper) != 0 && band >= 2 * thick_ && band < 3 * thick_) color = mixed(color, c_.ink, 0.55f);
  if ((t.marks & kMarkExternal) != 0) color = notched(color, x, line);
  const bool is_edge = band < 3 * thick_;
  if ((t.marks & kMarkNew) != 0) color = is_edge ? c_.changed_new : mixed(color, c_.changed_new, 0.25f);
  if ((t.marks & kMarkFreed) != 0 && is_edge && modulo(px, 8) < 5) color = c_.changed_freed;
  if ((t.marks & kMarkSelected) != 0) color = is_edge ? c_.selection : mixed(color, c_.selection, 0.22f);
  return color;
}

// A tile of the pool: its fill, before the shapes.
Rgb tile_fill(const PoolTexel& t, const PoolColours& colours, bool by_state) {
  if (by_state) {
    const float free = static_cast<float>(t.free) / 255, clean = static_cast<float>(t.clean) / 255,
                pinned = static_cast<float>(t.pinned) / 255;
    const float dirty = std::max(0.0f, 1 - free - clean - pinned);
    return sum(sum(scaled(colours.tints[0], free), scaled(colours.tints[1], clean)),
               sum(scaled(colours.tints[2], dirty), scaled(colours.tints[3], pinned)));
  }
  const std::size_t tint = t.tint & 31U;
  const Rgb fill =
      mixed(colours.tints[tint], colours.tints[std::min<std::size_t>(tint + 1, 31)], static_cast<float>(t.blend) / 255);
  return mixed(colours.tints[0], fill, 0.25f + 0.75f * static_cast<float>(t.strength) / 255);
}

Rgb tile_shapes(Rgb fill, const PoolTexel& t, const PoolColours& colours, int x, int y, int side) {
  const float half = static_cast<float>(side) / 2;
  const int step = std::max(3, static_cast<int>(static_cast<float>(side) / 3));
  if (t.free > 127 && x % step == step / 2 && y % step == step / 2) fill = mixed(fill, colours.ink, 0.45f);
  if (t.dirty > 127 && (x + y) % step < std::max(1, step / 3)) fill = mixed(fill, colours.ground, 0.65f);
  const float reach =
      std::max(std::fabs(static_cast<float>(x) + 0.5f - half), std::fabs(static_cast<float>(y) + 0.5f - half));
  if (t.pinned > 127 && reach < half * 0.5f) fill = reach < half * 0.34f ? colours.ink : colours.ground;
  return fill;
}

}  // namespace

Picture upside_down(const Picture& picture) {
  Picture turned{picture.width, picture.height, {}};
  turned.rgba.reserve(picture.rgba.size());
  for (int y = picture.height; y-- > 0;) {
    const auto row = picture.rgba.begin() + static_cast<std::ptrdiff_t>(y) * picture.width * 4;
    turned.rgba.insert(turned.rgba.end(), row, row + static_cast<std::ptrdiff_t>(picture.width) * 4);
  }
  return turned;
}

Picture shade_map(const MapImage& image, const MapColours& colours) {
  const int height = static_cast<int>(image.lines.size());
  Pixels pixels(std::max(0, image.width), height);
  const MapShader shader(image, colours);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < image.width; ++x) pixels.set(x, y, shader.at(x, image.lines[static_cast<std::size_t>(y)]));
  return std::move(pixels.picture);
}

Picture shade_pool(const PoolImage& image, const PoolColours& colours) {
  const int pitch = std::max(1, image.pitch_px);
  Pixels pixels(image.columns * pitch, image.rows * pitch);
  const int gap = pitch >= 16 ? 2 : pitch >= 5 ? 1 : 0, side = pitch - gap;
  for (int row = 0; row < image.rows; ++row)
    for (int column = 0; column < image.columns; ++column) {
      const PoolTexel& t = image.texels[static_cast<std::size_t>(row) * static_cast<std::size_t>(image.columns) +
                                        static_cast<std::size_t>(column)];
      const Rgb fill = tile_fill(t, colours, image.by_state);
      for (int y = 0; y < pitch; ++y)
        for (int x = 0; x < pitch; ++x) {
          const bool is_tile = t.used != 0 && x < side && y < side;
          const Rgb shaped = is_tile && pitch >= 6 ? tile_shapes(fill, t, colours, x, y, side) : fill;
          pixels.set(column * pitch + x, row * pitch + y, is_tile ? shaped : colours.ground);
        }
    }
  return std::move(pixels.picture);
}

std::uint64_t PictureSurfaces::draw(const MapImage& image, const MapColours& colours, int picture) {
  const std::uint64_t texture = gpu_map_ != nullptr ? gpu_map_->draw(image, colours, picture)
                                : image.width > 0 && !image.lines.empty() && image.row_height >= 0
                                    ? kOwnMaps + static_cast<std::uint64_t>(picture)
                                    : 0;
  if (texture != 0)
    kept_[texture] = {.map = image, .pool = {}, .map_colours = colours, .pool_colours = {}, .shaded = {}};
  return texture;
}

std::uint64_t PictureSurfaces::draw_pool(const PoolImage& image, const PoolColours& colours) {
  const std::uint64_t texture = gpu_pool_ != nullptr                  ? gpu_pool_->draw_pool(image, colours)
                                : image.columns > 0 && image.rows > 0 ? kOwnPool
                                                                      : 0;
  if (texture != 0)
    kept_[texture] = {.map = {}, .pool = image, .map_colours = {}, .pool_colours = colours, .shaded = {}};
  return texture;
}

const Picture* PictureSurfaces::picture(std::uint64_t texture) {
  const auto found = kept_.find(texture);
  if (found == kept_.end()) return nullptr;
  Kept& kept = found->second;
  if (!kept.shaded)  // as OpenGL has its textures
    kept.shaded =
        upside_down(kept.map ? shade_map(*kept.map, kept.map_colours) : shade_pool(*kept.pool, kept.pool_colours));
  return &*kept.shaded;
}

}  // namespace palloscope::gui
