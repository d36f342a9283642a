// palloscope attach PID: the window over a running backend. Here its arguments; the window is opened by main.
#include "gui/cli/verb_attach.h"

#include <cmath>
#include <string>

#include "gui/cli/arguments.h"

namespace palloscope::gui::cli {

std::variant<int, AttachRequest> read_attach(Arguments arguments, Streams io) {
  Usage usage(
      "attach",
      "Opens the window over a running PostgreSQL backend: its contexts, blocks, chunks and buffers, a moment "
      "every so often, each with what differs from the one before. Nothing is installed in the server. Run it as "
      "the server's own user, or as root; palloscope backends lists who is there.");
  AttachRequest request;
  float every = 1;
  bool no_stop = false, once = false;
  int pause_limit = request.pause_limit_ms;
  std::string record, rule;
  usage.add("PID", &request.pid, "the backend's process, as palloscope backends or pg_stat_activity tells").required();
  usage.add("--every", &every, "seconds from one moment to the next").takes("S").within(0.05, 86'400).shows_default();
  usage.add("--once", &once, "one moment; further ones when F5 is pressed");
  usage.add("--no-stop", &no_stop, "read it while it runs: parts may not fit together");
  usage.add("--pause-limit", &pause_limit, "milliseconds that it may stand still at most")
      .takes("MS")
      .within(1, 60'000)
      .shows_default();
  usage.add("--record", &record, "a trace (.pscope) that is written at the same time; an existing one is replaced")
      .takes("FILE");
  usage
      .add("--stop-when", &rule,
           "a moment at once when a context grows past a size, as in 'ExecutorState > 64MB', with the C functions that "
           "were allocating")
      .takes("RULE");
  if (const auto status = usage.parse(arguments, io)) return *status;
  request.every_ms = once ? kFollowNever : static_cast<int>(std::lround(every * 1000));
  request.stop = !no_stop;
  request.pause_limit_ms = pause_limit;
  request.record = record;
  if (!usage.given("--stop-when")) return request;
  const auto parsed = trace::parse_stop_rule(rule);
  if (!parsed) return complain("attach", parsed.error(), io);
  request.stop_when = *parsed;
  return request;
}

int run_attach(Arguments arguments, Streams io) {
  const auto read = read_attach(arguments, io);
  const int* status = std::get_if<int>(&read);
  return status != nullptr ? *status : kExitGood;
}

}  // namespace palloscope::gui::cli
