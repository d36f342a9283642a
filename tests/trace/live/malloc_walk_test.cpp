// malloc's chunks in a process of our own, against what its malloc says itself.
#include "trace/live/malloc_walk.h"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "trace/live/proc_files.h"
#include "trace/live/process_memory.h"

namespace palloscope::trace {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PALLOSCOPE_MALLOC_IS_A_SANITIZERS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PALLOSCOPE_MALLOC_IS_A_SANITIZERS
#endif
#endif

#if defined(__GLIBC__) && !defined(PALLOSCOPE_MALLOC_IS_A_SANITIZERS)

constexpr int kSays = 8, kWaits = 9;  // the child's pipes

// A child that allocates and frees, says what its malloc counts, and waits. It is a program of its own: this one's heap
// is large from other tests, and may go on elsewhere than behind its beginning.
class Allocating {
 public:
  Allocating() {
    REQUIRE(::pipe(says_) == 0);
    REQUIRE(::pipe(waits_) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(says_[1], kSays), ::dup2(waits_[0], kWaits);
      for (const int end : {says_[0], says_[1], waits_[0], waits_[1]})
        if (end != kSays && end != kWaits) ::close(end);
      ::execl("/proc/self/exe", "allocating", "[.allocating]", nullptr);
      ::_exit(1);
    }
    ::close(std::exchange(says_[1], -1));
    REQUIRE(::read(says_[0], &info, sizeof info) == static_cast<ssize_t>(sizeof info));
  }
  ~Allocating() {
    ::close(waits_[1]);
    ::waitpid(pid_, nullptr, 0);
    ::close(says_[0]), ::close(waits_[0]);
  }
  Allocating(const Allocating&) = delete;
  Allocating& operator=(const Allocating&) = delete;

  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  struct mallinfo2 info {};

 private:
  int says_[2] = {-1, -1}, waits_[2] = {-1, -1};
  pid_t pid_ = -1;
};

// Not a test: what the child does.
TEST_CASE("allocating", "[.allocating]") {
  static std::array<void*, 3000> kept;
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = std::malloc(1024 + 8 * (i * 37 % 900));
  for (std::size_t i = 0; i < kept.size(); i += 3) std::free(kept[i]);
  void* large = std::malloc(5'000'000);  // a mapping of its own
  std::memset(large, 1, 5'000'000);
  const struct mallinfo2 counted = ::mallinfo2();
  const auto written = ::write(kSays, &counted, sizeof counted);
  char byte = 0;
  if (written > 0) (void)!::read(kWaits, &byte, 1);  // until the other end is gone
  ::_exit(0);
}

TEST_CASE("malloc's chunks add up to what malloc says of itself") {
  const Allocating child;
  const ProcessMemory memory(child.pid());
  const std::string folder = "/proc/" + std::to_string(child.pid());
  const auto maps = parse_maps(read_proc_file(folder + "/maps").value_or(""));
  const MallocSums sums = walk_malloc(memory, maps);
  REQUIRE(sums.used > 0);
  CHECK(sums.mapped == child.info.hblkhd);
  const std::uint64_t arena = sums.used + sums.free + sums.overhead - sums.mapped;
  CHECK(arena == child.info.arena);
  // Chunks in its caches are free for us and used for malloc; fast ones are used for us and free for malloc. A header a
  // chunk of the cache is overhead here.
  const std::uint64_t free_there = child.info.fordblks - child.info.fsmblks;
  const std::uint64_t free_here = sums.free - sums.cached;
  CHECK(free_here <= free_there);
  CHECK(free_there - free_here <= 8 * (child.info.ordblks + 1));  // the headers of its free chunks
}

#endif

// A heap written by hand.
struct HandMade final : core::MemorySource {
  bool read(core::Address at, std::span<std::uint8_t> into) const override {
    if (at.value < 0x1000 || at.value - 0x1000 > bytes.size() || into.size() > bytes.size() - (at.value - 0x1000))
      return false;
    std::memcpy(into.data(), bytes.data() + (at.value - 0x1000), into.size());
    return true;
  }
  void chunk(std::size_t at, std::uint64_t word) { std::memcpy(&bytes[at + 8], &word, sizeof word); }
  MallocSums walk() const {
    Mapping heap;
    heap.begin = {0x1000};
    heap.end = {0x1000 + bytes.size()};
    heap.write = true;
    heap.name = "[heap]";
    return walk_malloc(*this, {&heap, 1});
  }
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(4096);
};

TEST_CASE("a chunk is free if the next one says so, and the last one is malloc's own") {
  HandMade heap;
  heap.chunk(0, 96 | 1);
  heap.chunk(96, 160 | 1);           // in front of it: used
  heap.chunk(256, 64);               // in front of it: free
  heap.chunk(320, 4096 - 320 | 1U);  // used in front; the top
  const MallocSums sums = heap.walk();
  CHECK(sums.used == 96 + 64 - 2 * 8);
  CHECK(sums.free == 160 + (4096 - 320) - 2 * 8);
  CHECK(sums.overhead == 4 * 8);

  // The kernel shows a forked process's heap in two parts.
  Mapping parts[2];
  parts[0].begin = {0x1000};
  parts[0].end = parts[1].begin = {0x1800};
  parts[1].end = {0x2000};
  for (Mapping& part : parts) part.name = "[heap]";
  CHECK(walk_malloc(heap, parts).used == sums.used);
  CHECK(walk_malloc(heap, {parts, 1}).used == 0);
}

TEST_CASE("a heap that is not glibc's is told as none, wherever it stops making sense") {
  const auto nothing = [](const HandMade& heap) {
    const MallocSums sums = heap.walk();
    return sums.used == 0 && sums.free == 0 && sums.overhead == 0;
  };
  HandMade heap;
  CHECK(nothing(heap));  // a size of 0
  heap.chunk(0, 96 | 1);
  CHECK(nothing(heap));
  heap.chunk(96, 8192 | 1);  // beyond the end
  CHECK(nothing(heap));
  heap.chunk(96, 4096 - 96 - 8);  // no multiple of 16
  CHECK(nothing(heap));
  heap.chunk(96, (4096 - 96) | 1);
  CHECK_FALSE(nothing(heap));
  CHECK(walk_malloc(heap, {}).used == 0);
}

}  // namespace
}  // namespace palloscope::trace
