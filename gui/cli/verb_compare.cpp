// palloscope compare FILE: one recorded stream of calls, several allocators or settings side by side.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/nearest_word.h"
#include "gui/cli/arguments.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/analysis/event_slices.h"
#include "trace/compare/comparison.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

using trace::Figures;

// A row of the table: at the moment that was asked for, and at its own peak.
struct Row {
  std::string name, note, refused;
  std::optional<Figures> now;
  std::optional<Figures> peak;
  core::EventNumber peak_event = 0;
};

struct Column {
  const char* title;  // two lines
  const char* key;    // in CSV and JSON
  std::uint64_t Figures::*value;
};
constexpr Column kColumns[] = {
    {"held", "held_bytes", &Figures::held_bytes},
    {"requested", "requested_bytes", &Figures::requested_bytes},
    {"in chunks", "in_chunk_bytes", &Figures::in_chunk_bytes},
    {"free", "free_bytes", &Figures::free_bytes},
    {"tails", "tail_bytes", &Figures::tail_bytes},
    {"other", "other_bytes", &Figures::other_bytes},
    {"blocks", "blocks", &Figures::blocks},
    {"mallocs", "malloc_calls", &Figures::malloc_calls},
    {"frees", "free_calls", &Figures::free_calls},
};

std::string with_commas(std::uint64_t n) {
  std::string digits = std::to_string(n), text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::vector<Row> rows_of(trace::Comparison& comparison, trace::Timeline& recorded, core::EventNumber at) {
  std::vector<Row> rows;
  const std::uint64_t call = comparison.marks().call_of(at);
  recorded.seek(comparison.marks().event_of(call));
  const auto add = [&](std::string name, std::optional<Figures> now, const trace::RunFigures* run) {
    Row row{.name = std::move(name), .note = {}, .refused = {}, .now = now, .peak = {}};
    if (run != nullptr) {
      row.peak = run->peak;
      row.peak_event = run->peak_event;
    }
    rows.push_back(std::move(row));
  };
  add("as recorded", figures_of(recorded.state(), comparison.recorded_measure()), &comparison.recorded_figures());
  for (std::size_t i = 0; i < comparison.entries().size(); ++i) {
    const auto& entry = comparison.entries()[i];
    add(to_string(entry.spec), comparison.figures_at(i, call),
        entry.contender && entry.refused.empty() ? &entry.contender->figures() : nullptr);
    rows.back().refused = entry.refused;
    if (entry.contender) rows.back().note = entry.contender->note();
  }
  return rows;
}

void print_text(const std::vector<Row>& rows, std::ostream& out) {
  std::size_t widest = 11;
  for (const Row& row : rows) widest = std::max(widest, row.name.size());
  const auto print = [&](const char* heading, std::optional<Figures> Row::*figures, bool peak) {
    out << fmt::format("{:<{}}", heading, widest);
    for (const Column& column : kColumns) out << fmt::format(" {:>13}", column.title);
    out << fmt::format(" {:>7}{}\n", "waste", peak ? "      event" : "");
    std::optional<std::uint64_t> least;
    for (const Row& row : rows)
      if (const auto& found = row.*figures) least = std::min(least.value_or(found->held_bytes), found->held_bytes);
    for (const Row& row : rows) {
      out << fmt::format("{:<{}}", row.name, widest);
      const std::optional<Figures>& found = row.*figures;
      if (!found) {
        out << fmt::format("  {}\n", row.refused.empty() ? "not there yet" : row.refused);
        continue;
      }
      for (const Column& column : kColumns) {
        const bool best = column.value == &Figures::held_bytes && found->held_bytes == least && rows.size() > 1;
        out << fmt::format(" {:>13}", (best ? "*" : "") + with_commas((*found).*column.value));
      }
      out << fmt::format(" {:>6.1f}%", found->fragmentation() * 100);
      if (peak) out << fmt::format(" {:>10}", with_commas(row.peak_event));
      out << '\n';
    }
  };
  print("now", &Row::now, false);
  out << '\n';
  print("at the peak", &Row::peak, true);
  for (const Row& row : rows)
    if (!row.note.empty()) out << fmt::format("\n{}: {}", row.name, row.note);
  if (std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !row.note.empty(); })) out << '\n';
}

std::string quoted(const std::string& text) {
  std::string answer = "\"";
  for (const char c : text) {
    if (c == '"') answer += '"';
    answer += c;
  }
  return answer + '"';
}

void print_csv(const std::vector<Row>& rows, std::ostream& out) {
  out << "contender";
  for (const char* prefix : {"", "peak_"})
    for (const Column& column : kColumns) out << ',' << prefix << column.key;
  out << ",peak_event,note,refused\n";
  for (const Row& row : rows) {
    out << quoted(row.name);
    for (const auto& figures : {row.now, row.peak})
      for (const Column& column : kColumns) out << ',' << (figures ? std::to_string((*figures).*column.value) : "");
    out << ',' << (row.peak ? std::to_string(row.peak_event) : "") << ',' << quoted(row.note) << ','
        << quoted(row.refused) << '\n';
  }
}

nlohmann::ordered_json figures_json(const Figures& figures) {
  nlohmann::ordered_json json;
  for (const Column& column : kColumns) json[column.key] = figures.*column.value;
  json["fragmentation"] = figures.fragmentation();
  return json;
}

void print_json(const std::vector<Row>& rows, const trace::Comparison& comparison, core::EventNumber at,
                std::ostream& out) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json json;
    json["contender"] = row.name;
    if (!row.note.empty()) json["note"] = row.note;
    if (!row.refused.empty()) json["refused"] = row.refused;
    if (row.now) json["now"] = figures_json(*row.now);
    if (row.peak) {
      json["peak"] = figures_json(*row.peak);
      json["peak"]["event"] = row.peak_event;
    }
    list.push_back(std::move(json));
  }
  nlohmann::ordered_json all;
  all["event"] = at;
  all["call"] = comparison.marks().call_of(at);
  all["calls"] = comparison.calls();
  if (!comparison.stopped().empty()) all["stopped"] = comparison.stopped();
  all["contenders"] = std::move(list);
  out << all.dump(1) << '\n';
}

constexpr const char* kFooter =
    "Contenders: NAME[:SETTINGS][@VERSION][+OPTION], sizes as 8192, 8k or 1M\n"
    "  recorded                      kinds and sizes of the recording (with @15 or +checking)\n"
    "  aset[:MIN/INIT/MAX]           all contexts AllocSet; sizes left out: as recorded, else 0/8k/8M\n"
    "  generation[:MIN/INIT/MAX]     all contexts Generation\n"
    "  slab:SIZE[/BLOCK]             Slab for contexts whose every request fits in SIZE bytes (block: 8k)\n"
    "  bump[:MIN/INIT/MAX][+nofree]  all contexts Bump (17 and newer); refused where a chunk is freed or reallocated;\n"
    "                                +nofree: pfree is ignored\n"
    "  malloc                        each chunk a malloc with a header of 8 bytes, rounded to 16\n"
    "  pool[:BLOCK]                  one pool of size classes for the whole process, without contexts\n"
    "TopMemoryContext and ErrorContext stay AllocSets.\n\n"
    "Columns, in bytes: held = requested + in chunks + free + tails + other\n"
    "  held       what malloc takes from the system, its own headers included\n"
    "  in chunks  chunk headers and rounding of live chunks\n"
    "  free       freed chunks that wait to be used again\n"
    "  tails      never handed out, behind the last chunk of each block\n"
    "  other      headers of contexts and blocks, recycled contexts, malloc's own\n"
    "  blocks     live regions from malloc; mallocs and frees: calls so far\n"
    "  waste      share of the memory held that nobody asked for\n"
    "The least memory held is marked with *.\n\n"
    "Exit status: 0 the table was written (a contender that cannot answer these calls says so in its row), 2 bad usage "
    "or "
    "bad input.";

// "--context": no context of the recording is ever called so. Empty: one is, or none was asked for.
std::string unknown_context(const trace::Timeline& recorded, const std::string& name, Streams io) {
  if (name.empty() || recorded.size() == 0) return "";
  constexpr std::size_t kMostListed = 40;
  std::set<std::string, std::less<>> names;
  core::EventNumber next = 1;
  const auto creates = [](const trace::BlockSummary& block) { return block.has_kind(core::ContextCreated::kTag); };
  const auto take = [&](core::EventNumber, const auto& event) {
    if constexpr (std::is_same_v<std::decay_t<decltype(event)>, core::ContextCreated>) names.insert(event.name);
  };
  for (Progress progress("compare", io); !names.contains(name);) {
    if (trace::read_slice(recorded, next, 1'000'000, creates, take)) break;
    progress.tell("looking for contexts of that name",
                  static_cast<double>(next) / static_cast<double>(recorded.size()));
  }
  if (names.contains(name)) return "";
  std::vector<std::string> printable;
  for (const std::string& known : names)
    if (printable.size() < kMostListed) printable.push_back(trace::printable(known));
  return fmt::format("--context: no context is ever called \"{}\"{}{}", trace::printable(name),
                     core::choices_for(name, std::vector<std::string_view>(printable.begin(), printable.end())),
                     names.size() > kMostListed ? fmt::format(", and {} more", names.size() - kMostListed) : "");
}

}  // namespace

int run_compare(Arguments arguments, Streams io) {
  Usage usage(
      "compare",
      "Runs the calls of a recording (create, palloc, repalloc, pfree, reset, delete) again on other allocators and "
      "settings, in step, and compares what they need. The first row is the recording itself.");
  usage.footer(kFooter);
  std::string file, format = "text", context;
  std::vector<std::string> with;
  std::vector<int> versions;
  std::optional<core::EventNumber> at;
  bool checking = false;
  usage.add("FILE", &file, "a trace, or a scenario (a file, a name or a number)").required();
  usage.add("--with", &with, "a contender, see below; may be given again").takes("CONTENDER");
  usage.add("--pg", &versions, "the recording's kinds and sizes on this version; may be given again").within(15, 18);
  usage.add("--checking", &checking, "the recording's kinds and sizes on a checking build");
  usage.add("--context", &context, "only contexts of this name get another kind").takes("NAME");
  usage.add("--at", &at, "after this event of the recording; left out: at the end").takes("N");
  usage.add("--format", &format, "how it is written").one_of({"text", "csv", "json"}).shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  std::vector<trace::ContenderSpec> specs;
  for (const int version : versions) with.push_back(fmt::format("recorded@{}", version));
  if (checking) with.emplace_back("recorded+checking");
  for (const std::string& text : with) {
    auto spec = trace::parse_contender(text);
    if (!spec) return complain("compare", spec.error(), io);
    spec->context = context;
    specs.push_back(*spec);
  }
  auto recorded = open_source_or_scenario("compare", file, io);
  if (!recorded) return kExitBad;
  if (!stand_at("compare", file, *recorded, at, io)) return kExitBad;
  const core::EventNumber moment = recorded->cursor();
  if (const std::string wrong = unknown_context(*recorded, context, io); !wrong.empty())
    return complain("compare", wrong, io);
  if (specs.empty()) specs = trace::usual_contenders(recorded->description());

  trace::Comparison comparison(*recorded);
  for (const trace::ContenderSpec& spec : specs)
    if (const core::Status added = comparison.add(spec); !added)
      return complain("compare", fmt::format("{}: {}", file, added.error().message), io);
  {
    Progress progress("compare", io);
    while (comparison.advance(100'000)) progress.tell("comparing", comparison.progress());
  }
  if (!comparison.stopped().empty())
    io.err << fmt::format("palloscope compare: {}: {}; compared up to there\n", file, comparison.stopped());
  const std::vector<Row> rows = rows_of(comparison, *recorded, moment);
  for (const Row& row : rows)
    if (!row.refused.empty()) io.err << fmt::format("palloscope compare: {}: {}\n", row.name, row.refused);
  if (format == "csv") {
    print_csv(rows, io.out);
  } else if (format == "json") {
    print_json(rows, comparison, moment, io.out);
  } else {
    io.out << fmt::format("{}: PostgreSQL {}{}, {} {}; after event {} of {}, call {}; bytes\n\n", file,
                          recorded->description().pg_major, recorded->description().checking ? " (checking)" : "",
                          with_commas(comparison.calls()), comparison.calls() == 1 ? "call" : "calls",
                          with_commas(moment), with_commas(recorded->size()),
                          with_commas(comparison.marks().call_of(moment)));
    print_text(rows, io.out);
  }
  return kExitGood;
}

}  // namespace palloscope::gui::cli
