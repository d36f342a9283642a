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
  const auto* chunk = std::get_if<ChunkKey>(&session.selection);
  if (chunk == nullptr) return {};
  // Also of a chunk that is gone now its record tells the address, until its slot is used again.
  const auto& chunks = session.state().chunks();
  if (chunk->slot.value >= chunks.size() || chunks[chunk->slot.value].born != chunk->born) return {};
  return at_address(chunks[chunk->slot.value].at);
}

}  // namespace palloscope::gui
