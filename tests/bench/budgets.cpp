// palloscope_budgets: measures every budget of the engine on a trace as long as wished, and says what was reached
// beside what must and what should be, and what the machine itself can do in the same minute. Times are processor time
// of the thread unless a line says wall. It never judges: a busy machine is slower in every line, the ratios stay.
//
//   palloscope_budgets --kind oltp --events 100000000 [--live N] [--folder /tmp] [--seeks 300] [--keep 1]
#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <random>
#include <string>

#include "tests/bench/flags.h"
#include "tests/bench/limits.h"
#include "tests/bench/measured.h"
#include "tests/bench/toy_server.h"
#include "trace/file/background_writer.h"
#include "trace/file/trace_reader.h"
#include "trace/replay/file_events.h"
#include "trace/replay/timeline.h"
#include "trace/replay/walker.h"

using namespace palloscope;
using namespace palloscope::trace;
using bench::process_ns;
using bench::Samples;
using bench::thread_ns;
using bench::wall_ns;

namespace {

void head(const char* title) { fmt::print("\n{}\n{:<52}{:>14}{:>14}{:>14}\n", title, "", "must", "aim", "reached"); }
void line(const std::string& what, const std::string& must, const std::string& aim, const std::string& reached) {
  fmt::print("{:<52}{:>14}{:>14}{:>14}\n", what, must, aim, reached);
  std::fflush(stdout);
}

// --- recording ------------------------------------------------------------------------------------------------

struct Nowhere final : core::EventSink {
  void emit(const core::EventBody& event) override { last = event.index(); }
  std::size_t last = 0;
};

// Of the trace in `file`: bytes of blocks and of keyframes.
struct Weights {
  double blocks = 0, keyframes = 0;
};
Weights weigh(const TraceReader& reader) {
  Weights weights;
  for (const Keyframe& keyframe : reader.keyframes()) {
    const std::size_t next = keyframe.at == reader.size() ? reader.blocks().size() : reader.block_of(keyframe.at + 1);
    const std::uint64_t end = next < reader.blocks().size() ? reader.blocks()[next].offset : reader.file_bytes();
    weights.keyframes += static_cast<double>(end - keyframe.offset);
  }
  weights.blocks = static_cast<double>(reader.file_bytes()) - weights.keyframes;
  return weights;
}

void record(const bench::StreamOptions& stream, const std::string& file) {
  Nowhere nowhere;
  const double bare_began = thread_ns();
  bench::make_stream({stream.kind, 2'000'000, std::min<std::uint64_t>(stream.live, 500'000), stream.seed}, nowhere);
  const double bare = (thread_ns() - bare_began) / 2e6;

  core::StreamDescription description;
  description.source = core::SourceKind::Recording;
  description.title = fmt::format("{} stream", bench::kStreamNames[static_cast<int>(stream.kind)]);
  auto writer = BackgroundWriter::create(file, description);
  if (!writer) {
    fmt::print(stderr, "{}\n", writer.error().message);
    std::exit(1);
  }
  const double wall = wall_ns(), all = process_ns(), emitter = thread_ns();
  bench::make_stream(stream, **writer);
  const double emitter_ns = thread_ns() - emitter;
  if (auto closed = (*writer)->close(); !closed) {
    fmt::print(stderr, "{}\n", closed.error().message);
    std::exit(1);
  }
  const auto events = static_cast<double>((*writer)->size());
  const double all_ns = process_ns() - all;
  head("Recording, ns of processor time an event");
  line(fmt::format("making {:.0f} M events, thrown away", events / 1e6), "", "", fmt::format("{:.1f}", bare));
  line("the recorder's thread behind it", "", "", fmt::format("{:.1f}", (all_ns - emitter_ns) / events));
  line("both, without the making", "60", "35", fmt::format("{:.1f}", all_ns / events - bare));
  line("events a second before back-pressure, M", "25", "47",
       fmt::format("{:.0f}", 1e3 * events / (all_ns - emitter_ns)));
  line("  the same by the clock on the wall", "", "", fmt::format("{:.0f}", 1e3 * events / (wall_ns() - wall)));
}

// What an event costs who emits it, in pieces that fit the tapes: the other thread's work is not in it. Cold: between
// any two events so much of other memory is used that nothing of the recorder stays in the caches near the processor.
void hook(bool cold) {
  constexpr std::uint32_t kEvents = 1024;
  auto sink = [](ByteSpan) -> core::Status { return core::Done{}; };
  TraceWriterOptions options;
  options.flush_after = {};
  std::vector<std::uint32_t> heap(cold ? std::size_t{16} << 20 : 1024, 1);
  Samples with, without;
  core::ChunkAllocated e{{}, {0}, {0x555500000000}, 40, 64, 3, core::ChunkOrigin::Tail, core::ChunkCause::Palloc};
  BackgroundWriter writer(std::make_unique<TraceWriter>(sink, core::StreamDescription{}, options), options);
  writer.put(core::Malloc{{0}, {0x555500000000}, std::uint64_t{1} << 40});
  core::ContextCreated created;
  created.context = {0};
  created.region = {0};
  created.name = "ExprContext";
  writer.put(created);
  writer.put(core::BlockAdded{{0},
                              {0},
                              core::BlockRole::Keeper,
                              core::BlockPosition::Head,
                              {0x555500000000},
                              {0x555500000100},
                              std::uint64_t{1} << 40,
                              0});
  e.at.value += 0x108;
  std::uint32_t random = 1, slot = 0;
  const auto work = [&] {
    random = random * 1664525 + 1013904223;
    std::uint32_t& word = heap[(std::uint64_t{random} * heap.size()) >> 32];
    word += random;
    return word;
  };
  std::uint32_t sum = 0;
  for (int round = 0; round < 301; ++round) {
    double began = thread_ns();
    for (std::uint32_t i = 0; i < kEvents; ++i) sum += work();
    without.add((thread_ns() - began) / kEvents);
    began = thread_ns();
    for (std::uint32_t i = 0; i < kEvents; ++i) {
      sum += work();
      if (slot % 4 == 3) {
        writer.put(core::ChunkFreed{{slot / 4}, core::ChunkFate::Counted, core::ChunkCause::Pfree});
      } else {
        e.chunk.value = slot;
        e.at.value += 72;
        writer.put(e);
      }
      ++slot;
    }
    with.add((thread_ns() - began) / kEvents);
    writer.flush();
  }
  line(fmt::format("hook, {} (the program itself: {:.1f} ns)", cold ? "cache-cold" : "cache-hot", without.median()),
       cold ? "15" : "5", cold ? "8" : "2",
       fmt::format("{:.1f}{}", with.median() - without.median(), sum == 1 ? " " : ""));
}

// --- reading --------------------------------------------------------------------------------------------------

void weigh_and_open(const bench::StreamOptions& stream, const std::string& file) {
  auto reader = TraceReader::open(file);
  if (!reader) std::exit(1);
  const auto events = static_cast<double>(reader->size());
  const Weights weights = weigh(*reader);
  constexpr const char* kMust[] = {"1.5", "1.0", "6"};
  constexpr const char* kAim[] = {"0.7", "0.35", "4.7"};
  const auto kind = static_cast<std::size_t>(stream.kind);
  head("The file");
  line("bytes an event", kMust[kind], kAim[kind], fmt::format("{:.2f}", weights.blocks / events));
  line("  keyframes, bytes an event", "", "", fmt::format("{:.2f}", weights.keyframes / events));

  Samples open, crash;
  for (int i = 0; i < 7; ++i) {
    const double began = wall_ns();
    auto timeline = Timeline::open(file);
    timeline->seek(1);
    open.add((wall_ns() - began) / 1e6);
  }
  const std::string cut = file + ".cut";
  std::filesystem::copy_file(file, cut, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(cut, std::filesystem::file_size(cut) - 1);
  for (int i = 0; i < 3; ++i) {
    const double began = wall_ns();
    auto timeline = Timeline::open(cut);
    timeline->seek(1);
    crash.add((wall_ns() - began) / 1e6);
  }
  std::filesystem::remove(cut);
  line("open, first state, ms (wall)", "100", "10", fmt::format("{:.1f}", open.median()));
  line("open after a crash, without index, ms (wall)", "500", "60", fmt::format("{:.1f}", crash.median()));
}

void replay(const std::string& file, bool random) {
  auto reader = TraceReader::open(file);
  const FileEvents store(std::move(*reader));
  const auto events = static_cast<double>(store.size());
  // At most so many at a time: rounds that take turns say more than one long one.
  const core::EventNumber part = std::min<core::EventNumber>(store.size(), 20'000'000);
  Samples wall, fused, decode, all;
  for (int round = 0; round < 3; ++round) {
    {
      Walker walker(store, 1 << 20);
      const double began = wall_ns(), processes = process_ns();
      walker.advance(part);
      wall.add((wall_ns() - began) / static_cast<double>(part));
      all.add((process_ns() - processes) / static_cast<double>(part));
    }
    MemoryState state;
    BlockEvents block;
    const std::size_t blocks = store.block_of(part);
    double began = thread_ns();
    for (std::size_t i = 0; i < blocks; ++i) {
      static_cast<void>(store.begin(i, block));
      static_cast<void>(block.visit(block.left(), [&](const auto& e) { state.apply_typed(e); }));
    }
    fused.add((thread_ns() - began) / static_cast<double>(state.event_number()));
    began = thread_ns();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
      static_cast<void>(store.begin(i, block));
      static_cast<void>(block.visit(block.left(), [&](const auto& e) { sum += e.kTag; }));
    }
    decode.add((thread_ns() - began) / static_cast<double>(state.event_number()) + (sum == 1 ? 1 : 0));
  }
  head("Replay from the start, M events a second");
  line("decoded ahead by other threads (wall)", random ? "50" : "80", "100",
       fmt::format("{:.0f}", 1e3 / wall.median()));
  line("  all threads' processor time, ns an event", "", "", fmt::format("{:.1f}", all.median()));
  line("one thread", "", "", fmt::format("{:.0f}", 1e3 / fused.median()));
  line("  decoding alone, ns an event", "", "", fmt::format("{:.1f}", decode.median()));
  fmt::print("{:<52}{:>42.2f}\n", "  the whole trace at the rate reached, s", events * wall.median() / 1e9);
}

struct SeekTimes {
  Samples wall, thread;
};
void seek_line(const char* what, SeekTimes& times, bool large) {
  line(fmt::format("{}: median", what), "", "", fmt::format("{:.2f}", times.wall.median()));
  line(fmt::format("{}: 99th percentile", what), large ? "33" : "8", large ? "16" : "2",
       fmt::format("{:.2f}", times.wall.at(0.99)));
  line(fmt::format("{}: worst", what), "", "", fmt::format("{:.2f}", times.wall.worst()));
  line("  processor time of this thread: median, 99th", "", "",
       fmt::format("{:.2f} {:.2f}", times.thread.median(), times.thread.at(0.99)));
}

void seek_and_step(const bench::StreamOptions& stream, const std::string& file, std::uint64_t seeks) {
  const std::uint64_t before = bench::own_bytes();
  auto timeline = Timeline::open(file);
  std::mt19937_64 random(3);
  SeekTimes forwards, backwards;
  std::uint64_t live = 0;
  while (forwards.wall.empty() || backwards.wall.empty() || seeks > 0) {
    if (seeks > 0) --seeks;
    const core::EventNumber n = 1 + random() % timeline->size();
    SeekTimes& way = n > timeline->cursor() ? forwards : backwards;
    const double wall = wall_ns(), thread = thread_ns();
    timeline->seek(n);
    way.thread.add((thread_ns() - thread) / 1e6);
    way.wall.add((wall_ns() - wall) / 1e6);
    live = std::max(live, timeline->state().totals().live_chunk_count);
  }
  head("Seeking, ms (wall), and stepping, us");
  fmt::print("{:<52}{:>42}\n", "  live chunks, at most", live);
  seek_line("forwards", forwards, live > 100'000);
  seek_line("backwards", backwards, live > 100'000);

  Samples on, back;
  timeline->seek(timeline->size() / 2);
  for (int i = 0; i < 4000; ++i) {
    const double began = thread_ns();
    timeline->seek(timeline->cursor() + 1);
    on.add((thread_ns() - began) / 1e3);
  }
  for (int i = 0; i < 4000; ++i) {
    const double began = thread_ns();
    timeline->seek(timeline->cursor() - 1);
    back.add((thread_ns() - began) / 1e3);
  }
  line("step on: median", "10", "1", fmt::format("{:.2f}", on.median()));
  line("step on: 99th percentile, worst", "", "", fmt::format("{:.1f} {:.0f}", on.at(0.99), on.worst()));
  line("step back: median", "10", "1", fmt::format("{:.2f}", back.median()));
  line("step back: 99th percentile, worst", "", "", fmt::format("{:.1f} {:.0f}", back.at(0.99), back.worst()));

  // As a window that shows all of it: the curve of the whole trace, then here and there.
  for (int i = 0; i < 20; ++i) timeline->samples(1, timeline->size(), 1500);
  const double memory = static_cast<double>(bench::own_bytes() - before);
  const auto events = static_cast<double>(timeline->size());
  line("memory of a viewer, bytes an event", "8", "1", fmt::format("{:.2f}", memory / events));
  fmt::print("{:<52}{:>42.0f}\n", "  MB in all", memory / 1e6);
  static_cast<void>(stream);
}

void limits(const std::string& file, std::uint64_t live) {
  Samples copied, read, unpacked, applied;
  bench::FlatApply flat(std::max<std::uint64_t>(live, 1000));
  for (int i = 0; i < 9; ++i) {
    copied.add(bench::memcpy_rate());
    unpacked.add(bench::unpack_rate());
    applied.add(flat.ns_each());
    if (i < 3) read.add(bench::read_rate(file));
  }
  fmt::print("\nThe machine, in the same minute\n");
  fmt::print("{:<52}{:>42.1f}\n", "memcpy, GB/s", copied.median());
  fmt::print("{:<52}{:>42.1f}\n", "reading the file (cached), GB/s", read.median());
  fmt::print("{:<52}{:>42.1f}\n", "LZ4, unpacked GB/s", unpacked.median());
  fmt::print("{:<52}{:>42.1f}\n", fmt::format("applying to flat arrays, {} live, M events/s", live),
             1e3 / applied.median());
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Flags flags(argc, argv,
                           "palloscope_budgets [--kind oltp|olap|random] [--events N] [--live N] [--seed N] "
                           "[--seeks N] [--folder PATH] [--keep 1]");
  bench::StreamOptions stream;
  const auto kind = bench::stream_named(flags.text("kind", "oltp"));
  if (!kind) flags.fail("--kind is oltp, olap or random");
  stream.kind = *kind;
  stream.events = flags.number("events", stream.events);
  stream.live = flags.number("live", stream.kind == bench::StreamKind::Random ? 100'000 : 2'700);
  stream.seed = flags.number("seed", stream.seed);
  const std::string folder = flags.text("folder", std::filesystem::temp_directory_path().string());
  const std::string file = fmt::format("{}/palloscope_budgets_{}_{}_{}.pscope", folder,
                                       bench::kStreamNames[static_cast<int>(stream.kind)], stream.events, stream.live);
  fmt::print("{} stream, {} events, {} long-lived chunks\n", bench::kStreamNames[static_cast<int>(stream.kind)],
             stream.events, stream.live);
  record(stream, file);
  hook(false);
  hook(true);
  weigh_and_open(stream, file);
  seek_and_step(stream, file, flags.number("seeks", 400));
  replay(file, stream.kind == bench::StreamKind::Random);
  limits(file, stream.live);
  if (flags.number("keep", 0) == 0) std::filesystem::remove(file);
}
