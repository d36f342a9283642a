// Whatever happens to those who hold a process, it runs on.
#include "trace/live/holder.h"

#include <cerrno>
#include <optional>

#include "tests/support/catch.h"
#include "tests/trace/live/live_dummy.h"

namespace palloscope::trace {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{60'000};  // longer than any of these tests: what ends sooner did not end by it

Holder started(const Dummy& dummy) {
  auto holder = Holder::start(dummy.pid());
  REQUIRE(holder);
  return std::move(*holder);
}

// Where nothing may be traced (a container's rule), there is nothing to be tested.
bool may_trace() {
  const Dummy dummy;
  Holder holder = started(dummy);
  const auto stopped = holder.stop(kLong);
  if (stopped && !stopped->stopped && (stopped->fault == EPERM || stopped->fault == ENOSYS)) {
    WARN("processes cannot be traced here: not tested");
    return false;
  }
  return true;
}

void hold(Holder& holder, milliseconds limit = kLong) {
  const auto stopped = holder.stop(limit);
  REQUIRE(stopped);
  INFO("errno " << stopped->fault);
  REQUIRE(stopped->stopped);
}

TEST_CASE("a held process stands until it is let go, again and again") {
  if (!may_trace()) return;
  const Dummy dummy;
  Holder holder = started(dummy);
  for (int round = 0; round < 20; ++round) {
    hold(holder);
    CHECK(dummy.state() == 't');
    CHECK(dummy.tracer() == holder.holder_pid());
    const auto released = holder.release();
    REQUIRE(released);
    CHECK_FALSE(released->by_limit);
    CHECK_FALSE(released->gone);
    CHECK(released->held.count() > 0);
    CHECK(dummy.runs_on());
  }
}

TEST_CASE("all threads of a held process stand") {
  if (!may_trace()) return;
  const Dummy dummy(4);
  Holder holder = started(dummy);
  hold(holder);
  const std::filesystem::path tasks = "/proc/" + std::to_string(dummy.pid()) + "/task";
  const auto tids = list_pids(tasks);
  CHECK(tids.size() == 4);
  for (const std::uint32_t tid : tids) CHECK(read_status(tasks, tid)->state == 't');
  REQUIRE(holder.release());
  for (const auto& ticks : dummy.counters().ticks) {
    const std::uint64_t before = ticks;
    CHECK(comes_true([&] { return ticks > before + 2; }));
  }
}

TEST_CASE("the limit lets a process go, and is told") {
  if (!may_trace()) return;
  const Dummy dummy;
  Holder holder = started(dummy);
  hold(holder, milliseconds(20));
  CHECK(dummy.runs_on());
  const auto released = holder.release();
  REQUIRE(released);
  CHECK(released->by_limit);
  CHECK(released->held < kLong);
  hold(holder);  // and it can be held again
}

TEST_CASE("a process runs on when its holder is killed, and the next hold says so") {
  if (!may_trace()) return;
  const Dummy dummy;
  Holder holder = started(dummy);
  hold(holder);
  kill(static_cast<pid_t>(holder.holder_pid()), SIGKILL);
  CHECK(dummy.runs_on());
  CHECK_FALSE(holder.release());
  CHECK_FALSE(holder.stop(kLong));
}

TEST_CASE("a process runs on when its holder is stopped: the hold ends that one") {
  if (!may_trace()) return;
  const Dummy dummy;
  Holder holder = started(dummy);
  hold(holder);
  kill(static_cast<pid_t>(holder.holder_pid()), SIGSTOP);
  CHECK_FALSE(holder.release());
  CHECK(dummy.runs_on());
}

TEST_CASE("a holder that was stopped is ended all the same") {
  if (!may_trace()) return;
  const Dummy dummy;
  {
    Holder holder = started(dummy);
    hold(holder);
    kill(static_cast<pid_t>(holder.holder_pid()), SIGSTOP);
  }
  CHECK(dummy.runs_on());
}

// A process of ours that holds the dummy and then does nothing any more.
pid_t holding(const Dummy& dummy, milliseconds limit) {
  const pid_t middle = fork_running([&] {
    auto holder = Holder::start(dummy.pid());
    if (!holder || !holder->stop(limit)) _exit(1);
    for (;;) pause();
  });
  REQUIRE(comes_true([&] { return dummy.state() == 't'; }));
  return middle;
}

TEST_CASE("a process runs on when the program that has it held is killed") {
  if (!may_trace()) return;
  const Dummy dummy;
  const pid_t middle = holding(dummy, kLong);
  kill(middle, SIGKILL);
  CHECK(dummy.runs_on());
  waitpid(middle, nullptr, 0);
}

TEST_CASE("a process runs on after the limit though the program that has it held stands") {
  if (!may_trace()) return;
  const Dummy dummy;
  const pid_t middle = holding(dummy, milliseconds(1000));
  kill(middle, SIGSTOP);
  CHECK(dummy.runs_on());
  kill(middle, SIGKILL);
  waitpid(middle, nullptr, 0);
}

TEST_CASE("a second holder keeps the first one's end open to nobody") {
  if (!may_trace()) return;
  const Dummy one, other;
  std::optional<Holder> first = started(one);
  Holder second = started(other);  // forked while the first socket was open
  hold(*first);
  hold(second);
  first.reset();  // waits for its child, which ends when the socket is closed by all
  CHECK(one.runs_on());
  CHECK(other.state() == 't');
}

TEST_CASE("a signal that comes while a process is held is not lost") {
  if (!may_trace()) return;
  const Dummy dummy;
  Holder holder = started(dummy);
  for (int round = 1; round <= 20; ++round) {
    kill(static_cast<pid_t>(dummy.pid()), SIGUSR1);  // perhaps on its way when it stops
    hold(holder);
    REQUIRE(holder.release());
    CHECK(comes_true([&] { return dummy.counters().signals == round; }));
  }
  hold(holder);
  kill(static_cast<pid_t>(dummy.pid()), SIGUSR1);
  CHECK(dummy.state() == 't');
  REQUIRE(holder.release());
  CHECK(comes_true([&] { return dummy.counters().signals == 21; }));
}

TEST_CASE("a process that is killed while it is held is told to be gone, and its parent hears of it") {
  if (!may_trace()) return;
  const Dummy dummy;
  Holder holder = started(dummy);
  hold(holder);
  kill(static_cast<pid_t>(dummy.pid()), SIGKILL);
  CHECK(comes_true([&] { return dummy.state() == 'Z'; }));
  const auto released = holder.release();
  REQUIRE(released);
  CHECK(released->gone);
  const auto again = holder.stop(kLong);
  REQUIRE(again);
  CHECK_FALSE(again->stopped);
}

TEST_CASE("a process that job control has stopped stays so") {
  if (!may_trace()) return;
  const Dummy dummy;
  kill(static_cast<pid_t>(dummy.pid()), SIGSTOP);
  REQUIRE(comes_true([&] { return dummy.state() == 'T'; }));
  Holder holder = started(dummy);
  hold(holder);
  REQUIRE(holder.release());
  CHECK(comes_true([&] { return dummy.tracer() == 0 && dummy.state() == 'T'; }));
  kill(static_cast<pid_t>(dummy.pid()), SIGCONT);
  CHECK(dummy.runs_on());
}

TEST_CASE("a process that is not there is not held") {
  auto holder = Holder::start(0x3FFFFFFF);
  REQUIRE(holder);
  const auto stopped = holder->stop(kLong);
  REQUIRE(stopped);
  CHECK_FALSE(stopped->stopped);
  CHECK(stopped->fault == ESRCH);
}

}  // namespace
}  // namespace palloscope::trace
