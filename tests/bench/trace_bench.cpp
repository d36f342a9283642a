// What the trace format costs: bytes and nanoseconds an event to write, to decode, to replay; opening with and without
// index. Counters: bytes_per_event, ns_per_event. Streams from tests/support/workload_stream.h.
//
//   build/palloscope_bench --benchmark_repetitions=7 --benchmark_report_aggregates_only=true
//   PALLOSCOPE_BENCH_EVENTS=100000000 build/palloscope_bench --benchmark_filter=open
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/support/workload_stream.h"
#include "trace/file/event_block_encode.h"
#include "trace/file/frame.h"
#include "trace/file/trace_reader.h"
#include "trace/file/trace_writer.h"
#include "trace/replay/reducer.h"

using namespace palloscope;
using namespace palloscope::trace;
using test::Workload;

namespace {

constexpr std::uint64_t kEvents = 2'000'000;

const std::vector<core::EventBody>& events_of(Workload workload) {
  static std::vector<core::EventBody> held[3];
  auto& events = held[static_cast<int>(workload)];
  if (events.empty()) events = test::workload_events(workload, 1, kEvents);
  return events;
}

TraceWriterOptions options(Compression compression) {
  return {.compression = compression, .flush_after = std::chrono::milliseconds{0}};
}

Bytes written(Workload workload, Compression compression) {
  Bytes file;
  TraceWriter writer(
      [&](ByteSpan bytes) -> core::Status {
        file.insert(file.end(), bytes.begin(), bytes.end());
        return core::Done{};
      },
      {}, options(compression));
  for (const auto& event : events_of(workload)) writer.emit(event);
  if (!writer.close()) std::abort();
  return file;
}

TraceReader opened(Bytes file) {
  auto reader = TraceReader::from_bytes(std::move(file), "bench.pscope");
  if (!reader) std::abort();
  return std::move(*reader);
}

void count_events(benchmark::State& run, std::size_t events) {
  run.counters["ns_per_event"] = benchmark::Counter(
      static_cast<double>(events) * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// All that a recording costs per event, but for the disk: encoding, the writer's own replay, keyframes, compression.
void write(benchmark::State& run, Workload workload, Compression compression) {
  const auto& events = events_of(workload);
  std::uint64_t bytes = 0;
  for (auto _ : run) {
    TraceWriter writer([](ByteSpan) -> core::Status { return core::Done{}; }, {}, options(compression));
    for (const auto& event : events) writer.emit(event);
    if (!writer.close()) std::abort();
    bytes = writer.bytes_written();
  }
  count_events(run, events.size());
  auto reader = opened(written(workload, compression));
  std::uint64_t keyframes = 0;
  for (const auto& keyframe : reader.keyframes()) {
    EventBlockDecoder decoder;
    auto next = std::find_if(reader.blocks().begin(), reader.blocks().end(),
                             [&](const EventBlock& block) { return block.offset > keyframe.offset; });
    keyframes += (next == reader.blocks().end() ? bytes : next->offset) - keyframe.offset;
  }
  auto count = static_cast<double>(events.size());
  run.counters["bytes_per_event"] = static_cast<double>(bytes - keyframes) / count;
  run.counters["keyframe_bytes_per_event"] = static_cast<double>(keyframes) / count;
}

void encode(benchmark::State& run, Workload workload) {
  const auto& events = events_of(workload);
  for (auto _ : run) {
    EventBlockEncoder encoder;
    for (const auto& event : events) {
      encoder.add(event);
      if (encoder.full()) benchmark::DoNotOptimize(encoder.finish().data());
    }
  }
  count_events(run, events.size());
}

void decode(benchmark::State& run, Workload workload, Compression compression) {
  auto reader = opened(written(workload, compression));
  EventBlockDecoder decoder;
  std::uint64_t sum = 0;
  for (auto _ : run) {
    for (std::size_t block = 0; block < reader.blocks().size(); ++block) {
      if (!reader.begin(block, decoder)) std::abort();
      if (!decoder.decode(decoder.left(), [&](const auto& event) { sum += event.kTag; })) std::abort();
    }
  }
  benchmark::DoNotOptimize(sum);
  count_events(run, reader.size());
}

void replay(benchmark::State& run, Workload workload, Compression compression) {
  auto reader = opened(written(workload, compression));
  EventBlockDecoder decoder;
  for (auto _ : run) {
    MemoryState state;
    for (std::size_t block = 0; block < reader.blocks().size(); ++block) {
      if (!reader.begin(block, decoder)) std::abort();
      if (!decoder.decode(decoder.left(), [&](const auto& event) { state.apply_typed(event); })) std::abort();
    }
    if (state.fault_count() != 0) std::abort();
  }
  count_events(run, reader.size());
}

void restore(benchmark::State& run, Workload workload) {
  auto reader = opened(written(workload, Compression::Lz4));
  auto last = reader.keyframes().size() - 1;
  std::uint64_t chunks = 0;
  for (auto _ : run) chunks = reader.restore(last).value().totals().live_chunk_count;
  run.counters["live_chunks"] = static_cast<double>(chunks);
}

// A file of transactions as long as PALLOSCOPE_BENCH_EVENTS says (10 M), made once and removed at the end.
class LongFile {
 public:
  LongFile() : path_(std::filesystem::temp_directory_path() / "palloscope_bench.pscope") {
    const char* wanted = std::getenv("PALLOSCOPE_BENCH_EVENTS");
    auto writer = TraceWriter::create(path_, {}, options(Compression::Lz4));
    if (!writer) std::abort();
    test::run_workload(Workload::Oltp, 1, wanted ? std::strtoull(wanted, nullptr, 10) : 10'000'000, **writer);
    if (!(*writer)->close()) std::abort();
  }
  ~LongFile() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};
const std::filesystem::path& long_file() {
  static LongFile file;
  return file.path();
}

// From the path to the state after the last event.
void open_and_show_end(benchmark::State& run) {
  long_file();
  EventBlockDecoder decoder;
  for (auto _ : run) {
    auto reader = TraceReader::open(long_file());
    auto keyframe = reader->keyframe_before(reader->size());
    auto state = reader->restore(keyframe);
    for (auto block = reader->block_of(state->event_number() + 1); block < reader->blocks().size(); ++block) {
      if (!reader->begin(block, decoder)) std::abort();
      if (!decoder.decode(decoder.left(), [&](const auto& event) { state->apply_typed(event); })) std::abort();
    }
    if (state->event_number() != reader->size()) std::abort();
    run.counters["events"] = static_cast<double>(reader->size());
  }
}

void open_with_index(benchmark::State& run) {
  long_file();
  for (auto _ : run) {
    auto reader = TraceReader::open(long_file());
    if (!reader || !reader->had_index()) std::abort();
    run.counters["events"] = static_cast<double>(reader->size());
  }
}

void open_after_crash(benchmark::State& run) {
  auto cut = long_file();
  cut += ".cut";
  std::filesystem::copy_file(long_file(), cut, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(cut, std::filesystem::file_size(cut) - 1);
  for (auto _ : run) {
    auto reader = TraceReader::open(cut);
    if (!reader || reader->had_index()) std::abort();
    run.counters["events"] = static_cast<double>(reader->size());
  }
  std::filesystem::remove(cut);
}

// Names like write/oltp/lz4.
const bool registered = [] {
  for (auto workload : {Workload::Oltp, Workload::Olap, Workload::Random}) {
    auto name = std::string(test::kWorkloadNames[static_cast<int>(workload)]);
    auto ms = benchmark::kMillisecond;
    for (auto compression : {Compression::Lz4, Compression::Zstd}) {
      auto how = compression == Compression::Lz4 ? "/lz4" : "/zstd";
      benchmark::RegisterBenchmark(("write/" + name + how).c_str(), write, workload, compression)->Unit(ms);
      benchmark::RegisterBenchmark(("decode/" + name + how).c_str(), decode, workload, compression)->Unit(ms);
      benchmark::RegisterBenchmark(("replay/" + name + how).c_str(), replay, workload, compression)->Unit(ms);
    }
    benchmark::RegisterBenchmark(("encode/" + name).c_str(), encode, workload)->Unit(ms);
    benchmark::RegisterBenchmark(("restore/" + name).c_str(), restore, workload)->Unit(ms);
  }
  benchmark::RegisterBenchmark("open/with_index", open_with_index)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("open/show_end", open_and_show_end)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("open/after_crash", open_after_crash)->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace
