// palloscope_make_trace: writes a trace of any length, as a busy server would make it, for measuring.
//
//   palloscope_make_trace FILE [--kind oltp|olap|random] [--events N] [--live N] [--seed N] [--pack lz4|zstd]
#include <fmt/format.h>

#include <ctime>
#include <string>

#include "tests/bench/flags.h"
#include "tests/bench/toy_server.h"
#include "trace/file/trace_writer.h"

using namespace palloscope;

namespace {

int make(const std::string& file, const bench::StreamOptions& stream, bool zstd) {
  core::StreamDescription description;
  description.source = core::SourceKind::Recording;
  description.title =
      fmt::format("{} stream, {} events", bench::kStreamNames[static_cast<int>(stream.kind)], stream.events);
  description.origin = fmt::format("palloscope_make_trace --live {} --seed {}", stream.live, stream.seed);
  trace::TraceWriterOptions options;
  if (zstd) options.compression = trace::Compression::Zstd;
  auto writer = trace::TraceWriter::create(file, description, options);
  if (!writer) {
    fmt::print(stderr, "{}\n", writer.error().message);
    return 1;
  }
  const std::clock_t began = std::clock();
  bench::make_stream(stream, **writer);
  if (auto closed = (*writer)->close(); !closed) {
    fmt::print(stderr, "{}\n", closed.error().message);
    return 1;
  }
  const double ns = 1e9 * static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  const auto events = static_cast<double>((*writer)->size());
  fmt::print("{} events, {:.2f} bytes an event, {:.0f} ns of processor time an event\n", (*writer)->size(),
             static_cast<double>((*writer)->bytes_written()) / events, ns / events);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Flags flags(argc, argv,
                           "palloscope_make_trace FILE [--kind oltp|olap|random] [--events N] [--live N] [--seed N] "
                           "[--pack lz4|zstd]");
  bench::StreamOptions stream;
  const auto kind = bench::stream_named(flags.text("kind", "oltp"));
  if (!kind) flags.fail("--kind is oltp, olap or random");
  if (flags.words().size() != 1) flags.fail("the trace to write is missing");
  stream.kind = *kind;
  stream.events = flags.number("events", stream.events);
  stream.live = flags.number("live", stream.live);
  stream.seed = flags.number("seed", stream.seed);
  return make(flags.words()[0], stream, flags.text("pack", "lz4") == "zstd");
}
