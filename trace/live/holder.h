// Holder: a small child of ours that alone traces the observed process, and so bounds every pause. It stops on command
// and lets go on command, when its limit is over, or when the pipe to us breaks because we died. If the holder itself
// is killed, the kernel lets the process go. It never asks the kernel to kill anything, and between two pauses it
// traces nothing.
#pragma once

#include <sys/user.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "core/base/result.h"

namespace palloscope::trace {

using Registers = user_regs_struct;  // as this machine has them

class Holder {
 public:
  // How a pause went.
  struct Stop {
    bool stopped = false;
    int fault = 0;             // errno of what failed; ESRCH: gone; ETIMEDOUT: did not stop within the limit
    Registers registers = {};  // of the first thread; only if stopped
  };
  struct Release {
    std::chrono::nanoseconds held{0};
    bool by_limit = false;  // the limit came first: what was read last may be of a running process
    bool gone = false;      // the process ended meanwhile
  };

  // Forks the child. Nothing is traced yet.
  static core::Result<Holder> start(std::uint32_t pid);
  ~Holder();  // lets go, if need be
  Holder(Holder&& other) noexcept;
  Holder& operator=(Holder&& other) noexcept;
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  // All threads of the process stand when this returns with `stopped`, for no longer than `limit` (at most a minute)
  // from now.
  core::Result<Stop> stop(std::chrono::nanoseconds limit);
  core::Result<Release> release();

  std::uint32_t holder_pid() const { return static_cast<std::uint32_t>(child_); }

 private:
  Holder(int child, int pipe) : child_(child), pipe_(pipe) {}
  void end();

  int child_ = -1;
  int pipe_ = -1;  // a socket: commands one way, answers the other
};

}  // namespace palloscope::trace
