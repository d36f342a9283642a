#include "core/mcxt/context_calls.h"

#include <fmt/format.h>

namespace palloscope::core {

std::string text_of(const ContextCall& call) {
  auto or_null = [](std::string_view name) { return name.empty() ? std::string_view("NULL") : name; };
  switch (call.function) {
    case ContextFunction::Create: {
      constexpr const char* kKinds[] = {"aset", "gen", "slab", "bump", "unknown"};
      const ContextCreated& made = *call.created;
      const char* kind = kKinds[static_cast<int>(made.kind)];
      if (made.kind == ContextKind::Slab)
        return fmt::format("C {} {} parent={} block {} chunk {}", kind, call.name, or_null(call.parent),
                           made.init_block_bytes, made.min_context_bytes);
      return fmt::format("C {} {} parent={} {}/{}/{}", kind, call.name, or_null(call.parent), made.min_context_bytes,
                         made.init_block_bytes, made.max_block_bytes);
    }
    case ContextFunction::Reset:
      return fmt::format("R {} children={:d} isreset={:d}", call.name, call.has_children, call.is_reset);
    case ContextFunction::Delete:
      return fmt::format("D {}", call.name);
    case ContextFunction::DeleteChildren:
      return fmt::format("DC {} n={:d}", call.name, call.has_children);
    case ContextFunction::SetParent:
      return fmt::format("SP {} -> {}", call.name, or_null(call.parent));
  }
  return {};
}

}  // namespace palloscope::core
