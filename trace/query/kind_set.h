// A set of kinds of events, by their tags: which kinds a condition can hold at, which a block of events has.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "trace/file/block_summary.h"

namespace palloscope::trace {

struct KindSet {
  std::array<std::uint64_t, 4> bits{};

  constexpr KindSet() = default;
  constexpr KindSet(std::initializer_list<std::uint8_t> tags) {
    for (std::uint8_t tag : tags) add(tag);
  }
  static constexpr KindSet all() {
    KindSet set;
    for (std::uint64_t& word : set.bits) word = ~std::uint64_t{0};
    return set;
  }
  static constexpr KindSet range(std::uint8_t first, std::uint8_t last) {
    KindSet set;
    for (unsigned tag = first; tag <= last; ++tag) set.add(static_cast<std::uint8_t>(tag));
    return set;
  }

  constexpr void add(std::uint8_t tag) { bits[tag / 64] |= std::uint64_t{1} << (tag % 64); }
  constexpr bool has(std::uint8_t tag) const { return ((bits[tag / 64] >> (tag % 64)) & 1) != 0; }
  constexpr bool empty() const { return (bits[0] | bits[1] | bits[2] | bits[3]) == 0; }
  constexpr bool meets(const KindSet& other) const { return !(*this & other).empty(); }
  bool meets(const BlockSummary& summary) const {
    for (std::size_t i = 0; i < bits.size(); ++i)
      if ((bits[i] & summary.kinds[i]) != 0) return true;
    return false;
  }

  friend constexpr KindSet operator&(KindSet a, const KindSet& b) {
    for (std::size_t i = 0; i < a.bits.size(); ++i) a.bits[i] &= b.bits[i];
    return a;
  }
  friend constexpr KindSet operator|(KindSet a, const KindSet& b) {
    for (std::size_t i = 0; i < a.bits.size(); ++i) a.bits[i] |= b.bits[i];
    return a;
  }
  friend constexpr KindSet operator~(KindSet a) {
    for (std::uint64_t& word : a.bits) word = ~word;
    return a;
  }
  friend bool operator==(const KindSet&, const KindSet&) = default;
};

}  // namespace palloscope::trace
