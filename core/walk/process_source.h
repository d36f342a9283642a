// A simulated process as a MemorySource, with the addresses of its global variables.
#pragma once

#include "core/mcxt/process.h"
#include "core/walk/heap_walker.h"

namespace palloscope::core {

class ProcessSource final : public MemorySource {
 public:
  explicit ProcessSource(const Process& process) : process_(process) {}
  bool read(Address at, std::span<std::uint8_t> into) const override { return process_.read(at, into); }

 private:
  const Process& process_;  // outlives this
};

inline WalkRoots walk_roots(const Process& process) {
  const GlobalVariables& variables = process.global_variables();
  return {variables.top_memory_context, variables.current_memory_context, variables.context_freelists, {}};
}

}  // namespace palloscope::core
