// palloscope state FILE: the state at one moment, as text, CSV or JSON.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <streambuf>
#include <string>
#include <vector>

#include "gui/cli/arguments.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/exporters/exporter.h"

namespace palloscope::gui::cli {
namespace {

// What a dump left out has no rows of its own.
void tell_of_omitted(const trace::MemoryState& state, Streams io) {
  std::uint64_t omitted = 0;
  for (const trace::ContextRecord& context : state.contexts())
    if (context.born != 0 && context.omitted_children) omitted += context.omitted_children->count;
  if (omitted > 0)
    io.err << "palloscope state: the dump left out " << omitted << " contexts; they are not among the rows\n";
}

// Passes on what is written, and counts its lines.
class LineCounter final : public std::streambuf {
 public:
  explicit LineCounter(std::streambuf* target) : target_(target) {}  // null: only counts
  std::streamsize lines() const { return lines_; }

 private:
  std::streamsize xsputn(const char* text, std::streamsize length) override {
    lines_ += std::count(text, text + length, '\n');
    return target_ == nullptr ? length : target_->sputn(text, length);
  }
  int overflow(int c) override {
    const char one = traits_type::to_char_type(c);
    return xsputn(&one, 1) == 1 ? c : traits_type::eof();
  }
  std::streambuf* target_;
  std::streamsize lines_ = 0;
};

// Was there more than the head to write?
bool write_rows(const trace::Exporter& exporter, const trace::Timeline& timeline, std::streambuf* target) {
  LineCounter counter(target);
  std::ostream out(&counter);
  exporter.write(timeline, out);
  return exporter.rows_of.empty() || counter.lines() > exporter.head_lines;
}

// The answer is no: there is nothing of that kind; what there is instead.
int tell_of_nothing(const trace::Exporter& wanted, const std::string& file, const trace::Timeline& timeline,
                    Streams io) {
  std::string others;
  for (const trace::Exporter& other : trace::exporter_table())
    if (!other.rows_of.empty() && write_rows(other, timeline, nullptr))
      others += (others.empty() ? "; there is something for --format " : ", ") + std::string(other.name);
  io.err << fmt::format("palloscope state: {}: at event {} there are no {}{}\n", file, timeline.cursor(),
                        wanted.rows_of, others);
  return kExitNo;
}

}  // namespace

int run_state(Arguments arguments, Streams io) {
  Usage usage(
      "state",
      "Writes the contexts, the shared buffers or the shared memory (in JSON everything, each block and chunk too) as "
      "they are after one event. Exit status 1: at that moment there is nothing that the format has rows for; only its "
      "head is written.");
  std::string file, format = "text", formats;
  std::optional<core::EventNumber> at;
  int pg_major = 0;
  const auto table = trace::exporter_table();
  std::vector<std::string> names;
  for (const trace::Exporter& exporter : table) {
    formats += fmt::format("{}{}: {}", names.empty() ? "" : "; ", exporter.name, exporter.summary);
    names.emplace_back(exporter.name);
  }
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  usage.add("--at", &at, "after this event; left out: at the end").takes("N");
  usage.add("--format", &format, formats).one_of(names, /*listed_in_help=*/false).shows_default();
  usage.add("--pg", &pg_major, "the version of a dump that does not tell it").within(14, 18);
  if (const auto status = usage.parse(arguments, io)) return *status;

  const auto exporter = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == format; });
  auto timeline = open_source_or_scenario("state", file, io, pg_major);
  if (!timeline) return kExitBad;
  if (!stand_at("state", file, *timeline, at, io)) return kExitBad;
  if (!write_rows(*exporter, *timeline, io.out.rdbuf())) return tell_of_nothing(*exporter, file, *timeline, io);
  if (exporter->name == "csv") tell_of_omitted(timeline->state(), io);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
