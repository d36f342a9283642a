#include "trace/live/watch.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "trace/live/context_finder.h"
#include "trace/live/proc_files.h"
#include "trace/live/process_memory.h"
#include "trace/live/write_watch.h"

namespace palloscope::trace {
namespace {

using core::Error;
using core::ErrorCode;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostRegisters = 4;  // of an x86-64 processor
constexpr std::chrono::milliseconds kLookEvery{50};
constexpr std::chrono::milliseconds kLookForFirst{10};  // while there is no context of that name

// A sample's piece of stack in front of the process's memory, which has gone on since.
class StackFirst : public core::MemorySource {
 public:
  StackFirst(const WrittenTo& sample, const core::MemorySource& behind) : sample_(sample), behind_(behind) {}
  bool read(core::Address at, std::span<std::uint8_t> into) const override {
    if (at < sample_.stack_at || at - sample_.stack_at > sample_.stack.size()) return behind_.read(at, into);
    const std::size_t from = at - sample_.stack_at;
    if (sample_.stack.size() - from < into.size()) return behind_.read(at, into);
    std::copy_n(sample_.stack.begin() + static_cast<std::ptrdiff_t>(from), into.size(), into.begin());
    return true;
  }

 private:
  const WrittenTo& sample_;
  const core::MemorySource& behind_;
};

struct Armed {
  FoundContext context;
  WriteWatch watch;
};

}  // namespace

struct Watch::State {
  State(const LiveServer& watched, StopRule wanted)
      : server(watched),
        rule(std::move(wanted)),
        memory(watched.pid()),
        finder(memory, watched.build(), watched.roots(), rule.context) {}

  std::optional<WatchHit> look();
  std::optional<WatchHit> look_at_writes();
  void arm_largest(const std::vector<FoundContext>& found);
  bool is_news(const FoundContext& context);
  std::vector<CFrame> stack_of(const WrittenTo& sample) const;

  const LiveServer& server;
  StopRule rule;
  ProcessMemory memory;
  ContextFinder finder;
  std::vector<Armed> armed;
  std::set<core::Address> told;  // beyond the limit, and told so
  std::string limitation;
  std::size_t named = 0;
};

Watch::Watch(std::unique_ptr<State> state) : state_(std::move(state)) {}
Watch::~Watch() = default;
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch&&) noexcept = default;

std::size_t Watch::named() const { return state_->named; }
std::size_t Watch::watched_by_processor() const { return state_->armed.size(); }
const std::string& Watch::limitation() const { return state_->limitation; }

core::Result<Watch> Watch::arm(const LiveServer& server, const StopRule& rule) {
  if (server.is_gone()) return Error{ErrorCode::NotFound, fmt::format("PID {} has ended", server.pid())};
  auto state = std::make_unique<State>(server, rule);
  state->arm_largest(state->finder.find());
  return Watch(std::move(state));
}

bool Watch::State::is_news(const FoundContext& context) {
  if (context.bytes > rule.bytes) return told.insert(context.at).second;
  told.erase(context.at);
  return false;
}

// The largest are nearest to the limit.
void Watch::State::arm_largest(const std::vector<FoundContext>& found) {
  limitation.clear();
  named = found.size();
  const std::size_t wanted = std::min(found.size(), kMostRegisters);
  const auto is_wanted = [&](const Armed& one) {
    return std::any_of(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(wanted),
                       [&](const FoundContext& context) { return context.at == one.context.at; });
  };
  armed.erase(std::remove_if(armed.begin(), armed.end(), [&](const Armed& one) { return !is_wanted(one); }),
              armed.end());
  for (std::size_t i = 0; i < wanted; ++i) {
    const bool is_armed =
        std::any_of(armed.begin(), armed.end(), [&](const Armed& one) { return one.context.at == found[i].at; });
    if (is_armed) continue;
    auto watch = WriteWatch::on(server.pid(), found[i].counter);
    if (!watch) {
      limitation = fmt::format("{}: looked at every {} ms instead", watch.error().message, kLookEvery.count());
      return;
    }
    armed.push_back({found[i], std::move(*watch)});
  }
  if (found.size() > kMostRegisters)
    limitation = fmt::format(
        "{} contexts are called {}: the processor watches the {} largest, the others are looked at every {} ms",
        found.size(), rule.context, kMostRegisters, kLookEvery.count());
}

std::vector<CFrame> Watch::State::stack_of(const WrittenTo& sample) const {
  const auto maps =
      parse_maps(read_proc_file(std::filesystem::path("/proc") / std::to_string(server.pid()) / "maps").value_or(""));
  auto frames = c_stack(sample.registers, StackFirst(sample, memory), maps, server.pid());
  return frames ? std::move(*frames) : std::vector<CFrame>{};
}

std::optional<WatchHit> Watch::State::look_at_writes() {
  for (Armed& one : armed) {
    const std::optional<WrittenTo> sample = one.watch.last();
    if (!sample) continue;
    // The address may be another context's by now: names tell.
    FoundContext now = one.context;
    if (!finder.look_again(now) || !is_news(now)) continue;
    return WatchHit{now.at, now.bytes, true, stack_of(*sample)};
  }
  return std::nullopt;
}

std::optional<WatchHit> Watch::State::look() {
  const std::vector<FoundContext> found = finder.find();
  arm_largest(found);
  for (const FoundContext& context : found) {
    if (!is_news(context)) continue;
    WatchHit hit{context.at, context.bytes, false, {}};
    for (Armed& one : armed)
      if (const auto sample = one.context.at == context.at ? one.watch.last() : std::nullopt) {
        hit.at_the_write = true;
        hit.stack = stack_of(*sample);
      }
    return hit;
  }
  return std::nullopt;
}

core::Result<std::optional<WatchHit>> Watch::wait(std::chrono::milliseconds most) {
  const Clock::time_point end = Clock::now() + most;
  for (;;) {
    if (auto hit = state_->look_at_writes()) return hit;
    if (auto hit = state_->look()) return hit;
    if (state_->server.is_gone())
      return Error{ErrorCode::NotFound, fmt::format("PID {} has ended", state_->server.pid())};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return std::optional<WatchHit>();
    std::vector<pollfd> events;
    for (const Armed& one : state_->armed) events.push_back({one.watch.descriptor(), POLLIN, 0});
    poll(events.data(), events.size(),
         static_cast<int>(std::min(left, state_->armed.empty() ? kLookForFirst : kLookEvery).count()));
  }
}

}  // namespace palloscope::trace
