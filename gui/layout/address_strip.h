// Shared memory and private memory side by side: what one address space holds. Shared memory exists once however many
// backends there are; what a backend allocates for itself exists once for each. Rows of parts, all to one scale. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/workmem/worst_case.h"
#include "trace/replay/memory_state.h"
#include "trace/replay/server_state.h"

namespace palloscope::gui {

enum class StripUse : std::uint8_t {
  SharedBuffers,  // Buffer Blocks
  SharedRest,     // everything else in the main segment
  SharedFree,     // the segment's free rest
  Dynamic,        // a DSM segment
  Heap,           // malloc'ed by the process that is watched
  WorkUsed,       // a running operation's account of itself
  WorkRoom,       // up to its limit
  WorkOver,       // beyond its limit
  Worst,          // what the settings allow in the worst case
};
inline constexpr int kStripUseCount = 9;

struct AddressPart {
  StripUse use = StripUse::SharedRest;
  std::uint64_t bytes = 0;
  std::string name;  // of the segment or operation; else empty
  core::OperationSlot operation;
  std::uint64_t pieces = 1;  // equal ones, side by side
  friend bool operator==(const AddressPart&, const AddressPart&) = default;
};

enum class AddressRowKind : std::uint8_t { Shared, Dynamic, Process, Backend, Worst };

struct AddressRow {
  AddressRowKind kind = AddressRowKind::Shared;
  core::BackendSlot backend;  // Backend: whose; none: the nameless one
  std::vector<AddressPart> parts;
  std::uint64_t times = 1;  // it exists so often
  std::uint64_t bytes() const;
  friend bool operator==(const AddressRow&, const AddressRow&) = default;
};

std::vector<AddressRow> address_rows(const trace::ServerState& server, const trace::HeapTotals& heap);

// What the settings allow, drawn as the rest: shared memory once, a backend for every connection, maintenance. The
// names are the caller's.
struct WorstNames {
  std::string shared, backends, maintenance;
};
AddressRow worst_row(const core::WorstCase& worst, std::uint64_t connections, const WorstNames& names);

// A scale that rows share: true (a byte is a byte) or logarithmic (what is small stays visible; lengths no longer add
// up).
struct AddressScale {
  double bytes = 1;  // at the right edge
  double from = 0;   // at the left edge; true scale only
  float width_px = 800;
  bool logarithmic = false;
  float x_of(double at) const;
  double bytes_at(float x) const;
};

// Zoomed by `factor` around the byte under x; [0, whole] is never left.
AddressScale zoom_address(const AddressScale& scale, double factor, float x, double whole);

// Round numbers of bytes for the axis, at least `apart_px` from one another.
std::vector<std::uint64_t> address_ticks(const AddressScale& scale, float apart_px);

}  // namespace palloscope::gui
