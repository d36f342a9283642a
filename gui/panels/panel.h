// Panel: one view of the session. Draws from a const session and asks for changes through the queue; what belongs to
// the view alone (scroll, zoom, filter, caches) lives in the panel object.
#pragma once

#include <string>
#include <string_view>

#include "gui/action.h"
#include "gui/session.h"
#include "gui/strings.h"
#include "gui/theme.h"

struct ImFont;

namespace palloscope::gui {

class MapSurface;
class PoolSurface;

// Fonts and the sizes everything is measured in. Push with ImGui::PushFont(font, size).
struct Fonts {
  ImFont* text = nullptr;   // Inter + icons + Chinese
  ImFont* title = nullptr;  // Inter SemiBold + Chinese
  ImFont* mono = nullptr;   // JetBrains Mono + Chinese: numbers, addresses, code
  float em = 16;            // text size in pixels, all scales in it: multiply by it, never write pixels
  float mono_size = 14.7f;  // of `mono` beside text
  float title_size = 20;
  float small_size = 13;  // labels in pictures
};

struct PanelContext {
  const Session& session;
  ActionQueue& actions;
  const Theme& theme;
  const Strings& strings;
  const Fonts& fonts;

  MapSurface* map_surface = nullptr;    // draws the map's cells; null without OpenGL (headless tests)
  PoolSurface* pool_surface = nullptr;  // draws large buffer pools; null likewise
  bool is_focused = false;              // keys like Up and Down are this panel's
  bool filter_wanted = false;           // '/' was pressed: give the filter box the keyboard
  double now_s = 0;                     // of this frame; for glows
  double changed_s = 0;                 // when the cursor last moved; a glow lasts from here for 0.2 s
  bool* wants_frame = nullptr;  // set *wants_frame when something moves by itself (a glow): one more frame is drawn

  float em() const { return fonts.em; }
  const trace::MemoryState& state() const { return session.state(); }
};

class Panel {
 public:
  virtual ~Panel() = default;
  // Inside its card, below the title line; the whole content region is the panel's.
  virtual void draw(const PanelContext& context) = 0;
  // On the title line, to the right: a filter box, a mode switch. The cursor stands at the left of the space;
  // `width` is what there is.
  virtual void draw_title_tools(const PanelContext& /*context*/, float /*width*/) {}
};

}  // namespace palloscope::gui
