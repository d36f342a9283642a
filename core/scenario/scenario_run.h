// ScenarioRun: one scenario (a Lua script that calls PostgreSQL's functions) and the simulated process it works on.
// What happens goes to the sink as events: source text and lines, narration, variables, errors, and whatever the
// process announces. The script advances in slices without a thread, so a window can pause it, step it or let it run.
// When it has ended, its world stays: the console goes on in it.
//
// Scripts see base, string, table, math, utf8 and coroutine, without anything that reaches the machine; instructions,
// memory, events and simulated heap are bounded (core/scenario/README.md lists what a script can call).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/events/event_sink.h"
#include "core/scenario/scenario_info.h"

namespace palloscope::core {

class ContextCallObserver;
class Process;

struct ScenarioBudget {
  std::uint64_t instructions = 50'000'000;   // of the Lua machine; a console line has as many again
  std::uint64_t script_bytes = 64ull << 20;  // Lua's own memory
  std::uint64_t events = 4'000'000;          // emitted in all
  std::uint64_t text_bytes = 64ull << 20;    // in events: output, narration, names, written bytes
  std::uint64_t heap_bytes = 2ull << 30;     // live in the simulated malloc; one request of so much just fails
};

struct ScenarioOptions {
  std::optional<int> pg_major;  // none: what the scenario's head wants, else 17
  bool checking = false;
  ContextCallObserver* context_calls = nullptr;  // told of calls on contexts; must outlive the run
  ScenarioBudget budget;
};

// When advance() comes back before the script has ended. 0 / false: not for this reason.
struct AdvanceLimits {
  std::uint64_t instructions = 0;  // after about so many
  std::uint64_t events = 0;        // after the call that made this many or more
  bool at_line = false;            // before the next line of the script that differs from the present one
  bool at_narration = false;       // right after the next narration
};

enum class RunState : std::uint8_t { Paused, Finished, Failed };

struct ConsoleAnswer {
  bool ok = true;
  std::string text;  // values as the console prints them, or the error; may be empty
};

// What a Timeline for this run is described by.
StreamDescription describe_scenario(const ScenarioInfo& info, const ScenarioOptions& options);

class ScenarioRun {
 public:
  // Compiles the script, announces its text, and starts the process; nothing of the script has run yet (Paused).
  // The sink must outlive the run. Errors: a version that is not there, a script that does not compile.
  static Result<ScenarioRun> start(std::string_view name, std::string_view text, const ScenarioOptions& options,
                                   EventSink& sink);
  ScenarioRun(ScenarioRun&&) noexcept;
  ScenarioRun& operator=(ScenarioRun&&) noexcept;
  ~ScenarioRun();

  // Runs on, at least one step; with no limits set, to the end. Does nothing unless Paused.
  RunState advance(const AdvanceLimits& limits = {});
  RunState state() const;
  const std::string& error() const;  // Failed: "leak.lua:12: ..."
  const ScenarioInfo& info() const;
  const Process& process() const;
  std::uint32_t line() const;  // of the script, where it stands; 0: not begun, or ended

  // The console: one line (or several) of Lua, run to its end in the same world. Its text joins the source named
  // "console". A script that is paused stays paused. An expression answers its value.
  ConsoleAnswer execute(std::string_view line);

 private:
  struct Impl;
  explicit ScenarioRun(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::core
