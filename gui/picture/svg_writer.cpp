#include "gui/picture/svg_writer.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "gui/picture/glyph_outlines.h"
#include "gui/picture/picture_surfaces.h"
#include "gui/picture/png_writer.h"
#include "gui/picture/upright_box.h"

namespace palloscope::gui {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

std::string base64(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view kSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = static_cast<std::uint32_t>(bytes[i]) << 16;
    if (i + 1 < bytes.size()) word |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
    if (i + 2 < bytes.size()) word |= bytes[i + 2];
    for (std::size_t k = 0; k < 4; ++k) out += k > bytes.size() - i ? '=' : kSigns[(word >> (18 - 6 * k)) & 63];
  }
  return out;
}

float hundredths(float value) { return std::round(value * 100) / 100; }

// At most two digits behind the point, and none that say nothing.
std::string number(float value) {
  std::string text = fmt::format("{:.2f}", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string fill_of(ImU32 color) {
  const ImU32 alpha = color >> 24;
  std::string text = fmt::format("fill=\"#{:02x}{:02x}{:02x}\"", color & 0xFF, color >> 8 & 0xFF, color >> 16 & 0xFF);
  if (alpha != 255) text += fmt::format(" fill-opacity=\"{}\"", number(static_cast<float>(alpha) / 255));
  return text;
}

ImU32 average(ImU32 a, ImU32 b, ImU32 c) {
  ImU32 out = 0;
  for (int shift = 0; shift < 32; shift += 8)
    out |= ((a >> shift & 0xFF) + (b >> shift & 0xFF) + (c >> shift & 0xFF)) / 3 << shift;
  return out;
}

class SvgDrawing {
 public:
  SvgDrawing(const ImDrawData& data, const TexturePictures& pictures) : data_(data), pictures_(pictures) {}
  void draw();
  std::string body, definitions;

 private:
  void draw_command(const ImDrawList& list, const ImDrawCmd& command);
  void begin_clip(const ImVec4& rect);
  bool draw_glyph(const ImDrawVert* v, const ImDrawIdx* index);
  void draw_picture(const ImDrawVert* v, const ImDrawIdx* index, std::uint64_t texture);
  void draw_box(const ImDrawVert* v, const ImDrawIdx* index);
  void add_triangle(const ImDrawVert* v, const ImDrawIdx* index);
  void end_shape();

  const ImDrawData& data_;
  const TexturePictures& pictures_;
  GlyphOutlines outlines_;
  std::set<int> defined_;
  std::map<std::string, int> clips_;
  std::string open_clip_;
  // A shape: neighbouring triangles of one colour that share corners.
  std::string shape_;
  ImU32 shape_color_ = 0;
  ImDrawIdx shape_last_ = 0;
};

void SvgDrawing::begin_clip(const ImVec4& rect) {
  const std::string box = fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", number(rect.x), number(rect.y),
                                      number(rect.z - rect.x), number(rect.w - rect.y));
  if (box == open_clip_) return;
  if (!open_clip_.empty()) body += "</g>\n";
  open_clip_ = box;
  const auto [found, is_new] = clips_.try_emplace(box, static_cast<int>(clips_.size()));
  if (is_new) definitions += fmt::format("<clipPath id=\"c{}\"><rect {}/></clipPath>\n", found->second, box);
  body += fmt::format("<g clip-path=\"url(#c{})\">\n", found->second);
}

void SvgDrawing::end_shape() {
  if (!shape_.empty()) body += fmt::format("<path {} d=\"{}\"/>\n", fill_of(shape_color_), shape_);
  shape_.clear();
}

bool SvgDrawing::draw_glyph(const ImDrawVert* v, const ImDrawIdx* index) {
  const ImDrawVert &a = v[index[0]], &c = v[index[2]];
  const auto glyph = outlines_.at(a.uv);
  if (!glyph || glyph->width <= 0 || a.uv.x == c.uv.x) return false;
  end_shape();
  if (defined_.insert(glyph->number).second)
    definitions += fmt::format("<path id=\"g{}\" d=\"{}\"/>\n", glyph->number, outlines_.path(glyph->number));
  const float scale = (c.pos.x - a.pos.x) / glyph->width;
  const bool is_own_size = scale > 0.999f && scale < 1.001f;
  if (is_own_size)
    body += fmt::format("<use href=\"#g{}\" x=\"{}\" y=\"{}\" {}/>\n", glyph->number, number(a.pos.x), number(a.pos.y),
                        fill_of(a.col));
  else
    body += fmt::format("<use href=\"#g{}\" transform=\"translate({} {}) scale({:.4f})\" {}/>\n", glyph->number,
                        number(a.pos.x), number(a.pos.y), scale, fill_of(a.col));
  return true;
}

void SvgDrawing::draw_picture(const ImDrawVert* v, const ImDrawIdx* index, std::uint64_t texture) {
  const Picture* picture = pictures_ ? pictures_(texture) : nullptr;
  if (picture == nullptr) return;
  end_shape();
  const ImDrawVert &a = v[index[0]], &c = v[index[2]];
  body += fmt::format(
      "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" "
      "style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>\n",
      number(a.pos.x), number(std::min(a.pos.y, c.pos.y)), number(c.pos.x - a.pos.x),
      number(std::max(a.pos.y, c.pos.y) - std::min(a.pos.y, c.pos.y)),
      base64(png_bytes(a.uv.y > c.uv.y ? upside_down(*picture) : *picture)));
}

// Sharp edges: columns of a curve stand side by side without seams.
void SvgDrawing::draw_box(const ImDrawVert* v, const ImDrawIdx* index) {
  const ImDrawVert &a = v[index[0]], &c = v[index[2]];
  end_shape();
  if (a.col >> 24 == 0) return;
  // From edge to edge as they are written: neighbours must not miss each other by a hundredth.
  const float left = hundredths(a.pos.x), top = hundredths(a.pos.y);
  body +=
      fmt::format("<rect class=\"b\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>\n", number(left), number(top),
                  number(hundredths(c.pos.x) - left), number(hundredths(c.pos.y) - top), fill_of(a.col));
}

void SvgDrawing::add_triangle(const ImDrawVert* v, const ImDrawIdx* index) {
  const ImDrawVert *a = &v[index[0]], *b = &v[index[1]], *c = &v[index[2]];
  const ImU32 color = a->col == b->col && b->col == c->col ? a->col : average(a->col, b->col, c->col);
  const float area = (b->pos.x - a->pos.x) * (c->pos.y - a->pos.y) - (c->pos.x - a->pos.x) * (b->pos.y - a->pos.y);
  if (color >> 24 == 0 || area == 0) return;
  if (area < 0) std::swap(b, c);  // all one way round, so that edges within a shape cancel out
  const ImDrawIdx low = std::min({index[0], index[1], index[2]});
  if (!shape_.empty() && (color != shape_color_ || low > shape_last_)) end_shape();
  if (shape_.empty()) shape_last_ = 0;
  shape_color_ = color;
  shape_last_ = std::max({shape_last_, index[0], index[1], index[2]});
  shape_ += fmt::format("M{} {}L{} {}L{} {}Z", number(a->pos.x), number(a->pos.y), number(b->pos.x), number(b->pos.y),
                        number(c->pos.x), number(c->pos.y));
}

void SvgDrawing::draw_command(const ImDrawList& list, const ImDrawCmd& command) {
  if (command.UserCallback != nullptr || command.ClipRect.z <= command.ClipRect.x ||
      command.ClipRect.w <= command.ClipRect.y)
    return;
  end_shape();
  begin_clip(command.ClipRect);
  const ImDrawVert* vertices = list.VtxBuffer.Data + command.VtxOffset;
  const ImDrawIdx* indices = list.IdxBuffer.Data + command.IdxOffset;
  const bool is_atlas = command.TexRef._TexData != nullptr;
  for (unsigned i = 0; i + 2 < command.ElemCount; i += 3) {
    const ImDrawIdx* index = indices + i;
    const bool is_quad = i + 5 < command.ElemCount && index[3] == index[0] && index[4] == index[2];
    if (!is_atlas) {
      if (is_quad) draw_picture(vertices, index, command.TexRef._TexID), i += 3;
      continue;
    }
    if (is_quad && draw_glyph(vertices, index)) {
      i += 3;
      continue;
    }
    if (is_quad && is_upright_box(vertices, index)) {
      draw_box(vertices, index);
      i += 3;
      continue;
    }
    add_triangle(vertices, index);
  }
}

void SvgDrawing::draw() {
  for (const ImDrawList* list : data_.CmdLists)
    for (const ImDrawCmd& command : list->CmdBuffer) draw_command(*list, command);
  end_shape();
  if (!open_clip_.empty()) body += "</g>\n";
}

}  // namespace

std::string svg_text(const ImDrawData& data, Color ground, const TexturePictures& pictures, RectF part,
                     const std::string& title) {
  SvgDrawing drawing(data, pictures);
  drawing.draw();
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{2}\" height=\"{3}\" viewBox=\"{0} {1} {2} {3}\">\n"
             "<title>{4}</title>\n<style>.b{{shape-rendering:crispEdges}}</style>\n<defs>\n{5}</defs>\n<rect x=\"{0}\" "
             "y=\"{1}\" width=\"{2}\" height=\"{3}\" {6}/>\n",
             number(part.x), number(part.y), number(part.width), number(part.height), escaped(title),
             drawing.definitions, fill_of(ground)) +
         drawing.body + "</svg>\n";
}

}  // namespace palloscope::gui
