// The allocators, one row each.
#include "core/allocators/alloc_set.h"
#include "core/allocators/allocator.h"
#include "core/allocators/bump.h"
#include "core/allocators/generation.h"
#include "core/allocators/slab.h"

namespace palloscope::core {
namespace {

template <class A>
std::unique_ptr<Allocator> make(ProcessCore& core) {
  return std::make_unique<A>(core);
}

struct Row {
  ContextKind kind;
  std::unique_ptr<Allocator> (*make)(ProcessCore&);
};

constexpr Row kTable[] = {
    {ContextKind::AllocSet, make<AllocSet>},
    {ContextKind::Generation, make<Generation>},
    {ContextKind::Slab, make<Slab>},
    {ContextKind::Bump, make<Bump>},
};

}  // namespace

std::unique_ptr<Allocator> make_allocator(ContextKind kind, ProcessCore& core) {
  if (core.profile.node_tags[static_cast<std::size_t>(kind)] == 0) return nullptr;
  for (const Row& row : kTable) {
    if (row.kind == kind) return row.make(core);
  }
  return nullptr;
}

}  // namespace palloscope::core
