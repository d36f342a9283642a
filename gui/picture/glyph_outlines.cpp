#include "gui/picture/glyph_outlines.h"

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_internal.h>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#define STBRP_STATIC
#define STB_RECT_PACK_IMPLEMENTATION
#include <imstb_rectpack.h>
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <imstb_truetype.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace palloscope::gui {

struct GlyphOutlines::Fonts {
  std::map<const ImFontConfig*, stbtt_fontinfo> infos;

  const stbtt_fontinfo* of(const ImFontConfig* source) {
    const auto [found, is_new] = infos.try_emplace(source);
    const auto* data = static_cast<const unsigned char*>(source->FontData);
    const int offset = is_new ? stbtt_GetFontOffsetForIndex(data, static_cast<int>(source->FontNo)) : 0;
    if (is_new && (offset < 0 || stbtt_InitFont(&found->second, data, offset) == 0)) found->second.numGlyphs = 0;
    return found->second.numGlyphs > 0 ? &found->second : nullptr;
  }
};

GlyphOutlines::GlyphOutlines() : fonts_(new Fonts) {
  const ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  if (atlas.Builder == nullptr) return;
  int number = 0;
  for (int b = 0; b < atlas.Builder->BakedPool.Size; ++b) {
    const ImFontBaked& baked = atlas.Builder->BakedPool[b];
    if (baked.WantDestroy) continue;
    for (int g = 0; g < baked.Glyphs.Size; ++g) {
      const ImFontGlyph& glyph = baked.Glyphs[g];
      if (!glyph.Visible || glyph.PackId < 0) continue;
      const Place place{&baked, g, number++};
      places_.emplace(std::pair(glyph.U0, glyph.V0), place);
      by_number_.emplace(place.number, place);
    }
  }
}

GlyphOutlines::~GlyphOutlines() { delete fonts_; }

std::optional<GlyphOutlines::Glyph> GlyphOutlines::at(const ImVec2& uv) const {
  const auto found = places_.find({uv.x, uv.y});
  if (found == places_.end()) return std::nullopt;
  const auto& baked = *static_cast<const ImFontBaked*>(found->second.baked);
  const ImFontGlyph& glyph = baked.Glyphs[found->second.glyph];
  return Glyph{found->second.number, glyph.X1 - glyph.X0, glyph.Y1 - glyph.Y0};
}

std::string GlyphOutlines::path(int number) const {
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) return {};
  const auto& baked = *static_cast<const ImFontBaked*>(found->second.baked);
  const ImFontGlyph& glyph = baked.Glyphs[found->second.glyph];
  const ImVector<ImFontConfig*>& sources = baked.ContainerFont->Sources;
  if (static_cast<int>(glyph.SourceIdx) >= sources.Size) return {};
  const ImFontConfig* source = sources[static_cast<int>(glyph.SourceIdx)];
  const stbtt_fontinfo* info = fonts_->of(source);
  if (info == nullptr) return {};
  const int index = stbtt_FindGlyphIndex(info, static_cast<int>(glyph.Codepoint));
  // As ImGui's own loader scales: by height, and merged fonts as they stand to the first.
  float scale = stbtt_ScaleForPixelHeight(info, 1.0f) * baked.Size;
  if (source->MergeMode && source->SizePixels != 0) scale *= source->SizePixels / sources[0]->SizePixels;
  int left = 0, top = 0, right = 0, bottom = 0;
  stbtt_GetGlyphBitmapBox(info, index, scale, scale, &left, &top, &right, &bottom);
  stbtt_vertex* vertices = nullptr;
  const int count = stbtt_GetGlyphShape(info, index, &vertices);
  std::string path;
  const auto x = [&](int value) { return static_cast<double>(static_cast<float>(value) * scale) - left; };
  const auto y = [&](int value) { return static_cast<double>(static_cast<float>(-value) * scale) - top; };
  for (int i = 0; i < count; ++i) {
    const stbtt_vertex& v = vertices[i];
    if (v.type == STBTT_vmove)
      path += fmt::format("{}M{:.2f} {:.2f}", path.empty() ? "" : "Z", x(v.x), y(v.y));
    else if (v.type == STBTT_vline)
      path += fmt::format("L{:.2f} {:.2f}", x(v.x), y(v.y));
    else if (v.type == STBTT_vcurve)
      path += fmt::format("Q{:.2f} {:.2f} {:.2f} {:.2f}", x(v.cx), y(v.cy), x(v.x), y(v.y));
    else
      path += fmt::format("C{:.2f} {:.2f} {:.2f} {:.2f} {:.2f} {:.2f}", x(v.cx), y(v.cy), x(v.cx1), y(v.cy1), x(v.x),
                          y(v.y));
  }
  if (!path.empty()) path += 'Z';
  stbtt_FreeShape(info, vertices);
  return path;
}

}  // namespace palloscope::gui
