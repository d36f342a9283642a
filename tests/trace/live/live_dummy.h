// A process to be looked into: it counts in memory that it shares with us, so that one sees whether it runs.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <new>
#include <string>
#include <thread>

#include "trace/live/proc_files.h"

namespace palloscope::trace {

struct DummyCounters {
  std::atomic<std::uint64_t> ticks[4] = {};  // one a thread
  std::atomic<int> signals = 0;
};

// Memory that children share with us.
template <class T>
T& shared_value() {
  void* const room = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *new (room) T();
}

inline void tick_for_ever(std::atomic<std::uint64_t>& ticks) {
  const timespec pause{0, 200'000};
  for (;;) {
    ++ticks;
    nanosleep(&pause, nullptr);
  }
}

// True as soon as it is; false after so long that something is broken.
inline bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

inline pid_t fork_running(const std::function<void()>& life) {
  const pid_t child = fork();
  if (child != 0) return child;
  life();
  _exit(0);
}

class Dummy {
 public:
  explicit Dummy(int threads = 1) : counters_(shared_value<DummyCounters>()) {
    signalled() = &counters_.signals;
    pid_ = fork_running([this, threads] {
      signal(SIGUSR1, [](int) { ++*signalled(); });
      for (int i = 1; i < threads; ++i) std::thread([this, i] { tick_for_ever(counters_.ticks[i]); }).detach();
      tick_for_ever(counters_.ticks[0]);
    });
    for (int i = 0; i < threads; ++i) comes_true([&] { return counters_.ticks[i] > 0; });
  }
  ~Dummy() {
    kill(pid_, SIGKILL);
    kill(pid_, SIGCONT);
    waitpid(pid_, nullptr, 0);
    munmap(&counters_, sizeof counters_);
  }
  Dummy(const Dummy&) = delete;
  Dummy& operator=(const Dummy&) = delete;

  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  const DummyCounters& counters() const { return counters_; }
  char state() const { return state_of(pid()); }
  static char state_of(std::uint32_t pid) {
    const auto status = read_status("/proc", pid);
    return status ? status->state : '?';
  }
  std::uint32_t tracer() const {
    const auto status = read_status("/proc", pid());
    return status ? status->tracer : 0;
  }
  // It is nobody's, and counts on.
  bool runs_on() const {
    if (!comes_true([&] { return tracer() == 0; })) return false;
    const std::uint64_t before = counters_.ticks[0];
    return comes_true([&] { return counters_.ticks[0] > before + 2; });
  }

 private:
  static std::atomic<int>*& signalled() {
    static std::atomic<int>* counter = nullptr;
    return counter;
  }

  DummyCounters& counters_;
  pid_t pid_ = -1;
};

}  // namespace palloscope::trace
