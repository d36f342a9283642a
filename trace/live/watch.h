// Watch: waits until a context of a name holds more than so many bytes. Where the processor can be asked (hardware
// watchpoints on mem_allocated), the very write is seen, with the C stack at it; contexts that are too many for that,
// not there yet, or on a kernel that forbids it, are looked at every so often. The server is not stopped by any of
// this.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "trace/live/c_stack.h"
#include "trace/live/live_server.h"

namespace palloscope::trace {

struct StopRule {
  std::string context;
  std::uint64_t bytes = 0;
};

// "ExecutorState > 64MB"; the context's name may stand in quotes.
core::Result<StopRule> parse_stop_rule(std::string_view text);

struct WatchHit {
  core::Address context;
  std::uint64_t bytes = 0;    // mem_allocated
  bool at_the_write = false;  // seen by the processor; else found when looked at
  std::vector<CFrame> stack;  // if at_the_write
};

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

  std::size_t watched_by_processor() const;  // contexts, now
  // Why contexts are only looked at every so often; empty: all of them are watched by the processor.
  const std::string& limitation() const;

 private:
  struct State;
  explicit Watch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace palloscope::trace
