// palloscope bytes PID|CORE|FILE.pssnap ADDRESS: what stands in a process's memory there.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/memory_input.h"
#include "trace/exporters/event_text.h"
#include "trace/live/live_server.h"
#include "trace/live/memory_place.h"

namespace palloscope::gui::cli {
namespace {

using core::Address;
using core::counted;

constexpr std::uint64_t kRow = 16;
constexpr std::uint64_t kMostOfChunk = 4096;   // unless --bytes asks for more
constexpr std::uint64_t kOutsideChunks = 256;  // where nothing says how long it is
constexpr std::uint64_t kMostBytes = 1 << 24;

struct Wish {
  std::string source, address, executable;
  std::optional<std::uint64_t> bytes;
};

// "0x55d0c2a443b0"; the 0x may be left out.
std::optional<Address> parse_address(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  Address at;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), at.value, 16);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return at;
}

std::string_view state_words(core::WalkedChunkState state) {
  switch (state) {
    case core::WalkedChunkState::Live:
      return "in use";
    case core::WalkedChunkState::Free:
      return "free, with what was left in it";
    case core::WalkedChunkState::Unknown:
      break;
  }
  return "in use or free, which this build does not keep";
}

// A context's ident, SQL as a rule, in one line and not all of it.
std::string ident_words(const core::WalkedContext& context) {
  constexpr std::size_t kMost = 60;
  if (!context.ident) return "";
  std::string text = context.ident->substr(0, kMost);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return fmt::format(" ({}{})", text, context.ident->size() > kMost ? "..." : "");
}

// The first line: what the address is in.
std::string place_words(const trace::MemoryPlace& place, Address at) {
  if (place.context == nullptr) return fmt::format("0x{:x}: in no memory context", at.value);
  const core::WalkedContext& context = *place.context;
  const std::string owner = fmt::format("of {} \"{}\"{}{}", trace::context_kind_name(context.kind), context.name,
                                        ident_words(context), place.is_recycled ? ", deleted" : "");
  const std::string block = fmt::format("block 0x{:x}", place.block->header.value);
  if (place.chunk == nullptr) {
    if (at < place.block->header)
      return fmt::format("0x{:x}: the context's own header, {}, {}", at.value, owner, block);
    if (at < place.block->start) return fmt::format("0x{:x}: the header of {}, {}", at.value, block, owner);
    if (at >= place.block->free_at) return fmt::format("0x{:x}: the unused end of {}, {}", at.value, block, owner);
    return fmt::format("0x{:x}: in {}, {}, where chunks are not told apart", at.value, block, owner);
  }
  const core::WalkedChunk& chunk = *place.chunk;
  const std::string requested =
      chunk.requested_bytes ? fmt::format(" ({} requested)", counted(*chunk.requested_bytes, "byte")) : "";
  const std::string within = at < chunk.at    ? ", the address is in its header"
                             : at == chunk.at ? ""
                                              : fmt::format(", the address is byte {} of it", at - chunk.at);
  return fmt::format("0x{:x}: chunk of {}{}, {}, {}, {}{}", chunk.at.value, counted(chunk.granted_bytes, "byte"),
                     requested, state_words(chunk.state), owner, block, within);
}

// As many of them as there are from `at` on.
std::vector<std::uint8_t> read_as_far(const core::MemorySource& memory, Address at, std::uint64_t most) {
  std::vector<std::uint8_t> bytes(std::min(most, ~std::uint64_t{0} - at.value));
  if (memory.read(at, bytes)) return bytes;
  std::size_t done = 0;
  for (std::size_t step : {std::size_t{4096}, std::size_t{kRow}, std::size_t{1}})
    while (done + step <= bytes.size() && memory.read(at + done, std::span(bytes).subspan(done, step))) done += step;
  bytes.resize(done);
  return bytes;
}

// Rows of 16, at addresses that 16 divides.
void dump(std::ostream& out, Address at, std::span<const std::uint8_t> bytes) {
  const std::uint64_t end = at.value + bytes.size();
  for (std::uint64_t row = at.value & ~(kRow - 1); row < end; row += kRow) {
    std::string hex, signs;
    for (std::uint64_t i = row; i < row + kRow; ++i) {
      const bool there = i >= at.value && i < end;
      const std::uint8_t byte = there ? bytes[i - at.value] : 0;
      hex += there ? fmt::format(" {:02x}", byte) : "   ";
      if (i % 8 == 7) hex += ' ';
      signs += !there ? ' ' : byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
    }
    out << fmt::format("{:016x} {} |{}|\n", row, hex, signs);
  }
}

class Bytes {
 public:
  Bytes(const Wish& wish, Address at, Streams io) : wish_(wish), at_(at), io_(io) {}

  int of_process(std::uint32_t pid) {
    core::Result<trace::LiveServer> server = trace::LiveServer::attach(pid);
    if (!server) return complain("bytes", server.error(), io_);
    trace::CaptureOptions options;
    options.stop = false;
    const auto taken = server->take(options, {.buffers = false, .shmem = false, .statement = false});
    if (!taken) return complain("bytes", taken.error(), io_);
    when_ =
        fmt::format("read now ({}) from PID {}, which was not stopped{}", taken->capture.facts.time, pid,
                    taken->moment.heap.findings.empty() ? "" : " and changed meanwhile: what it lies in may be wrong");
    return tell(taken->capture, taken->moment.heap, true);
  }

  int of_file() {
    const core::Result<MemoryFile> file = open_memory(wish_.source, wish_.executable);
    if (!file) return complain("bytes", file.error(), io_);
    const auto moment = trace::read_moment(file->capture, {.buffers = false, .shmem = false, .statement = false});
    if (!moment) return complain("bytes", wish_.source + ": " + moment.error().message, io_);
    if (!file->is_core) nothing_ = "a snapshot holds memory of contexts alone, and none";
    return tell(file->capture, moment->heap, file->has_contents());
  }

 private:
  int tell(const trace::Capture& capture, const core::WalkedHeap& heap, bool has_contents) {
    const trace::MemoryPlace place = trace::place_of(heap, at_);
    Address from = at_;
    std::uint64_t most = wish_.bytes.value_or(kOutsideChunks), whole = most;
    if (place.chunk != nullptr && !wish_.bytes) {
      from = place.chunk->at;
      whole = place.chunk->granted_bytes;
      most = std::min(whole, kMostOfChunk);
    }
    const std::vector<std::uint8_t> bytes = read_as_far(*capture.memory, from, most);
    if (!has_contents && bytes.size() < most)
      return complain("bytes",
                      fmt::format("{}: what stands at 0x{:x} is not in this snapshot, which was made without contents: "
                                  "palloscope snapshot PID --payload keeps them",
                                  wish_.source, from.value + bytes.size()),
                      io_);
    if (bytes.empty()) return complain("bytes", fmt::format("{}: {} at 0x{:x}", name(), nothing_, from.value), io_);
    io_.out << place_words(place, at_) << '\n';
    if (!when_.empty()) io_.out << when_ << '\n';
    dump(io_.out, from, bytes);
    if (bytes.size() < most)
      io_.out << fmt::format("the memory there ends after {}\n", counted(bytes.size(), "byte"));
    else if (whole > most)
      io_.out << fmt::format("{} more: --bytes {} from 0x{:x} on\n", counted(whole - most, "byte"), whole - most,
                             from.value + most);
    return kExitGood;
  }

  std::string name() const { return pid_of(wish_.source) ? "PID " + wish_.source : wish_.source; }

  const Wish& wish_;
  Address at_;
  Streams io_;
  std::string when_;  // of a process that runs
  std::string_view nothing_ = "there is no memory";
};

}  // namespace

int run_bytes(Arguments arguments, Streams io) {
  Usage usage(
      "bytes",
      "What stands in memory at an address, in hex and ASCII: the whole chunk that holds it, with its context, size "
      "and "
      "state in the first line. From a running PostgreSQL process (read as it is now, without stopping it), a core "
      "dump, "
      "or a .pssnap file that was made with --payload. These bytes may be people's data. Run as the server's own user, "
      "or as root.");
  Wish wish;
  usage.add("SOURCE", &wish.source, "a process (its PID), a core dump, or a .pssnap file").required();
  usage.add("ADDRESS", &wish.address, "in hex: 0x55d0c2a443b0").required();
  usage
      .add("--bytes", &wish.bytes,
           fmt::format("so many bytes from ADDRESS on, instead of the chunk (of which {} are shown at most)",
                       kMostOfChunk))
      .takes("N");
  usage.add("--exe", &wish.executable, "the server's program, where it is not at the place that the core names")
      .takes("PATH");
  if (const auto status = usage.parse(arguments, io)) return *status;
  const auto at = parse_address(wish.address);
  if (!at)
    return complain("bytes", fmt::format("\"{}\" is no address; one looks like 0x55d0c2a443b0", wish.address), io);
  if (wish.bytes && (*wish.bytes == 0 || *wish.bytes > kMostBytes))
    return complain("bytes", fmt::format("--bytes takes 1 to {}", kMostBytes), io);
  Bytes bytes(wish, *at, io);
  const auto pid = pid_of(wish.source);
  if (pid && !wish.executable.empty()) return complain("bytes", "--exe is for core dumps", io);
  return pid ? bytes.of_process(*pid) : bytes.of_file();
}

}  // namespace palloscope::gui::cli
