#include "gui/picture/software_renderer.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "gui/picture/upright_box.h"

namespace palloscope::gui {
namespace {

constexpr std::int64_t kOne = 256;  // parts of a pixel

std::int64_t fixed(float value) { return std::llround(static_cast<double>(value) * kOne); }
// The first pixel whose middle lies at or behind the place.
int first_middle(std::int64_t place) { return static_cast<int>((place - kOne / 2 + kOne - 1) >> 8); }

struct Texture {
  const std::uint8_t* pixels = nullptr;
  int width = 0, height = 0, bytes = 4;  // bytes 1: alpha alone

  // Red, green, blue, alpha, each 0..255, at a texel.
  void fetch(int x, int y, int (&out)[4]) const {
    x = std::clamp(x, 0, width - 1);
    y = std::clamp(y, 0, height - 1);
    const std::uint8_t* at = pixels + (static_cast<std::ptrdiff_t>(y) * width + x) * bytes;
    for (int c = 0; c < 4; ++c) out[c] = bytes == 1 ? (c == 3 ? at[0] : 255) : at[c];
  }
  // Between four texels, in 256ths; u, v in texels.
  void sample(double u, double v, int (&out)[4]) const {
    const auto x = static_cast<std::int64_t>(std::floor((u - 0.5) * 256 + 0.5));
    const auto y = static_cast<std::int64_t>(std::floor((v - 0.5) * 256 + 0.5));
    const int x0 = static_cast<int>(x >> 8), y0 = static_cast<int>(y >> 8);
    const int fx = static_cast<int>(x & 255), fy = static_cast<int>(y & 255);
    fetch(x0, y0, out);
    if (fx == 0 && fy == 0) return;
    int b[4], c[4], d[4];
    fetch(x0 + 1, y0, b);
    fetch(x0, y0 + 1, c);
    fetch(x0 + 1, y0 + 1, d);
    for (int i = 0; i < 4; ++i)
      out[i] = ((out[i] * (256 - fx) + b[i] * fx) * (256 - fy) + (c[i] * (256 - fx) + d[i] * fx) * fy + 32768) >> 16;
  }
};

struct Box {
  int left, top, right, bottom;  // pixels, the last two not included
};

class Canvas {
 public:
  Canvas(int width, int height, Color ground) {
    picture.width = width;
    picture.height = height;
    picture.rgba.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4, 255);
    for (std::size_t i = 0; i < picture.rgba.size(); i += 4)
      for (std::size_t c = 0; c < 3; ++c) picture.rgba[i + c] = static_cast<std::uint8_t>(ground >> (8 * c));
  }
  void blend(int x, int y, const int (&color)[4]) {
    const int alpha = color[3];
    if (alpha == 0) return;
    std::uint8_t* at = &picture.rgba[(static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                                      static_cast<std::size_t>(x)) *
                                     4];
    for (int c = 0; c < 3; ++c)
      at[c] = static_cast<std::uint8_t>((color[c] * alpha + at[c] * (255 - alpha) + 127) / 255);
  }

  Picture picture;
};

int channel(ImU32 color, int c) { return static_cast<int>(color >> (8 * c) & 0xFF); }

// The color times the texture at (u, v).
void shaded(const Texture& texture, double u, double v, const int (&tint)[4], int (&out)[4]) {
  texture.sample(u * texture.width, v * texture.height, out);
  for (int c = 0; c < 4; ++c) out[c] = (out[c] * tint[c] + 127) / 255;
}

// Two triangles that ImGui makes of an upright rectangle: glyphs, pictures, plain fills.
void draw_box(Canvas& canvas, const Texture& texture, const ImDrawVert& a, const ImDrawVert& c, const Box& clip) {
  const int left = std::max(clip.left, first_middle(fixed(a.pos.x)));
  const int right = std::min(clip.right, first_middle(fixed(c.pos.x)));
  const int top = std::max(clip.top, first_middle(fixed(a.pos.y)));
  const int bottom = std::min(clip.bottom, first_middle(fixed(c.pos.y)));
  const int tint[4] = {channel(a.col, 0), channel(a.col, 1), channel(a.col, 2), channel(a.col, 3)};
  const bool is_flat = a.uv.x == c.uv.x && a.uv.y == c.uv.y;
  int color[4];
  if (is_flat) shaded(texture, a.uv.x, a.uv.y, tint, color);
  const double x0 = a.pos.x, y0 = a.pos.y, width = c.pos.x - x0, height = c.pos.y - y0;
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) {
      if (!is_flat)
        shaded(texture, a.uv.x + (c.uv.x - a.uv.x) * ((x + 0.5 - x0) / width),
               a.uv.y + (c.uv.y - a.uv.y) * ((y + 0.5 - y0) / height), tint, color);
      canvas.blend(x, y, color);
    }
}

struct Edge {
  std::int64_t a, b, c;  // a x + b y + c, in parts of a pixel; 0 on the edge, greater inside
  Edge(std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1)
      : a(y0 - y1), b(x1 - x0), c(-(a * x0 + b * y0)) {
    // An edge that two triangles share belongs to one of them.
    if (!(a > 0 || (a == 0 && b > 0))) --c;
  }
  std::int64_t at(std::int64_t x, std::int64_t y) const { return a * x + b * y + c; }
};

void draw_triangle(Canvas& canvas, const Texture& texture, const ImDrawVert* v0, const ImDrawVert* v1,
                   const ImDrawVert* v2, const Box& clip) {
  std::int64_t x[3] = {fixed(v0->pos.x), fixed(v1->pos.x), fixed(v2->pos.x)};
  std::int64_t y[3] = {fixed(v0->pos.y), fixed(v1->pos.y), fixed(v2->pos.y)};
  std::int64_t area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]);
  if (area == 0) return;
  if (area < 0) {
    std::swap(x[1], x[2]);
    std::swap(y[1], y[2]);
    std::swap(v1, v2);
    area = -area;
  }
  const Edge e0(x[1], y[1], x[2], y[2]), e1(x[2], y[2], x[0], y[0]), e2(x[0], y[0], x[1], y[1]);
  const int left = std::max(clip.left, first_middle(std::min({x[0], x[1], x[2]})));
  const int right = std::min(clip.right, first_middle(std::max({x[0], x[1], x[2]})) + 1);
  const int top = std::max(clip.top, first_middle(std::min({y[0], y[1], y[2]})));
  const int bottom = std::min(clip.bottom, first_middle(std::max({y[0], y[1], y[2]})) + 1);
  const bool is_plain = v0->col == v1->col && v1->col == v2->col;
  const bool has_one_texel =
      v0->uv.x == v1->uv.x && v1->uv.x == v2->uv.x && v0->uv.y == v1->uv.y && v1->uv.y == v2->uv.y;
  int tint[4] = {channel(v0->col, 0), channel(v0->col, 1), channel(v0->col, 2), channel(v0->col, 3)}, color[4];
  if (is_plain && has_one_texel) shaded(texture, v0->uv.x, v0->uv.y, tint, color);
  for (int py = top; py < bottom; ++py)
    for (int px = left; px < right; ++px) {
      const std::int64_t cx = px * kOne + kOne / 2, cy = py * kOne + kOne / 2;
      const std::int64_t w0 = e0.at(cx, cy), w1 = e1.at(cx, cy), w2 = e2.at(cx, cy);
      if (w0 < 0 || w1 < 0 || w2 < 0) continue;
      if (!is_plain)
        for (int c = 0; c < 4; ++c)
          tint[c] = static_cast<int>(std::clamp<std::int64_t>(
              (channel(v0->col, c) * w0 + channel(v1->col, c) * w1 + channel(v2->col, c) * w2 + area / 2) / area, 0,
              255));
      if (!is_plain || !has_one_texel) {
        const double whole = static_cast<double>(area), b0 = static_cast<double>(w0) / whole,
                     b1 = static_cast<double>(w1) / whole, b2 = static_cast<double>(w2) / whole;
        shaded(texture, v0->uv.x * b0 + v1->uv.x * b1 + v2->uv.x * b2, v0->uv.y * b0 + v1->uv.y * b1 + v2->uv.y * b2,
               tint, color);
      }
      canvas.blend(px, py, color);
    }
}

Texture texture_of(const ImDrawCmd& command, const TexturePictures& pictures) {
  if (const ImTextureData* data = command.TexRef._TexData)
    return data->Pixels == nullptr ? Texture{} : Texture{data->Pixels, data->Width, data->Height, data->BytesPerPixel};
  const Picture* picture = pictures ? pictures(command.TexRef._TexID) : nullptr;
  return picture == nullptr ? Texture{} : Texture{picture->rgba.data(), picture->width, picture->height, 4};
}

}  // namespace

Picture rasterise(const ImDrawData& data, Color ground, const TexturePictures& pictures) {
  const int width = static_cast<int>(data.DisplaySize.x), height = static_cast<int>(data.DisplaySize.y);
  Canvas canvas(width, height, ground);
  for (const ImDrawList* list : data.CmdLists)
    for (const ImDrawCmd& command : list->CmdBuffer) {
      const Texture texture = command.UserCallback == nullptr ? texture_of(command, pictures) : Texture{};
      if (texture.pixels == nullptr) continue;
      const Box clip{std::max(0, static_cast<int>(command.ClipRect.x - data.DisplayPos.x)),
                     std::max(0, static_cast<int>(command.ClipRect.y - data.DisplayPos.y)),
                     std::min(width, static_cast<int>(command.ClipRect.z - data.DisplayPos.x)),
                     std::min(height, static_cast<int>(command.ClipRect.w - data.DisplayPos.y))};
      const ImDrawVert* vertices = list->VtxBuffer.Data + command.VtxOffset;
      const ImDrawIdx* indices = list->IdxBuffer.Data + command.IdxOffset;
      for (unsigned i = 0; i + 2 < command.ElemCount; i += 3) {
        if (i + 5 < command.ElemCount && is_upright_box(vertices, indices + i)) {
          draw_box(canvas, texture, vertices[indices[i]], vertices[indices[i + 2]], clip);
          i += 3;
          continue;
        }
        draw_triangle(canvas, texture, &vertices[indices[i]], &vertices[indices[i + 1]], &vertices[indices[i + 2]],
                      clip);
      }
    }
  return std::move(canvas.picture);
}

Picture cut_out(const Picture& picture, int x, int y, int width, int height) {
  x = std::clamp(x, 0, picture.width);
  y = std::clamp(y, 0, picture.height);
  Picture part;
  part.width = std::clamp(width, 0, picture.width - x);
  part.height = std::clamp(height, 0, picture.height - y);
  for (int row = y; row < y + part.height; ++row) {
    const auto from = picture.rgba.begin() + (static_cast<std::ptrdiff_t>(row) * picture.width + x) * 4;
    part.rgba.insert(part.rgba.end(), from, from + static_cast<std::ptrdiff_t>(part.width) * 4);
  }
  return part;
}

}  // namespace palloscope::gui
