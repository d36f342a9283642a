// How events become ops: the first column of a block of events holds one byte for each event (and each hint).
//
//   1..190    an event of that tag, its fields in the rows column
//   191       a hint (BlockModel::hint), not an event
//   192..223  the usual ChunkAllocated, 224..231 the usual ChunkFreed: bits below
//   232..255  not used yet
// Tags of kinds of events are therefore below 191.
#pragma once

#include <cstdint>

namespace palloscope::trace {

inline constexpr std::uint8_t kHintOp = 191;

// ChunkAllocated by palloc, at the tail or from a freelist, granted by its block's rule.
inline constexpr std::uint8_t kAllocOp = 192;
inline constexpr std::uint8_t kAllocSlotMask = 3;      // AllocSlot
inline constexpr std::uint8_t kAllocOtherBlock = 4;    // block slots column: difference from the expected block
inline constexpr std::uint8_t kAllocOtherAddress = 8;  // addresses column: difference from the expected address
inline constexpr std::uint8_t kAllocFromFreelist = 16;
enum AllocSlot : std::uint8_t {
  kExpectedSlot,  // tail: BlockModel::next_chunk; freelist: the chunk freed last
  kSlotAbove,     // tail: the slot behind the one made last; freelist: freed(i), i in the chunk slots column
  kSlotBelow,     // tail: the slot before the one made last
  kOtherSlot,     // chunk slots column: difference from the expected one
};

// ChunkFreed by pfree, to a freelist or only counted.
inline constexpr std::uint8_t kFreeOp = 224;
inline constexpr std::uint8_t kFreeSlotMask = 3;  // FreeSlot
inline constexpr std::uint8_t kFreeCounted = 4;
enum FreeSlot : std::uint8_t {
  kLastUsedSlot,     // the chunk allocated last
  kSlotAfterFreed,   // the slot behind the one freed last
  kSlotBeforeFreed,  // the slot before it
  kOtherFreedSlot,   // chunk slots column: difference from the one allocated last
};
inline constexpr std::uint8_t kFreeOpEnd = 232;

enum Column : std::uint8_t { kOps, kChunkSlots, kBlockSlots, kSizes, kAddresses, kRows, kTexts, kColumnCount };

// What fields in rows are differences from: the field of that sort before it, if the model expects nothing better.
struct RowBases {
  std::uint32_t context = 0xFFFFFFFF;
  std::uint32_t block = 0xFFFFFFFF;
  std::uint32_t buffer = 0xFFFFFFFF;
};

}  // namespace palloscope::trace
