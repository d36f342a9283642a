#include "gui/layout/event_touch.h"

namespace palloscope::gui {
namespace {

template <class E>
concept NamesContext = requires(const E& event) {
  { event.context } -> std::convertible_to<core::ContextSlot>;
};
template <class E>
concept NamesChunk = requires(const E& event) {
  { event.chunk } -> std::convertible_to<core::ChunkSlot>;
};
template <class E>
concept NamesBlock = requires(const E& event) {
  { event.block } -> std::convertible_to<core::BlockSlot>;
};

}  // namespace

core::ContextSlot touched_context(const core::EventBody& event, const trace::MemoryState& after) {
  return std::visit(
      [&]<class E>(const E& e) -> core::ContextSlot {
        if constexpr (NamesContext<E>) {
          return e.context;
        } else if constexpr (NamesChunk<E>) {
          if (e.chunk.value >= after.chunks().size()) return {};
          const trace::BlockRecord* block = after.block(after.chunks()[e.chunk.value].block);
          return block == nullptr ? core::ContextSlot{} : block->context;
        } else if constexpr (NamesBlock<E>) {
          const trace::BlockRecord* block = after.block(e.block);
          return block == nullptr ? core::ContextSlot{} : block->context;
        } else {
          return {};
        }
      },
      event);
}

}  // namespace palloscope::gui
