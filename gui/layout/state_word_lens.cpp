#include "gui/layout/state_word_lens.h"

#include <iterator>

namespace palloscope::gui {
namespace {

constexpr StateWordField kFields[] = {
    {"BM_PERMANENT", "buffers.bit.permanent", 31},
    {"BM_CHECKPOINT_NEEDED", "buffers.bit.checkpoint_needed", 30},
    {"BM_PIN_COUNT_WAITER", "buffers.bit.pin_count_waiter", 29},
    {"BM_JUST_DIRTIED", "buffers.bit.just_dirtied", 28},
    {"BM_IO_ERROR", "buffers.bit.io_error", 27},
    {"BM_IO_IN_PROGRESS", "buffers.bit.io_in_progress", 26},
    {"BM_TAG_VALID", "buffers.bit.tag_valid", 25},
    {"BM_VALID", "buffers.bit.valid", 24},
    {"BM_DIRTY", "buffers.bit.dirty", 23},
    {"BM_LOCKED", "buffers.bit.locked", 22},
    {"usage_count", "buffers.bit.usage", 18, 4},
    {"refcount", "buffers.bit.refcount", 0, 18},
};

consteval bool covers_every_bit_once() {
  std::uint32_t all = 0;
  for (const StateWordField& field : kFields) {
    if ((all & field.mask()) != 0) return false;
    all |= field.mask();
  }
  return all == 0xFFFFFFFF;
}
static_assert(covers_every_bit_once());

}  // namespace

std::span<const StateWordField> state_word_fields() { return kFields; }

std::size_t state_word_field_of(std::uint32_t bit) {
  std::size_t i = 0;
  while (i + 1 < std::size(kFields) && kFields[i].first_bit > bit) ++i;
  return i;
}

}  // namespace palloscope::gui
