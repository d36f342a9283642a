// The calls of mcxt.c's functions on contexts, as a breakpoint in a real server would see them: also those that change
// nothing (a reset of what is reset already), which make no events. Told before they do their work; nobody listens
// unless asked to (Process::observe_context_calls).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "core/events/event.h"

namespace palloscope::core {

enum class ContextFunction : std::uint8_t {
  Create,          // once the context is there
  Reset,           // MemoryContextReset
  Delete,          // 15, 16: MemoryContextDelete, parents before children; 17+: MemoryContextDeleteOnly, children first
  DeleteChildren,  // MemoryContextDeleteChildren
  SetParent,       // MemoryContextSetParent, also the one to NULL within a delete
};

struct ContextCall {
  ContextFunction function = ContextFunction::Create;
  Address context;
  std::string_view name;                    // valid during the call
  std::string_view parent;                  // Create, SetParent: the new parent's name; empty: NULL
  bool has_children = false;                // Reset, Delete, DeleteChildren
  bool is_reset = false;                    // isReset before the call
  const ContextCreated* created = nullptr;  // Create: kind and sizes
};

// One line, without newline: "C aset work parent=TopMemoryContext 0/8192/8388608", "R work children=0 isreset=1",
// "D work", "DC work n=0", "SP work -> NULL" (spec 8.2). Slab: "C slab work parent=TopMemoryContext block 8192 chunk
// 64".
std::string text_of(const ContextCall& call);

class ContextCallObserver {
 public:
  virtual ~ContextCallObserver() = default;
  virtual void called(const ContextCall& call) = 0;
};

}  // namespace palloscope::core
