// Rebuilds contexts, blocks, chunks, freelists and recycled contexts from the bytes of a process alone. The bytes are
// not trusted: every pointer may be wild, every list a cycle, every size absurd. What cannot be right becomes a
// WalkFinding that says where, and the walk goes on with the next thing.
#pragma once

#include <cstddef>
#include <span>

#include "core/version/version_profile.h"
#include "core/walk/memory_source.h"
#include "core/walk/walked_heap.h"

namespace palloscope::core {

// Where PostgreSQL's own variables are. 0: not known, and what hangs from it is left out.
struct WalkRoots {
  Address top_memory_context;         // of the variable, a pointer
  Address current_memory_context;     // likewise
  Address context_freelists;          // of the array context_freelists[2] (spec 3.9)
  std::span<const Address> detached;  // contexts that no parent names: the contexts themselves
};

// A walk stops counting here and says so.
struct WalkLimits {
  std::size_t contexts = 1'000'000;
  std::size_t blocks = 4'000'000;
  std::size_t chunks = 50'000'000;
  std::size_t name_bytes = 1024;  // of a context's name or ident; longer ones are cut
  std::size_t findings = 100;
};

WalkedHeap walk_heap(const MemorySource& memory, const VersionProfile& profile, const WalkRoots& roots,
                     const WalkLimits& limits = {});

}  // namespace palloscope::core
