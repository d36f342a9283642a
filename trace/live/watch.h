// Watch: waits until a context of a name holds more than so many bytes. Where the processor can be asked (hardware
// watchpoints on mem_allocated), the very write is seen, with the C stack at it; contexts that are too many for that,
// not there yet, or on a kernel that forbids it, are looked at every so often. The server is not stopped by any of
// this.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "trace/live/live_server.h"
#include "trace/live/stop_rule.h"

namespace palloscope::trace {

class Watch {
 public:
  // `server` must outlive it.
  static core::Result<Watch> arm(const LiveServer& server, const StopRule& rule);
  ~Watch();
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;

  // The first context beyond the limit, if there comes one within `most`. A context that was told is told again
  // only after it had been below the limit. Error: the server has ended.
  core::Result<std::optional<WatchHit>> wait(std::chrono::milliseconds most);

  std::size_t named() const;                 // contexts of the rule's name, when they were last looked at
  std::size_t watched_by_processor() const;  // contexts, now
  // Why contexts are only looked at every so often; empty: all of them are watched by the processor.
  const std::string& limitation() const;

 private:
  struct State;
  explicit Watch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace palloscope::trace
