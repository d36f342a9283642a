// KnownSource: what is known of a watched process's bytes (known_bytes.h) around one chunk, as a MemorySource: its
// header, the headers of its block and of its context. What is not known cannot be read.
#pragma once

#include <cstdint>
#include <map>

#include "core/version/version_profile.h"
#include "core/walk/memory_source.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

class KnownSource final : public core::MemorySource {
 public:
  KnownSource(const MemoryState& state, const core::VersionProfile& profile, ChunkSlot chunk);
  bool read(Address at, std::span<std::uint8_t> into) const override;

 private:
  void add(const MemoryState& state, const core::VersionProfile& profile, BlockSlot block, Address from, Address to);
  std::map<std::uint64_t, std::uint8_t> bytes_;
};

}  // namespace palloscope::trace
