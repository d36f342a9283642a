// What a palloc with its pfree costs in the simulated process, by kind of context: events thrown away, events recorded
// in memory (as the window does), events written as a trace (as `palloscope run -o` does). Beside it the host's own
// malloc and free, asked for the same sizes in the same order.
//
// All cases take turns, a slice each, in one run, so that a busy machine slows all of them alike; the counters are the
// medians of the slices, in ns of processor time per pair (Bump: per palloc, reset every 5000), and what is named
// "..._x_malloc" is the ratio to the host's.
//
//   build/palloscope_bench --benchmark_filter=core
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/mcxt/process.h"
#include "trace/file/trace_writer.h"
#include "trace/replay/recorded_events.h"

using namespace palloscope;

namespace {

constexpr std::size_t kLive = 256;  // chunks at a time
constexpr std::size_t kPairs = 30'000, kHostPairs = 300'000;
constexpr int kSlices = 15;
constexpr std::array<std::uint64_t, 16> kSizes = {16, 24, 100, 8, 64, 250, 40, 512, 32, 120, 72, 16, 1000, 48, 200, 28};

struct NoSink final : core::EventSink {
  void emit(const core::EventBody&) override {}
};

enum class Recording { None, Memory, Trace };

std::unique_ptr<core::EventSink> sink(Recording how) {
  if (how == Recording::Memory) return std::make_unique<trace::RecordedEvents>();
  if (how == Recording::None) return std::make_unique<NoSink>();
  trace::TraceWriterOptions options;
  options.flush_after = std::chrono::milliseconds{0};
  auto nowhere = [](trace::ByteSpan) -> core::Status { return core::Done{}; };
  return std::make_unique<trace::TraceWriter>(nowhere, core::StreamDescription{}, options);
}

// Of this thread: what others do on the machine meanwhile is not counted.
double processor_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double ns_each(double since, std::size_t pairs) { return (processor_ns() - since) / static_cast<double>(pairs); }

// A ring of live chunks: each new one pushes the oldest out.
template <class Alloc, class Free>
double churn(std::size_t pairs, Alloc&& alloc, Free&& free) {
  std::array<decltype(alloc(0)), kLive> live;
  for (std::size_t i = 0; i < kLive; ++i) live[i] = alloc(i);
  const double began = processor_ns();
  for (std::size_t i = 0; i < pairs; ++i) {
    free(live[i % kLive]);
    live[i % kLive] = alloc(i);
  }
  const double ns = ns_each(began, pairs);
  for (auto chunk : live) free(chunk);
  return ns;
}

double host_slice(bool one_size) {
  return churn(
      kHostPairs,
      [&](std::size_t i) {
        void* chunk = std::malloc(one_size ? 64 : kSizes[i % kSizes.size()]);
        benchmark::DoNotOptimize(chunk);
        return chunk;
      },
      [](void* chunk) { std::free(chunk); });
}

double core_slice(core::ContextKind kind, Recording how) {
  auto events = sink(how);
  core::Process process(*core::find_profile(17, false), *events);
  const core::Address top = process.top_memory_context();
  core::Address context;
  switch (kind) {
    case core::ContextKind::Generation:
      context = process.generation_context_create(top, "bench");
      break;
    case core::ContextKind::Slab:
      context = process.slab_context_create(top, "bench", 8192, 64);
      break;
    case core::ContextKind::Bump: {  // cannot free: reset every so often
      context = process.bump_context_create(top, "bench");
      const double began = processor_ns();
      for (std::size_t i = 0; i < kPairs; ++i) {
        if (i % 5000 == 4999) process.memory_context_reset(context);
        process.memory_context_alloc(context, kSizes[i % kSizes.size()]);
      }
      return ns_each(began, kPairs);
    }
    default:
      context = process.alloc_set_context_create(top, "bench");
  }
  const bool one_size = kind == core::ContextKind::Slab;
  return churn(
      kPairs,
      [&](std::size_t i) { return process.memory_context_alloc(context, one_size ? 64 : kSizes[i % kSizes.size()]); },
      [&](core::Address chunk) { process.pfree(chunk); });
}

struct Case {
  std::string name;
  std::function<double()> slice;
  std::vector<double> ns;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void pairs(benchmark::State& run) {
  constexpr std::array<const char*, 4> kKinds = {"AllocSet", "Generation", "Slab", "Bump"};
  constexpr std::array<const char*, 3> kHow = {"", "_recorded", "_written"};
  std::vector<Case> cases = {{"malloc", [] { return host_slice(false); }, {}},
                             {"malloc_64", [] { return host_slice(true); }, {}}};
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    for (std::size_t how = 0; how < kHow.size(); ++how) {
      cases.push_back(
          {std::string(kKinds[kind]) + kHow[how],
           [kind, how] { return core_slice(static_cast<core::ContextKind>(kind), static_cast<Recording>(how)); },
           {}});
    }
  }
  for (auto _ : run) {
    for (int slice = 0; slice < kSlices; ++slice) {
      for (Case& one : cases) one.ns.push_back(one.slice());
    }
  }
  const double host = median(cases[0].ns), host_64 = median(cases[1].ns);
  for (const Case& one : cases) {
    const double ns = median(one.ns);
    run.counters[one.name + "_ns"] = ns;
    if (one.name.find("malloc") == 0) continue;
    run.counters[one.name + "_x_malloc"] = ns / (one.name.find("Slab") == 0 ? host_64 : host);
  }
}

const bool registered = [] {
  benchmark::RegisterBenchmark("core/palloc_pfree", pairs)->Iterations(1)->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace
