// palloscope_frames: what a frame of the whole window costs the processor on a large heap or a large pool, without a
// graphics card: standing still, after a step, after a jump far away, with the map near and far. Standing still and a
// step must not depend on the heap. Times are processor time of the window's thread in ms; 16.7 are one of 60 a second.
//
//   palloscope_frames FILE [--width 1920] [--height 1080] [--count 200]
//   palloscope_frames --buffers 1048576
#include <fmt/format.h>
#include <imgui.h>

#include <functional>
#include <random>
#include <string>

#include "gui/document.h"
#include "tests/bench/bench_window.h"
#include "tests/bench/flags.h"
#include "tests/bench/measured.h"
#include "tests/support/pool_events.h"

using namespace palloscope;
using namespace palloscope::gui;
using bench::Samples;
using bench::thread_ns;

namespace {

// Of the frame that comes after `before`, so many times.
void measure(const char* what, bench::BenchWindow& window, std::uint64_t count, const std::function<void()>& before) {
  Samples frames;
  for (std::uint64_t i = 0; i < count; ++i) {
    before();
    const double began = thread_ns();
    window.frame();
    frames.add((thread_ns() - began) / 1e6);
  }
  fmt::print("{:<44}{:>10.2f}{:>10.2f}{:>10.2f}\n", what, frames.median(), frames.at(0.99), frames.worst());
  std::fflush(stdout);
}

void measure_all(bench::BenchWindow& window, std::uint64_t count) {
  trace::Timeline& timeline = window.session().document->timeline;
  const trace::HeapTotals& totals = timeline.state().totals();
  fmt::print("{} events, {} contexts, {} blocks, {} live chunks, {} buffers\n", timeline.size(), totals.context_count,
             totals.region_count, totals.live_chunk_count, timeline.state().server().buffers.size());
  fmt::print("{:<44}{:>10}{:>10}{:>10}\n", "ms a frame", "median", "99 of 100", "worst");
  // The first frames read what is read in slices.
  measure("the first frames", window, 60, [] {});
  window.frames(600);
  measure("standing still", window, count, [] {});
  int by = -1;
  measure("a step before each", window, count, [&] {
    if (timeline.cursor() == timeline.size()) by = -1;
    if (timeline.cursor() + count / 2 < timeline.size()) by = 1;
    apply(window.session(), Step{by});
  });
  for (int i = 0; i < 12; ++i) window.press(ImGuiKey_Equal);
  measure("a step before each, the picture nearer", window, count, [&] {
    if (timeline.cursor() == timeline.size()) by = -1;
    if (timeline.cursor() + count / 2 < timeline.size()) by = 1;
    apply(window.session(), Step{by});
  });
  for (int i = 0; i < 12; ++i) window.press(ImGuiKey_Minus);
  std::mt19937_64 random(1);
  measure("a jump back or on before each, without its seek", window, count / 10,
          [&] { timeline.seek(timeline.size() - random() % std::min<EventNumber>(timeline.size(), 1'000'000)); });
  fmt::print("memory of the program's own, MB{:>33.0f}\n", static_cast<double>(bench::own_bytes()) / 1e6);
}

Document pool_of(std::uint32_t buffers) {
  Document document{.timeline = trace::Timeline::recording({})};
  core::EventSink& sink = document.timeline.sink();
  for (const core::EventBody& event : test::filled_pool(buffers, 1)) sink.emit(event);
  for (std::uint32_t i = 0; i < 1000; ++i)
    sink.emit(core::ClockTicked{{i % buffers}, core::ClockVerdict::Spared, 0, (i + 1) % buffers, i / buffers});
  return document;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Flags flags(argc, argv,
                           "palloscope_frames FILE | --buffers N [--width PX] [--height PX] [--count FRAMES]");
  const auto buffers = static_cast<std::uint32_t>(flags.number("buffers", 0));
  if (flags.words().size() != (buffers == 0 ? 1u : 0u)) flags.fail("a trace or --buffers is missing");
  bench::BenchWindow window(static_cast<int>(flags.number("width", 1920)),
                            static_cast<int>(flags.number("height", 1080)));
  if (buffers != 0) {
    window.show(pool_of(buffers));
    apply(window.session(), ShowPanel{"buffers"});
  } else {
    auto document = open_document(flags.words()[0]);
    if (!document) flags.fail(document.error().message);
    window.show(std::move(*document));
    apply(window.session(), ShowPanel{"map"});
  }
  trace::Timeline& timeline = window.session().document->timeline;
  timeline.seek(timeline.size());
  measure_all(window, flags.number("count", 200));
  return 0;
}
