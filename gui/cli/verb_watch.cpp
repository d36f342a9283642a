// palloscope watch PID 'CONTEXT > SIZE': waits until a context grows past a size, tells where in the C code that was,
// and keeps a snapshot of the moment.
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "trace/exporters/printable.h"
#include "trace/live/c_stack.h"
#include "trace/live/live_server.h"
#include "trace/live/snapshot_file.h"
#include "trace/live/watch.h"

namespace palloscope::gui::cli {
namespace {

using core::counted;

struct Wish {
  std::uint32_t pid = 0;
  std::string rule, out;
  float seconds = 0;
  std::uint64_t times = 1, pause_limit_ms = 1000;
};

void tell_stack(const std::vector<trace::CFrame>& stack, std::ostream& out) {
  std::size_t number = 0;
  for (const trace::CFrame& frame : stack)
    out << fmt::format("  #{:<3} {}\n", number++, trace::printable(trace::frame_text(frame)));
  out << std::flush;
}

void tell_hit(const trace::WatchHit& hit, const trace::StopRule& rule, std::ostream& out) {
  out << fmt::format("{} at {:#x} holds {} bytes, more than {}{}\n", trace::printable(rule.context), hit.context.value,
                     hit.bytes, rule.bytes,
                     hit.at_the_write ? "; the C stack at the allocation:" : " (seen a little after the allocation)");
  tell_stack(hit.stack, out);
}

// What holds other sessions up while it stands.
void tell_locks(const trace::CaptureFacts& facts, std::ostream& out) {
  if (facts.crit_section != 0)
    out << "  it was in a critical section: other sessions may have waited for it while it stood\n";
  else if (facts.interrupt_holdoff != 0)
    out << "  it held interrupts off, as while it holds a lightweight lock: others may have waited for it while it "
           "stood\n";
}

// Where the allocation was not seen, where it is now is told instead.
std::optional<int> take_snapshot(trace::LiveServer& server, const Wish& wish, bool with_stack, const std::string& name,
                                 Streams io) {
  trace::CaptureOptions options;
  options.pause_limit = std::chrono::milliseconds(wish.pause_limit_ms);
  const auto taken = server.take(options);
  if (!taken) return complain("watch", taken.error(), io);
  if (const auto stack = with_stack ? server.c_stack_of(taken->capture) : core::Error{}) {
    io.out << "  the C stack when it was stopped for a look:\n";
    tell_stack(*stack, io.out);
  }
  if (name.empty()) return std::nullopt;
  const trace::CaptureFacts& facts = taken->moment.facts;
  const auto written = trace::write_snapshot_file(taken->capture, taken->moment, name, {});
  if (!written) return complain("watch", written.error(), io);
  io.out << fmt::format("  {}: {}; stopped for {:.2f} ms, and let go\n", name,
                        counted(taken->moment.heap.contexts.size(), "context"),
                        static_cast<double>(facts.pause_ns) / 1e6);
  tell_locks(facts, io.out);
  return std::nullopt;
}

std::string numbered(const std::string& name, std::uint64_t number) {
  const std::size_t dot = name.rfind('.');
  if (number == 1 || dot == std::string::npos) return number == 1 ? name : fmt::format("{}-{}", name, number);
  return fmt::format("{}-{}{}", name.substr(0, dot), number, name.substr(dot));
}

}  // namespace

int run_watch(Arguments arguments, Streams io) {
  Usage usage(
      "watch",
      "Waits until a context of a running backend holds more than so many bytes. Then it tells the C functions that\n"
      "were allocating, and keeps a snapshot. The processor watches mem_allocated: the backend runs at full speed, "
      "and\n"
      "stands only while it is copied. A backend that stands keeps its locks: --pause-limit bounds that.");
  Wish wish;
  usage.add("PID", &wish.pid, "the backend's process, as palloscope backends or pg_stat_activity tells").required();
  usage
      .add("RULE", &wish.rule,
           "the context and its limit, as in 'ExecutorState > 64MB': its own memory, without its children's")
      .required();
  usage.add("-o,--out", &wish.out, "the snapshot (.pssnap), which every verb and the window open").takes("FILE");
  usage.add("--times", &wish.times, "so often, a file each; a context is told again once it was smaller in between")
      .takes("N")
      .shows_default();
  usage.add("--for", &wish.seconds, "seconds to wait at most; left out: until the process ends")
      .takes("S")
      .within(0, 1e6);
  usage.add("--pause-limit", &wish.pause_limit_ms, "milliseconds that it may stand still at most")
      .takes("MS")
      .within(1, 60'000)
      .shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  const auto rule = trace::parse_stop_rule(wish.rule);
  if (!rule) return complain("watch", rule.error(), io);
  auto server = trace::LiveServer::attach(wish.pid);
  if (!server) return complain("watch", server.error(), io);
  auto watch = trace::Watch::arm(*server, *rule);
  if (!watch) return complain("watch", watch.error(), io);
  if (!watch->limitation().empty()) io.err << "palloscope watch: " << watch->limitation() << '\n';

  if (watch->named() == 0)
    io.err << fmt::format("palloscope watch: no context is called {} now; waiting for one to come\n",
                          trace::printable(rule->context));

  using Clock = std::chrono::steady_clock;
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<float>(wish.seconds));
  for (std::uint64_t hits = 0; hits < wish.times;) {
    const auto hit = watch->wait(std::chrono::milliseconds(250));
    if (!hit) return complain("watch", hit.error(), io);
    if (*hit) {
      tell_hit(**hit, *rule, io.out);
      ++hits;
      const bool with_stack = (*hit)->stack.empty();
      if (wish.out.empty() && !with_stack) continue;
      const std::string name = wish.out.empty() ? "" : numbered(wish.out, hits);
      if (const auto status = take_snapshot(*server, wish, with_stack, name, io)) return *status;
    } else if (wish.seconds > 0 && Clock::now() >= end) {
      io.err << fmt::format("palloscope watch: {} did not grow past {} bytes in {} seconds\n",
                            trace::printable(rule->context), rule->bytes, wish.seconds);
      return kExitNo;
    }
  }
  return kExitGood;
}

}  // namespace palloscope::gui::cli
