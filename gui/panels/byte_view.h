// Bytes in rows of eight, coloured by the field they belong to: true ones where they can be had (replayed_bytes.h),
// else what is known from the events. In a scenario a byte can be clicked (or reached with '/') and typed over; what is
// typed goes into ByteEdits.
#pragma once

#include <string>
#include <string_view>

#include "core/version/version_profile.h"
#include "core/walk/memory_source.h"
#include "gui/byte_edits.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class ByteView {
 public:
  struct Range {
    core::BlockSlot block;
    core::Address from, to;  // within the block
    core::Address first;     // where editing by key begins
  };
  // `exact`: the true bytes; null: none. `edits`: null where nothing can be changed. `framed`: the sentence below bytes
  // that are not what the events make expect.
  void draw(const PanelContext& panel, const Range& range, const core::VersionProfile& profile,
            const core::MemorySource* exact, ByteEdits* edits, std::string_view framed = "inspector.trampled_bytes");

 private:
  void draw_typed_byte(const PanelContext& panel, const core::MemorySource& exact, ByteEdits& edits, core::Address at,
                       core::Address to, float width);

  core::Address typed_;     // the byte that is typed over; null: none
  std::string text_;        // its digits
  bool takes_key_ = false;  // the box of that byte takes the keyboard in the next frame
};

}  // namespace palloscope::gui
