// palloscope_malloc_stream: the allocations and frees of a stream as malloc and free of this process, for recording
// them with other tools:
//
//   palloscope_malloc_stream --events 5000000
//   heaptrack -o /tmp/out palloscope_malloc_stream --events 5000000
//   heaptrack_print -f /tmp/out.zst
#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "tests/bench/flags.h"
#include "tests/bench/measured.h"
#include "tests/bench/toy_server.h"

using namespace palloscope;

namespace {

// A call each for 20 bytes of what happens: held ready, so that making the stream is not in what is measured.
struct Call {
  std::uint32_t slot = 0;
  std::uint32_t bytes = 0;  // 0: free
};

struct Calls final : core::EventSink {
  std::vector<Call> calls;
  std::uint32_t slots = 0;
  void emit(const core::EventBody& event) override {
    if (const auto* made = std::get_if<core::ChunkAllocated>(&event)) {
      slots = std::max(slots, made->chunk.value + 1);
      calls.push_back({made->chunk.value, static_cast<std::uint32_t>(made->requested_bytes)});
    } else if (const auto* freed = std::get_if<core::ChunkFreed>(&event)) {
      calls.push_back({freed->chunk.value, 0});
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Flags flags(argc, argv, "palloscope_malloc_stream [--events N] [--live N]");
  Calls calls;
  bench::make_stream({bench::StreamKind::Random, flags.number("events", 5'000'000), flags.number("live", 100'000), 1},
                     calls);
  std::vector<char*> chunks(calls.slots);
  const double began = bench::thread_ns();
  for (const Call& call : calls.calls) {
    char*& chunk = chunks[call.slot];
    if (call.bytes == 0) {
      std::free(chunk);
    } else {
      chunk = static_cast<char*>(std::malloc(call.bytes));
      if (chunk) *chunk = 1;
    }
  }
  const double ns = (bench::thread_ns() - began) / static_cast<double>(calls.calls.size());
  fmt::print("{} calls of malloc and free, {:.1f} ns of processor time each\n", calls.calls.size(), ns);
}
