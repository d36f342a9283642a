// What a script did, as a list of events with a few questions that tests ask of it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/scenario/scenario_run.h"
#include "tests/support/catch.h"

namespace palloscope::test {

struct ScriptLog final : core::EventSink {
  std::vector<core::EventBody> events;

  void emit(const core::EventBody& event) override { events.push_back(event); }

  template <class E>
  std::vector<E> all() const {
    std::vector<E> found;
    for (const core::EventBody& event : events)
      if (const E* e = std::get_if<E>(&event)) found.push_back(*e);
    return found;
  }
  template <class E>
  std::size_t count() const {
    return all<E>().size();
  }
  // What was printed, a line each.
  std::string output() const {
    std::string text;
    for (const core::Output& line : all<core::Output>()) text += line.text + "\n";
    return text;
  }
};

// A script, started; `log` lives as long as it.
struct Script {
  ScriptLog log;
  core::ScenarioRun run;

  explicit Script(std::string_view text, const core::ScenarioOptions& options = {}, std::string_view name = "test.lua")
      : run(start(name, text, options, log)) {}

  // To its end; what it printed.
  std::string finish() {
    run.advance();
    INFO(run.error());
    CHECK(run.state() == core::RunState::Finished);
    return log.output();
  }
  // To its failure; the words of the error.
  std::string fail() {
    run.advance();
    CHECK(run.state() == core::RunState::Failed);
    return run.error();
  }

 private:
  static core::ScenarioRun start(std::string_view name, std::string_view text, const core::ScenarioOptions& options,
                                 core::EventSink& sink) {
    auto started = core::ScenarioRun::start(name, text, options, sink);
    if (!started) FAIL(started.error().message);
    return std::move(*started);
  }
};

}  // namespace palloscope::test
