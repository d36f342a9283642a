// How fast streams are replayed, sought and stepped through, and what a viewer keeps in memory for them. Compare with
// the machine's own memcpy in the same run (BM_CopyMemory), not with seconds of another day.
//
// Two kinds of stream: "random" (64 contexts, random sizes and victims: the worst case) and "statements" (short-lived
// contexts filled and deleted, as a server working through small queries).
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/events/event_sink.h"
#include "trace/file/trace_reader.h"
#include "trace/file/trace_writer.h"
#include "trace/replay/reducer.h"
#include "trace/replay/timeline.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

// A toy AllocSet world that emits straight into a sink, quickly.
class Emitter {
 public:
  explicit Emitter(core::EventSink& sink) : sink_(&sink) {}

  std::uint32_t create(std::uint32_t parent) {
    const std::uint32_t slot = take(free_contexts_, next_context_);
    if (slot >= contexts_.size()) contexts_.resize(slot + 1);
    Context& context = contexts_[slot];
    context = {};
    context.keeper = malloc(8192);
    core::ContextCreated created;
    created.context = {slot};
    created.parent = {parent};
    created.region = {context.keeper};
    created.at = {blocks_[context.keeper]};
    created.init_block_bytes = 8192;
    created.name = "ExprContext";
    emit(created);
    add_block(slot, context.keeper, 8192, core::BlockRole::Keeper, 240);
    return slot;
  }

  void alloc(std::uint32_t context_slot, std::uint64_t bytes) {
    Context& context = contexts_[context_slot];
    const auto size_class = static_cast<std::uint8_t>(bytes <= 8 ? 0 : std::bit_width(bytes - 1) - 3);
    const std::uint64_t granted = std::uint64_t{8} << size_class;
    core::ChunkAllocated e{{}, {}, {}, bytes, granted, size_class, core::ChunkOrigin::Tail, core::ChunkCause::Palloc};
    auto& freelist = context.freelist[size_class];
    if (!freelist.empty()) {
      const Chunk chunk = freelist.back();
      freelist.pop_back();
      e.chunk = {chunk.slot};
      e.block = {chunk.block};
      e.at = {chunk.at};
      e.origin = core::ChunkOrigin::Freelist;
    } else {
      if (context.end - context.free_at < granted + 8) {
        context.block_bytes = std::min<std::uint64_t>(context.block_bytes * 2, 8 << 20);
        const std::uint32_t block = malloc(context.block_bytes);
        add_block(context_slot, block, context.block_bytes, core::BlockRole::Ordinary, 40);
        context.others.push_back(block);
      }
      e.chunk = {take(free_chunks_, next_chunk_)};
      e.block = {context.current};
      e.at = {context.free_at + 8};
      context.free_at += granted + 8;
      context.made.push_back(e.chunk.value);
    }
    last_ = {e.chunk.value, e.block.value, e.at.value, size_class};
    emit(e);
  }

  struct Chunk {
    std::uint32_t slot = 0, block = 0;
    std::uint64_t at = 0;
    std::uint8_t size_class = 0;
  };
  const Chunk& last() const { return last_; }

  void free(std::uint32_t context, const Chunk& chunk) {
    emit(core::ChunkFreed{{chunk.slot}, core::ChunkFate::ToFreelist, core::ChunkCause::Pfree});
    contexts_[context].freelist[chunk.size_class].push_back(chunk);
  }

  void destroy(std::uint32_t slot) {
    Context& context = contexts_[slot];
    emit(core::ContextDeleted{{slot}});
    free_chunks_.insert(free_chunks_.end(), context.made.begin(), context.made.end());
    for (std::uint32_t block : context.others) release(block);
    release(context.keeper);
    free_contexts_.push_back(slot);
  }

 private:
  struct Context {
    std::uint32_t keeper = 0, current = 0;
    std::uint64_t free_at = 0, end = 0, block_bytes = 8192;
    std::vector<std::uint32_t> others, made;
    std::vector<Chunk> freelist[11];
  };

  template <class E>
  void emit(const E& e) {
    sink_->emit(core::EventBody{e});
  }
  static std::uint32_t take(std::vector<std::uint32_t>& free, std::uint32_t& next) {
    if (free.empty()) return next++;
    const std::uint32_t slot = free.back();
    free.pop_back();
    return slot;
  }
  std::uint32_t malloc(std::uint64_t bytes) {
    const std::uint32_t slot = take(free_blocks_, next_block_);
    if (slot >= blocks_.size()) blocks_.resize(slot + 1);
    auto& again = freed_[bytes];
    if (again.empty()) {
      blocks_[slot] = next_address_;
      next_address_ += bytes + 16;
    } else {
      blocks_[slot] = again.back();
      again.pop_back();
    }
    sizes_[slot] = bytes;
    emit(core::Malloc{{slot}, {blocks_[slot]}, bytes});
    return slot;
  }
  void release(std::uint32_t block) {
    emit(core::Free{{block}});
    freed_[sizes_[block]].push_back(blocks_[block]);
    free_blocks_.push_back(block);
  }
  void add_block(std::uint32_t context, std::uint32_t block, std::uint64_t bytes, core::BlockRole role,
                 std::uint64_t header) {
    const std::uint64_t at = blocks_[block];
    emit(core::BlockAdded{{block}, {context}, role, core::BlockPosition::Head, {at}, {at + header}, bytes, 0});
    contexts_[context].current = block;
    contexts_[context].free_at = at + header;
    contexts_[context].end = at + bytes;
  }

  core::EventSink* sink_;
  std::vector<Context> contexts_;
  std::vector<std::uint64_t> blocks_;  // addresses
  std::map<std::uint32_t, std::uint64_t> sizes_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> freed_;
  std::vector<std::uint32_t> free_contexts_, free_blocks_, free_chunks_;
  std::uint32_t next_context_ = 0, next_block_ = 0, next_chunk_ = 0;
  std::uint64_t next_address_ = 0x555500000000;
  Chunk last_;
};

// `events` about so many; `live` chunks stay.
void random_stream(core::EventSink& sink, std::size_t events, std::size_t live) {
  Emitter emitter(sink);
  std::mt19937_64 random(1);
  std::vector<std::uint32_t> contexts{emitter.create(0xFFFFFFFF)};
  while (contexts.size() < 64) contexts.push_back(emitter.create(contexts[0]));
  std::vector<std::pair<std::uint32_t, Emitter::Chunk>> chunks;
  auto add = [&] {
    const std::uint32_t context = contexts[random() % 64];
    emitter.alloc(context, 16 + random() % (std::uint64_t{16} << (random() % 7)));
    return std::pair{context, emitter.last()};
  };
  while (chunks.size() < live) chunks.push_back(add());
  for (std::size_t n = live; n < events; n += 2) {
    auto& victim = chunks[random() % live];
    emitter.free(victim.first, victim.second);
    victim = add();
  }
}

// Statements of some 260 events: three contexts, most chunks go with them. `live` chunks lie in a cache.
void statement_stream(core::EventSink& sink, std::size_t events, std::size_t live) {
  Emitter emitter(sink);
  std::mt19937_64 random(1);
  const std::uint32_t top = emitter.create(0xFFFFFFFF), cache = emitter.create(top);
  for (std::size_t i = 0; i < live; ++i) emitter.alloc(cache, 16 + random() % 200);
  // The same few statements again and again, as real servers do.
  for (std::size_t n = live; n < events; n += 260) {
    std::mt19937_64 same(n / 260 % 5);
    std::uint32_t contexts[3];
    for (auto& context : contexts) context = emitter.create(top);
    std::vector<Emitter::Chunk> some;
    for (int i = 0; i < 200; ++i) {
      emitter.alloc(contexts[same() % 3], 8 + same() % 300);
      if (i % 6 == 0) {
        emitter.alloc(cache, 64);
        emitter.free(cache, emitter.last());
      }
    }
    for (auto context : contexts) emitter.destroy(context);
  }
}

struct TraceFile {
  std::filesystem::path path;
  std::uint64_t events = 0;
  ~TraceFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

// kind 0: random, 1: statements. Written once, kept for the run.
TraceFile& trace_file(int kind, std::size_t live) {
  static std::map<std::pair<int, std::size_t>, TraceFile> files;
  TraceFile& file = files[{kind, live}];
  if (!file.path.empty()) return file;
  const char* ram = "/dev/shm";
  auto folder = std::filesystem::exists(ram) ? std::filesystem::path(ram) : std::filesystem::temp_directory_path();
  file.path = folder / ("palloscope_replay_bench_" + std::to_string(std::random_device{}()) + ".pscope");
  auto writer = TraceWriter::create(file.path, {});
  core::check(static_cast<bool>(writer), "the benchmark can write its trace");
  (kind == 0 ? random_stream : statement_stream)(**writer, 6'000'000, live);
  file.events = (*writer)->size();
  core::check(static_cast<bool>((*writer)->close()), "the benchmark can close its trace");
  return file;
}

// What malloc has given out and not got back.
double allocated_bytes() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

void BM_CopyMemory(benchmark::State& state) {
  std::vector<char> from(std::size_t{64} << 20, 'x'), to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(from.size()));
}

void BM_Replay(benchmark::State& state) {
  TraceFile& file = trace_file(static_cast<int>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  auto reader = TraceReader::open(file.path);
  core::check(static_cast<bool>(reader), "the benchmark's trace opens");
  EventBlockDecoder decoder;
  for (auto _ : state) {
    MemoryState replayed;
    for (std::size_t block = 0; block < reader->blocks().size(); ++block) {
      core::check(static_cast<bool>(reader->begin(block, decoder)), "a block opens");
      auto done = decoder.decode(decoder.left(), [&](const auto& e) { replayed.apply_typed(e); });
      benchmark::DoNotOptimize(done);
    }
    core::check(replayed.fault_count() == 0, "the benchmark's trace has no faults");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * file.events));
  state.counters["file_bytes_per_event"] = static_cast<double>(reader->file_bytes()) / static_cast<double>(file.events);
}

void BM_Decode(benchmark::State& state) {
  TraceFile& file = trace_file(static_cast<int>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  auto reader = TraceReader::open(file.path);
  EventBlockDecoder decoder;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (std::size_t block = 0; block < reader->blocks().size(); ++block) {
      core::check(static_cast<bool>(reader->begin(block, decoder)), "a block opens");
      auto done = decoder.decode(decoder.left(), [&](const auto& e) { sum += e.kTag; });
      benchmark::DoNotOptimize(done);
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * file.events));
}

// Random seeks; counters tell median and 99th percentile in microseconds.
void BM_Seek(benchmark::State& state) {
  TraceFile& file = trace_file(static_cast<int>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  auto timeline = Timeline::open(file.path);
  std::mt19937_64 random(3);
  std::vector<double> micros;
  for (auto _ : state) {
    const core::EventNumber n = 1 + random() % file.events;
    const auto start = std::chrono::steady_clock::now();
    timeline->seek(n);
    micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(micros.begin(), micros.end());
  state.counters["median_us"] = micros[micros.size() / 2];
  state.counters["p99_us"] = micros[micros.size() * 99 / 100];
}

void BM_StepForward(benchmark::State& state) {
  auto timeline = Timeline::open(trace_file(0, static_cast<std::size_t>(state.range(0))).path);
  timeline->seek(timeline->size() / 2);
  for (auto _ : state) timeline->seek(timeline->cursor() + 1);
}

void BM_StepBack(benchmark::State& state) {
  auto timeline = Timeline::open(trace_file(0, static_cast<std::size_t>(state.range(0))).path);
  timeline->seek(timeline->size() / 2);
  for (auto _ : state) timeline->seek(timeline->cursor() - 1);
}

void BM_StepToAndFro(benchmark::State& state) {
  auto timeline = Timeline::open(trace_file(0, static_cast<std::size_t>(state.range(0))).path);
  timeline->seek(timeline->size() / 2);
  const core::EventNumber here = timeline->cursor();
  for (auto _ : state) {
    timeline->seek(here - 1);
    timeline->seek(here);
  }
}

void BM_OpenAndShowFirstState(benchmark::State& state) {
  TraceFile& file = trace_file(1, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto timeline = Timeline::open(file.path);
    timeline->seek(1);
    benchmark::DoNotOptimize(timeline->state().totals());
  }
}

// The memory that a recording keeps per event, and what an event costs it.
void BM_Record(benchmark::State& state) {
  double before = 0, after = 0;
  core::EventNumber events = 0;
  for (auto _ : state) {
    before = allocated_bytes();
    Timeline timeline = Timeline::recording({});
    (state.range(0) == 0 ? random_stream : statement_stream)(timeline.sink(), 3'000'000, 2000);
    after = allocated_bytes();
    events = timeline.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * events));
  state.counters["bytes_per_event"] = (after - before) / static_cast<double>(events);
}

BENCHMARK(BM_CopyMemory)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Decode)->ArgNames({"kind", "live"})->Args({0, 100'000})->Args({1, 2'700})->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Replay)
    ->ArgNames({"kind", "live"})
    ->Args({0, 100'000})
    ->Args({0, 1'000'000})
    ->Args({1, 2'700})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Seek)
    ->ArgNames({"kind", "live"})
    ->Args({0, 100'000})
    ->Args({0, 1'000'000})
    ->Args({1, 2'700})
    ->Iterations(300)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(BM_StepForward)->Arg(100'000)->Iterations(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_StepBack)->Arg(100'000)->Arg(1'000'000)->Iterations(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_StepToAndFro)->Arg(100'000)->Iterations(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_OpenAndShowFirstState)->Arg(2'700)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Record)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
