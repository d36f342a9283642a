#include "gui/watch_condition.h"

#include <fmt/format.h>

#include "gui/format_text.h"

namespace palloscope::gui {

std::string watch_condition(const Session& session) {
  const auto at_address = [](core::Address at) { return fmt::format("chunk {} touched", format_address_plain(at)); };
  if (const auto* context = std::get_if<ContextKey>(&session.selection))
    return fmt::format("context @{} touched", context->born);
  if (const auto* address = std::get_if<core::Address>(&session.selection)) return at_address(*address);
  if (const auto* buffer = std::get_if<BufferKey>(&session.selection))
    return fmt::format("buffer {} touched", std::uint64_t{buffer->slot.value} + 1);
  if (const auto* key = std::get_if<BlockKey>(&session.selection)) {
    const auto& blocks = session.state().blocks();
    if (key->slot.value >= blocks.size() || blocks[key->slot.value].born != key->born) return {};
    const trace::BlockRecord& block = blocks[key->slot.value];
    return fmt::format("address >= {} and address < {}", format_address_plain(block.at),
                       format_address_plain(block.end()));
  }
  const auto* chunk = std::get_if<ChunkKey>(&session.selection);
  if (chunk == nullptr) return {};
  // Also of a chunk that is gone now its record tells the address, until its slot is used again.
  const auto& chunks = session.state().chunks();
  if (chunk->slot.value >= chunks.size() || chunks[chunk->slot.value].born != chunk->born) return {};
  return at_address(chunks[chunk->slot.value].at);
}

std::string watch_freelist(ContextKey context, int size_class) {
  return fmt::format("context @{} and freelist[{}].length == 0 or context @{} and freelist[{}].length == 1",
                     context.born, size_class, context.born, size_class);
}

}  // namespace palloscope::gui
