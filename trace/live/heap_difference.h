// What became of one context between two looks at a heap, from the bytes alone. Nobody saw what happened in between: a
// context that was deleted and made again in its old place, or a chunk that was freed and handed out again, looks as if
// nothing had happened.
#pragma once

#include <cstdint>
#include <vector>

#include "core/version/version_profile.h"
#include "core/walk/walked_heap.h"

namespace palloscope::trace {

// The same place, kind, name and sizes. (Whether it has the same parent is another question.)
bool is_same_context(const core::WalkedContext& before, const core::WalkedContext& now,
                     const core::VersionProfile& profile);

// What the chunks of `before` must be, for the block to have gone on from there: the first ones of `now`. A block that
// was not known to its end goes on to nothing.
bool goes_on(const core::WalkedBlock& before, const core::WalkedBlock& now, core::ContextKind kind,
             const core::VersionProfile& profile);

// What a context that is still there went through, as far as it had to: an AllocSet's chunk boundaries, for example,
// never change but by a reset.
enum class BlockFate : std::uint8_t {
  Stays,    // with all its chunks
  Emptied,  // and used again from its start
  Gone,
};
struct ContextFate {
  bool reset = false;
  std::vector<BlockFate> blocks;  // of `before`, in its order; not if reset
};
ContextFate fate_of(const core::WalkedContext& before, const core::WalkedContext& now,
                    const core::VersionProfile& profile);

// How many of the last elements of both lists are the same.
template <class List, class Same>
std::size_t common_end(const List& before, const List& now, Same same) {
  std::size_t common = 0;
  while (common < before.size() && common < now.size() &&
         same(before[before.size() - 1 - common], now[now.size() - 1 - common]))
    ++common;
  return common;
}

// Whether a block tells its chunks one by one (production builds' Bump does not).
inline bool tells_chunks(core::ContextKind kind, const core::VersionProfile& profile) {
  return kind != core::ContextKind::Bump || profile.checking;
}

// So many of the chunks are free, and the bytes do not say which.
std::uint32_t uncounted_free(const core::WalkedBlock& block);

}  // namespace palloscope::trace
