// WriteWatch: tells when a process writes to 8 bytes of its memory, with its registers and stack at that moment. A
// processor's debug register, by perf_event_open: it is the kernel's, and vanishes with our descriptor however we end.
// (Set by ptrace it would outlive us, and the next write would kill the process.)
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "trace/live/holder.h"

namespace palloscope::trace {

struct WrittenTo {
  Registers registers = {};         // of user mode, behind the write
  core::Address stack_at;           // the stack from there
  std::vector<std::uint8_t> stack;  // as far as the kernel copied it
};

class WriteWatch {
 public:
  static core::Result<WriteWatch> on(std::uint32_t pid, core::Address at);
  ~WriteWatch();
  WriteWatch(WriteWatch&& other) noexcept;
  WriteWatch& operator=(WriteWatch&& other) noexcept;
  WriteWatch(const WriteWatch&) = delete;
  WriteWatch& operator=(const WriteWatch&) = delete;

  int descriptor() const { return event_; }  // readable (poll) when there was a write
  std::optional<WrittenTo> last();           // of the writes since the last call; none: nothing was written

 private:
  WriteWatch(int event, std::uint8_t* ring) : event_(event), ring_(ring) {}
  void end();

  int event_ = -1;
  std::uint8_t* ring_ = nullptr;
};

}  // namespace palloscope::trace
