// What an event of the simulated buffer pool costs: pages found (hit: 4 events with the release), and pages not found
// in a pool that is full (miss: the clock's ticks and the change of the page), each with events thrown away and with
// events written as a trace. Medians of slices that take turns, in ns of processor time per event.
//
//   build/palloscope_bench --benchmark_filter=buffer_events
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/bufmgr/buffer_manager.h"
#include "trace/file/trace_writer.h"

using namespace palloscope;

namespace {

constexpr std::uint32_t kBuffers = 16384;  // 128 MB
constexpr std::size_t kRequests = 20'000;
constexpr int kSlices = 15;

// Counts, and passes on if there is somebody to pass on to.
struct Counter final : core::EventSink {
  core::EventSink* next = nullptr;
  std::size_t events = 0;
  void emit(const core::EventBody& event) override {
    ++events;
    if (next) next->emit(event);
  }
};

double processor_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

struct Pool {
  explicit Pool(bool written) {
    if (written) {
      trace::TraceWriterOptions options;
      options.flush_after = std::chrono::milliseconds{0};
      auto nowhere = [](trace::ByteSpan) -> core::Status { return core::Done{}; };
      writer = std::make_unique<trace::TraceWriter>(nowhere, core::StreamDescription{}, options);
      sink.next = writer.get();
    }
    core::BufferSettings settings;
    settings.buffers = kBuffers;
    manager = std::make_unique<core::BufferManager>(*core::find_buffer_profile(17), settings, space, backends, sink);
    backends.switch_to(backends.start(core::BackendKind::Client, "backend 1"));
    for (std::uint32_t block = 0; block < kBuffers; ++block) touch(block);
  }
  void touch(std::uint32_t block) { manager->release_buffer(manager->read_buffer({1663, 5, 16384, 0, block})); }

  // ns per event of so many requests, spread over `pages` pages.
  double slice(std::uint32_t pages) {
    const std::size_t before = sink.events;
    const double began = processor_ns();
    for (std::size_t i = 0; i < kRequests; ++i) {
      random = random * 1664525 + 1013904223;
      touch(static_cast<std::uint32_t>((std::uint64_t{random} * pages) >> 32));
    }
    const double ns = processor_ns() - began;
    events_each = static_cast<double>(sink.events - before) / kRequests;
    return ns / static_cast<double>(sink.events - before);
  }

  Counter sink;
  std::unique_ptr<trace::TraceWriter> writer;
  core::AddressSpace space;
  core::Backends backends{sink};
  std::unique_ptr<core::BufferManager> manager;
  std::uint32_t random = 12345;
  double events_each = 0;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void buffer_events(benchmark::State& run) {
  struct Case {
    const char* name;
    bool written;
    std::uint32_t pages;
    std::unique_ptr<Pool> pool;
    std::vector<double> ns;
  };
  std::vector<Case> cases;
  cases.push_back({"hit", false, kBuffers, {}, {}});
  cases.push_back({"hit_written", true, kBuffers, {}, {}});
  cases.push_back({"miss", false, 100 * kBuffers, {}, {}});
  cases.push_back({"miss_written", true, 100 * kBuffers, {}, {}});
  for (auto _ : run) {
    for (Case& c : cases) c.pool = std::make_unique<Pool>(c.written);
    for (int slice = 0; slice < kSlices; ++slice)
      for (Case& c : cases) c.ns.push_back(c.pool->slice(c.pages));
  }
  for (Case& c : cases) {
    run.counters[c.name] = median(c.ns);
    run.counters[std::string(c.name) + "_events_each"] = c.pool->events_each;
  }
}
BENCHMARK(buffer_events)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
