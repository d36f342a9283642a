// What a curve over time shows: private memory, a buffer pool, shared memory. Each has a whole, the part of it that is
// in use, and a third number of its own; a state's point is kept up event by event, at a cost that does not grow with
// the state.
#pragma once

#include <cstdint>
#include <type_traits>

#include "trace/replay/memory_state.h"

namespace palloscope::trace {

enum class CurveTrack : std::uint8_t { Heap, Pool, Shared, Dynamic };
inline constexpr int kCurveTrackCount = 4;

// After one event:
//             whole                            part                                  other
//   Heap      bytes that contexts hold         bytes of live chunks                  bytes malloc'ed
//   Pool      buffers with a page              dirty ones                            pinned ones
//   Shared    bytes of the main segment        of these handed out                   of these placed on a node
//   Dynamic   bytes of all dynamic segments    of those with somebody attached       how many segments
struct CurvePoint {
  std::uint64_t whole = 0, part = 0, other = 0;
  friend bool operator==(const CurvePoint&, const CurvePoint&) = default;
};

inline CurvePoint heap_point(const HeapTotals& totals) {
  return {totals.context_bytes, totals.granted_bytes, totals.malloc_bytes};
}

// The shared pool, or where only local ones are known the first of them.
const PoolRecord* curve_pool(const ServerState& server);

class CurvePen {
 public:
  // `before`: the state that the first event will meet.
  CurvePen(CurveTrack track, const MemoryState& before);

  // Around each event, with the state as it then is.
  template <class E>
  void before(const E& e, const MemoryState& state) {
    if constexpr (core::kIsServerEvent<E>) {
      touched_ = true;
      if constexpr (requires { SegmentSlot{e.segment}; }) {
        segment_ = e.segment;
        take(state, segment_, false);
      }
      if constexpr (std::is_same_v<E, core::PagesPlaced>) {
        node_ = e.node;
        node_had_ = placed_on(state, node_);
      }
    }
  }
  CurvePoint after(const MemoryState& state);

 private:
  void take(const MemoryState& state, SegmentSlot slot, bool in);
  static std::uint64_t placed_on(const MemoryState& state, std::uint32_t node);

  CurveTrack track_;
  CurvePoint point_;
  SegmentSlot segment_;  // none: the event is about no segment
  static constexpr std::uint64_t kNotPlaced = ~std::uint64_t{0};
  std::uint32_t node_ = 0;
  std::uint64_t node_had_ = kNotPlaced;  // bytes, before the event; kNotPlaced: it places none
  bool touched_ = false;
};

// The same at a single state, counted anew.
CurvePoint curve_point(const MemoryState& state, CurveTrack track);

}  // namespace palloscope::trace
