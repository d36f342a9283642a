// MemoryCopy: copies what a process has of memory of its own, in the shortest time that it must stand for, and keeps
// the pages for the next copy.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "trace/live/process_memory.h"

namespace palloscope::trace {

class MemoryCopy {
 public:
  // `proc`: the process's folder, as in /proc/4711.
  MemoryCopy(std::uint32_t pid, std::string proc);

  // Before the process is stopped: how much it will be, and room for it. The error says that there is not enough.
  core::Status prepare();
  std::uint64_t expected_bytes() const { return expected_bytes_; }

  // While the process stands: what is mapped now, and a copy of what is its own. False: it did not fit into what was
  // prepared; prepare again.
  bool copy();

  // Afterwards: the copy, which keeps the pages for as long as it lives.
  std::unique_ptr<core::MemorySource> take();
  const std::vector<Mapping>& maps() const { return maps_; }
  std::uint64_t copied_bytes() const { return copied_bytes_; }
  // Of private memory, zeros that were never touched left out.
  std::uint64_t image_bytes() const { return copied_bytes_; }

 private:
  void plan();
  void add_touched(const Mapping& mapping);
  void add(core::Address begin, core::Address end, bool zero);
  bool copy_pieces();

  std::uint32_t pid_;
  std::string proc_;
  std::unique_ptr<ProcessMemory> memory_;
  std::shared_ptr<Arena> arena_;
  std::vector<Mapping> maps_;
  std::vector<CopiedMemory::Piece> pieces_;
  std::uint64_t planned_bytes_ = 0, expected_bytes_ = 0, copied_bytes_ = 0;
};

}  // namespace palloscope::trace
