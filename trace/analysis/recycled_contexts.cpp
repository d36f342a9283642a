#include "trace/analysis/recycled_contexts.h"

#include <utility>

namespace palloscope::trace {
namespace {

RecycledContext read(const Timeline& timeline, BlockSlot region) {
  const BlockRecord& block = timeline.state().blocks()[region.value];
  RecycledContext context;
  context.region = region;
  context.bytes = block.bytes;
  if (block.last_context == 0) return context;
  core::EventBody event = timeline.event(block.last_context);
  auto* created = std::get_if<core::ContextCreated>(&event);
  if (created == nullptr) return context;
  context.born = block.last_context;
  context.was = std::move(*created);
  return context;
}

}  // namespace

std::vector<RecycledContext> recycled_contexts(const Timeline& timeline, int list) {
  std::vector<RecycledContext> waiting;
  const MemoryState& state = timeline.state();
  for (BlockSlot region = state.first_recycled(list); region; region = state.blocks()[region.value].next)
    waiting.push_back(read(timeline, region));
  return waiting;
}

std::optional<RecycledContext> taken_over(const Timeline& timeline, ContextSlot slot) {
  const ContextRecord* context = timeline.state().context(slot);
  if (context == nullptr || !context->recycled || timeline.state().block(context->region) == nullptr)
    return std::nullopt;
  RecycledContext taken = read(timeline, context->region);
  return taken.born != 0 ? std::optional(std::move(taken)) : std::nullopt;
}

}  // namespace palloscope::trace
