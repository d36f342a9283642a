// The chunk header under the lens, in the inspector: its bits by field, where they lead, where pfree would go; and, in
// a scenario, changing them: first only on paper, then written into the process.
#pragma once

#include <string>

#include "core/walk/pfree_path.h"
#include "gui/byte_edits.h"
#include "gui/layout/header_lens.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class HeaderView {
 public:
  // `exact`: a process's bytes; null: only what follows from the state is known, and the bytes in `contents`.
  void draw(const PanelContext& panel, core::ChunkSlot slot, const core::MemorySource* exact,
            const ShownContents* contents = nullptr);

  ByteEdits edits;  // of this chunk, shared with the view of its bytes

 private:
  struct Key {
    std::uint64_t serial = 0;
    EventNumber cursor = 0, count = 0;
    core::ChunkSlot slot;
    bool whole = false;
    std::uint64_t contents = 0;  // ShownContents::number
    ByteEdits edits;
    friend bool operator==(const Key&, const Key&) = default;
  };
  void refresh(const PanelContext& panel, core::ChunkSlot slot, const core::MemorySource* exact,
               const ShownContents* contents);
  void take_keys(const PanelContext& panel);
  void flip(std::size_t word, std::uint32_t bit);
  void draw_word(const PanelContext& panel, std::size_t index);
  void draw_fields(const PanelContext& panel, const LensWord& word);
  void draw_path(const PanelContext& panel);
  void draw_buttons(const PanelContext& panel);
  void write(const PanelContext& panel);
  void free_it(const PanelContext& panel);

  Key key_;
  HeaderLens lens_, original_;  // with the edits, and as it is
  core::PfreePath path_;
  int bit_ = -1;  // the keyboard's: counted over all words from the highest bit of the first; -1: none yet
};

}  // namespace palloscope::gui
