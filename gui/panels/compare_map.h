// A small block map of one contender: all its blocks in one dense picture, at a scale that is given, in the shapes and
// colours of the large map.
#pragma once

#include <optional>
#include <unordered_map>

#include "gui/layout/block_index.h"
#include "gui/layout/block_map_layout.h"
#include "gui/layout/map_tint.h"
#include "gui/panels/panel.h"
#include "trace/compare/contender_spec.h"

namespace palloscope::gui {

// What is to be drawn, and where it stands.
struct CompareMapSubject {
  const trace::MemoryState* state = nullptr;
  const core::VersionProfile* profile = nullptr;
  trace::ContenderKind kind = trace::ContenderKind::Recorded;
  std::uint64_t key = 0;  // another for every document, contender and event
};

class CompareMap {
 public:
  // At the cursor's place. `picture`: number of the texture it may use (map_surface.h).
  void draw(const PanelContext& panel, const CompareMapSubject& subject, float width, float height, double bytes_per_px,
            int picture);
  static int rows_in(const PanelContext& panel, float height);

 private:
  struct Key {
    std::uint64_t subject = 0;
    MapView view;
    int height_px = 0;
    MapColours colours;
    friend bool operator==(const Key&, const Key&) = default;
  };
  static MapView view_of(const PanelContext& panel, float width, double bytes_per_px);
  const BlockIndex& index(const CompareMapSubject& subject, core::BlockSlot block);
  void draw_tooltip(const PanelContext& panel, const CompareMapSubject& subject, double x, double y);

  std::uint64_t subject_ = 0;
  std::optional<Key> painted_;
  BlockMapLayout layout_;
  std::unordered_map<core::BlockSlot, BlockIndex> indices_;
  std::uint64_t texture_ = 0;
};

}  // namespace palloscope::gui
