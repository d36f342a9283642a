// Limits of contexts, writes seen by the processor, and C stacks, on a process of our own.
#include "trace/live/watch.h"

#include <poll.h>

#include <array>

#include "tests/support/catch.h"
#include "tests/trace/live/live_dummy.h"
#include "trace/live/holder.h"
#include "trace/live/process_memory.h"
#include "trace/live/write_watch.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("a limit is a context's name and a size") {
  const auto rule = parse_stop_rule("ExecutorState > 64MB");
  REQUIRE(rule);
  CHECK(rule->context == "ExecutorState");
  CHECK(rule->bytes == 64 << 20);
  CHECK(parse_stop_rule("\"Operator lookup cache\">8kB")->context == "Operator lookup cache");
  CHECK(parse_stop_rule(" a > b > 4711 ")->context == "a > b");
  CHECK(parse_stop_rule("x>1")->bytes == 1);
  for (const char* const wrong : {"", ">", "ExecutorState", "ExecutorState >", "> 64MB", "ExecutorState > much",
                                  "ExecutorState > -1", "x > 1XB"}) {
    const auto refused = parse_stop_rule(wrong);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, ContainsSubstring("64MB"));
  }
}

// Called by name, so that a stack shows it.
[[gnu::noinline]] void count_up(volatile std::uint64_t& counter, const volatile bool& go) {
  while (!go) nanosleep(std::array<timespec, 1>{{{0, 1'000'000}}}.data(), nullptr);
  for (;;) {
    counter = counter + 1;
    nanosleep(std::array<timespec, 1>{{{0, 1'000'000}}}.data(), nullptr);
  }
}

struct Counting {
  struct Shared {
    volatile std::uint64_t counter = 0;
    volatile bool go = false;
  };
  Shared& shared = shared_value<Shared>();
  pid_t pid = fork_running([this] { count_up(shared.counter, shared.go); });
  ~Counting() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    munmap(&shared, sizeof shared);
  }
};

std::vector<Mapping> maps_of(pid_t pid) {
  return parse_maps(read_proc_file("/proc/" + std::to_string(pid) + "/maps").value_or(""));
}

bool has_frame(const std::vector<CFrame>& stack, std::string_view part) {
  for (const CFrame& frame : stack)
    if (frame_text(frame).find(part) != std::string::npos) return true;
  return false;
}

TEST_CASE("a write is seen with registers and stack, and the process runs on when the watch ends") {
  Counting counting;
  const auto at = core::Address{reinterpret_cast<std::uintptr_t>(&counting.shared.counter)};
  {
    auto watch = WriteWatch::on(static_cast<std::uint32_t>(counting.pid), at);
    if (!watch) {
      WARN(watch.error().message << ": not tested");
      return;
    }
    CHECK_FALSE(watch->last());
    counting.shared.go = true;
    pollfd event{watch->descriptor(), POLLIN, 0};
    REQUIRE(poll(&event, 1, 30'000) == 1);
    const auto written = watch->last();
    REQUIRE(written);
    CHECK_FALSE(written->stack.empty());
#if defined(__x86_64__)
    CHECK(written->registers.rsp == written->stack_at.value);
#endif
    const auto stack = c_stack(written->registers, ProcessMemory(static_cast<std::uint32_t>(counting.pid)),
                               maps_of(counting.pid), static_cast<std::uint32_t>(counting.pid));
    REQUIRE(stack);
    CHECK(has_frame({stack->front()}, "count_up"));
    CHECK(has_frame(*stack, "main"));
    // More writes than its ring has room for: the newest of those that fit, and it goes on.
    const std::uint64_t before = counting.shared.counter;
    CHECK(comes_true([&] { return counting.shared.counter > before + 20; }));
    CHECK(watch->last());
    CHECK(comes_true([&] { return watch->last().has_value(); }));
  }
  const std::uint64_t before = counting.shared.counter;
  CHECK(comes_true([&] { return counting.shared.counter > before + 3; }));
}

TEST_CASE("the C stack of a process that stands is told from its registers") {
  Counting counting;
  counting.shared.go = true;
  auto holder = Holder::start(static_cast<std::uint32_t>(counting.pid));
  REQUIRE(holder);
  const auto stopped = holder->stop(std::chrono::seconds(30));
  REQUIRE(stopped);
  if (!stopped->stopped) {
    WARN("processes cannot be traced here: not tested");
    return;
  }
  const ProcessMemory memory(static_cast<std::uint32_t>(counting.pid));
  const auto maps = maps_of(counting.pid);
  const auto stack = c_stack(stopped->registers, memory, maps, static_cast<std::uint32_t>(counting.pid));
  REQUIRE(stack);
  CHECK(has_frame(*stack, "count_up"));
  CHECK(has_frame(*stack, "main"));
  // Registers that lead nowhere are no reason to fall.
  Registers wild = stopped->registers;
#if defined(__x86_64__)
  wild.rsp = wild.rbp = 0x10;
  wild.rip = 0x1234;
#endif
  const auto lost = c_stack(wild, memory, maps, 0);
  CHECK((!lost || lost->size() < 256));
}

TEST_CASE("a frame says function, module or address") {
  CHECK(frame_text({{0x10}, "palloc", "postgres", 0x31}) == "palloc+0x31 (postgres)");
  CHECK(frame_text({{0x10}, "", "postgres", 0x4711}) == "postgres+0x4711");
  CHECK(frame_text({{0x10}, "", "", 0}) == "0x10");
}

}  // namespace
}  // namespace palloscope::trace
