// The main segment of shared memory as a person looks at it: structures in the order of their offsets, each with the
// anonymous pieces that continue it (a hash table's buckets and entries), sums by area, and what is free. Pure; made
// once per moment.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "trace/analysis/shmem_structures.h"
#include "trace/replay/server_state.h"

namespace palloscope::gui {

struct ShmemItem {
  std::string name;    // as in the index; a piece without a name: its purpose
  bool named = false;  // it is in the index
  trace::ShmemArea area = trace::ShmemArea::Foundation;
  std::uint64_t offset = 0;  // of the first piece
  std::uint64_t bytes = 0;   // asked for, of all pieces
  std::uint64_t allocated_bytes = 0;
  std::uint64_t anonymous_bytes = 0;  // of the allocated: in pieces that pg_shmem_allocations sums up as <anonymous>
  std::uint32_t found = 0;            // times that ShmemInitStruct found it
  core::EventNumber born = 0;         // of the first piece
  core::EventNumber newest = 0;       // of the last one
  std::vector<std::uint32_t> pieces;  // indexes into ServerState::allocations, in order

  std::uint64_t end() const { return offset + allocated_bytes; }
};

// A stretch of the segment whose pages lie on one node, neighbours joined; in order of offsets.
struct NodeRun {
  std::uint64_t offset = 0, bytes = 0;
  std::uint32_t node = 0;
  core::EventNumber newest = 0;
  friend bool operator==(const NodeRun&, const NodeRun&) = default;
};

struct ShmemModel {
  core::SegmentSlot segment;  // none: no main segment at this moment
  core::EventNumber born = 0;
  std::uint64_t bytes = 0, page_bytes = 4096;
  std::uint64_t used_bytes = 0;       // up to the end of the last piece (freeoffset)
  std::uint64_t anonymous_bytes = 0;  // of all pieces without a name
  std::vector<ShmemItem> items;
  std::array<std::uint64_t, trace::kShmemAreaCount> area_bytes{};
  std::vector<NodeRun> runs;

  std::uint64_t free_bytes() const { return bytes > used_bytes ? bytes - used_bytes : 0; }
  // The item of this piece (index into ServerState::allocations); -1: none.
  int item_of(std::uint32_t allocation) const;
  int item_at(std::uint64_t offset) const;  // -1: the free rest
};

ShmemModel shmem_model(const trace::ServerState& server);

// The string table's key of what a structure is for; empty: unknown (an extension's).
std::string shmem_use_key(std::string_view name);
std::string_view shmem_area_key(trace::ShmemArea area);

}  // namespace palloscope::gui
