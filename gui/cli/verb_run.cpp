// palloscope run SCENARIO: runs a script without a window; tells its lesson, its output and what it came to.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>

#include "core/mcxt/context_calls.h"
#include "core/scenario/scenario_run.h"
#include "gui/cli/arguments.h"
#include "gui/cli/fault_places.h"
#include "gui/cli/scenario_text.h"
#include "trace/file/trace_writer.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui::cli {
namespace {

constexpr std::size_t kColumns = 100;

// Breaks at blanks; a line holds `columns` characters behind the indentation.
std::string wrap(std::string_view text, std::size_t columns, std::string_view indentation) {
  std::string wrapped;
  std::size_t used = 0;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (used > 0 && used + 1 + word.size() > columns) {
      wrapped += fmt::format("\n{}", indentation);
      used = 0;
    } else if (used > 0) {
      wrapped += ' ';
      ++used;
    }
    wrapped += word;
    used += word.size();
  }
  return wrapped;
}

std::string with_commas(std::uint64_t n) {
  std::string digits = std::to_string(n), text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

// Tells the lesson as it happens, counts, and passes everything on to the trace file, if there is one.
class Teller final : public core::EventSink {
 public:
  Teller(std::ostream& out, bool chinese, trace::TraceWriter* writer) : out_(out), chinese_(chinese), writer_(writer) {}

  void emit(const core::EventBody& event) override {
    state_.apply(event);
    peak_context_bytes_ = std::max(peak_context_bytes_, state_.totals().context_bytes);
    peak_malloc_bytes_ = std::max(peak_malloc_bytes_, state_.totals().malloc_bytes);
    places_.note(state_.event_number(), event);
    if (writer_) writer_->emit(event);
    if (const auto* narration = std::get_if<core::Narration>(&event)) {
      // Chinese is written without blanks to break at: the terminal breaks it.
      out_ << fmt::format("\n{:>4}  {}\n", state_.point().line,
                          chinese_ ? narration->zh : wrap(narration->en, kColumns - 6, "      "));
    } else if (const auto* output = std::get_if<core::Output>(&event)) {
      out_ << "      | " << output->text << '\n';
    } else if (const auto* statement = std::get_if<core::Statement>(&event)) {
      out_ << "      > " << statement->text << '\n';
    } else if (const auto* error = std::get_if<core::ErrorReported>(&event)) {
      tell(*error);
    } else if (const auto* fault = std::get_if<core::FaultFound>(&event)) {
      out_ << "      * " << places_.text(*fault, state_.event_number(), state_) << '\n';
      ++faults_;
    } else if (std::get_if<core::ErrorCaught>(&event)) {
      out_ << "      ! caught\n";
    }
  }

  std::string summary() const {
    const trace::HeapTotals& totals = state_.totals();
    return fmt::format(
        "{} {}; {} {} of malloc, {} of free; at most {} bytes from malloc, {} of them in contexts; errors: {}; "
        "faults: {}",
        with_commas(state_.event_number()), state_.event_number() == 1 ? "event" : "events",
        with_commas(totals.malloc_calls), totals.malloc_calls == 1 ? "call" : "calls", with_commas(totals.free_calls),
        with_commas(peak_malloc_bytes_), with_commas(peak_context_bytes_), errors_, faults_);
  }

 private:
  void tell(const core::ErrorReported& report) {
    constexpr const char* kLevels[] = {"NOTICE", "WARNING", "ERROR"};
    out_ << fmt::format("      ! {}: {}\n", kLevels[static_cast<int>(report.severity)], report.message);
    if (!report.detail.empty()) out_ << fmt::format("      ! DETAIL: {}\n", report.detail);
    if (report.severity == core::Severity::Error) ++errors_;
  }

  std::ostream& out_;
  bool chinese_;
  trace::TraceWriter* writer_;
  trace::MemoryState state_;
  std::uint64_t peak_context_bytes_ = 0, peak_malloc_bytes_ = 0;
  FaultPlaces places_;
  int errors_ = 0;
  std::uint64_t faults_ = 0;
};

// Tells the calls on contexts instead: a line each, as recordings of real servers have them (spec 8.2); equal lines
// that follow each other are told once, with their number.
class CallTeller final : public core::EventSink, public core::ContextCallObserver {
 public:
  CallTeller(std::ostream& out, trace::TraceWriter* writer) : out_(out), writer_(writer) {}
  CallTeller(const CallTeller&) = delete;
  CallTeller& operator=(const CallTeller&) = delete;
  ~CallTeller() override { flush(); }

  void emit(const core::EventBody& event) override {
    if (writer_) writer_->emit(event);
    if (const auto* statement = std::get_if<core::Statement>(&event)) tell("=== " + statement->text);
  }
  void called(const core::ContextCall& call) override { tell(core::text_of(call)); }

 private:
  void tell(std::string line) {
    if (line != line_) flush();
    line_ = std::move(line);
    ++times_;
  }
  void flush() {
    if (times_ > 1)
      out_ << fmt::format("{}  x{}\n", line_, times_);
    else if (times_ == 1)
      out_ << line_ << '\n';
    times_ = 0;
  }

  std::ostream& out_;
  trace::TraceWriter* writer_;
  std::string line_;
  int times_ = 0;
};

int list_scenarios(bool chinese, Streams io) {
  for (const core::BuiltinScenario& scenario : core::builtin_scenarios()) {
    const core::ScenarioInfo& info = scenario.info;
    io.out << fmt::format("{}\n    {}. {}\n", info.name, chinese ? info.title.zh : info.title.en,
                          chinese ? info.about.zh : info.about.en);
  }
  return kExitGood;
}

int run_text(const ScenarioText& scenario, core::ScenarioOptions options, const std::string& trace_file, bool chinese,
             bool calls, Streams io) {
  const core::ScenarioInfo info = core::read_scenario_info(scenario.name, scenario.text);
  const core::StreamDescription description = core::describe_scenario(info, options);
  std::unique_ptr<trace::TraceWriter> writer;
  if (!trace_file.empty()) {
    auto created = trace::TraceWriter::create(trace_file, description);
    if (!created) return complain("run", created.error(), io);
    writer = std::move(*created);
  }
  if (calls) {
    CallTeller teller(io.out, writer.get());
    options.context_calls = &teller;
    auto run = core::ScenarioRun::start(scenario.name, scenario.text, options, teller);
    if (!run) return complain("run", run.error(), io);
    const core::RunState end = run->advance();
    if (writer)
      if (const core::Status closed = writer->close(); !closed) return complain("run", closed.error(), io);
    return end == core::RunState::Finished ? kExitGood : complain("run", run->error(), io);
  }
  io.out << fmt::format("{} (PostgreSQL {}{})\n", chinese ? info.title.zh : info.title.en, description.pg_major,
                        description.checking ? ", checking build" : "");
  Teller teller(io.out, chinese, writer.get());
  auto run = core::ScenarioRun::start(scenario.name, scenario.text, options, teller);
  if (!run) return complain("run", run.error(), io);
  const core::RunState end = run->advance();
  io.out << '\n' << teller.summary() << '\n';
  if (writer) {
    if (const core::Status closed = writer->close(); !closed) return complain("run", closed.error(), io);
    io.out << fmt::format("trace: {}, {} bytes\n", trace_file, with_commas(writer->bytes_written()));
  }
  return end == core::RunState::Finished ? kExitGood : complain("run", run->error(), io);
}

}  // namespace

int run_scenario(Arguments arguments, Streams io) {
  Usage usage(
      "run",
      "Runs a scenario (a Lua script, or one of the program's own by name) on the simulated memory of a PostgreSQL "
      "process: tells its lesson, what it prints and what it came to. Exit status 0 only if it runs to its end.");
  std::string name, trace_file, language = "en";
  int pg_major = 0;
  core::ScenarioOptions options;
  bool list = false, calls = false;
  const Argument scenario = usage.add("SCENARIO", &name, "a file, or a name of --list, or its number");
  usage.add("--list", &list, "list the program's own scenarios").excludes(scenario);
  usage.add("--pg", &pg_major, "the server's version; left out: as the scenario says, else 17").within(15, 18);
  usage.add("--checking", &options.checking, "as built with MEMORY_CONTEXT_CHECKING");
  usage.add("--calls", &calls, "tell the calls of mcxt.c's functions on contexts, a line each, and nothing else");
  usage.add("-o,--output", &trace_file, "write a trace file").takes("FILE");
  usage.add("--lang", &language, "the language of the lesson").one_of({"en", "zh"}).shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  const bool chinese = language == "zh";
  if (list) return list_scenarios(chinese, io);
  if (name.empty()) return complain("run", "which scenario? See: palloscope run --list", io);
  if (pg_major != 0) options.pg_major = pg_major;
  const auto found = find_scenario(name);
  if (!found) return complain("run", found.error(), io);
  return run_text(*found, options, trace_file, chinese, calls, io);
}

}  // namespace palloscope::gui::cli
