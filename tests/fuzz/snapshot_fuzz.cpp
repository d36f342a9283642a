// Any bytes as a process's memory, and as a snapshot file: what the walk makes of it is told without a fault, from
// nothing and from what was told before, and every exporter writes it. `--seeds=FOLDER`: instead, writes small heaps of
// every version and build there, as inputs to begin with.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/mcxt/process.h"
#include "core/walk/kept_bytes.h"
#include "core/walk/process_source.h"
#include "tests/fuzz/checksums.h"
#include "trace/analysis/heap_check.h"
#include "trace/exporters/context_csv.h"
#include "trace/exporters/state_json.h"
#include "trace/exporters/stats_text.h"
#include "trace/live/kept_memory.h"
#include "trace/live/snapshot_events.h"
#include "trace/live/snapshot_file.h"
#include "trace/replay/memory_state.h"

using namespace palloscope;

namespace {

// Where an input has the variables: TopMemoryContext, CurrentMemoryContext, context_freelists[2].
constexpr core::Address kTop{16}, kCurrent{24}, kFreelists{32};
constexpr std::size_t kVariableBytes = 48;
// The choice, an input's first byte: a file (9: its checksums are made good first); below it 2 bits of version, 1 of
// build.
constexpr std::uint8_t kWholeFile = 8;

struct Replay final : core::EventSink {
  void emit(const core::EventBody& event) override { state.apply(event); }
  trace::MemoryState state;
};

std::uint64_t number(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | bytes[i - 1];
  return value;
}

// Pieces of memory: address (8 bytes), length (2 bytes), bytes.
trace::Capture as_memory(std::uint8_t choice, std::span<const std::uint8_t> input) {
  trace::Capture capture;
  capture.build.major = 15 + (choice & 3);
  capture.build.checking = (choice & 4) != 0;
  capture.roots.top_memory_context = kTop;
  capture.roots.current_memory_context = kCurrent;
  capture.roots.context_freelists = kFreelists;
  auto memory = std::make_unique<trace::KeptMemory>();
  while (input.size() >= 10) {
    const core::Address at{number(input.first(8))};
    const std::size_t length = std::min<std::size_t>(number(input.subspan(8, 2)), input.size() - 10);
    memory->add(at, input.subspan(10, length));
    input = input.subspan(10 + length);
  }
  capture.image_bytes = memory->bytes();
  capture.memory = std::move(memory);
  return capture;
}

// A file that has no name but that of its descriptor.
core::Result<trace::Capture> as_file(std::uint8_t choice, std::span<const std::uint8_t> bytes) {
  trace::Bytes input(bytes.begin(), bytes.end());
  if (choice & 1) trace::make_checksums_good(input);
  static const int file = memfd_create("input", 0);
  core::check(file >= 0 && ftruncate(file, 0) == 0, "a file in memory can be made");
  core::check(pwrite(file, input.data(), input.size(), 0) == static_cast<ssize_t>(input.size()), "and written");
  return trace::open_snapshot_file("/proc/self/fd/" + std::to_string(file));
}

// --- seeds ------------------------------------------------------------------------------------------------------

// Something of everything that a heap may hold.
void fill(core::Process& process) {
  const core::Address top = process.top_memory_context();
  const auto some = [&](core::Address context, std::initializer_list<std::uint64_t> sizes, bool free_some) {
    std::vector<core::Address> chunks;
    for (const std::uint64_t bytes : sizes) chunks.push_back(process.memory_context_alloc(context, bytes));
    for (std::size_t i = 0; free_some && i < chunks.size(); i += 2) process.pfree(chunks[i]);
  };
  const core::Address set = process.alloc_set_context_create(top, "set");
  process.memory_context_set_identifier(set, "select 1");
  some(set, {8, 30, 100, 9000, 100, 20, 100}, true);
  const core::Address inner = process.alloc_set_context_create(set, "inner", core::kSmallSizes);
  some(inner, {40, 2000}, false);
  process.memory_context_delete(process.alloc_set_context_create(set, "gone"));
  some(process.generation_context_create(top, "generation"), {100, 200, 100, 5000, 100}, true);
  some(process.slab_context_create(top, "slab", 512, 64), {64, 64, 64, 64, 64, 64, 64, 64, 64}, true);
  if (process.profile().rules.has_bump) some(process.bump_context_create(top, "bump"), {100, 30, 9000}, false);
}

trace::Capture capture_of(const core::Process& process) {
  trace::Capture capture;
  capture.build.major = process.profile().major;
  capture.build.checking = process.profile().checking;
  const core::WalkRoots roots = core::walk_roots(process);
  capture.roots.top_memory_context = roots.top_memory_context;
  capture.roots.current_memory_context = roots.current_memory_context;
  capture.roots.context_freelists = roots.context_freelists;
  capture.memory = std::make_unique<core::ProcessSource>(process);
  return capture;
}

struct NoSink final : core::EventSink {
  void emit(const core::EventBody&) override {}
};

void put(std::ostream& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.put(static_cast<char>(value >> (8 * i)));
}

void put_piece(std::ostream& out, core::Address at, std::span<const std::uint8_t> bytes) {
  put(out, at.value, 8), put(out, bytes.size(), 2);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// The heap as pieces of memory, and as a file.
void write_seeds(const std::string& folder, std::uint8_t choice) {
  NoSink sink;
  core::Process process(*core::find_profile(15 + (choice & 3), (choice & 4) != 0), sink);
  fill(process);
  const core::ProcessSource source(process);
  const core::KeptBytes kept(source);
  const core::WalkRoots roots = core::walk_roots(process);
  core::check(core::walk_heap(kept, process.profile(), roots).findings.empty(), "a seed is a sound heap");
  std::ofstream out(folder + "/heap-" + std::to_string(choice), std::ios::binary);
  out.put(static_cast<char>(choice));
  std::vector<std::uint8_t> bytes(kVariableBytes);
  const auto read = [&](core::Address at, std::size_t to, std::size_t count) {
    core::check(source.read(at, std::span(bytes).subspan(to, count)), "a variable can be read");
  };
  read(roots.top_memory_context, 0, 8), read(roots.current_memory_context, 8, 8);
  read(roots.context_freelists, 16, 32);
  put_piece(out, kTop, bytes);
  for (const core::KeptBytes::Range& range : kept.ranges()) {
    bytes.resize(range.bytes);
    core::check(range.bytes < 65536 && source.read(range.at, bytes), "what was looked at can be read");
    put_piece(out, range.at, bytes);
  }

  trace::Capture capture = capture_of(process);
  const std::string file = folder + "/seed.pssnap";
  const auto moment = trace::read_moment(capture);
  core::check(moment && trace::write_snapshot_file(capture, *moment, file), "a seed can be written");
  std::ofstream seed(folder + "/file-" + std::to_string(choice), std::ios::binary);
  seed.put(static_cast<char>(kWholeFile + 1));
  seed << std::ifstream(file, std::ios::binary).rdbuf();
  std::remove(file.c_str());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kSeeds = "--seeds=";
  if (*argc < 2 || !std::string_view((*argv)[1]).starts_with(kSeeds)) return 0;
  const std::string folder = (*argv)[1] + kSeeds.size();
  for (std::uint8_t choice = 0; choice < kWholeFile; ++choice) write_seeds(folder, choice);
  std::exit(0);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> input(bytes + 1, size - 1);
  std::optional<trace::Capture> capture;
  if (bytes[0] < kWholeFile) {
    capture = as_memory(bytes[0], input);
  } else if (auto opened = as_file(bytes[0], input)) {
    capture = std::move(*opened);
  }
  if (!capture) return 0;
  const auto moment = trace::read_moment(*capture);
  if (!moment) return 0;

  // Told as the first, then (if it is of 17) after a sound heap.
  static NoSink nobody;
  static core::Process* const process = [] {
    auto made = std::make_unique<core::Process>(*core::find_profile(17, false), nobody);
    fill(*made);
    return made.release();
  }();
  const trace::Capture sound = capture_of(*process);
  const auto before = trace::read_moment(sound);

  Replay replay;
  trace::SnapshotEvents events(replay);
  events.emit(*moment);
  core::check(replay.state.fault_count() == 0, "what was walked is told without a fault");
  core::check(trace::check_heap(replay.state).empty(), "and makes a heap");
  const core::StreamDescription description = trace::describe_snapshot(*moment);
  std::ostringstream out;
  out << trace::stats_text(replay.state, description);
  trace::write_context_csv(replay.state, description, out);
  trace::write_state_json(replay.state, description, out);
  core::check(!out.str().empty(), "exporters write something of any state");

  if (before && before->build.major == moment->build.major && before->build.checking == moment->build.checking) {
    events.emit(*before);
    events.emit(*moment);
    core::check(replay.state.fault_count() == 0, "moments that have little in common are told without a fault");
    core::check(trace::check_heap(replay.state).empty(), "and make a heap");
  }
  return 0;
}
